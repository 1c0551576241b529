"""The guard on plans that the real engine makes: program, state or settings changed so that it would take something away.

Nothing here is a made-up plan: each test changes what the engine reads, and reads what the engine plans.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from formerr_infra.local.paths import CHECKOUT
from tests.support import account
from tests.support.command import Ran, formerr

if TYPE_CHECKING:
    from formerr_infra.emulator.client import ControlClient
    from tests.support.stack import Stack

pytestmark = pytest.mark.engine

#: A program that does not do what was decided: `declare` is told another name, another decision, or other arguments.
DISOBEDIENT = """
from dataclasses import replace
from formerr_infra.components import base
from formerr_infra.model import Outcome

obedient = base.SlotComponent.declare

def declare(self, make, get, name, decision, arguments, **more):
    {change}
    return obedient(self, make, get, name, decision, arguments, **more)

base.SlotComponent.declare = declare

from formerr_infra.program import run

run()
"""


def _disobeys(stack: Stack, change: str) -> None:
    (stack.project / "__main__.py").write_text(DISOBEDIENT.format(change=change))


def _stops(ran: Ran) -> dict[str, str]:
    return {one["urn"].rsplit("::", 1)[1]: one["code"] for one in ran.json["guard"]["stops"]}


def _ops(ran: Ran, name: str) -> set[str]:
    return {one["op"] for one in ran.json["preview"]["changes"] if one["name"] == name}


def _preview(stack: Stack, *more: str) -> Ran:
    return formerr(stack, "preview", stack.name, "--json", *more)


def _urn(ran: Ran, name: str) -> str:
    return next(str(one["urn"]) for one in ran.json["preview"]["changes"] if one["name"] == name)


def test_a_replacement_of_a_protected_kind_stops_until_its_urn_is_named(deployed: Stack) -> None:
    """`allowReplace` in the settings lets the program plan it; the guard wants it named for this run besides."""
    deployed.config(registryName="formerr-renamed", allowReplace=["registry"])

    stopped = _preview(deployed).refused(3)

    assert _stops(stopped) == {"registry": "protected-kind"}
    assert {"delete-replaced", "create-replacement"} <= _ops(stopped, "registry")
    assert "--allow-replace" in stopped.json["guard"]["stops"][0]["settle"]
    named = _preview(deployed, "--allow-replace", _urn(stopped, "registry")).ok()
    assert named.json["guard"] == {
        "ok": True,
        "stops": [],
        "allowed": [_urn(stopped, "registry")],
        "unused": [],
    }


def test_a_program_that_moves_a_resource_to_another_urn_is_stopped(deployed: Stack) -> None:
    """The engine deletes what moves to another URN; the decision was to keep it."""
    _disobeys(deployed, 'name = "cluster-two" if name == "cluster" else name')

    stopped = _preview(deployed, "--allow-replace", "urn:pulumi:staging::x").refused(3)

    assert _stops(stopped)["cluster"] == "against-decision"
    assert _ops(stopped, "cluster") == {"delete"}
    assert stopped.json["guard"]["unused"] == ["urn:pulumi:staging::x"]


def test_what_is_to_be_released_is_not_deleted_by_a_program_that_reads_another_one(
    deployed: Stack, cloud: ControlClient
) -> None:
    """Managed, then `.get()` of another id on the same URN: the engine deletes the managed one."""
    other = account.vpc(cloud, name="another", ip_range="10.99.0.0/16")
    deployed.config(vpcPolicy="adopt")
    _disobeys(deployed, f'decision = replace(decision, id="{other}") if name == "vpc" else decision')

    stopped = _preview(deployed).refused(3)

    assert _stops(stopped)["vpc"] == "not-ours"
    assert "delete-replaced" in _ops(stopped, "vpc")
    named = _preview(deployed, "--allow-replace", _urn(stopped, "vpc")).refused(3)
    assert _stops(named)["vpc"] == "not-ours"


def test_an_adopted_one_that_the_program_declares_as_its_own_is_stopped(
    stack: Stack, cloud: ControlClient
) -> None:
    """External, then `new`: the engine would make a second one."""
    account.vpc(cloud)
    stack.up().ok()
    _disobeys(stack, 'decision = replace(decision, outcome=Outcome.KEEP) if name == "vpc" else decision')

    stopped = _preview(stack).refused(3)

    assert _stops(stopped)["vpc"] == "against-decision"
    assert "create-replacement" in _ops(stopped, "vpc")


def test_a_state_that_calls_a_foreign_one_its_own_does_not_get_it_deleted(
    stack: Stack, cloud: ControlClient
) -> None:
    """Somebody edited the state: what was adopted counts as managed now, and the settings want it replaced."""
    account.vpc(cloud)
    stack.up().ok()
    text = json.loads(stack.checkpoint.read_text("utf-8"))
    for one in text["checkpoint"]["latest"]["resources"]:
        one.pop("external", None)
    stack.checkpoint.write_text(json.dumps(text), "utf-8")
    stack.config(allowReplace=["vpc", "cluster", "loadBalancer"], vpcCidr="10.77.0.0/16")

    stopped = _preview(stack).refused(3)

    assert _stops(stopped)["vpc"] == "taken-in"
    assert "delete-replaced" in _ops(stopped, "vpc")


def test_in_production_a_replacement_of_anything_stops_until_it_is_named(
    production: Stack, cloud: ControlClient
) -> None:
    """Also of what is no protected kind, and with the engine's own protection switched off."""
    production.config(protect=False, retainOnDelete=False, accountServices=False)
    production.up().ok()
    production.config(nodeSize="s-2vcpu-4gb", allowReplace=["nodePool"])

    stopped = _preview(production).refused(3)

    assert _stops(stopped) == {"workers": "production"}
    _preview(production, "--allow-replace", _urn(stopped, "workers")).ok()


def test_a_plan_that_only_adds_and_changes_passes_and_is_shown_as_a_table(
    deployed: Stack, cloud: ControlClient
) -> None:
    deployed.config(nodeCount=4)
    account.lose(cloud, "load_balancers")

    shown = formerr(deployed, "preview", "staging", "formerr-staging").ok()

    assert shown.writes == ()
    for words in (
        "update",
        "workers",
        "nodeCount",
        "recreate",
        "behind the stack's back: load-balancer",
        "nothing stops",
    ):
        assert words in shown.out
    assert "preview   done in" in shown.err


def test_a_rule_of_the_policy_pack_that_is_broken_fails_the_preview_and_is_handed_on(
    production: Stack,
) -> None:
    broken = _preview(production, "formerr-registry", "--policy-pack", str(CHECKOUT / "policy"))

    broken.refused(14, "tls-in-production")
    told = broken.json["preview"]["policy"]
    assert {(one["policy"], one["level"]) for one in told} == {("tls-in-production", "mandatory")}
