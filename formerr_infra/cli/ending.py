"""How a command ends that something stopped: what is said, and the exit code; a traceback only for whoever asks for one.

Of an error that nobody foresaw it is said what it is and where, and nothing of what it says, which could hold a secret.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

import typer

from formerr_infra.cli.options import complain
from formerr_infra.errors import FormerrError

TRACEBACK = "FORMERR_TRACEBACK"
_PACKAGE = Path(__file__).resolve().parents[1]


def stopped(error: Exception) -> int:
    """Say what stopped a command; its exit code."""
    code = error.exit_code if isinstance(error, FormerrError) else 1
    if os.environ.get(TRACEBACK):
        from formerr_infra import children

        # What the environment holds is taken out; nobody has looked at the rest.
        sys.stderr.write(children.hidden("".join(traceback.format_exception(error)), os.environ))
    elif isinstance(error, FormerrError):
        complain(error)
    else:
        typer.echo(_unforeseen(error), err=True)
    return code


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
