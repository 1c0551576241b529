"""A list may lag behind a create: what stands in the VPC and in no list is found, and never made a second time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from formerr_infra.detect import Assessment, assess
from formerr_infra.inventory.facts import Access, Limits
from formerr_infra.ledger import EMPTY
from formerr_infra.local.environment import TOKEN
from formerr_infra.model import Code, Outcome
from formerr_infra.settings.sources import check
from tests.support import account

if TYPE_CHECKING:
    from formerr_infra.emulator.client import ControlClient

SETTINGS = check({"vpcCidr": account.CIDR, "deployApplication": False}, "staging")
#: A VPC with this stack's mark.
OURS = {"description": "[pulumi:formerr-infra:staging]"}
MEMBERS = "^/v2/vpcs/[^/]+/members$"
BELOW = {
    "cluster": ("kubernetes_clusters", account.cluster, {"tags": ["pulumi:formerr-infra:staging"]}),
    "loadBalancer": ("load_balancers", account.balancer, {}),
}


def seen(cloud: ControlClient) -> Assessment:
    limits = Limits(retries=0)
    return assess("staging", SETTINGS, Access(cloud.endpoint, TOKEN, local=True), EMPTY, limits=limits)


def hidden(cloud: ControlClient, slot: str, **fields: Any) -> str:
    """One of a slot in this stack's VPC that the list of its kind does not show; gives its id."""
    kind, put, mark = BELOW[slot]
    identity = str(put(cloud, account.vpc(cloud, **OURS), **(mark | fields)))
    cloud.fault("GET", f"^/v2/(kubernetes/clusters|{kind})$", hide_from_lists=identity)
    return identity


@pytest.mark.parametrize("slot", BELOW)
def test_what_the_list_does_not_show_yet_is_found_in_the_vpc_and_taken_in(
    cloud: ControlClient, slot: str
) -> None:
    pool = {"name": "system", "size": "s-2vcpu-4gb", "count": 1, "tags": ["terraform:default-node-pool"]}
    fields = {"node_pools": [pool]} if slot == "cluster" else {}
    identity = hidden(cloud, slot, **fields)
    decision = seen(cloud).decisions[slot]
    assert (decision.outcome, decision.id) == (Outcome.IMPORT, identity)


@pytest.mark.parametrize("slot", BELOW)
def test_what_was_deleted_and_still_counts_as_a_member_holds_nothing_up(
    cloud: ControlClient, slot: str
) -> None:
    cloud.transitions(membership_seconds=600)
    kind, put, mark = BELOW[slot]
    network = account.vpc(cloud, **OURS)
    identity = put(cloud, network, **mark)
    path = {"cluster": "kubernetes/clusters"}.get(slot, kind)
    deleted(cloud, f"/v2/{path}/{identity}")
    assert seen(cloud).decisions[slot].outcome is Outcome.CREATE


def test_a_vpc_that_does_not_say_what_stands_in_it_is_unknown(cloud: ControlClient) -> None:
    account.vpc(cloud, **OURS)
    cloud.fault("GET", MEMBERS, status=500)
    refused = {one.slot: one.code for one in seen(cloud).refused}
    assert refused == {"cluster": Code.UNKNOWN, "loadBalancer": Code.UNKNOWN}


def test_an_api_without_members_says_nothing_of_them(cloud: ControlClient) -> None:
    account.vpc(cloud, **OURS)
    cloud.fault("GET", MEMBERS, status=404, message="page not found")
    assert seen(cloud).decisions["loadBalancer"].outcome is Outcome.CREATE


def test_a_vpc_is_asked_only_where_something_is_made_in_it(cloud: ControlClient) -> None:
    seen(cloud)
    account.balancer(cloud, account.three(cloud).vpc)
    seen(cloud)
    assert not any(one.path.endswith("/members") for one in cloud.requests())


def deleted(cloud: ControlClient, path: str) -> None:
    """One is deleted by the API, so that it lingers as a member."""
    answer = httpx.delete(
        cloud.endpoint + path, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False
    )
    answer.raise_for_status()
