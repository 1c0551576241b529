"""`formerr env`: environments beside staging and production, made from staging's file, with a time to live."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from formerr_infra.cli.asking import agreed
from formerr_infra.cli.options import AsJson, Folder, Yes, as_text, console, shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from formerr_infra.environments.listing import Environment, Swept
    from formerr_infra.environments.making import Made

app = typer.Typer(
    help="Environments beside staging and production, with a time to live.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="Of the environment, such as pr-123; the stack has the same name.")]
Ttl = Annotated[str, typer.Option("--ttl", help="How long it may live from now on: 90m, 72h, 14d.")]
Now = Annotated[
    str | None,
    typer.Option("--now", help="Judge as of this time (UTC, 2026-11-28T15:00:00Z), not of the clock's."),
]


def new(
    name: Name,
    folder: Folder = Path(),
    ttl: Ttl = "72h",
    image_tag: Annotated[
        str | None, typer.Option("--image-tag", help="Tag of both images. Left out: staging's.")
    ] = None,
    *,
    shared_cluster: Annotated[
        bool,
        typer.Option(
            "--shared-cluster",
            help="Stand on staging's cluster, in namespaces of its own, behind its own load balancer.",
        ),
    ] = False,
    or_extend: Annotated[
        bool, typer.Option("--or-extend", help="If it is there: bring its file back, and let it live longer.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make an environment from staging: its stack file, with names and ranges of its own, and its stack.

    Writes nothing to the account; `formerr deploy` does. `formerr env sweep` destroys it once its time has come.

    Examples:  formerr env new pr-123  |  formerr env new pr-123 --ttl 14d --shared-cluster --or-extend
    """
    from formerr_infra.environments import lifetime, making
    from formerr_infra.environments.backend import Backend
    from formerr_infra.environments.names import require_name
    from formerr_infra.settings import access_of

    require_name(name)
    wanted = making.Wanted(name, lifetime.time_to_live(ttl), shared_cluster, image_tag)
    make = making.new_or_longer if or_extend else making.new
    _told(make(folder, wanted, access_of(name), _now(None), Backend(folder)), as_json=as_json)


def extend(name: Name, folder: Folder = Path(), ttl: Ttl = "72h", *, as_json: AsJson = False) -> None:
    """Let an environment live longer: until so long from now. Needs no deployment.

    Examples:  formerr env extend pr-123 --ttl 48h  |  formerr env extend pr-123 --json
    """
    from formerr_infra.environments import lifetime, making
    from formerr_infra.environments.backend import Backend

    _told(
        making.extend(folder, name, lifetime.time_to_live(ttl), _now(None), Backend(folder)), as_json=as_json
    )


def list_(folder: Folder = Path(), now: Now = None, *, as_json: AsJson = False) -> None:
    """Show every environment with a time to live: by stack files, backend and marks in the account. Changes nothing.

    Exit codes: 0 everything is known; 4 the account could not be asked.

    Examples:  formerr env list  |  formerr env list --json
    """
    from formerr_infra.environments.backend import Backend
    from formerr_infra.environments.folder import SOURCE
    from formerr_infra.environments.sweeping import look
    from formerr_infra.errors import UnknownIsNotAbsent
    from formerr_infra.settings import access_of

    moment = _now(now)
    found, unknown = look(folder, access_of(SOURCE), Backend(folder))
    if as_json:
        typer.echo(as_text({"environments": [_row(one, moment) for one in found], "unknown": unknown}))
    else:
        _table(found, moment)
    if unknown:
        raise UnknownIsNotAbsent(
            f"which environments have left a mark in the account is not known: {unknown}"
        )


