"""Accounts that are full: the named one is found on whatever page it stands, among whatever others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import account

if TYPE_CHECKING:
    from formerr_infra.emulator.client import ControlClient
    from tests.support.stack import Stack

pytestmark = pytest.mark.engine


def test_the_201st_cluster_is_found_and_adopted(stack: Stack, cloud: ControlClient) -> None:
    network = account.vpc(cloud)
    cloud.seed("kubernetes_clusters", 200, name="another-{n}", region=account.REGION, vpc_uuid=network)
    named = account.cluster(cloud, network)
    plan = stack.preview().ok()
    assert plan.log.ops["cluster"] == "read"
    assert f"({named})" in plan.said


def test_of_several_registries_the_named_one_is_adopted(stack: Stack, cloud: ControlClient) -> None:
    account.registry(cloud, name="another-one", subscription_tier_slug="professional")
    account.registry(cloud)
    account.registry(cloud, name="a-third")
    stack.up().ok()
    registry = stack.resources()["registry"]
    assert registry["id"] == account.REGISTRY
    assert registry["external"]
    stack.preview(expect_no_changes=True).unchanged()
    stack.destroy().ok()
    assert account.ids(cloud, "registries") == ["a-third", "another-one", account.REGISTRY]
