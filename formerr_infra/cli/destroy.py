"""`formerr destroy`: a stack taken down, all that it owns and nothing else, and the account held against it afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from formerr_infra.cli import options
from formerr_infra.cli.asking import somebody, typed
from formerr_infra.errors import SettingsError
from formerr_infra.running import engines

if TYPE_CHECKING:
    from formerr_infra.destroy.run import Prepared

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

Gone = Annotated[
    bool,
    typer.Option(
        "--gone",
        help="All of it was deleted elsewhere: have the state forget it. Without it, an account in which nothing of the "
        "stack is there counts as the wrong one.",
    ),
]


def destroy(
    environment: options.Environment,
    folder: options.Folder = Path(),
    confirm: Confirm = None,
    *,
    unprotect: Unprotect = False,
    delete_data: DeleteData = False,
    gone: Gone = False,
    as_json: options.AsJson = False,
) -> None:
    """Take a stack down: what it owns goes, what it adopted stays. Shows which is which, and asks for the name.

    What the own cluster has made in the account goes by its id. Afterwards the account is looked at: exit code 15 if
    anything is left that should not be, 4 if that could not be known. Run again after an interruption; it goes on.
    Without a terminal and without --confirm it only shows, and ends with 3.

    Examples:  formerr destroy staging  |  formerr destroy staging --confirm staging --delete-data --json
    """
    from formerr_infra.cli.progress import Screen
    from formerr_infra.destroy.render import document, show_outcome, show_plan
    from formerr_infra.destroy.run import carry_out
    from formerr_infra.destroy.stack import begin, end
    from formerr_infra.destroy.stops import require
    from formerr_infra.settings import access_of

    if confirm is not None and confirm != environment:
        raise SettingsError([f"--confirm says {confirm!r}, and the environment is {environment!r}"])
    screen = Screen(None)
    engine = engines(folder, environment, interrupted=screen.interrupted)
    reach = access_of(environment)
    console = options.console()
    prepared = begin(folder, environment, reach, unprotect=unprotect, delete_data=delete_data, gone=gone)
    if prepared is None:
        _nothing(environment, as_json=as_json)
        return
    if not as_json:
        show_plan(prepared.plan, console)
    elif prepared.stops or confirm is None:
        _print(document(prepared.plan, prepared.stops, None))
    require(prepared.stops)
    _confirm(environment, confirm, prepared, as_json=as_json)

    with screen.phase("destroy"):
        outcome, failed = carry_out(prepared, engine, reach, progress=screen.say, on_event=screen.event)
    if as_json:
        _print(document(prepared.plan, (), outcome))
    else:
        show_outcome(outcome, console)
    end(outcome, failed)


def _nothing(environment: str, *, as_json: bool) -> None:
    from formerr_infra.destroy.model import Outcome, Plan
    from formerr_infra.destroy.render import document

    if as_json:
        _print(document(Plan(environment), (), Outcome()))
    else:
        typer.echo(
            f"{environment}: nothing to destroy: the state is empty, and nothing in the account is left of it"
        )


def _confirm(environment: str, confirm: str | None, prepared: Prepared, *, as_json: bool) -> None:
    from formerr_infra.destroy.errors import DestroyRefused
    from formerr_infra.destroy.stops import goes

    if confirm is not None:
        return
    if as_json or not somebody():
        raise DestroyRefused(
            f"nothing was deleted: there is nobody to ask. `--confirm {environment}` says that {environment} is meant."
        )
    question = f"{goes(prepared.plan)} resources go. Type the environment's name to go on"
    if typed(question) != environment:
        raise DestroyRefused("nothing was deleted: that was not the environment's name")


def _print(document: object) -> None:
    typer.echo(options.as_text(document))
