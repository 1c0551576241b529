"""One emulator process for the whole run, reset before each test, and clients of its API.

`api` holds every answer against the specification; `raw` does not, for answers that are broken on purpose.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import httpx
import pytest

from formerr_infra.emulator.server import EmulatorServer
from formerr_infra.emulator.store import DEFAULT_TOKEN
from tests.emulator import specification, things
from tests.emulator.clusters import Cluster
from tests.support import kubernetes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient


@pytest.fixture(scope="session")
def server() -> Iterator[EmulatorServer]:
    with EmulatorServer() as running:
        yield running


@pytest.fixture
def control(server: EmulatorServer) -> ControlClient:
    client = server.control
    client.reset()
    return client


def bearer(token: str = DEFAULT_TOKEN) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def raw(server: EmulatorServer, control: ControlClient) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.endpoint, headers=bearer(), trust_env=False) as client:
        yield client


@pytest.fixture
def api(server: EmulatorServer, control: ControlClient) -> Iterator[httpx.Client]:
    specification.path()
    hooks = {"response": [specification.check]}
    with httpx.Client(
        base_url=server.endpoint, headers=bearer(), trust_env=False, event_hooks=hooks
    ) as client:
        yield client


# -- with real control planes: tests that use these are `serial`, `slow` and `may_skip` -------------------------


@pytest.fixture(scope="module")
def programs() -> Path:
    try:
        return kubernetes.find()
    except LookupError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def planes(programs: Path) -> Iterator[EmulatorServer]:
    with EmulatorServer(kubernetes=programs) as running:
        yield running


@pytest.fixture(scope="module")
def planes_api(planes: EmulatorServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=planes.endpoint, headers=bearer(), trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def cluster(planes_api: httpx.Client) -> Cluster:
    """One that the tests of a file share; each leaves it as it was."""
    return Cluster.create(planes_api, node_pools=[things.pool(count=2)])
