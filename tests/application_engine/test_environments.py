"""An environment on staging's cluster: beside staging's objects, and gone without any of them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from tests.support import account
from tests.support.command import formerr

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.emulator.client import ControlClient
    from tests.support.live import Live
    from tests.support.stack import Stack


def test_an_environment_on_stagings_cluster_stands_beside_it_and_leaves_nothing(
    deployed: Stack, cloud: ControlClient, live: Callable[[], Live]
) -> None:
    before, cloud_before = live().versions(), account.world(cloud)
    formerr(deployed, "env", "new", "pr-1", "--shared-cluster", "--ttl", "2h").ok()
    environment = copy.copy(deployed)
    environment.name = "pr-1"
    first = environment.up().ok()
    assert set(first.writes) == {"POST /v2/load_balancers"}
    assert live().available("formerr-backend", "pr-1-formerr") == 1
    assert live().available("formerr-edge", "pr-1-formerr-edge") >= 1
    namespace = live().there("Namespace", "pr-1-formerr", None)
    assert namespace["metadata"]["annotations"]["formerr.tech/expires"]
    environment.up().unchanged()
    deployed.up().unchanged()
    assert {key: one for key, one in live().versions().items() if key in before} == before

    formerr(deployed, "env", "sweep", "--yes", "--now", "2031-01-01T00:00:00Z").ok()
    assert live().versions() == before
    assert account.world(cloud) == cloud_before
