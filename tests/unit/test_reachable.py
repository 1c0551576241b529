"""A load balancer that is only read and cannot reach the ingress is said before the first write."""

from __future__ import annotations

from typing import Any

import pytest

from formerr_infra.local.paths import CHECKOUT
from formerr_infra.model import Decision, Found, Mark, Outcome
from formerr_infra.reachable import out_of_reach
from formerr_infra.settings import from_files

SETTINGS = from_files(CHECKOUT, "staging")
PORT = SETTINGS.ingress_node_port
NODES = {"node_pools": [{"nodes": [{"droplet_id": "11"}, {"droplet_id": "12"}]}]}
KEPT = Decision("cluster", Outcome.KEEP, "3", "", id="k", target=Found("k", "k", Mark.OURS, details=NODES))
NEW = Decision("cluster", Outcome.CREATE, "17", "")


def codes(details: dict[str, Any], cluster: Decision = KEPT, outcome: Outcome = Outcome.ADOPT) -> list[str]:
    """What is found about a load balancer like this."""
    rules = {"forwarding_rules": [{"target_port": PORT}]}
    target = Found("lb", "lb", Mark.UNMARKED, details=rules | details)
    balancer = Decision("loadBalancer", outcome, "21", "", id="lb", target=target)
    found = list(out_of_reach(SETTINGS, {"loadBalancer": balancer, "cluster": cluster}))
    assert all("lb" in one.message and "loadBalancerPolicy=import" in one.message for one in found)
    return [one.code for one in found]


@pytest.mark.parametrize(
    "details", [{"tag": "k8s:k"}, {"tag": "k8s"}, {"tag": "k8s:worker"}, {"droplet_ids": [12, 99]}]
)
def test_one_that_sends_to_the_nodes_is_fine(details: dict[str, Any]) -> None:
    assert codes(details) == []


@pytest.mark.parametrize(
    "details", [{"tag": "k8s:another"}, {"tag": "web"}, {"droplet_ids": [99]}, {}, {"droplet_ids": None}]
)
def test_one_that_sends_elsewhere_is_an_error(details: dict[str, Any]) -> None:
    assert codes(details) == ["load-balancer-target"]


@pytest.mark.parametrize("rules", [[{"target_port": 80}], [], None, "nonsense"])
def test_one_that_sends_to_another_port_is_an_error(rules: Any) -> None:
    assert codes({"tag": "k8s:k", "forwarding_rules": rules}) == ["load-balancer-port"]


def test_none_reaches_by_id_a_cluster_that_is_not_there_yet() -> None:
    assert codes({"tag": "k8s:k"}, NEW) == ["load-balancer-target"]
    assert codes({"tag": "k8s:worker"}, NEW) == []


def test_nothing_is_said_of_one_that_the_stack_manages() -> None:
    assert codes({"tag": "web"}, outcome=Outcome.KEEP) == []
