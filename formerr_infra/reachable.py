"""Whether a load balancer that is only read reaches the ingress on this cluster; pure.

Nothing is ever written to an adopted load balancer, so one that sends elsewhere is said before the first write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from formerr_infra.model import READ_ONLY, Found
from formerr_infra.pools import raw_pools
from formerr_infra.preflight import Finding, Severity
from formerr_infra.service_slots import forwarding_rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from formerr_infra.model import Decision
    from formerr_infra.settings.schema import Settings

#: Tags that every worker of every cluster has; in one VPC with one cluster they name the same nodes.
_EVERY_WORKER = ("k8s", "k8s:worker")


def out_of_reach(settings: Settings, decisions: Mapping[str, Decision]) -> Iterator[Finding]:
    """What keeps an adopted load balancer from reaching the ingress; nothing where it is managed or refused."""
    balancer, cluster = decisions["loadBalancer"], decisions["cluster"]
    if balancer.outcome not in READ_ONLY or balancer.target is None:
        return
    details = balancer.target.details
    settle = (
        "nothing is written to a load balancer that is only read. Change it yourself, set loadBalancerId to another one, "
        "or loadBalancerPolicy=import to have it managed"
    )
    port = settings.ingress_node_port
    ports = sorted({rule.get("target_port") for rule in forwarding_rules(balancer.target)} - {None}, key=str)
    if port not in ports:
        yield Finding(
            Severity.ERROR,
            "load-balancer-port",
            f"load balancer {balancer.id} sends to {_list(ports)} of its targets, the ingress listens on {port}: "
            f"{settle}, or set ingressNodePort to one of its ports in the range of node ports",
            "loadBalancerId",
        )
    if _targets(details, cluster):
        return
    tag, droplets = details.get("tag"), _ids(details)
    aims = f"the tag {tag!r}" if tag else f"{len(droplets)} droplets by id"
    yield Finding(
        Severity.ERROR,
        "load-balancer-target",
        f"load balancer {balancer.id} targets {aims}, "
        + (
            "and the cluster is only made by this run"
            if cluster.anew
            else f"none of them a node of cluster {cluster.id}"
        )
        + f": {settle}",
        "loadBalancerId",
    )


def _targets(details: Mapping[str, Any], cluster: Decision) -> bool:
    tag = details.get("tag")
    if tag in _EVERY_WORKER:
        return True
    if cluster.anew or cluster.id is None:
        return False
    if tag:
        return bool(tag == f"k8s:{cluster.id}")
    nodes = _droplets(cluster.target) if cluster.target is not None else set()
    return bool(nodes & {str(one) for one in _ids(details)})


def _droplets(cluster: Found) -> set[str]:
    nodes = [node for pool in raw_pools(cluster.details) for node in pool.get("nodes") or []]
    return {str(node.get("droplet_id")) for node in nodes if isinstance(node, dict)} - {"None", ""}


def _ids(details: Mapping[str, Any]) -> list[Any]:
    ids = details.get("droplet_ids")
    return ids if isinstance(ids, list) else []


def _list(ports: list[Any]) -> str:
    return f"port {', '.join(map(str, ports))}" if ports else "no port"
