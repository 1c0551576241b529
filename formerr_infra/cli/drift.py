"""`formerr drift`: what changed behind the stack's back; changes nothing, not even the state."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from formerr_infra.cli import options
from formerr_infra.errors import SettingsError, UnknownIsNotAbsent
from formerr_infra.running import engines

if TYPE_CHECKING:
    from formerr_infra.drift.model import Report

Markdown = Annotated[
    Path | None,
    typer.Option(
        "--markdown",
        metavar="FILE",
        help="Write the findings as Markdown, for an issue; - for standard output.",
        dir_okay=False,
        allow_dash=True,
    ),
]


def drift(
    environment: options.Environment,
    folder: options.Folder = Path(),
    markdown: Markdown = None,
    *,
    as_json: options.AsJson = False,
) -> None:
    """Show what changed behind the stack's back: of what it owns, and of what it adopted. Changes nothing.

    Owned resources are read by the engine's refresh, as a preview; adopted ones are held against what the last run read.
    Exit codes: 0 clean; 9 something changed or is gone; 4 something could not be read, which is never clean.
    --verbose shows too what differs and is no drift, and why.

    Examples:  formerr drift staging  |  formerr drift production --json  |  formerr drift staging --markdown drift.md
    """
    from formerr_infra.drift import render
    from formerr_infra.drift.run import look
    from formerr_infra.settings import access_of

    to_output = markdown is not None and str(markdown) == "-"
    if to_output and as_json:
        raise SettingsError(["--json and --markdown - both print: write the Markdown to a file"])
    if markdown is not None and not to_output and not markdown.parent.is_dir():
        raise SettingsError([f"{markdown}: there is no folder {markdown.parent}"])
    engine = engines(folder, environment)
    reach = access_of(environment)
    report = look(engine({}).export(), engine, reach, environment)
    if markdown is not None:
        text = render.markdown(report)
        if to_output:
            typer.echo(text)
        else:
            options.put(markdown, text)
    if as_json:
        typer.echo(options.as_text(render.document(report)))
    elif not to_output:
        render.show(report, options.console(), noise=options.verbose())
    _end(report)


def _end(report: Report) -> None:
    """End with the code that says it; the report has said why."""
    from formerr_infra.drift.model import DriftFound

    if report.drifted:
        raise typer.Exit(DriftFound.exit_code)
    if report.unknown:
        raise typer.Exit(UnknownIsNotAbsent.exit_code)
