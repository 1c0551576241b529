"""No database is public: neither a managed one nor one in the cluster."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from policy.kubernetes import objects
from policy.model import ResourceRule, StackRule
from policy.values import NotKnownYet

if TYPE_CHECKING:
    from policy.model import Found, Resource, Stack
    from policy.values import Node

CLUSTER = "digitalocean:index/databaseCluster:DatabaseCluster"
FIREWALL = "digitalocean:index/databaseFirewall:DatabaseFirewall"

#: Where PostgreSQL, MySQL, Redis and MongoDB listen.
PORTS = frozenset({5432, 3306, 6379, 27017})
_NAMES = frozenset({"postgres", "postgresql", "mysql", "redis", "mongodb"})
#: The largest range of public addresses that still names somebody: a provider's, not half the internet.
_WIDEST = {4: 16, 6: 32}


def _not_public(resource: Resource, found: Found) -> None:
    if resource.type == FIREWALL:
        _firewall(resource["rules"], found)
    for kind, service in objects(resource):
        if kind == "Service":
            with found.where_known():
                _service(service["spec"], found)


def _firewall(rules: Node, found: Found) -> None:
    listed = rules.items()
    if not listed:
        found.breaks(rules, "a firewall without a rule lets everybody in")
    for rule in listed:
        with found.where_known():
            if rule["type"].value == "ip_addr" and _is_open(rule["value"].text):
                found.breaks(
                    rule["value"], f"{rule['value'].text} lets the internet in; name the cluster (type k8s)"
                )


def _is_open(text: str) -> bool:
    """Whether a range is too wide to name anybody; what is no range is refused by the provider itself."""
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return False
    return not (network.is_private and network.prefixlen) and network.prefixlen < _WIDEST[network.version]


def _service(spec: Node, found: Found) -> None:
    outside = spec["type"].value in ("NodePort", "LoadBalancer") or bool(spec["externalIPs"].items())
    for port in spec["ports"].items():
        with found.where_known():
            reached = {port["port"].value, port["targetPort"].value}
            if outside and (reached & PORTS or reached & _NAMES):
                found.breaks(port, "a database in the cluster is reached by a ClusterIP only")


def _has_a_firewall(resource: Resource, stack: Stack, found: Found) -> None:
    if resource.type != CLUSTER:
        return
    said = [_guards(firewall, resource, stack) for firewall in stack.of(FIREWALL)]
    if True in said:
        return
    if None in said:
        raise NotKnownYet("clusterId of a firewall")
    found.breaks("", "no firewall of this stack is its; without one it is open to everybody")


def _guards(firewall: Resource, database: Resource, stack: Stack) -> bool | None:
    """Whether a firewall is this database's; None where that is not known yet."""
    origins = firewall.made_from.get("clusterId", ())
    if database.urn in origins:
        return True
    if any(origin in stack.resources and stack.resources[origin].type == CLUSTER for origin in origins):
        return False
    named, own = firewall["clusterId"], database["id"]
    if not named.is_known:
        return None
    return own.is_known and own.value is not None and bool(named.value == own.value)


NO_PUBLIC_DATABASE = ResourceRule(
    name="no-public-database",
    title="No database is open to the internet",
    means="A `DatabaseFirewall` has at least one rule, and none with a range of public addresses wider than /16 (IPv6: /32), "
    "such as 0.0.0.0/0. A `Service` to a database's port (5432, 3306, 6379, 27017) is a ClusterIP without `externalIPs`.",
    check=_not_public,
)

DATABASE_HAS_A_FIREWALL = StackRule(
    name="database-has-a-firewall",
    title="A managed database has a firewall",
    means="Each `DatabaseCluster` that the stack manages has a `DatabaseFirewall` in the stack.",
    check=_has_a_firewall,
)
