"""The DOKS cluster, with a small default pool that never changes and a worker pool of its own beside it.

A change of the default pool's size, a lower version, another region or VPC would replace the cluster. So the default
pool stays as it is once it lives, the version is declared as the one that runs unless a newer one is wanted, and
the workers stand in a pool that can come and go.

An adopted cluster is read with some state given: a read without any runs the provider's importer, which writes a tag
to the default pool, even in a preview.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_digitalocean as digitalocean

from formerr_infra import naming
from formerr_infra.components.base import Care, SlotComponent, plain, recorded, slug
from formerr_infra.model import Decision, Outcome
from formerr_infra.pools import SYSTEM_POOL, WORKER_POOL, default_pool

if TYPE_CHECKING:
    from collections.abc import Mapping

#: How long the credentials of an adopted cluster's read are good for.
READ_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool as it is wanted; either `count`, or both bounds."""

    size: str
    count: int | None
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class ClusterArgs:
    """What the cluster is declared with.

    Attributes:
        decision: what is done with it.
        pool_decision: what is done with the worker pool.
        name, region: as DigitalOcean knows them.
        version: exact slug to declare.
        vpc_id: the VPC it stands in.
        subnets: cluster and service subnet, CIDR, or None for DigitalOcean's choice.
        highly_available, auto_upgrade, surge_upgrade: as DOKS knows them.
        tags: the mark and the user's.
        system, workers: the pools.
        take_volumes: whether a destroy takes what the cluster has made in the account: volumes, load balancers.
        care: how it is kept.
        began: when the run began.
        inputs, pool_inputs: what the state has recorded for cluster and worker pool.
    """

    decision: Decision
    pool_decision: Decision
    name: str
    region: str
    version: str
    vpc_id: pulumi.Input[str]
    subnets: tuple[str, str] | None
    highly_available: bool
    auto_upgrade: bool
    surge_upgrade: bool
    tags: tuple[str, ...]
    system: Pool
    workers: Pool
    take_volumes: bool
    care: Care
    began: str
    inputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    pool_inputs: Mapping[str, Any] = field(default_factory=dict, repr=False)


def arguments(args: ClusterArgs) -> dict[str, Any]:
    """Inputs of the cluster: the live ones for an import, otherwise the declared ones.

    The default pool is the live one wherever there is one.
    """
    if found := args.decision.imported:
        return live(found.details)
    target = args.decision.target
    pool: dict[str, Any] = {"name": SYSTEM_POOL, "size": args.system.size, "node_count": args.system.count}
    pool["tags"] = list(args.tags)
    kept = args.inputs if args.decision.outcome is Outcome.KEEP else {}
    pool |= recorded(kept.get("nodePool") or {}, labels="labels", taints="taints")
    current = default_pool(target.details) if target is not None else None
    if current is not None:
        mine = current.get("name") == SYSTEM_POOL
        pool = pool | plain(current, size="size") if mine else live_pool(current)
    declared: dict[str, Any] = {
        "name": args.name,
        "region": args.region,
        "version": args.version,
        "vpc_uuid": args.vpc_id,
        "ha": args.highly_available,
        "auto_upgrade": args.auto_upgrade,
        "surge_upgrade": args.surge_upgrade,
        "tags": list(args.tags),
        "node_pool": pool,
    }
    if args.take_volumes:
        declared["destroy_all_associated_resources"] = True
    if args.subnets and target is None:
        declared["cluster_subnet"], declared["service_subnet"] = args.subnets
    if target is not None:
        declared |= plain(target.details, cluster_subnet="cluster_subnet", service_subnet="service_subnet")
        declared["ha"] = bool(target.details.get("ha")) or args.highly_available
    return declared | recorded(kept, cluster_autoscaler_configurations="clusterAutoscalerConfigurations")


def pool_arguments(args: ClusterArgs, cluster_id: pulumi.Input[str]) -> dict[str, Any]:
    """Inputs of the worker pool: the live ones for an import, otherwise the declared ones."""
    if found := args.pool_decision.imported:
        return {"cluster_id": cluster_id} | live_pool(found.details)
    declared: dict[str, Any] = {
        "cluster_id": cluster_id,
        "name": WORKER_POOL,
        "size": args.workers.size,
        "tags": list(args.tags),
    }
    if args.pool_decision.outcome is Outcome.KEEP:
        declared |= recorded(args.pool_inputs, labels="labels", taints="taints")
    if args.workers.count is not None:
        return declared | {"node_count": args.workers.count}
    return declared | {
        "auto_scale": True,
        "min_nodes": args.workers.minimum,
        "max_nodes": args.workers.maximum,
    }


def live_pool(pool: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that describe a live pool as it is (OpenAPI `kubernetes_node_pool`)."""
    described = plain(pool, name="name", size="size", labels="labels")
    if pool.get("taints"):
        described["taints"] = [
            {part: str(taint.get(part) or "") for part in ("key", "value", "effect")}
            for taint in pool["taints"]
        ]
    if tags := naming.own_tags(pool.get("tags")):
        described["tags"] = tags
    bounds = {"min_nodes": pool.get("min_nodes"), "max_nodes": pool.get("max_nodes")}
    if pool.get("auto_scale"):
        return described | {"auto_scale": True} | bounds
    # A pool that scaled once may have its bounds still.
    bounds = {name: bound for name, bound in bounds.items() if bound}
    return described | {"node_count": pool.get("count")} | bounds


def live(details: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that describe a live cluster as it is (OpenAPI `cluster`)."""
    described = plain(
        details,
        name="name",
        version="version",
        vpc_uuid="vpc_uuid",
        cluster_subnet="cluster_subnet",
        service_subnet="service_subnet",
    )
    if region := slug(details.get("region")):
        described["region"] = region
    for name in ("ha", "auto_upgrade", "surge_upgrade"):
        described[name] = bool(details.get(name))
    if tags := naming.own_tags(details.get("tags")):
        described["tags"] = tags
    if policy := details.get("maintenance_policy"):
        described["maintenance_policy"] = plain(policy, day="day", start_time="start_time")
    scaling = details.get("cluster_autoscaler_configuration")
    if isinstance(scaling, dict):
        described["cluster_autoscaler_configurations"] = [
            plain(
                scaling,
                scale_down_utilization_threshold="scale_down_utilization_threshold",
                scale_down_unneeded_time="scale_down_unneeded_time",
                expanders="expanders",
            )
        ]
    pool = default_pool(details)
    return described | ({"node_pool": live_pool(pool)} if pool else {})


class Cluster(SlotComponent):
    """The cluster and its worker pool."""

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(naming.TYPE_CLUSTER, name, [args.decision, args.pool_decision], args.began, opts)
        self.cluster = self.declare(
            digitalocean.KubernetesCluster,
            digitalocean.KubernetesCluster.get,
            "cluster",
            args.decision,
            arguments(args),
            care=args.care,
            known={"kubeconfig_expire_seconds": READ_SECONDS},
            more=pulumi.ResourceOptions(additional_secret_outputs=["kubeConfigs"]),
        )
        resources: dict[str, pulumi.CustomResource] = {"cluster": self.cluster}
        if args.pool_decision.outcome is not Outcome.OMIT:
            resources["nodePool"] = self.declare(
                digitalocean.KubernetesNodePool,
                digitalocean.KubernetesNodePool.get,
                WORKER_POOL,
                args.pool_decision,
                pool_arguments(args, self.cluster.id),
                care=args.care,
            )
        self.finish(resources, endpoint=self.cluster.endpoint)
