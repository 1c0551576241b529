"""`formerr report`: the page of an environment, and the comment of a pull request; reads only."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from formerr_infra.cli.cost import bill_of
from formerr_infra.cli.options import AsJson, Environment, Folder, State, as_text, console
from formerr_infra.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from formerr_infra.page import Story


def report(
    environment: Environment,
    folder: Folder = Path(),
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Where the page goes. Not said: formerr-<environment>.html.",
            dir_okay=False,
        ),
    ] = None,
    markdown: Annotated[
        str | None,
        typer.Option(
            "--markdown",
            help="Also write the comment of a pull request to this file; - prints it, and writes no page.",
        ),
    ] = None,
    state: State = None,
    policy_pack: Annotated[
        list[Path] | None,
        typer.Option(
            "--policy-pack",
            help="Folder of a policy pack for --preview; may be given again.",
            file_okay=False,
        ),
    ] = None,
    *,
    health: Annotated[
        bool, typer.Option("--health", help="Also check the health, as formerr health does.")
    ] = False,
    drift: Annotated[
        bool, typer.Option("--drift", help="Also look for drift, as formerr drift does.")
    ] = False,
    preview: Annotated[
        bool,
        typer.Option(
            "--preview", help="Also run the engine's preview: the guard's verdict, broken policies."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write one HTML page of an environment: its resources as a picture, the decisions, cost, health and drift. Changes nothing.

    The page needs nothing else: it can be sent, kept, opened without a network. It ends with 0 also where the decisions
    would stop an update: `formerr detect` is for that.

    Examples:  formerr report staging  |  formerr report production --health -o page.html  |  formerr report staging --preview --markdown -
    """
    from formerr_infra.page import comment, page

    if as_json and (output is not None or markdown is not None):
        raise SettingsError(["--json prints the report; --output and --markdown write it elsewhere"])
    if (preview or drift) and state is not None:
        raise SettingsError(
            ["--preview and --drift ask the engine, which has the state itself: leave --state out"]
        )
    if policy_pack and not preview:
        raise SettingsError(["--policy-pack needs --preview"])
    packs = (policy_pack or []) if preview else None
    story = gathered(environment, folder, state, health=health, drift=drift, packs=packs)
    if as_json:
        typer.echo(as_text(document(story)))
        return
    if markdown == "-":
        typer.echo(comment(story), nl=False)
    if markdown is None or markdown != "-" or output is not None:
        _write(output or Path(f"formerr-{environment}.html"), page(story))
    if markdown is not None and markdown != "-":
        _write(Path(markdown), comment(story))


def gathered(
    environment: str,
    folder: Path,
    state: Path | None,
    *,
    health: bool,
    drift: bool,
    packs: Sequence[Path] | None,
) -> Story:
    """Everything that the report tells, asked for.

    Args:
        environment, folder, state, health, drift: as the options say.
        packs: folders of policy packs for a preview; None for none.

    Raises:
        FormerrError: the stack cannot be assessed.
    """
    from formerr_infra.cli import told
    from formerr_infra.inventory.others import read_others
    from formerr_infra.page import tell
    from formerr_infra.settings import access_of

    reach = access_of(environment)
    assessed, bill = bill_of(environment, folder, state)
    previewed = told.preview(assessed, folder, os.environ, packs) if packs is not None else None
    return tell(
        assessed,
        datetime.now(UTC),
        bill=bill,
        others=read_others(reach, environment),
        health=told.health(assessed, reach) if health else None,
        drift=told.drift(assessed, folder, os.environ, reach) if drift else None,
        guard=previewed.guard if previewed is not None else None,
        findings=previewed.findings if previewed is not None else (),
    )


def document(story: Story) -> dict[str, Any]:
    """The report for machines.

    Shape: `{environment, region, moment, headline, stops, slots: [{slot, label, name, detail, standing, outcome, row,
    reason, settle, notes, id, needs, cost}], objects: [the same], findings: [{name, state, message}], pending, foreign:
    [{kind, names, more, unknown}] | null, health: [{name, state, message}] | null, drift: [{what, owner, state, message}] |
    null, guard: {stops: [{name, state, message}], steps} | null, cost}`; `cost` is an environment of `formerr cost --json`.
    """
    from dataclasses import asdict

    from formerr_infra.cost.form import environment as cost

    def parts(of: tuple[Any, ...]) -> list[dict[str, Any]]:
        return [{"slot": told.pop("key"), **told} for told in (asdict(one) for one in of)]

    def each(of: tuple[Any, ...] | None) -> list[dict[str, Any]] | None:
        return None if of is None else [asdict(one) for one in of]

    return {
        "environment": story.environment,
        "region": story.region,
        "moment": story.moment.isoformat(timespec="seconds"),
        "headline": story.headline,
        "stops": story.stops,
        "slots": parts(story.parts),
        "objects": parts(story.objects),
        "findings": each(story.findings),
        "pending": list(story.pending),
        "foreign": each(story.foreign),
        "health": each(story.health),
        "drift": each(story.drift),
        "guard": None if story.guard is None else asdict(story.guard),
        "cost": None if story.bill is None else cost(story.bill),
    }


def _write(file: Path, text: str) -> None:
    """The whole file or none of it.

    Raises:
        SettingsError: it cannot be written.
    """
    from formerr_infra import files

    try:
        files.put(file, text)
    except OSError as error:
        raise SettingsError([f"{file}: cannot be written: {error.strerror}"]) from None
    console(stderr=True).print(f"written: {file}", markup=False)
