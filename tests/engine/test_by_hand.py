"""What a user does to state and engine by hand, with plain `pulumi`: nothing is doubled, lost, or said to be otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import account

if TYPE_CHECKING:
    from formerr_infra.emulator.client import ControlClient
    from tests.support.stack import Stack

pytestmark = pytest.mark.engine


def test_what_is_renamed_or_marked_in_the_state_is_refused_with_the_command_that_settles_it(
    deployed: Stack, cloud: ControlClient
) -> None:
    """The engine would import the load balancer and delete it in the same run; with the VPC it would replace all that
    stands in it."""
    there = account.world(cloud)
    own = deployed.resources()["load-balancer"]["urn"]
    deployed.run("state", "rename", own, "mine", "--yes").ok()
    renamed = own.removesuffix("load-balancer") + "mine"
    refused = deployed.up().refused("loadBalancer: refused (other-urn", renamed)
    assert f"pulumi state rename '{renamed}' load-balancer" in refused.said
    deployed.run("state", "rename", renamed, "load-balancer", "--yes").ok()

    vpc = deployed.resources()["vpc"]["urn"]
    deployed.run("state", "taint", vpc, "--yes").ok()
    deployed.up().refused("vpc: refused (would-replace", f"pulumi state untaint '{vpc}'")
    assert account.world(cloud) == there


def test_a_vpc_that_was_imported_by_hand_is_neither_made_a_second_time_nor_deleted(
    stack: Stack, cloud: ControlClient
) -> None:
    network = account.vpc(cloud)
    kind = "digitalocean:index/vpc:Vpc"
    stack.run("import", kind, "vpc", network, "--yes", "--skip-preview", "--generate-code=false").ok()
    by_hand = stack.resources()["vpc"]["urn"]
    stack.up().refused("vpc: refused (other-urn", f"pulumi state delete '{by_hand}'", "vpcPolicy=import")

    stack.run("state", "delete", "--force", by_hand, "--yes").ok()
    taken = stack.config(vpcPolicy="import").preview().ok()
    assert taken.log.ops["vpc"] == "import"


def test_what_a_refresh_with_the_program_leaves_unmade_and_somebody_makes_then_is_not_this_stacks(
    stack: Stack, cloud: ControlClient
) -> None:
    """It notes when it began to make a registry, makes none, and ends; the engine notes an id that it does not know."""
    stack.refresh("--run-program").ok()
    theirs = account.registry(cloud)
    assert stack.preview().ok().log.ops["registry"] == "read"
    assert account.ids(cloud, "registries") == [theirs]


@pytest.mark.parametrize("told", ["--refresh=false", "--target=**workers"])
def test_what_is_gone_is_not_said_to_be_made_again_by_a_run_that_leaves_it_out(
    deployed: Stack, cloud: ControlClient, told: str
) -> None:
    (lost,) = account.ids(cloud, "load_balancers")
    cloud.remove("load_balancers", lost)
    step = deployed.preview(told).ok()
    assert step.log.ops["load-balancer"] == "same"
    assert f"loadBalancer: {lost!r} is gone, and this run does not make it again" in step.said


def test_what_is_gone_and_made_again_is_not_warned_of(deployed: Stack, cloud: ControlClient) -> None:
    cloud.remove("load_balancers", account.ids(cloud, "load_balancers")[0])
    step = deployed.preview().ok()
    assert step.log.ops["load-balancer"] == "create"
    assert "does not make it again" not in step.said
