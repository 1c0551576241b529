"""`formerr health`: whether what a stack has brought up is well; once, or watched."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from formerr_infra.cli.options import AsJson, Environment, Folder, State, Timeout, as_text, console
from formerr_infra.errors import FormerrError, Refused, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.table import Table

    from formerr_infra.health import Check
    from formerr_infra.inventory.facts import Access
    from formerr_infra.ledger import Ledger
    from formerr_infra.settings.schema import Settings

_STYLE = {"ok": "green", "failed": "bold red", "unknown": "yellow", "skipped": "dim"}


def health(
    environment: Environment,
    folder: Folder = Path(),
    state: State = None,
    timeout: Timeout = 10.0,
    certificate_days: Annotated[
        float, typer.Option("--certificate-days", min=0, help="A certificate with fewer days left fails.")
    ] = 14.0,
    every: Annotated[
        float, typer.Option("--every", min=0.1, help="With --watch: seconds from one look to the next.")
    ] = 10.0,
    within: Annotated[
        float | None,
        typer.Option("--within", min=0, help="With --until-healthy: give up after so many seconds."),
    ] = None,
    *,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Look again and again, until Ctrl-C.")] = False,
    until_healthy: Annotated[
        bool, typer.Option("--until-healthy", help="As --watch, and end as soon as all is well.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check cluster, registry and images, load balancer, workloads, /health, database and certificate. Changes nothing.

    What cannot be checked is `unknown` or `skipped`, with the reason, and never counted as fine.
    Exit codes: 0 healthy; 8 a check failed; 4 none failed and one could not be made; 3 nothing was deployed; 130 Ctrl-C.

    Examples:  formerr health staging  |  formerr health production --json  |  formerr health staging --until-healthy --within 600
    """
    if within is not None and not until_healthy:
        raise SettingsError(["--within needs --until-healthy"])
    look = _looker(environment, folder, state, timeout, certificate_days)
    if watch or until_healthy:
        found = _watched(environment, look, every, within, until_healthy=until_healthy, as_json=as_json)
    else:
        found = look()
        show(environment, found, as_json=as_json)
    end(found)


def _looker(
    environment: str, folder: Path, state: Path | None, timeout: float, certificate_days: float
) -> Callable[[], list[Check]]:
    """A function that looks once; what it needs of the stack is read now."""
    from formerr_infra.health import checks

    settings, reach, ledger = known(environment, folder, state)
    return lambda: checks(
        environment, settings, reach, ledger, timeout=timeout, certificate_days=certificate_days
    )


def known(environment: str, folder: Path, state: Path | None) -> tuple[Settings, Access, Ledger]:
    """What is needed of a stack to look at it.

    Raises:
        Refused: it was never deployed.
        FormerrError: something cannot be read.
    """
    from formerr_infra.cli.detect import held
    from formerr_infra.settings import access_of, from_files

    settings = from_files(folder, environment)
    reach = access_of(environment)
    ledger = held(environment, folder, state)
    if not ledger.exists:
        raise Refused(
            f"the state knows no stack {environment!r}, so that there is nothing to check: `formerr deploy {environment}` "
            "brings it up; if it is up, PULUMI_BACKEND_URL (or `pulumi login`) names another state than the one it is in"
        )
    return settings, reach, ledger


def document(environment: str, found: Sequence[Check]) -> dict[str, Any]:
    """What `--json` prints."""
    from formerr_infra.health import verdict

    return {
        "stack": environment,
        "state": verdict(found).value,
        "checks": [
            {"name": one.name, "state": one.state.value, "message": one.message, "seconds": one.seconds}
            for one in found
        ],
    }


def show(environment: str, found: Sequence[Check], *, as_json: bool) -> None:
    if as_json:
        typer.echo(as_text(document(environment, found)))
        return
    from formerr_infra.health import summary

    out = console()
    out.print(_table(environment, found))
    out.print(summary(found))


def _table(environment: str, found: Sequence[Check]) -> Table:
    from rich.table import Table
    from rich.text import Text

    from formerr_infra.report import clean

    table = Table(title=f"{environment}: health", title_justify="left", expand=False)
    for column in ("check", "state", "what was found", "seconds"):
        table.add_column(column, overflow="fold")
    for one in found:
        table.add_row(
            Text(clean(one.name)),
            Text(one.state.value, style=_STYLE[one.state.value]),
            Text(clean(one.message)),
            f"{one.seconds:.2f}",
        )
    return table


def _watched(
    environment: str,
    look: Callable[[], list[Check]],
    every: float,
    within: float | None,
    *,
    until_healthy: bool,
    as_json: bool,
) -> list[Check]:
    """Look until all is well or the time is up; gives the last look."""
    from formerr_infra.health import Verdict, verdict

    until = None if within is None else time.monotonic() + within
    shown = (
        _Lines(environment, as_json=as_json) if as_json or not sys.stdout.isatty() else _Screen(environment)
    )
    with shown:
        while True:
            began = time.monotonic()
            found = look()
            shown.show(found)
            if until_healthy and verdict(found) is Verdict.HEALTHY:
                return found
            following = began + every
            if until is not None and following > until:
                return found
            time.sleep(max(0.0, following - time.monotonic()))


class _Lines:
    """For a file, a pipe or a log: what changed since the look before, or one line of JSON a look."""

    def __init__(self, environment: str, *, as_json: bool) -> None:
        self._environment = environment
        self._as_json = as_json
        self._known: dict[str, tuple[str, str]] = {}

    def __enter__(self) -> None:
        return

    def __exit__(self, *_: object) -> None:
        return

    def show(self, found: Sequence[Check]) -> None:
        """Print it."""
        from formerr_infra.health import summary
        from formerr_infra.report import clean

        if self._as_json:
            typer.echo(as_text(document(self._environment, found), indent=None))
            return
        now = time.strftime("%H:%M:%S")
        for one in found:
            if self._known.get(one.name, ("", ""))[0] != one.state.value:
                typer.echo(clean(f"{now}  {one.state.value:<8} {one.name}: {one.message}"))
        typer.echo(f"{now}  {summary(found)}")
        self._known = {one.name: (one.state.value, one.message) for one in found}


class _Screen:
    """For a terminal: one table, drawn again and again in its place."""

    def __init__(self, environment: str) -> None:
        from rich.live import Live

        self._environment = environment
        self._live = Live(console=console(), auto_refresh=False)

    def __enter__(self) -> None:
        self._live.__enter__()

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, found: Sequence[Check]) -> None:
        """Draw it."""
        from rich.console import Group
        from rich.text import Text

        from formerr_infra.health import summary

        line = f"{time.strftime('%H:%M:%S')}  {summary(found)}; Ctrl-C ends"
        self._live.update(Group(_table(self._environment, found), Text(line)), refresh=True)


def end(found: Sequence[Check]) -> None:
    """End with the code of the verdict; the table has said why already."""
    from formerr_infra.health import require

    try:
        require(found)
    except FormerrError as error:
        raise typer.Exit(error.exit_code) from None
