"""Node pools over HTTP: create, scale, change, recycle, and the removal of single nodes.

A request that carries only some fields leaves the others as they are (the providers send a PUT with tags alone).
The autoscaler does not run: a pool keeps the count it was given, within its bounds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.emulator import catalog
from formerr_infra.emulator.errors import NotFound, Unprocessable
from formerr_infra.emulator.fields import Fields
from formerr_infra.emulator.routing import Answer, Call, Routes
from formerr_infra.emulator.services import droplets
from formerr_infra.emulator.services import kubernetes_model as model

if TYPE_CHECKING:
    from formerr_infra.emulator.store import Json

ROUTES = Routes()
NAME = r"[a-z0-9]([a-z0-9\-]*[a-z0-9])?"
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_POOLS = "/v2/kubernetes/clusters/{cluster_id}/node_pools"
_POOL = _POOLS + "/{node_pool_id}"
MOST_NODES = 512


def read_pool(body: Fields) -> Json:
    """A pool from a request; 422 where it does not fit."""
    size = body.text("size")
    if size not in catalog.node_sizes():
        raise Unprocessable(f"validation error: invalid size slug {size!r}")
    return {"name": body.text("name", pattern=NAME, longest=255), "size": size, **_read_changes(body, {})}


def _read_changes(body: Fields, known: Json) -> Json:
    auto_scale = body.flag("auto_scale", default=known.get("auto_scale", False))
    low = body.number("min_nodes", known.get("min_nodes", 0), high=MOST_NODES)
    high = body.number("max_nodes", known.get("max_nodes", 0), high=MOST_NODES)
    if auto_scale and (high < 1 or low > high):
        raise Unprocessable("validation error: min_nodes and max_nodes do not make a range")
    count = body.number("count", known.get("count", low), high=MOST_NODES)
    if auto_scale:
        count = min(max(count, low), high)
    elif count < 1:
        raise Unprocessable("validation error: count: must be at least 1")
    fields: Json = {"auto_scale": auto_scale, "min_nodes": low, "max_nodes": high, "count": count}
    if not auto_scale:
        fields.update(min_nodes=0, max_nodes=0)
    if "tags" in body:
        fields["tags"] = body.tags()
    if "labels" in body:
        fields["labels"] = body.labels("labels")
    if "taints" in body:
        fields["taints"] = [_read_taint(entry) for entry in body.children("taints")]
    return fields


def _read_taint(written: Fields) -> Json:
    # The Go client writes these keys in capitals, and the service does not mind.
    entry = Fields({key.lower(): value for key, value in written.data.items()}, "taints.")
    value = entry.text("value", "", empty=True)
    return {"key": entry.text("key"), "value": value, "effect": entry.text("effect", choices=EFFECTS)}


def _cluster(call: Call) -> Json:
    cluster = call.account[model.KIND].get(call.params[0])
    if cluster is None:
        raise NotFound("cluster not found")
    model.settle(call.world, cluster)
    return cluster


def _find(call: Call) -> tuple[Json, Json]:
    cluster = _cluster(call)
    pool = next((p for p in cluster["node_pools"] if p["id"] == call.params[1]), None)
    if pool is None:
        raise NotFound("node pool not found")
    call.touched[:] = [pool["id"], pool["name"]]
    return cluster, pool


def _check_name(cluster: Json, name: str, own_id: str = "") -> None:
    if any(p["name"] == name and p["id"] != own_id for p in cluster["node_pools"]):
        raise Unprocessable(f"validation error: node pool name {name!r} is already in use")


@ROUTES.on("GET", _POOLS, "kubernetes:read")
def list_pools(call: Call) -> Answer:
    """All pools of a cluster; this list is not paged."""
    return Answer(200, {"node_pools": _cluster(call)["node_pools"]})


@ROUTES.on("POST", _POOLS, "kubernetes:update")
def create_pool(call: Call) -> Answer:
    """A new pool."""
    cluster = _cluster(call)
    fields = read_pool(call.body)
    _check_name(cluster, fields["name"])
    droplets.check_limit(call.account, fields["count"])
    pool = model.add_pool(call.world, call.account, cluster, fields)
    call.touched[:] = [pool["id"], pool["name"]]
    return Answer(201, {"node_pool": pool})


@ROUTES.on("GET", _POOL, "kubernetes:read")
def get_pool(call: Call) -> Answer:
    """One pool."""
    return Answer(200, {"node_pool": _find(call)[1]})


@ROUTES.on("PUT", _POOL, "kubernetes:update")
def update_pool(call: Call) -> Answer:
    """Scale or change a pool."""
    cluster, pool = _find(call)
    body = call.body
    name = body.text("name", pool["name"], pattern=NAME, longest=255)
    _check_name(cluster, name, pool["id"])
    fields = _read_changes(body, pool)
    count = fields.pop("count")
    droplets.check_limit(call.account, count - len(pool["nodes"]))
    own_tags = fields.pop("tags", None)
    pool.update(fields, name=name)
    if own_tags is not None:
        model.retag_pool(call.account, cluster, pool, own_tags)
    model.scale(call.world, call.account, cluster, pool, count)
    return Answer(202, {"node_pool": pool})


@ROUTES.on("DELETE", _POOL, "kubernetes:update")
def delete_pool(call: Call) -> Answer:
    """Delete a pool; a cluster keeps at least one."""
    cluster, pool = _find(call)
    if len(cluster["node_pools"]) == 1:
        raise Unprocessable("validation error: cannot delete the last node pool of a cluster")
    model.remove_pool(call.world, call.account, cluster, pool)
    return Answer(204)


@ROUTES.on("DELETE", _POOL + "/nodes/{node_id}", "kubernetes:update")
def delete_node(call: Call) -> Answer:
    """Delete one node; with `replace=1` another takes its place."""
    cluster, pool = _find(call)
    node = next((n for n in pool["nodes"] if n["id"] == call.params[2]), None)
    if node is None:
        raise NotFound("node not found")
    again = call.query.get("replace") in ("1", "true")
    if not again and not pool["auto_scale"] and len(pool["nodes"]) == 1:
        raise Unprocessable("validation error: count: must be at least 1")
    model.replace_node(call.world, call.account, cluster, pool, node, again=again)
    return Answer(202)


@ROUTES.on("POST", _POOL + "/recycle", "kubernetes:delete")
def recycle_pool(call: Call) -> Answer:
    """Replace the named nodes of a pool, or all."""
    cluster, pool = _find(call)
    named = call.optional_body.strings("nodes")
    for node in [n for n in pool["nodes"] if not named or n["id"] in named]:
        model.replace_node(call.world, call.account, cluster, pool, node, again=True)
    return Answer(202)
