"""`formerr preview` and `formerr deploy`: what the engine would do, judged; and then exactly that."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from formerr_infra.cli.asking import agreed, somebody
from formerr_infra.cli.options import AsJson, Environment, Folder, Yes, as_text, complain, console
from formerr_infra.errors import FormerrError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.deploy import Deployment, Report

Registry = Annotated[
    str,
    typer.Argument(
        help="The registry's name, to be sure that the right one is meant; it decides nothing.",
        show_default=False,
    ),
]
AllowReplace = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-replace", help="URN of what may be deleted or replaced in this run; may be given again."
    ),
]
PolicyPack = Annotated[
    list[Path] | None,
    typer.Option(
        "--policy-pack", help="Folder of a policy pack for the preview; may be given again.", file_okay=False
    ),
]


def preview(
    environment: Environment,
    registry: Registry = "",
    folder: Folder = Path(),
    allow_replace: AllowReplace = None,
    policy_pack: PolicyPack = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show what would be done, from the engine's own preview, and what the guard says of it. Changes nothing.

    Exit codes: 0 it could be done; 2 configuration; 3 refused, or stopped by the guard; 4 unknown; 5 preflight; 14 the
    engine failed.

    Examples:  formerr preview staging  |  formerr preview production formerr-registry --json
    """
    run = deployment(
        environment, folder, registry, allow_replace, policy_pack, as_json=as_json, make=False, repair=False
    )
    ended(run, run.preview, as_json=as_json)


def deploy(
    environment: Environment,
    registry: Registry = "",
    folder: Folder = Path(),
    allow_replace: AllowReplace = None,
    policy_pack: PolicyPack = None,
    health_seconds: Annotated[
        float, typer.Option("--health-seconds", min=0, help="How long to wait until all is well.")
    ] = 300.0,
    *,
    yes: Yes = False,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Repair what an interrupted run left: take it in, or clear the note."),
    ] = False,
    init: Annotated[bool, typer.Option("--init", help="Make the stack if there is none.")] = False,
    health: Annotated[
        bool, typer.Option("--health/--no-health", help="Look at its health afterwards.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Validate, detect, preview, guard, confirm, update, health. Nothing is written before the guard has passed.

    What was previewed is what is applied: if anything moves in between, it is previewed again. The phases by themselves:
    formerr validate, detect, preview, health.
    Exit codes: 0 done; 1 not agreed to; 2 configuration; 3 refused, stopped by the guard, locked; 4 unknown; 5 preflight;
    8 unhealthy; 14 the engine failed; 130 Ctrl-C.

    Examples:  formerr deploy staging  |  formerr deploy staging formerr-staging  |  formerr deploy production --yes --json
    """
    run = deployment(
        environment,
        folder,
        registry,
        allow_replace,
        policy_pack,
        as_json=as_json,
        make=init,
        repair=repair,
        health=health,
        health_seconds=health_seconds,
    )
    ended(run, lambda: run.deploy(agreement(yes=yes, as_json=as_json)), as_json=as_json)


def deployment(
    environment: str,
    folder: Path,
    registry: str = "",
    allow_replace: list[str] | None = None,
    policy_packs: list[Path] | None = None,
    *,
    as_json: bool,
    make: bool = False,
    repair: bool = False,
    health: bool = True,
    health_seconds: float = 300.0,
) -> Deployment:
    """A deployment as the options say it."""
    from formerr_infra.cli.progress import Screen
    from formerr_infra.deploy import Deployment, Wanted
    from formerr_infra.tokens import account_of

    wanted = Wanted(
        folder,
        environment,
        account_of(environment, os.environ),
        registry,
        tuple(allow_replace or ()),
        tuple(one.resolve() for one in policy_packs or ()),
        make=make,
        repair=repair,
        health=health,
        health_seconds=health_seconds,
    )
    return Deployment(wanted, Screen(None if as_json else console()))


def agreement(*, yes: bool, as_json: bool) -> Callable[[Report], bool]:
    """Who agrees to what is planned.

    Raises:
        SettingsError: there is nobody.
    """
    if not yes and (as_json or not somebody()):
        raise SettingsError(["there is nobody to ask (no terminal, or --json): --yes deploys without asking"])

    return lambda report: yes or agreed(f"Do that to the stack {report.stack!r}?")


def ended(run: Deployment, work: Callable[[], bool | None], *, as_json: bool) -> None:
    """Do it, print what came of it, and end with the code that fits."""
    try:
        done = work()
    except FormerrError as error:
        if not as_json:
            raise
        _print(run.report.document(error))
        complain(error)
        raise typer.Exit(error.exit_code) from None
    except (Exception, KeyboardInterrupt) as error:
        if as_json:
            _print(run.report.document(error))
        raise
    if as_json:
        _print(run.report.document())
    elif done:
        from formerr_infra.cli.plan import outcome

        outcome(run.report, console())
    if done is False:
        typer.echo("not agreed to; nothing was written", err=True)
        raise typer.Exit(1)


def _print(document: dict[str, Any]) -> None:
    typer.echo(as_text(document))
