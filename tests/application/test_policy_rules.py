"""The evaluator of NetworkPolicies says what the API's reference says, on cases written by hand.

The table of who may talk to whom is worth no more than this is.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.policies import Network, Party

SPACES = {"a": {"team": "red"}, "b": {"team": "blue"}}
CLIENT = Party("client", "10.0.0.1", "a", {"app": "client"})
SERVER = Party("server", "10.0.0.2", "a", {"app": "server"})
STRANGER = Party("stranger", "10.0.0.3", "b", {"app": "client"})
OUTSIDE = Party("outside", "203.0.113.7")


def policy(spec: dict[str, Any], namespace: str = "a") -> dict[str, Any]:
    return {"kind": "NetworkPolicy", "metadata": {"name": "p", "namespace": namespace}, "spec": spec}


def of(app: str) -> dict[str, Any]:
    return {"matchLabels": {"app": app}}


def network(*specs: dict[str, Any]) -> Network:
    return Network([policy(spec) for spec in specs], SPACES)


DENY: dict[str, Any] = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
parties = st.sampled_from([CLIENT, SERVER, STRANGER, OUTSIDE])
ports = st.integers(1, 65535)


@given(parties, parties, ports)
def test_without_a_policy_everything_is_allowed(sender: Party, receiver: Party, port: int) -> None:
    assert network().allows(sender, receiver, port)


@given(parties, parties, ports)
def test_a_policy_without_rules_denies_its_pods_and_no_others(
    sender: Party, receiver: Party, port: int
) -> None:
    inside = "a" in (sender.namespace, receiver.namespace)
    assert network(DENY).allows(sender, receiver, port) is not inside


@given(parties, parties, ports, st.permutations([0, 1, 2]))
def test_policies_add_up_whatever_their_order(
    sender: Party, receiver: Party, port: int, order: list[int]
) -> None:
    specs: list[dict[str, Any]] = [
        DENY,
        {"podSelector": of("server"), "ingress": [{"from": [{"podSelector": of("client")}]}]},
        {"podSelector": of("client"), "policyTypes": ["Egress"], "egress": [{}]},
    ]
    shuffled = network(*(specs[at] for at in order))
    assert shuffled.allows(sender, receiver, port) == network(*specs).allows(sender, receiver, port)
    assert not network(specs[0]).allows(sender, receiver, port) or shuffled.allows(sender, receiver, port)


@pytest.mark.parametrize(
    ("rule", "sender", "allowed"),
    [
        ({}, OUTSIDE, True),
        ({"from": []}, STRANGER, True),
        ({"from": [{"podSelector": {}}]}, CLIENT, True),
        ({"from": [{"podSelector": {}}]}, STRANGER, False),
        ({"from": [{"podSelector": {}}]}, OUTSIDE, False),
        ({"from": [{"namespaceSelector": {}}]}, STRANGER, True),
        ({"from": [{"namespaceSelector": {}}]}, OUTSIDE, False),
        ({"from": [{"namespaceSelector": {"matchLabels": {"team": "blue"}}}]}, STRANGER, True),
        ({"from": [{"namespaceSelector": {"matchLabels": {"team": "blue"}}}]}, CLIENT, False),
        # Both in one peer: both must hold. In two peers: either.
        (
            {"from": [{"namespaceSelector": {"matchLabels": {"team": "blue"}}, "podSelector": of("server")}]},
            STRANGER,
            False,
        ),
        (
            {
                "from": [
                    {"namespaceSelector": {"matchLabels": {"team": "blue"}}},
                    {"podSelector": of("server")},
                ]
            },
            STRANGER,
            True,
        ),
        ({"from": [{"ipBlock": {"cidr": "203.0.113.0/24"}}]}, OUTSIDE, True),
        ({"from": [{"ipBlock": {"cidr": "203.0.113.0/24", "except": ["203.0.113.0/28"]}}]}, OUTSIDE, False),
        ({"from": [{"ipBlock": {"cidr": "198.51.100.0/24"}}]}, OUTSIDE, False),
        (
            {
                "from": [
                    {"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["x"]}]}}
                ]
            },
            CLIENT,
            False,
        ),
        (
            {"from": [{"podSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}]},
            CLIENT,
            True,
        ),
    ],
)
def test_a_peer_is_who_the_reference_says(rule: dict[str, Any], sender: Party, allowed: bool) -> None:
    found = network({"podSelector": of("server"), "policyTypes": ["Ingress"], "ingress": [rule]})
    assert found.allows(sender, SERVER, 80) is allowed


@pytest.mark.parametrize(
    ("wanted", "port", "protocol", "allowed"),
    [
        ([], 80, "TCP", True),
        ([{"port": 80}], 80, "TCP", True),
        ([{"port": 80}], 80, "UDP", False),
        ([{"port": 80, "protocol": "TCP"}], 81, "TCP", False),
        ([{"protocol": "UDP"}], 53, "UDP", True),
        ([{"port": 80}, {"port": 53, "protocol": "UDP"}], 53, "UDP", True),
    ],
)
def test_a_port_is_what_the_reference_says(
    wanted: list[dict[str, Any]], port: int, protocol: str, allowed: bool
) -> None:
    found = network({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"ports": wanted}]})
    assert found.allows(OUTSIDE, SERVER, port, protocol) is allowed


def test_both_sides_must_allow_it() -> None:
    receives = {"podSelector": of("server"), "policyTypes": ["Ingress"], "ingress": [{}]}
    sends = {"podSelector": of("client"), "policyTypes": ["Egress"], "egress": [{}]}
    assert not network(DENY, receives).allows(CLIENT, SERVER, 80)
    assert not network(DENY, sends).allows(CLIENT, SERVER, 80)
    assert network(DENY, sends, receives).allows(CLIENT, SERVER, 80)


def test_a_policy_that_does_not_say_is_about_ingress() -> None:
    assert network({"podSelector": {}}).allows(CLIENT, OUTSIDE, 443)
    assert not network({"podSelector": {}}).allows(OUTSIDE, CLIENT, 443)
    assert not network({"podSelector": {}, "egress": []}).allows(CLIENT, OUTSIDE, 443)


def test_a_policy_of_another_namespace_is_about_nobody_here() -> None:
    assert Network([policy(DENY, "b")], SPACES).allows(CLIENT, SERVER, 80)


@pytest.mark.parametrize("port", [{"port": "http"}, {"port": 1, "endPort": 9}])
def test_what_is_not_worked_out_is_said(port: dict[str, Any]) -> None:
    found = network({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"ports": [port]}]})
    with pytest.raises(ValueError, match="not worked out"):
        found.allows(OUTSIDE, SERVER, 80)
