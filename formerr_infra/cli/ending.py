"""How a command ends that something stopped: what is said, and the exit code; a traceback only for whoever asks for one.

Of an error that nobody foresaw it is said what it is and where, and nothing of what it says, which could hold a secret.
"""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path

import typer

from formerr_infra.cli.options import complain
from formerr_infra.errors import FormerrError
from formerr_infra.switches import is_on

TRACEBACK = "FORMERR_TRACEBACK"
_PACKAGE = Path(__file__).resolve().parents[1]


def stopped(error: Exception) -> int:
    """Say what stopped a command; its exit code."""
    code = error.exit_code if isinstance(error, FormerrError) else 1
    if isinstance(error, OSError) and _is_of_output(error):
        error = FormerrError(f"what this command prints cannot be written: {error.strerror}")
    with suppress(OSError):  # where nothing can be said, the exit code is all
        _say(error)
    return code


def _say(error: Exception) -> None:
    if is_on(os.environ, TRACEBACK):
        from formerr_infra import children

        # What the environment holds is taken out; nobody has looked at the rest.
        sys.stderr.write(children.hidden("".join(traceback.format_exception(error)), os.environ))
    elif isinstance(error, FormerrError):
        complain(error)
    else:
        typer.echo(_unforeseen(error), err=True)


def _is_of_output(error: OSError) -> bool:
    """Whether it is what a command prints that could not be written: a full disk, a terminal that is gone."""
    last = [frame for frame, _ in traceback.walk_tb(error.__traceback__)][-1:]
    return error.filename is None and any(
        one.f_globals.get("__name__", "").startswith(_PRINTING) for one in last
    )


#: What prints: modules.
_PRINTING = ("click.", "formerr_infra.cli.streams", "rich.", "typer.")


def _unforeseen(error: Exception) -> str:
    from formerr_infra.report import clean

    where = "?"
    for frame, line in traceback.walk_tb(error.__traceback__):
        file = Path(frame.f_code.co_filename)
        if file.is_relative_to(_PACKAGE):
            where = f"{file.relative_to(_PACKAGE.parent)}:{line}"
    return clean(
        f"error: unexpected, and a fault of formerr itself: {type(error).__name__} at {where}. {TRACEBACK}=1 shows all of it, "
        "without the secrets of the environment; read it before you pass it on"
    )
