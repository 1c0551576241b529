"""Real Kubernetes for several folders of tests: an emulator with a control plane behind each cluster, or one cluster alone."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from formerr_infra.emulator.server import EmulatorServer
from formerr_infra.emulator.store import DEFAULT_TOKEN
from tests.conftest import in_ci
from tests.emulator.clusters import Cluster
from tests.support import kubernetes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from formerr_infra.emulator.client import ControlClient


@pytest.fixture(scope="session")
def emulator() -> Iterator[EmulatorServer]:
    """One emulator for all tests of this process, with a control plane behind each cluster."""
    with EmulatorServer(kubernetes=kubernetes.find()) as server:
        yield server


@pytest.fixture
def cloud(emulator: EmulatorServer) -> Iterator[ControlClient]:
    """The control plane of a fresh account; its clusters are stopped afterwards."""
    emulator.control.reset()
    yield emulator.control
    emulator.control.reset()


@contextmanager
def one_cluster(**pool: object) -> Iterator[httpx.Client]:
    """The API server of a cluster of its own, with one pool of nodes; skipped where its programs cannot be had."""
    try:
        programs = kubernetes.find()
    except LookupError as error:
        if in_ci():
            raise
        pytest.skip(str(error))
    headers = {"Authorization": f"Bearer {DEFAULT_TOKEN}"}
    with (
        EmulatorServer(kubernetes=programs) as server,
        httpx.Client(base_url=server.endpoint, headers=headers, trust_env=False) as cloud,
        Cluster.create(cloud, node_pools=[{"name": "work", **pool}]).client() as client,
    ):
        yield client
