"""Who may talk to whom: the whole table, every pair and port, worked out from the policies that are declared.

The table below is the one that `docs/application.md` shows.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings

from formerr_infra.application import ClusterDatabase, ManagedDatabase, Plan
from tests.support.plans import REAL, VPC, changed, objects, plan, plans
from tests.support.policies import Network, Party, pods

DNS = Party("dns", "10.245.0.10", "kube-system", {"k8s-app": "kube-dns"})
OTHER_SYSTEM = Party("another pod of kube-system", "10.244.1.9", "kube-system", {"k8s-app": "other"})
STRANGER = Party(
    "a pod of another namespace", "10.244.1.7", "default", {"app.kubernetes.io/name": "formerr-backend"}
)
IMPOSTOR = Party("another's kube-dns", "10.244.1.8", "default", {"k8s-app": "kube-dns"})
INTERNET = Party("the internet", "140.82.112.3")
BALANCER = Party("load balancer and nodes", "10.20.0.5")
MANAGED = Party("managed database", "10.20.0.9")
METADATA = Party("metadata of the droplet", "169.254.169.254")
PRIVATE = Party("another private network", "192.168.7.7")
OUTSIDE = (INTERNET, BALANCER, MANAGED, METADATA, PRIVATE)

PORTS = (22, 53, 80, 443, 3000, 5432, 6443, 8000, 8080, 9000, 10250, 25060)

#: Everyone who is not in one of the two namespaces; who is, asks nothing of the ingress controller.
EVERYONE = "everyone else"
#: Sender, receiver, TCP port. DNS (UDP and TCP 53) comes on top for every pod here.
COMMON = {
    (EVERYONE, "formerr-edge", 8080),
    ("formerr-edge", "formerr-frontend", 3000),
    ("formerr-edge", "formerr-backend", 8000),
    ("formerr-frontend", "formerr-backend", 8000),
    ("formerr-backend", "the internet", 443),
    # The API server: it is outside of the cluster, and DOKS does not say where.
    ("formerr-edge", EVERYONE, 443),
    ("formerr-edge", EVERYONE, 6443),
}
IN_CLUSTER = COMMON | {
    ("formerr-backend", "formerr-postgres", 5432),
    ("formerr-postgres-dump", "formerr-postgres", 5432),
    ("formerr-postgres-restore", "formerr-postgres", 5432),
}
MANAGED_ONE = COMMON | {
    ("formerr-backend", "managed database", 25060),
    ("formerr-backend", "load balancer and nodes", 25060),
}


def network(of: Plan) -> tuple[Network, dict[str, Party], tuple[Party, ...]]:
    """The policies, the pods that they are about, and everyone else."""
    made = objects(of)
    spaces = {
        name: {"kubernetes.io/metadata.name": name}
        for name in (of.namespace, of.edge.namespace, "kube-system", "default")
    }
    ours = {
        name: party
        for name, party in pods(made).items()
        if party.namespace in (of.namespace, of.edge.namespace)
    }
    return Network(made, spaces), ours, (DNS, OTHER_SYSTEM, STRANGER, IMPOSTOR, *OUTSIDE)


def allowed(of: Plan) -> set[tuple[str, str, int]]:
    """Every connection by TCP that comes about, but for DNS."""
    found, ours, others = network(of)
    every = (*ours.values(), *others)
    return {
        (sender.name, receiver.name, port)
        for sender, receiver in itertools.product(every, every)
        for port in PORTS
        if sender is not receiver
        and (sender.name in ours or receiver.name in ours)
        and receiver is not DNS
        and found.allows(sender, receiver, port)
    }


def expected(table: set[tuple[str, str, int]], of: Plan) -> set[tuple[str, str, int]]:
    """The table with everyone named, without what a plan has no part in."""
    _, ours, others = network(of)
    everyone = [other.name for other in others]
    known = {*ours, *everyone}
    spread = {
        (one, another, port)
        for sender, receiver, port in table
        for one in (everyone if sender == EVERYONE else [sender])
        for another in (everyone if receiver == EVERYONE else [receiver])
    }
    # Who asks for DNS is another test's.
    return {line for line in spread if {line[0], line[1]} <= known and line[1] != DNS.name}


@pytest.mark.parametrize("name", sorted(REAL))
def test_what_is_in_the_table_is_allowed_and_nothing_else(name: str) -> None:
    of = REAL[name]
    table = IN_CLUSTER if isinstance(of.database, ClusterDatabase) else MANAGED_ONE
    assert allowed(of) == expected(table, of)


@pytest.mark.parametrize("name", sorted(REAL))
def test_every_pod_here_may_ask_dns_and_only_there(name: str) -> None:
    found, ours, others = network(REAL[name])
    for pod in ours.values():
        for protocol in ("UDP", "TCP"):
            assert found.allows(pod, DNS, 53, protocol)
            assert not any(found.allows(pod, other, 53, protocol) for other in others if other is not DNS)
            assert not any(
                found.allows(pod, other, 53, protocol) for other in ours.values() if other is not pod
            )


@pytest.mark.parametrize("protocol", ["UDP", "SCTP"])
def test_nothing_but_dns_goes_by_another_protocol(protocol: str) -> None:
    found, ours, others = network(plan())
    for pod, other, port in itertools.product(ours.values(), others, PORTS):
        assert not found.allows(other, pod, port, protocol)
        if (other, port, protocol) != (DNS, 53, "UDP"):
            assert not found.allows(pod, other, port, protocol)


@settings(max_examples=10, deadline=None)
@given(plans())
def test_no_plan_lets_more_through_than_the_table(of: Plan) -> None:
    """Whatever the database is and wherever it stands, everything else is the same."""
    port = of.database.port if isinstance(of.database, ManagedDatabase) else 5432
    left = allowed(of) - expected(IN_CLUSTER | MANAGED_ONE, of)
    assert {(sender, at) for sender, _, at in left} <= {("formerr-backend", port)}
    assert not any(receiver.startswith("formerr-") for _, receiver, _ in left)


def test_a_managed_database_of_unknown_place_opens_its_port_and_no_other() -> None:
    of = changed(plan(), database=ManagedDatabase(ranges=()))
    more = allowed(of) - allowed(changed(of, database=ManagedDatabase(ranges=(VPC,))))
    assert {(sender, port) for sender, _, port in more} == {("formerr-backend", 25060)}
    assert INTERNET.name in {receiver for _, receiver, _ in more}


def test_the_page_shows_this_table() -> None:
    page = (Path(__file__).parents[2] / "docs" / "application.md").read_text(encoding="utf-8")
    for sender, receiver, port in IN_CLUSTER | MANAGED_ONE:
        # The VPC is one range: who else stands in it is not told apart from the database.
        if receiver != BALANCER.name:
            assert f"| {sender} | {receiver} | {port} |" in page.replace("`", ""), (sender, receiver, port)
