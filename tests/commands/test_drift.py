"""`formerr drift` on the real engine and the bundled DigitalOcean: read-only, property by property, unknown never clean."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.support import account
from tests.support.command import formerr

if TYPE_CHECKING:
    from formerr_infra.emulator.client import ControlClient
    from tests.support.command import Ran
    from tests.support.stack import Stack

pytestmark = pytest.mark.engine


def drift(stack: Stack, code: int, *more: str) -> Ran:
    """It sends no write and leaves the state as it is, whatever it finds."""
    before = checksum(stack)
    ran = formerr(stack, "drift", "staging", *more).refused(code)
    assert checksum(stack) == before
    return ran


def checksum(stack: Stack) -> str:
    """Of every file of the state's backend."""
    files = sorted(one for one in (stack.folder / "state").rglob("*") if one.is_file())
    return hashlib.sha256(b"".join(one.read_bytes() for one in files)).hexdigest()


def test_nothing_behind_the_stacks_back_is_clean_and_each_change_is_told_by_its_property(
    deployed: Stack, cloud: ControlClient
) -> None:
    told = drift(deployed, 0, "--json").json
    assert (told["ok"], told["resources"], told["drifted"], told["unknown"]) == (True, 5, [], [])

    (cluster,), (balancer,) = cloud.list("kubernetes_clusters"), cloud.list("load_balancers")
    (pool,) = [one for one in cluster["node_pools"] if one["name"] == "workers"]
    cloud.update("node_pools", pool["id"], count=5)
    cloud.update("load_balancers", balancer["id"], redirect_http_to_https=True)
    account.lose(cloud, "registries")
    file = deployed.project / "drift.md"

    ran = drift(deployed, 9, "--json", "--markdown", str(file))

    found = {one["name"].split()[0]: one for one in ran.json["drifted"]}
    assert set(found) == {"workers", "load-balancer", "registry"}
    assert found["workers"]["differences"] == [{"path": "nodeCount", "was": "3", "now": "5"}]
    assert found["load-balancer"]["differences"] == [
        {"path": "redirectHttpToHttps", "was": "false", "now": "true"}
    ]
    assert (found["registry"]["finding"], found["registry"]["id"]) == ("gone", account.REGISTRY)
    assert {one["owned"] for one in found.values()} == {True}
    text = file.read_text("utf-8")
    assert "| `workers` | `yes` | `nodeCount` | `3` | `5` |" in text
    assert "`gone`" in text


def test_an_adopted_resource_is_held_against_what_the_last_run_read(
    stack: Stack, cloud: ControlClient
) -> None:
    there = account.three(cloud)
    stack.up().ok()
    drift(stack, 0)

    cloud.update("vpcs", there.vpc, name="renamed")
    cloud.update("kubernetes_clusters", there.cluster, auto_upgrade=True)
    account.lose(cloud, "registries")
    ran = drift(stack, 9, "--json")
    found = {one["id"]: one for one in ran.json["drifted"]}
    assert {one["owned"] for one in found.values()} == {False}
    assert found[there.vpc]["differences"] == [{"path": "name", "was": account.VPC, "now": "renamed"}]
    assert found[there.cluster]["differences"] == [{"path": "autoUpgrade", "was": "false", "now": "true"}]
    assert found[there.registry]["finding"] == "gone"


def test_what_cannot_be_read_is_unknown_and_never_clean(deployed: Stack, cloud: ControlClient) -> None:
    cloud.fault("GET", "^/v2/load_balancers/", status=403, message="not with this token")
    ran = drift(deployed, 4, "--json")
    assert ran.json["ok"] is False
    (balancer,) = [one for one in ran.json["unknown"] if one["name"].startswith("load-balancer")]
    assert "not with this token" in balancer["reason"]
    account.lose(cloud, "registries")
    told = drift(deployed, 9)
    assert "gone" in told.out
    assert "unknown" in told.out, "what drifted is certain, and what is not known is said beside it"


def test_a_stack_without_a_state_is_refused_and_a_file_that_cannot_be_written_is_said(
    deployed: Stack,
) -> None:
    formerr(deployed, "drift", "nobody").refused(3, "no stack 'nobody'")
    assert formerr(deployed, "drift", "..").refused(2, "name of a stack").requests == ()
    assert drift(deployed, 2, "--markdown", "/nowhere/drift.md").requests == ()
