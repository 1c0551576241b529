"""The table of slots: what the stack must end up with, and how each is known.

Another kind of resource is another entry here, with an inventory adapter of the same `kind` and a component that
declares it; model, decide and ledger stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from formerr_infra import naming
from formerr_infra.model import (
    MAKES,
    READ_ONLY,
    Decision,
    Found,
    Outcome,
    Policy,
    Wanted,
    Wish,
)
from formerr_infra.pools import WORKER_POOL, import_would_write, is_default, node_count, pools

if TYPE_CHECKING:
    from formerr_infra.settings.schema import Settings

Decided = Mapping[str, Decision]


@dataclass(frozen=True, slots=True)
class Slot:
    """One entry of the table.

    Attributes:
        key: the slot's name, in settings, messages and outputs.
        kind: the inventory's adapter that can see it.
        engine_type: type token of the resource.
        name: its logical name; part of the URN, so it never changes.
        component: type token of the component it stands in.
        component_name: the component's logical name; part of the URN too.
        wish: what the user wants of it, given what was decided for the slots before it.
        enabled: whether the stack has this slot at all.
        parent: the slot it hangs on, if any.
        children: with `parent`: the live resources of this slot's kind, read off the parent's; None where it does not
            tell them.
        built_in: with `parent`: whether one of them is part of the parent's own declaration.
        unapplied: with `parent`: what is wanted here and is not so, where the parent is only read; sentences.
        mark_from: the slot whose mark it shares where it has no room for its own.
        mark_fact: the fact that names the resource of that other slot.
        import_writes: why importing a live resource would write to it, or None.
    """

    key: str
    kind: str
    engine_type: str
    name: str
    component: str
    component_name: str
    wish: Callable[[Settings, Decided], Wish]
    enabled: Callable[[Settings], bool] = lambda _settings: True
    parent: str | None = None
    children: Callable[[Found], tuple[Found, ...] | None] | None = None
    built_in: Callable[[Found], bool] = lambda _found: False
    unapplied: Callable[[Settings, Found], tuple[str, ...]] = lambda _settings, _parent: ()
    mark_from: str | None = None
    mark_fact: str = ""
    import_writes: Callable[[Found], str | None] = lambda _found: None


class _Common(TypedDict):
    take_over: bool
    recreate: bool
    allow_replace: bool


def _common(settings: Settings, key: str) -> _Common:
    return {
        "take_over": key in settings.take_over,
        "recreate": settings.recreate_missing,
        "allow_replace": key in settings.allow_replace,
    }


def _in_vpc(decided: Decided) -> dict[str, Wanted]:
    """The VPC that something must stand in: the decided one, or one that does not exist yet.

    Nothing where the VPC is refused: the run stops for that, and a second refusal that follows from it would mislead.
    """
    vpc = decided["vpc"]
    if vpc.outcome is Outcome.REFUSE:
        return {}
    new = vpc.outcome in MAKES or vpc.replaces or vpc.id is None
    return {"vpc_id": Wanted(vpc.id, "vpcId", new=new, fixed=True)}


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
        **_common(settings, "vpc"),
    )


def _cluster(settings: Settings, decided: Decided) -> Wish:
    fields = {
        "region": Wanted(settings.region, "region", fixed=True),
        **_in_vpc(decided),
        "status": Wanted("running", "clusterId", also=("provisioning", "upgrading", "degraded")),
    }
    return Wish(
        settings.cluster_policy,
        settings.cluster_name,
        settings.cluster_id,
        fields,
        policy_key="clusterPolicy",
        pin_key="clusterId",
        name_key="clusterName",
        **_common(settings, "cluster"),
    )


def _node_pool(settings: Settings, decided: Decided) -> Wish:
    read_only = decided["cluster"].outcome in READ_ONLY
    common = _common(settings, "nodePool")
    common["take_over"] |= "cluster" in settings.take_over
    return Wish(
        Policy.ADOPT if read_only else Policy.AUTO,
        WORKER_POOL,
        fields={} if read_only else {"size": Wanted(settings.node_size, "nodeSize", fixed=True)},
        policy_key="clusterPolicy",
        pin_key="clusterId",
        name_key="clusterName",
        **common,
    )


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
        **_common(settings, "registry"),
    )


def _load_balancer(settings: Settings, decided: Decided) -> Wish:
    fields = {
        "region": Wanted(settings.region, "region", fixed=True),
        **_in_vpc(decided),
        "status": Wanted("active", "loadBalancerId", also=("new",)),
    }
    return Wish(
        settings.load_balancer_policy,
        settings.load_balancer_name,
        settings.load_balancer_id,
        fields,
        policy_key="loadBalancerPolicy",
        pin_key="loadBalancerId",
        name_key="loadBalancerName",
        **_common(settings, "loadBalancer"),
    )


def _project(settings: Settings, _decided: Decided) -> Wish:
    return Wish(
        settings.project_policy,
        settings.project_name or "",
        settings.project_id,
        policy_key="projectPolicy",
        pin_key="projectId",
        name_key="projectName",
        **_common(settings, "project"),
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
)


def enabled(settings: Settings) -> tuple[Slot, ...]:
    """The slots that this stack has."""
    return tuple(slot for slot in SLOTS if slot.enabled(settings))
