"""KubernetesNodePool."""

# ruff: noqa: ARG001 - every kind answers the same five calls, whether it needs all they bring or not

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.local.standin.errors import ApiError, InitFailed, StandinError
from formerr_infra.local.standin.resource import Cloud, Resource
from formerr_infra.local.standin.resources import pools

if TYPE_CHECKING:
    from formerr_infra.local.standin.fields import Props


def create(cloud: Cloud, planned: Props) -> str:
    """POST a pool and wait for its nodes. Where the wait fails no state is kept, as by the official one."""
    cluster = planned["clusterId"]
    try:
        made = cloud.api.post(f"/v2/kubernetes/clusters/{cluster}/node_pools", pools.creation(planned))[
            "node_pool"
        ]
    except ApiError as error:
        raise StandinError(
            f"Error creating Kubernetes node pool: Unable to create new default node pool {error}"
        ) from None
    try:
        pools.wait_for_nodes(cloud, cluster, made["id"])
    except StandinError as error:
        raise StandinError(f"Error creating Kubernetes node pool: {error}") from None
    return str(made["id"])


def read(cloud: Cloud, ident: str, known: Props) -> Props | None:
    """GET the pool in the cluster that is known to have it."""
    try:
        pool = cloud.api.find(
            f"/v2/kubernetes/clusters/{known.get('clusterId', '')}/node_pools/{ident}", "node_pool"
        )
    except ApiError as error:
        raise StandinError(f"Error retrieving Kubernetes node pool: {error}") from None
    if pool is None:
        return None
    return {**pools.flattened(pool), "nodeCount": pool.get("count", 0)}


def update(cloud: Cloud, ident: str, olds: Props, planned: Props) -> None:
    """PUT the pool and wait for its nodes."""
    try:
        pools.change(cloud, planned["clusterId"], ident, planned)
    except StandinError as error:
        raise InitFailed(ident, f"Error updating node pool: {error}") from None


def delete(cloud: Cloud, ident: str, olds: Props) -> None:
    """DELETE the pool and wait until it is gone; one that is gone before is an error."""
    path = f"/v2/kubernetes/clusters/{olds['clusterId']}/node_pools/{ident}"
    try:
        cloud.api.delete(path)
    except ApiError as error:
        raise StandinError(f"Unable to delete node pool {error}") from None

    def gone() -> bool:
        try:
            return cloud.api.find(path, "node_pool") is None
        except ApiError as error:
            raise StandinError(f"Error trying to read nodepool state: {error}") from None

    cloud.wait(gone, seconds=pools.POOL_SECONDS, what="the node pool's end")


def find_cluster(cloud: Cloud, ident: str) -> Props | None:
    """The importer: looks through every cluster for the pool; a default pool belongs to its cluster."""
    try:
        clusters = cloud.api.pages("/v2/kubernetes/clusters", "kubernetes_clusters")
    except ApiError as error:
        raise StandinError(f"Unable to list Kubernetes clusters: {error}") from None
    owners = [(c["id"], p) for c in clusters for p in c.get("node_pools") or [] if p["id"] == ident]
    if not owners:
        raise StandinError(f"Did not find the cluster owning the node pool {ident}")
    cluster, pool = owners[0]
    if pools.DEFAULT_POOL_TAG in (pool.get("tags") or []):
        raise StandinError(
            f"Node pool {ident} is the default pool of its cluster: import that (cluster ID={cluster})"
        )
    return {"clusterId": cluster}


NODE_POOL = Resource(
    module="kubernetesNodePool",
    name="KubernetesNodePool",
    fields=pools.pool_fields(of_cluster=False),
    create=create,
    read=read,
    update=update,
    delete=delete,
    importer=find_cluster,
    schema_version=1,
)
