"""What the decisions are going to ask of the account, for the preflight; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.model import MAKES, Decision, Outcome
from formerr_infra.preflight import ClusterDemand, Demand, PoolDemand, RegistryDemand, VpcDemand

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.settings.schema import Settings


def demand(settings: Settings, decisions: Mapping[str, Decision]) -> Demand:
    """What is going to be made, and what a kept pool is going to grow by.

    Args:
        settings: what is wanted.
        decisions: none of them refused.
    """

    def makes(slot: str) -> bool:
        return decisions[slot].outcome in MAKES

    subnets = tuple(
        (key, text)
        for key, text in (
            ("clusterSubnet", settings.cluster_subnet),
            ("serviceSubnet", settings.service_subnet),
        )
        if text
    )
    return Demand(
        region=settings.region,
        vpc=VpcDemand(settings.vpc_name, settings.vpc_cidr) if makes("vpc") else None,
        cluster=ClusterDemand(settings.kubernetes_version, subnets) if makes("cluster") else None,
        pools=_pools(settings, decisions),
        registry=RegistryDemand(settings.registry_name, settings.registry_tier)
        if makes("registry")
        else None,
        load_balancer=makes("loadBalancer"),
        surge=settings.surge_upgrade,
    )


def growth(settings: Settings, pool: Decision) -> int:
    """Nodes by which the settings want a kept worker pool larger than it is; 0 where it is not kept."""
    if pool.outcome is not Outcome.KEEP or pool.target is None:
        return 0
    count = pool.target.details.get("count")
    return max(0, settings.nodes_at_start - count) if isinstance(count, int) else 0


def _pools(settings: Settings, decisions: Mapping[str, Decision]) -> tuple[PoolDemand, ...]:
    pools = []
    if decisions["cluster"].outcome in MAKES:
        system = settings.system_node_count
        pools.append(
            PoolDemand(settings.system_node_size, system, system, "systemNodeSize", "systemNodeCount")
        )
    workers = decisions["nodePool"]
    keys = ("nodeSize", "nodeMin, nodeMax" if settings.autoscale else "nodeCount")
    if workers.outcome in MAKES:
        pools.append(PoolDemand(settings.node_size, settings.nodes_at_start, settings.nodes_at_most, *keys))
    elif more := growth(settings, workers):
        pools.append(PoolDemand(settings.node_size, more, more, *keys))
    return tuple(pools)