def sweep(
    folder: Folder = Path(),
    now: Now = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; change nothing.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Destroy every environment whose time has come, then its stack and its file. Goes on where one of them fails.

    Never staging or production, and never what has no time to live.
    Exit codes: 0 nothing is left that is expired; 1 not confirmed; 4 the account could not be asked; 17 something is left; 130
    Ctrl-C: the one that is under way ends in order, and no other is begun.

    Examples:  formerr env sweep --dry-run  |  formerr env sweep --yes --json
    """
    from formerr_infra.environments import sweeping
    from formerr_infra.environments.backend import Backend
    from formerr_infra.environments.errors import SweepInterrupted
    from formerr_infra.environments.folder import SOURCE
    from formerr_infra.errors import UnknownIsNotAbsent
    from formerr_infra.settings import access_of

    backend, moment, reach = Backend(folder), _now(now), access_of(SOURCE)
    found, unknown = sweeping.look(folder, reach, backend)
    expired = sweeping.due(found, moment)
    if not as_json:
        _table(expired or found, moment)
    swept: tuple[Swept, ...] = ()
    interrupted: SweepInterrupted | None = None
    sure = not expired or dry_run or yes or (not as_json and _confirmed(len(expired)))
    if sure and expired and not dry_run:
        from formerr_infra.environments.destroying import destroyer

        said = _quiet if as_json else _progress
        try:
            swept = sweeping.sweep(
                folder,
                expired,
                backend,
                destroyer(folder, said),
                said,
                again=lambda name: sweeping.look_again(folder, reach, backend, name),
                now=moment,
            )
        except SweepInterrupted as error:
            swept, interrupted = error.swept, error
    if as_json:
        document = {
            "expired": [_row(one, moment) for one in expired],
            "swept": [{"name": one.name, "gone": one.gone, "why": one.why} for one in swept],
            "dry_run": dry_run,
            "unknown": unknown,
        }
        typer.echo(as_text(document))
    elif not expired:
        typer.echo("nothing is expired")
    if interrupted is not None:
        raise interrupted
    _require_sure(sure=sure)
    _require_swept(swept)
    if unknown:
        raise UnknownIsNotAbsent(f"whether the account holds more that is expired is not known: {unknown}")


def remove(name: Name, folder: Folder = Path(), *, yes: Yes = False, as_json: AsJson = False) -> None:
    """Destroy one environment now, whatever its time, then its stack and its file. Well, too, where there is none.

    Exit codes: 0 it is gone; 1 not confirmed; 3 it is no environment; 4 the account could not be asked; 17 something is left.

    Examples:  formerr env remove pr-123  |  formerr env remove pr-123 --yes --json
    """
    from formerr_infra.environments import sweeping
    from formerr_infra.environments.backend import Backend
    from formerr_infra.environments.destroying import destroyer
    from formerr_infra.environments.folder import SOURCE
    from formerr_infra.environments.names import require_name
    from formerr_infra.errors import UnknownIsNotAbsent
    from formerr_infra.settings import access_of

    require_name(name)
    backend, reach = Backend(folder), access_of(SOURCE)
    found, unknown = sweeping.look(folder, reach, backend)
    chosen = sweeping.named(found, name, backend)
    sure = not chosen or yes or (not as_json and _confirmed(1))
    if not sure and as_json:
        typer.echo(as_text({"name": name, "was_there": True, "gone": False}))
    _require_sure(sure=sure)
    said = _quiet if as_json else _progress
    swept = sweeping.sweep(folder, chosen, backend, destroyer(folder, said), said)
    if as_json:
        typer.echo(as_text({"name": name, "was_there": bool(chosen), "gone": all(one.gone for one in swept)}))
    else:
        typer.echo(f"{name}: " + ("gone" if all(one.gone for one in swept) else "still there"))
    _require_swept(swept)
    if unknown:
        raise UnknownIsNotAbsent(f"whether the account holds more of {name} is not known: {unknown}")


def _require_sure(*, sure: bool) -> None:
    if not sure:
        typer.echo("nothing was destroyed: it was not confirmed; --yes does without a question", err=True)
        raise typer.Exit(1)


def _require_swept(swept: Sequence[Swept]) -> None:
    from formerr_infra.environments.errors import SweepIncomplete

    left = [f"{one.name}: {one.why}" for one in swept if not one.gone]
    if left:
        raise SweepIncomplete(f"{len(left)} of {len(swept)} are still there:\n  " + "\n  ".join(left))


def _told(made: Made, *, as_json: bool) -> None:
    from formerr_infra.environments.lifetime import written
    from formerr_infra.report import clean

    settings = made.settings
    file = f"Pulumi.{made.name}.yaml"
    if as_json:
        document = {
            "name": made.name,
            "file": file,
            "new": made.anew,
            "expires": written(made.expires),
            "vpc_range": settings.vpc_cidr,
            "namespace": settings.namespace,
            "frontend_host": settings.frontend_host,
            "secrets_to_set": list(made.secrets),
        }
        typer.echo(as_text(document))
        return
    typer.echo(
        f"{made.name}: {'made' if made.anew else 'there already'}; {file}; lives until {written(made.expires)}"
    )
    for key in made.secrets:
        typer.echo(clean(f"not taken over, because only staging can read it: {key}; set it for {made.name}"))
    if made.anew:
        typer.echo(f"next: formerr deploy {made.name}")


def _row(one: Environment, now: datetime) -> dict[str, object]:
    from formerr_infra.environments.lifetime import written

    return {
        "name": one.name,
        "created": written(one.created) if one.created else None,
        "expires": written(one.expires) if one.expires else None,
        "expired": one.expired(now),
        "state": one.state.value,
        "resources": one.resources,
        "file": one.file,
        "vpc": one.vpc,
        "trouble": one.trouble,
    }


def _table(found: Sequence[Environment], now: datetime) -> None:
    from rich.table import Table
    from rich.text import Text

    from formerr_infra.report import clean

    if not found:
        typer.echo("no environments")
        return
    table = Table("name", "created", "expires", "state", "", box=None, pad_edge=False)
    for one in found:
        row = _row(one, now)
        left = "expired" if row["expired"] else one.trouble
        cells = (one.name, row["created"] or "-", row["expires"] or "not known", one.state.value, left)
        table.add_row(*(Text(clean(str(cell))) for cell in cells))
    console().print(table)


def _confirmed(many: int) -> bool:
    return agreed(f"Destroy {many} environments and everything that they own?")


def _now(text: str | None) -> datetime:
    from formerr_infra.environments.lifetime import asked

    return datetime.now(UTC) if text is None else asked(text)


def _progress(text: str) -> None:
    from formerr_infra.report import clean

    typer.echo(clean(text), err=True)


def _quiet(_text: str) -> None:
    """Nothing but JSON is printed."""


app.command("new")(shared(new))
app.command("extend")(shared(extend))
app.command("list")(shared(list_))
app.command("remove")(shared(remove))
app.command("sweep")(shared(sweep))
