"""`formerr destroy`: a stack taken down, all that it owns and nothing else, and the account held against it afterwards."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from formerr_infra.cli import options
from formerr_infra.cli.running import engines
from formerr_infra.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.cli.running import Engines
    from formerr_infra.destroy.run import Prepared
    from formerr_infra.destroy.stops import Stop
    from formerr_infra.inventory.facts import Access

#: The stack that asks for more words than a name.
PRODUCTION = "production"
Confirm = Annotated[
    str | None,
    typer.Option(
        "--confirm", metavar="NAME", help="The environment's name once more, instead of being asked."
    ),
]
Unprotect = Annotated[
    bool,
    typer.Option(
        "--unprotect", help="Lift protect and retainOnDelete; needed for production, with a fresh backup."
    ),
]
DeleteData = Annotated[
    bool,
    typer.Option(
        "--delete-data",
        help="Delete data too: volumes that the own cluster has made, a managed database of the stack.",
    ),
]


def destroy(
    environment: options.Environment,
    folder: options.Folder = Path(),
    confirm: Confirm = None,
    *,
    unprotect: Unprotect = False,
    delete_data: DeleteData = False,
    as_json: options.AsJson = False,
) -> None:
    """Take a stack down: what it owns goes, what it adopted stays. Shows which is which, and asks for the name.

    What the own cluster has made in the account goes by its id. Afterwards the account is looked at: exit code 15 if
    anything is left that should not be, 4 if that could not be known. Run again after an interruption; it goes on.
    Without a terminal and without --confirm it only shows, and ends with 3.

    Examples:  formerr destroy staging  |  formerr destroy staging --confirm staging --delete-data --json
    """
    from formerr_infra.destroy.render import document, show_outcome, show_plan
    from formerr_infra.destroy.run import carry_out
    from formerr_infra.destroy.stops import require

    if confirm is not None and confirm != environment:
        raise SettingsError([f"--confirm says {confirm!r}, and the environment is {environment!r}"])
    console = options.console()
    engine, access, prepared = _prepare(environment, folder, unprotect=unprotect, delete_data=delete_data)
    if not as_json:
        show_plan(prepared.plan, console)
    if prepared.stops:
        if as_json:
            _print(document(prepared.plan, prepared.stops, None))
        require(prepared.stops)
    _confirm(environment, confirm, prepared, as_json=as_json)

    def progress(text: str) -> None:
        typer.echo(text, err=True)

    outcome, failed = carry_out(prepared, engine, access, progress=progress)
    if as_json:
        _print(document(prepared.plan, (), outcome))
    else:
        show_outcome(outcome, console)
    _end(outcome, failed)


def _prepare(
    environment: str, folder: Path, *, unprotect: bool, delete_data: bool
) -> tuple[Engines, Access, Prepared]:
    from formerr_infra.destroy.run import prepare
    from formerr_infra.engine import StackMissing
    from formerr_infra.settings import access

    engine = engines(folder, environment)
    reach = access()
    try:
        export: dict[str, Any] | None = engine({}).export()
    except StackMissing:
        export = None
    if export is None or not _holds(export):
        _nothing_held(environment, reach, exists=export is not None)
        raise typer.Exit(0)
    more = _backup(environment, folder, export) if environment == PRODUCTION else ()
    made = prepare(export, reach, environment, unprotect=unprotect, delete_data=delete_data, more=more)
    return engine, reach, made


def _backup(environment: str, folder: Path, export: Mapping[str, Any]) -> tuple[Stop, ...]:
    """Why the backups of the state are not enough, if they are not."""
    import importlib
    from datetime import UTC, datetime

    from formerr_infra.destroy.backups import stale

    try:
        backup = importlib.import_module("formerr_infra.backup")
    except ModuleNotFoundError:
        found = stale(environment, None, "", datetime.now(UTC))
    else:
        latest = backup.latest(folder, environment)
        found = stale(environment, latest, backup.checksum(export), datetime.now(UTC))
    return () if found is None else (found,)


def _holds(export: Mapping[str, Any]) -> bool:
    deployment = export.get("deployment") or {}
    return bool(deployment.get("resources") or deployment.get("pending_operations"))


def _nothing_held(environment: str, access: Access, *, exists: bool) -> None:
    """A stack without a state ends here; well only where it was destroyed before and nothing is left.

    Raises:
        DestroyRefused: there is none, or something in the account carries the stack's mark.
        UnknownIsNotAbsent: it could not be seen whether something does.
    """
    from formerr_infra.destroy.look import look_without_state
    from formerr_infra.destroy.stops import nothing_held
    from formerr_infra.errors import UnknownIsNotAbsent

    found, unknown = look_without_state(access, environment)
    listed = [f"{kind} {one.name} {one.id}" for kind, many in found.items() for one in many]
    refused = nothing_held(environment, listed, unknown, exists=exists)
    if exists and not listed and not unknown:
        typer.echo(
            f"{environment}: nothing to destroy: the state is empty, and nothing in the account carries its mark"
        )
        return
    if unknown and not listed:
        raise UnknownIsNotAbsent(str(refused))
    raise refused


def _confirm(environment: str, confirm: str | None, prepared: Prepared, *, as_json: bool) -> None:
    from formerr_infra.destroy.errors import DestroyRefused
    from formerr_infra.destroy.stops import goes

    if confirm is not None:
        return
    if as_json or not sys.stdin.isatty():
        raise DestroyRefused(
            f"nothing was deleted: there is nobody to ask. `--confirm {environment}` says that {environment} is meant."
        )
    question = f"{goes(prepared.plan)} resources go. Type the environment's name to go on"
    if typer.prompt(question, default="", show_default=False) != environment:
        raise DestroyRefused("nothing was deleted: that was not the environment's name")


def _end(outcome: Any, failed: Exception | None) -> None:
    from formerr_infra.destroy.errors import LeftBehind
    from formerr_infra.destroy.render import left_message
    from formerr_infra.errors import UnknownIsNotAbsent

    if failed is not None:
        raise failed
    if outcome.unexpected:
        raise LeftBehind(left_message(outcome))
    if outcome.unknown:
        lines = "\n".join(f"  {one}" for one in outcome.unknown)
        raise UnknownIsNotAbsent(f"taken down, but whether everything is gone is not known:\n{lines}")


def _print(document: object) -> None:
    typer.echo(json.dumps(document, indent=2))
