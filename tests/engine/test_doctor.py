"""`formerr doctor` on the real engine: a deployed stack, one that a killed run left locked, one that was never deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import formerr
from tests.support.killed import wait_until_noted

if TYPE_CHECKING:
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient
    from tests.support.stack import Stack

pytestmark = pytest.mark.engine


def topics(stack: Stack, code: int) -> tuple[dict[str, list[dict[str, Any]]], dict[str, Any]]:
    """Findings by topic, and the slots by their key, of a visit that ended with this code and wrote nothing."""
    ran = formerr(stack, "doctor", "staging", "--json").refused(code)
    found: dict[str, list[dict[str, Any]]] = {}
    for one in ran.json["findings"]:
        found.setdefault(one["topic"], []).append(one)
    return found, {slot["slot"]: slot for slot in ran.json["stacks"]["staging"]}


def locks(stack: Stack) -> list[Path]:
    return list((stack.folder / "state" / ".pulumi" / "locks").rglob("*.json"))


def test_a_deployed_stack_is_told_slot_by_slot_and_a_killed_run_by_its_lock(
    deployed: Stack, cloud: ControlClient
) -> None:
    found, slots = topics(deployed, 0)
    assert {topic: one[0]["level"] for topic, one in found.items()} == {
        "pulumi": "ok",
        "plugins": "ok",
        "python": "ok",
        "packages": "ok",
        "kubectl": found["kubectl"][0]["level"],
        "settings": "ok",
        "state": "ok",
        "pending": "ok",
        "lock": "ok",
        "token": "ok",
        "scopes": "warning",
        "rate-limit": "ok",
        "decisions": "ok",
        "resource-exists": "ok",
        "state-conflict": "ok",
        "registry-access": "ok",
        "cluster-connection": "note",
    }
    (balancer,) = cloud.list("load_balancers")
    assert slots["loadBalancer"] == {
        "slot": "loadBalancer",
        "holding": "managed",
        "id": balancer["id"],
        "decision": "keep",
        "reason": slots["loadBalancer"]["reason"],
    }

    deployed.config(ingressNodePort=30081)
    cloud.fault("PUT", "/v2/load_balancers", hang=True)
    hanging = lambda: any(one["fired"] for one in cloud.faults())  # noqa: E731 - a condition, and no more
    deployed.up(kill=hanging)
    cloud.clear_faults()
    wait_until_noted(cloud)
    (lock,) = locks(deployed)
    found, _ = topics(deployed, 3)
    (one,) = found["lock"]
    assert (one["level"], "process is gone" in one["message"]) == ("stops", True)
    assert "pulumi cancel -s staging --yes" in one["fix"]
    assert lock.exists()

    deployed.cancel()
    cloud.remove("load_balancers", balancer["id"])
    deployed.config(recreateMissing=False)
    found, slots = topics(deployed, 3)
    assert found["lock"][0]["level"] == "ok"
    (one,) = found["state-conflict"]
    assert balancer["id"] in one["message"]
    assert "recreateMissing" in one["fix"]
    assert slots["loadBalancer"]["decision"] == "refuse"


def test_a_stack_that_was_never_made_is_a_note(stack: Stack, cloud: ControlClient) -> None:
    stack.run("stack", "rm", "--yes", "--preserve-config", "staging", stack="").ok()
    found, slots = topics(stack, 0)
    assert found["state"][0]["level"] == "note"
    assert slots["vpc"]["decision"] == "create"
