"""`formerr validate`: everything that can be known to be wrong before a run; changes nothing and asks no account."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from formerr_infra.cli.options import as_text, put
from formerr_infra.errors import SettingsError


def validate(
    environment: Annotated[str, typer.Argument(help="A stack; both if left out.", show_default=False)] = "",
    folder: Annotated[
        Path, typer.Option("--cwd", "-C", help="The folder of Pulumi.yaml.", file_okay=False)
    ] = Path(),
    sarif: Annotated[
        Path | None,
        typer.Option("--sarif", help="Write the findings to a file as SARIF 2.1.0.", dir_okay=False),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check stack files, both environments against each other, program, policy pack, workflows and environment.

    All findings at once, with file and line. Asks no account.
    Exit codes: 0 nothing, or warnings alone; 2 at least one error.

    Examples:  formerr validate  |  formerr validate staging --json  |  formerr validate --sarif validate.sarif
    """
    from formerr_infra.report import clean
    from formerr_infra.validate import STACKS, Level
    from formerr_infra.validate import sarif as log
    from formerr_infra.validate import validate as findings

    found = findings(folder, os.environ, (environment,) if environment else STACKS)
    if sarif is not None:
        put(sarif, json.dumps(log(found), indent=2) + "\n")
    errors = sum(one.level is Level.ERROR for one in found)
    if as_json:
        rows = [
            {"file": one.file, "line": one.line or None, "rule": one.rule, "level": one.level.value, "message": one.message}
            for one in found
        ]  # fmt: skip
        typer.echo(as_text({"errors": errors, "findings": rows}))
    else:
        for one in found:
            typer.echo(clean(one.text))
        typer.echo(f"{errors} errors, {len(found) - errors} warnings", err=True)
    if errors:
        raise typer.Exit(SettingsError.exit_code)
