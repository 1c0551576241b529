"""The table of slots: what the stack must end up with, and how each is known.

Another kind of resource is another entry here (or in `service_slots`, for what stands around the cluster), with an
inventory adapter of the same `kind` and a component that declares it; model, decide and ledger stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra import naming
from formerr_infra.model import Found, Wanted, Wish
from formerr_infra.pools import WORKER_POOL, import_would_write, is_default, node_count, pools
from formerr_infra.service_slots import SERVICE_SLOTS
from formerr_infra.slot import Decided, Slot, below, common, in_vpc

if TYPE_CHECKING:
    from formerr_infra.settings.schema import Settings

__all__ = ["SLOTS", "Decided", "Slot", "enabled"]


def _vpc(settings: Settings, _decided: Decided) -> Wish:
    fields = {"region": Wanted(settings.region, "region", fixed=True)}
    if settings.vpc_cidr:
        fields["ip_range"] = Wanted(settings.vpc_cidr, "vpcCidr", fixed=True)
    return Wish(
        settings.vpc_policy,
        settings.vpc_name,
        settings.vpc_id,
        fields,
        policy_key="vpcPolicy",
        pin_key="vpcId",
        name_key="vpcName",
        **common(settings, "vpc"),
    )


def _cluster(settings: Settings, decided: Decided) -> Wish:
    fields = {
        "region": Wanted(settings.region, "region", fixed=True),
        **in_vpc(decided),
        "status": Wanted(
            "running",
            "clusterId",
            also=("provisioning", "upgrading", "degraded"),
            settle="wait until the cluster is running or gone, and run again",
        ),
    }
    return Wish(
        settings.cluster_policy,
        settings.cluster_name,
        settings.cluster_id,
        fields,
        policy_key="clusterPolicy",
        pin_key="clusterId",
        name_key="clusterName",
        **common(settings, "cluster"),
    )


def _node_pool(settings: Settings, decided: Decided) -> Wish:
    fields = {"size": Wanted(settings.node_size, "nodeSize", fixed=True)}
    return below(settings, decided, "nodePool", "cluster", WORKER_POOL, fields)


def _nodes_not_applied(settings: Settings, cluster: Found) -> tuple[str, ...]:
    """That a cluster which is only read has another number of nodes than wanted."""
    found = pools(cluster)
    if found is None:
        return ()
    workers = next((pool for pool in found if pool.name == WORKER_POOL), None)
    count = workers.details.get("count") if workers else None
    nodes = count if isinstance(count, int) else node_count(cluster)
    least, most = settings.nodes_at_start, settings.nodes_at_most
    if least <= nodes <= most:
        return ()
    wanted = (
        f"nodeMin and nodeMax want {least} to {most}" if settings.autoscale else f"nodeCount wants {most}"
    )
    where = f"the pool {WORKER_POOL!r}" if workers else "the cluster"
    return (f"{where} has {nodes} nodes, {wanted}: not applied, because the cluster is only read",)


def _registry(settings: Settings, _decided: Decided) -> Wish:
    name = settings.registry_id or settings.registry_name
    fields: dict[str, Wanted] = {"name": Wanted(name, "registryName", fixed=True)}
    if settings.registry_region:
        fields["region"] = Wanted(settings.registry_region, "registryRegion", fixed=True)
    return Wish(
        settings.registry_policy,
        settings.registry_name,
        settings.registry_id,
        fields,
        policy_key="registryPolicy",
        pin_key="registryId",
        name_key="registryName",
        **common(settings, "registry"),
    )


def _load_balancer(settings: Settings, decided: Decided) -> Wish:
    fields = {
        "region": Wanted(settings.region, "region", fixed=True),
        **in_vpc(decided),
        "status": Wanted(
            "active",
            "loadBalancerId",
            also=("new",),
            settle="wait until the load balancer is active or gone, and run again",
        ),
    }
    return Wish(
        settings.load_balancer_policy,
        settings.load_balancer_name,
        settings.load_balancer_id,
        fields,
        policy_key="loadBalancerPolicy",
        pin_key="loadBalancerId",
        name_key="loadBalancerName",
        **common(settings, "loadBalancer"),
    )


def _balancer_import_would_write(balancer: Found) -> str | None:
    """Why importing a load balancer would write to it, or None: what the provider cannot be told to leave as it is."""
    algorithm, size = balancer.details.get("algorithm"), balancer.details.get("size")
    if algorithm not in ("round_robin", "least_connections"):
        return (
            "importing the load balancer would make the provider write the algorithm round_robin to it, because "
            f"DigitalOcean names {f'{algorithm!r}, which it does not know' if algorithm else 'none'}"
        )
    if not balancer.details.get("size_unit") and size not in (None, "", "lb-small", "lb-medium", "lb-large"):
        return (
            f"the provider knows no size {size!r} of a load balancer, and would write its own default to it"
        )
    return None


def _project(settings: Settings, _decided: Decided) -> Wish:
    return Wish(
        settings.project_policy,
        settings.project_name or "",
        settings.project_id,
        policy_key="projectPolicy",
        pin_key="projectId",
        name_key="projectName",
        **common(settings, "project"),
    )


SLOTS: tuple[Slot, ...] = (
    Slot("vpc", "vpc", "digitalocean:index/vpc:Vpc", "vpc", naming.TYPE_NETWORK, "network", _vpc),
    Slot(
        "cluster",
        "cluster",
        "digitalocean:index/kubernetesCluster:KubernetesCluster",
        "cluster",
        naming.TYPE_CLUSTER,
        "kubernetes",
        _cluster,
        import_writes=import_would_write,
        import_remedy="put the tag there yourself, or ",
    ),
    Slot(
        "nodePool",
        "node_pool",
        "digitalocean:index/kubernetesNodePool:KubernetesNodePool",
        WORKER_POOL,
        naming.TYPE_CLUSTER,
        "kubernetes",
        _node_pool,
        parent="cluster",
        children=pools,
        built_in=is_default,
        unapplied=_nodes_not_applied,
    ),
    Slot(
        "registry",
        "registry",
        "digitalocean:index/containerRegistry:ContainerRegistry",
        "registry",
        naming.TYPE_REGISTRY,
        "images",
        _registry,
    ),
    Slot(
        "loadBalancer",
        "load_balancer",
        "digitalocean:index/loadBalancer:LoadBalancer",
        "load-balancer",
        naming.TYPE_LOAD_BALANCER,
        "ingress",
        _load_balancer,
        mark_from="vpc",
        mark_fact="vpc_id",
        import_writes=_balancer_import_would_write,
    ),
    Slot(
        "project",
        "project",
        "digitalocean:index/project:Project",
        "project",
        naming.TYPE_PROJECT,
        "account-project",
        _project,
        enabled=lambda settings: settings.project_name is not None or settings.project_id is not None,
    ),
    *SERVICE_SLOTS,
)


def enabled(settings: Settings) -> tuple[Slot, ...]:
    """The slots that this stack has."""
    return tuple(slot for slot in SLOTS if slot.enabled(settings))
