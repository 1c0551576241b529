"""`formerr doctor`: what would stop a run, what is not known, and what to do about it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from formerr_infra.cli.options import AsJson, Folder, as_text, console
from formerr_infra.errors import SettingsError

if TYPE_CHECKING:
    from formerr_infra.doctor import Visit

_STYLE = {"ok": "green", "note": "dim", "warning": "yellow", "unknown": "magenta", "stops": "bold red"}


def doctor(
    environment: Annotated[
        str, typer.Argument(help="A stack; all that have a file here if left out.", show_default=False)
    ] = "",
    folder: Folder = Path(),
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, max=300, help="Seconds to wait for the account's answers.")
    ] = 20.0,
    *,
    as_json: AsJson = False,
) -> None:
    """Look into versions, token and scopes, rate limit, state, locks, and the usual four troubles. Changes nothing.

    Without a stack no account is asked about one: each may have its own, and the token opens one.

    Each check stands by itself, and says so where it cannot be made: it works without engine, token, state or stack file.
    Exit codes: 0 nothing stops a run; 3 something does; 4 nothing does and something could not be known.

    Examples:  formerr doctor  |  formerr doctor production  |  formerr doctor staging --json
    """
    from formerr_infra.doctor import visit

    if environment and not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", environment):
        raise SettingsError([f"{environment!r} cannot be the name of a stack"])
    found = visit(folder, os.environ, (environment,) if environment else (), timeout=timeout)
    if as_json:
        typer.echo(as_text(found.document()))
    else:
        _show(found)
    if found.exit_code:
        raise typer.Exit(found.exit_code)


def _show(found: Visit) -> None:
    from rich.table import Table
    from rich.text import Text

    from formerr_infra.doctor import Level
    from formerr_infra.report import clean

    out = console()
    for stack, slots in found.slots.items():
        if not slots:
            continue
        table = Table(
            title=f"{clean(stack)}: what the state holds, and what a run would do", title_justify="left"
        )
        for column in ("slot", "state holds", "id", "decision", "why"):
            table.add_column(column, overflow="fold")
        for slot in slots:
            shown = slot.id or ("" if slot.holding else None)
            cells = (slot.key, slot.holding, shown, slot.decision, slot.reason)
            table.add_row(*(Text(clean("?" if cell is None else cell)) for cell in cells))
        out.print(table)
    for one in found.findings:
        where = f"{one.stack} " if one.stack else ""
        line = Text(f"{one.level.value:<8}", style=_STYLE[one.level.value])
        out.print(line.append(clean(f"{where}{one.topic}: {one.message}"), style="default"))
        if one.fix:
            out.print(
                Text(clean(f"         to do: {one.fix}"), style="bold" if one.level is Level.STOPS else "")
            )
    levels = [one.level for one in found.findings]
    out.print(", ".join(f"{levels.count(level)} {level.value}" for level in Level if level in levels))
