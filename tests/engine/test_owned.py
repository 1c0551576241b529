"""A stack on an empty account: what it made stays its own, run after run, until it is destroyed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import account
from tests.support.stack import SLOTS

if TYPE_CHECKING:
    from formerr_infra.emulator.client import ControlClient
    from tests.support.stack import Stack

pytestmark = pytest.mark.engine


def test_what_was_created_is_kept_by_every_later_run_and_taken_by_destroy(
    stack: Stack, cloud: ControlClient
) -> None:
    given = account.world(cloud)
    plan = stack.preview().ok()
    assert plan.log.ops == dict.fromkeys(SLOTS, "create")
    assert account.world(cloud) == given

    first = stack.up().ok()
    assert first.log.ops == dict.fromkeys(SLOTS, "create")
    assert account.counts(cloud) == dict.fromkeys(account.KINDS, 1)
    live = account.world(cloud)

    assert stack.preview(expect_no_changes=True).unchanged().log.ops == dict.fromkeys(SLOTS, "same")
    assert stack.up().unchanged().log.ops == dict.fromkeys(SLOTS, "same")
    assert stack.up().unchanged().log.ops == dict.fromkeys(SLOTS, "same")
    assert account.world(cloud) == live

    gone = stack.destroy().ok()
    assert {step.name for step in gone.log.of("delete")} == SLOTS
    assert account.world(cloud) == given
    assert stack.resources() == {}


def test_a_lost_state_is_taken_back_without_a_write_and_managed_again(
    deployed: Stack, cloud: ControlClient
) -> None:
    """The registry has no room for a mark, so it can only be adopted; a destroy then leaves it."""
    live = account.world(cloud)
    deployed.lose_state()
    back = dict.fromkeys(SLOTS, "import") | {"registry": "read"}
    assert deployed.preview().ok().log.ops == back
    taken = deployed.up().ok()
    assert taken.log.ops == back
    assert taken.writes == ()
    assert taken.questions == 0
    assert account.world(cloud) == live
    assert deployed.up().unchanged().log.ops == dict.fromkeys(SLOTS, "same") | {"registry": "read"}

    grown = deployed.config(nodeCount=5).up().ok()
    assert [write.split()[0] for write in grown.writes] == ["PUT"]
    assert "/node_pools/" in grown.writes[0]
    assert workers(cloud) == 5

    deployed.destroy().ok()
    assert account.counts(cloud) == dict.fromkeys(account.KINDS, 0) | {"registries": 1}


def test_a_changed_node_count_is_applied_to_an_owned_cluster(deployed: Stack, cloud: ControlClient) -> None:
    plan = deployed.config(nodeCount=5).preview().ok()
    assert {step.name for step in plan.log.of("update")} == {"workers"}
    assert workers(cloud) == 3
    grown = deployed.up().ok()
    assert len(grown.writes) == 1
    assert workers(cloud) == 5
    deployed.preview(expect_no_changes=True).unchanged()


def workers(cloud: ControlClient) -> int:
    """Nodes of the stack's own pool."""
    (cluster,) = cloud.list("kubernetes_clusters")
    return next(int(pool["count"]) for pool in cluster["node_pools"] if pool["name"] == "workers")
