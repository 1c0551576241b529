"""`formerr smoke`: integration tests against what a stack has deployed."""

from __future__ import annotations

from pathlib import Path

from formerr_infra.cli import health
from formerr_infra.cli.options import AsJson, Environment, Folder, State, Timeout  # noqa: TC001 - typer reads them


def smoke(
    environment: Environment,
    folder: Folder = Path(),
    state: State = None,
    timeout: Timeout = 10.0,
    *,
    as_json: AsJson = False,
) -> None:
    """Test the deployed application from outside: the login's way back, and which pages may call the API.

    Asked at the load balancer's address, as `formerr health` asks; no login is made. Exit codes: as of `formerr health`.

    Examples:  formerr smoke staging  |  formerr smoke production --json
    """
    from formerr_infra.health.wired import tests

    settings, reach, ledger = health.known(environment, folder, state)
    found = tests(environment, settings, reach, ledger, timeout=timeout)
    health.show(environment, found, as_json=as_json)
    health.end(found)
