"""An account where things stand already: they are used, only read, never written to, and outlive the stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import account

if TYPE_CHECKING:
    from formerr_infra.emulator.client import ControlClient
    from tests.support.stack import Stack

pytestmark = pytest.mark.engine

THREE = {"vpc": "read", "cluster": "read", "registry": "read"}


def test_three_that_were_there_are_adopted_and_the_fourth_is_created_kept_and_destroyed(
    stack: Stack, cloud: ControlClient
) -> None:
    account.three(cloud)
    given = account.world(cloud)
    plan = stack.preview().ok()
    assert plan.log.ops == THREE | {"load-balancer": "create"}
    assert account.world(cloud) == given

    first = stack.up().ok()
    assert first.log.ops == THREE | {"load-balancer": "create"}
    assert first.writes == ("POST /v2/load_balancers",)
    assert first.questions == 0
    address = stack.outputs()["load_balancer_ip"]

    assert stack.up().unchanged().log.ops == THREE | {"load-balancer": "same"}
    stack.preview(expect_no_changes=True).unchanged()
    assert stack.outputs()["load_balancer_ip"] == address

    gone = stack.destroy().ok()
    assert [write.rsplit("/", 1)[0] for write in gone.writes] == ["DELETE /v2/load_balancers"]
    assert account.world(cloud) == given


def test_a_node_count_that_an_adopted_cluster_does_not_have_is_said_and_not_applied(
    stack: Stack, cloud: ControlClient
) -> None:
    there = account.three(cloud)
    account.balancer(cloud, there.vpc)
    stack.up().quiet()
    given = account.world(cloud)
    for step in (stack.config(nodeCount=5).preview().ok(), stack.up().quiet()):
        assert "nodeCount" in step.said
        assert "not applied" in step.said
    assert account.world(cloud) == given


def test_everything_there_already_is_adopted_by_a_preview_and_a_run_without_a_write_and_destroy_leaves_it(
    stack: Stack, cloud: ControlClient
) -> None:
    there = account.three(cloud)
    balancer = account.balancer(cloud, there.vpc)
    given = account.world(cloud)
    stack.preview().quiet()
    stack.up().quiet()
    assert stack.outputs()["load_balancer_id"] == balancer
    stack.refresh().quiet()
    gone = stack.destroy().ok()
    assert gone.writes == ()
    assert account.world(cloud) == given


def test_what_the_stack_owns_goes_through_release_import_and_keep_on_one_urn_without_a_write(
    deployed: Stack, cloud: ControlClient
) -> None:
    live = account.world(cloud)
    urns = {name: one["urn"] for name, one in deployed.resources().items()}
    policies = ("vpcPolicy", "clusterPolicy", "registryPolicy", "loadBalancerPolicy")

    released = deployed.config(**dict.fromkeys(policies, "adopt")).up().ok()
    assert released.writes == ()
    assert all(one["external"] for one in deployed.resources().values())
    taken = deployed.config(**dict.fromkeys(policies, "import")).up().ok()
    assert taken.writes == ()
    assert set(taken.log.ops.values()) <= {"import", "import-replacement"}
    assert not any(one.get("external") for one in deployed.resources().values())
    deployed.config(**dict.fromkeys(policies)).preview(expect_no_changes=True).unchanged()
    kept = deployed.up().quiet()
    assert set(kept.log.ops.values()) == {"same"}

    assert {name: one["urn"] for name, one in deployed.resources().items()} == urns
    assert account.world(cloud) == live


def test_what_its_owner_has_set_and_no_setting_governs_outlives_an_import_and_the_runs_after_it(
    deployed: Stack, cloud: ControlClient
) -> None:
    """Fields that the provider reads, and would set back where they are not declared."""
    policies = ("clusterPolicy", "loadBalancerPolicy")
    deployed.config(**dict.fromkeys(policies, "adopt")).up().ok()
    (cluster,) = account.ids(cloud, "kubernetes_clusters")
    (balancer,) = account.ids(cloud, "load_balancers")
    scaling = {
        "scale_down_utilization_threshold": 0.5,
        "scale_down_unneeded_time": "5m",
        "expanders": ["priority", "random"],
    }
    cloud.update("kubernetes_clusters", cluster, cluster_autoscaler_configuration=scaling)
    cloud.update(
        "load_balancers", balancer, algorithm="least_connections", size="lb-medium", size_unit=0,
        enable_backend_keepalive=True,
    )  # fmt: skip
    live = account.world(cloud)

    taken = deployed.config(**dict.fromkeys(policies, "import")).up().ok()
    assert taken.writes == ()
    assert not any(one.get("external") for one in deployed.resources().values())
    deployed.config(**dict.fromkeys(policies)).preview(expect_no_changes=True).unchanged()
    kept = deployed.up().quiet()
    assert set(kept.log.ops.values()) == {"same"}
    assert account.world(cloud) == live
