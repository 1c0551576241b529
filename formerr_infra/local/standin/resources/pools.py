"""What a cluster's default pool and a pool of its own have in common."""

from __future__ import annotations

from typing import Any

from formerr_infra.local.standin.errors import ApiError, StandinError
from formerr_infra.local.standin.fields import (
    OPTIONAL,
    OUTPUT,
    REQUIRED,
    Field,
    Kind,
    Props,
    Shape,
    flag,
    name_field,
    nested,
    text,
    whole,
)
from formerr_infra.local.standin.resource import Cloud, compact, stamp

DEFAULT_POOL_TAG = "terraform:default-node-pool"
POOL_SECONDS = 1800.0


def _count_stands(olds: Props, news: Props) -> bool:
    count = news.get("nodeCount", olds.get("nodeCount", 0))
    return bool(count == olds.get("actualNodeCount", 0))


def pool_fields(*, of_cluster: bool) -> tuple[Field, ...]:
    """The table of a pool: inside a cluster it has an id, by itself the cluster's."""
    nodes = ("createdAt", "dropletId", "id", "name", "status", "updatedAt")
    kind = "KubernetesClusterNodePool" if of_cluster else "KubernetesNodePool"
    return (
        whole("actualNodeCount", OUTPUT),
        flag("autoScale", default=False),
        text("id", OUTPUT) if of_cluster else text("clusterId", REQUIRED, replaces=True),
        text("labels", shape=Shape.MAP),
        whole("maxNodes"),
        whole("minNodes"),
        Field("name", Kind.STRING, REQUIRED) if of_cluster else name_field(),
        whole("nodeCount", OPTIONAL, same=_count_stands),
        nested(
            "nodes", f"{kind}Node", OUTPUT, shape=Shape.LIST, fields=tuple(text(n, OUTPUT) for n in nodes)
        ),
        text("size", REQUIRED, replaces=True),
        tags_field(),
        nested(
            "taints",
            f"{kind}Taint",
            shape=Shape.SET,
            fields=(
                text("effect", REQUIRED, oneof=("NoSchedule", "PreferNoSchedule", "NoExecute")),
                text("key", REQUIRED),
                text("value", REQUIRED),
            ),
        ),
    )


def tags_field() -> Field:
    """`tags`, a set."""
    return text("tags", shape=Shape.SET)


def shown_tags(tags: list[str] | None) -> list[str]:
    """The tags a program may have declared: those DigitalOcean and the plugin add are hidden."""
    return [t for t in tags or [] if t != "k8s" and not t.startswith(("k8s:", "terraform:"))]


def creation(pool: Props, *extra_tags: str) -> dict[str, Any]:
    """The body that asks for a pool."""
    return compact(
        {
            "name": pool["name"],
            "size": pool["size"],
            "count": pool.get("nodeCount"),
            "tags": [*pool.get("tags", []), *extra_tags],
            "labels": pool.get("labels"),
            "taints": _taints(pool),
            "auto_scale": pool.get("autoScale"),
            "min_nodes": pool.get("minNodes"),
            "max_nodes": pool.get("maxNodes"),
        }
    )


def change(cloud: Cloud, cluster: str, ident: str, pool: Props, *extra_tags: str) -> None:
    """PUT a pool and wait for its nodes; one that is gone is passed over, as by the official plugin."""
    body: dict[str, Any] = {
        **compact({"tags": [*pool.get("tags", []), *extra_tags], "labels": pool.get("labels")}),
        **compact({"count": pool.get("nodeCount")}),
        "name": pool["name"],
        "auto_scale": bool(pool.get("autoScale", False)),
        "min_nodes": pool.get("minNodes", 0),
        "max_nodes": pool.get("maxNodes", 0),
        "taints": _taints(pool),
    }
    try:
        cloud.api.put(f"/v2/kubernetes/clusters/{cluster}/node_pools/{ident}", body)
    except ApiError as error:
        if error.status == 404:
            return
        raise StandinError(f"Unable to update nodepool: {error}") from None
    wait_for_nodes(cloud, cluster, ident)


def wait_for_nodes(cloud: Cloud, cluster: str, ident: str) -> None:
    """Until every node of the pool runs."""

    def all_run() -> bool:
        try:
            pool = cloud.api.get(f"/v2/kubernetes/clusters/{cluster}/node_pools/{ident}")["node_pool"]
        except ApiError as error:
            raise StandinError(f"Error trying to read nodepool state: {error}") from None
        nodes = pool.get("nodes") or []
        return len(nodes) == pool.get("count", 0) and all(n["status"]["state"] == "running" for n in nodes)

    cloud.wait(all_run, seconds=POOL_SECONDS, what="the node pool")


def flattened(pool: dict[str, Any]) -> Props:
    """A pool's properties but for `nodeCount`, whose presence depends on where the pool stands."""
    return {
        "actualNodeCount": pool.get("count", 0),
        "autoScale": bool(pool.get("auto_scale", False)),
        "labels": dict(pool.get("labels") or {}),
        "maxNodes": pool.get("max_nodes") or 0,
        "minNodes": pool.get("min_nodes") or 0,
        "name": pool["name"],
        "nodes": [_node(node) for node in pool.get("nodes") or []],
        "size": pool["size"],
        "tags": shown_tags(pool.get("tags")),
        "taints": [{k: taint[k] for k in ("effect", "key", "value")} for taint in pool.get("taints") or []],
    }


def _node(node: dict[str, Any]) -> Props:
    return {
        "id": node.get("id"),
        "name": node.get("name"),
        "status": node["status"]["state"],
        "dropletId": str(node.get("droplet_id", "")),
        "createdAt": stamp(node.get("created_at")),
        "updatedAt": stamp(node.get("updated_at")),
    }


def _taints(pool: Props) -> list[dict[str, Any]]:
    return [{k: taint[k] for k in ("key", "value", "effect")} for taint in pool.get("taints", [])]
