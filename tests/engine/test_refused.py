"""Accounts that a run must not touch: it stops before the first write, says what it found and what settles it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra import ledger
from formerr_infra.detect import assess
from formerr_infra.inventory.facts import Access
from formerr_infra.ledger import EMPTY
from formerr_infra.local.environment import TOKEN
from formerr_infra.model import Code
from formerr_infra.settings import from_files
from tests.support import account

if TYPE_CHECKING:
    from formerr_infra.emulator.client import ControlClient
    from tests.support.stack import Stack

pytestmark = pytest.mark.engine

LISTS = {
    "vpc": "^/v2/vpcs$",
    "cluster": "^/v2/kubernetes/clusters$",
    "registry": "^/v2/registr(y|ies)$",
    "loadBalancer": "^/v2/load_balancers$",
}


def test_the_same_name_in_another_region_is_refused(stack: Stack, cloud: ControlClient) -> None:
    network = account.vpc(cloud, region="sfo3")
    stack.preview().refused("does-not-fit", network, "sfo3", "nyc3")
    stack.up().refused("does-not-fit", network, "sfo3", "nyc3")


def test_a_range_that_overlaps_another_network_of_the_account_is_refused(
    stack: Stack, cloud: ControlClient
) -> None:
    account.vpc(cloud, name="somebody-elses", ip_range="10.20.16.0/20", region="sfo3")
    stack.preview().refused("somebody-elses", "10.20.16.0/20", "10.20.0.0/16")
    stack.up().refused("somebody-elses", "10.20.16.0/20", "vpcCidr")


def test_two_load_balancers_of_the_name_are_refused_with_both_ids_and_a_pin_settles_it(
    stack: Stack, cloud: ControlClient
) -> None:
    there = account.three(cloud)
    one, other = (account.balancer(cloud, there.vpc) for _ in range(2))
    stack.preview().refused("ambiguous", one, other, "loadBalancerId")
    stack.up().refused("ambiguous", one, other, "loadBalancerId")
    given = account.world(cloud)
    stack.config(loadBalancerId=other).up().quiet()
    assert stack.resources()["load-balancer"]["id"] == other
    assert account.world(cloud) == given


FAULTS: dict[str, dict[str, Any]] = {
    "403": {"status": 403},
    "429": {"status": 429, "retry_after": 3600},
    "500": {"status": 500},
    "half-the-json": {"body": "truncated"},
    "cut-in-mid-body": {"body": "cut"},
}
#: With the engine, one list a fault; `test_any_list_...` has all of them.
SAMPLE = tuple(zip(FAULTS, (*LISTS, "loadBalancer"), strict=True))


@pytest.mark.parametrize(("fault", "slot"), SAMPLE)
def test_a_list_that_cannot_be_read_stops_the_run(
    stack: Stack, cloud: ControlClient, fault: str, slot: str
) -> None:
    given = account.world(cloud)
    cloud.fault("GET", LISTS[slot], **FAULTS[fault])
    stack.up().refused(f"{slot}: refused (unknown")
    assert account.world(cloud) == given


def test_a_preview_names_every_list_that_cannot_be_read(stack: Stack, cloud: ControlClient) -> None:
    cloud.fault("GET", "|".join(LISTS.values()), status=403)
    stack.preview().refused(*(f"{slot}: refused (unknown" for slot in LISTS))


@pytest.mark.parametrize("fault", FAULTS)
def test_any_list_that_cannot_be_read_is_unknown_and_never_absent(
    stack: Stack, cloud: ControlClient, fault: str
) -> None:
    settings = from_files(stack.project, stack.name)
    for slot, path in LISTS.items():
        cloud.clear_faults()
        cloud.fault("GET", path, **FAULTS[fault])
        seen = assess(stack.name, settings, Access(cloud.endpoint, TOKEN, local=True), EMPTY)
        # A rate limit is the whole account's: what was not read before it is unknown too.
        assert slot in {one.slot for one in seen.refused}
        assert {one.code for one in seen.refused} == {Code.UNKNOWN}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_the_state_knows_and_cannot_be_read_is_unknown_and_never_gone(
    deployed: Stack, cloud: ControlClient, fault: str
) -> None:
    settings = from_files(deployed.project, deployed.name)
    held = ledger.read(
        {"deployment": json.loads(deployed.checkpoint.read_text("utf-8"))["checkpoint"]["latest"]}
    )
    for slot, path in LISTS.items():
        cloud.clear_faults()
        cloud.fault("GET", f"{path.removesuffix('$')}/[^/]+$", **FAULTS[fault])
        seen = assess(deployed.name, settings, Access(cloud.endpoint, TOKEN, local=True), held)
        assert slot in {one.slot for one in seen.refused}
        assert {one.code for one in seen.refused} == {Code.UNKNOWN}


def test_lists_that_never_answer_are_unknown_and_the_run_ends(stack: Stack, cloud: ControlClient) -> None:
    cloud.fault("GET", "|".join(LISTS.values()), hang=True)
    stack.up().refused(*(f"{slot}: refused (unknown" for slot in LISTS))


def test_a_list_that_fails_where_things_stand_makes_nothing_twice(stack: Stack, cloud: ControlClient) -> None:
    """One 403 must not be taken for "none": that makes a second load balancer."""
    account.balancer(cloud, account.three(cloud).vpc)
    cloud.fault("GET", LISTS["loadBalancer"], status=403)
    stack.up().refused("loadBalancer: refused (unknown")


def test_a_droplet_limit_that_the_nodes_would_exceed_is_refused_before_any_write(
    stack: Stack, cloud: ControlClient
) -> None:
    cloud.account(droplet_limit=3)
    stack.preview().refused("droplet", "3")
    stack.up().refused("droplet", "nodeCount")


def test_a_registry_name_taken_by_another_account_is_said_and_after_a_rename_the_run_goes_on(
    stack: Stack, cloud: ControlClient
) -> None:
    cloud.account(token="another-token", name="another")
    cloud.put("registries", token="another-token", name=account.REGISTRY)
    stack.preview().ok()  # a preview cannot know: to ask for a name is a POST
    stack.up().refused(account.REGISTRY, "taken", "registryName")
    stack.config(registryName="formerr-staging-2").up().ok()
    assert account.counts(cloud) == dict.fromkeys(account.KINDS, 1)
    stack.preview(expect_no_changes=True).unchanged()
