"""`formerr detect` and `formerr explain`: what `pulumi up` would decide, and why; reads only, runs no engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from formerr_infra import files
from formerr_infra.cli.options import AsJson, Folder, State, as_text
from formerr_infra.errors import FormerrError, SettingsError

if TYPE_CHECKING:
    from formerr_infra.detect import Assessment
    from formerr_infra.inventory.facts import Access
    from formerr_infra.ledger import Ledger

Stack = Annotated[str, typer.Option("--stack", "-s", help="The stack, as in Pulumi.<stack>.yaml.")]


def assessment(stack: str, folder: Path, state: Path | None, reach: Access | None = None) -> Assessment:
    """Settings, state and account read, every slot decided.

    Args:
        stack, folder, state: as the options say.
        reach: the account; by default the one that the environment names for the stack.

    Raises:
        FormerrError: what makes that impossible.
    """
    from formerr_infra.detect import assess
    from formerr_infra.settings import access_of, from_files

    settings = from_files(folder, stack)
    reach = access_of(stack) if reach is None else reach
    return assess(stack, settings, reach, held(stack, folder, state))


def held(stack: str, folder: Path, state: Path | None) -> Ledger:
    """What the state holds, as Pulumi exports it or as a file has it.

    Raises:
        FormerrError: what makes that impossible.
    """
    from formerr_infra.export import Export
    from formerr_infra.inventory.ahead import import_client
    from formerr_infra.ledger import read

    import_client()
    if state is None:
        return Export(stack, folder).ledger()
    try:
        return read(files.json_of(state, pipe=True))
    except OSError as error:
        raise SettingsError([f"{state}: cannot be read as an export: {error}"]) from None


def detect(
    stack: Stack = "staging", folder: Folder = Path(), state: State = None, *, as_json: AsJson = False
) -> None:
    """Show what is there, what the state holds, and what would be done with each slot. Changes nothing.

    Examples:  formerr detect -s staging  |  formerr detect -s production --json
    """
    from formerr_infra.report import as_json as document

    found = assessment(stack, folder, state)
    if as_json:
        typer.echo(as_text(document(found)))
    else:
        from formerr_infra.cli.render import decisions_table

        decisions_table(found)
    _exit(found)


def explain(
    slot: Annotated[
        str,
        typer.Argument(
            help="vpc, cluster, nodePool, registry, loadBalancer, project, application, or an object of it such as "
            "deployment/formerr/formerr-backend."
        ),
    ],
    stack: Stack = "staging",
    folder: Folder = Path(),
    state: State = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Explain the decision for one slot: the row, what the state held, what is live, what was wanted. Changes nothing.

    Examples:  formerr explain cluster -s staging  |  formerr explain application -s production
    """
    from formerr_infra.objects import APPLICATION
    from formerr_infra.report import as_json as document
    from formerr_infra.slots import SLOTS

    known = [*(one.key for one in SLOTS), APPLICATION]
    if slot not in known and "/" not in slot:
        raise SettingsError([f"there is no slot {slot!r}; the slots are {', '.join(known)}"])
    found = assessment(stack, folder, state)
    if slot not in found.decisions and slot not in found.objects:
        known = [*found.decisions, *(found.objects if "/" in slot else ())]
        raise SettingsError([f"stack {stack!r} has no slot {slot!r}; its slots are {', '.join(known)}"])
    if as_json:
        told = document(found)
        typer.echo(as_text(next(one for one in told["decisions"] + told["objects"] if one["slot"] == slot)))
    else:
        from formerr_infra.cli.render import explanation

        explanation(found, slot)
    _exit(found)


def _exit(found: Assessment) -> None:
    """End with the code that a run would end with; the report has said why already."""
    try:
        found.require()
    except FormerrError as error:
        raise typer.Exit(error.exit_code) from None
