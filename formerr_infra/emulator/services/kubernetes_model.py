"""What a DOKS cluster is: its pools, its nodes, the droplets behind them, and how they come up.

The rules of making and changing one are here, without HTTP. Where real control planes run, `_plane` says whether a
cluster's is ready, and `_kubernetes` how it is reached; the control plane of the emulator can name another there.
"""

from __future__ import annotations

from formerr_infra.emulator import catalog
from formerr_infra.emulator.services import droplets, projects, tags, vpcs
from formerr_infra.emulator.store import Account, Json, World, public

KIND = "kubernetes_clusters"
NODE_POOLS = "node_pools"
CLUSTER_SUBNET = "10.244.0.0/16"
SERVICE_SUBNET = "10.245.0.0/16"


def urn(cluster: Json) -> str:
    """The URN of a cluster."""
    return f"do:kubernetes:{cluster['id']}"


def cluster_tags(key: str, own: list[str]) -> list[str]:
    """The tags of a cluster: the service's own and the user's."""
    return ["k8s", f"k8s:{key}", *(t for t in own if t != "k8s" and not t.startswith("k8s:"))]


def pool_tags(key: str, own: list[str]) -> list[str]:
    """The tags of a node pool: the service's own and the user's."""
    return ["k8s", f"k8s:{key}", "k8s:worker", *(t for t in own if t != "k8s" and not t.startswith("k8s:"))]


def build(world: World, account: Account, fields: Json) -> Json:
    """A cluster with its pools and their droplets, without any check."""
    key = fields.get("id") or world.uuid(KIND)
    now = world.timestamp()
    region = fields.get("region", "nyc3")
    pools = fields.pop("node_pools", None)
    if isinstance(fields.get("status"), str):
        fields["status"] = {"state": fields["status"], "message": ""}
    if pools is None:
        pools = [{"name": "default-pool", "size": "s-1vcpu-2gb", "count": 1}]
    ready = world.now() + world.transitions.cluster_seconds
    cluster: Json = {
        "id": key,
        "name": f"cluster-{len(account[KIND]) + 1}",
        "region": region,
        "version": catalog.versions(world)[0],
        "cluster_subnet": CLUSTER_SUBNET,
        "service_subnet": SERVICE_SUBNET,
        "vpc_uuid": "",
        "ipv4": "",
        "endpoint": "",
        "node_pools": [],
        "maintenance_policy": {"start_time": "00:00", "duration": "4h0m0s", "day": "any"},
        "auto_upgrade": False,
        "surge_upgrade": False,
        "ha": False,
        "registry_enabled": False,
        "registries": [],
        "status": {"state": "provisioning", "message": "provisioning"},
        "created_at": now,
        "updated_at": now,
        "_ready_at": ready,
        "_nodes_ready_at": {},
        "_address": world.address("address"),
        **fields,
    }
    cluster["tags"] = cluster_tags(key, cluster.get("tags", []))
    cluster["vpc_uuid"] = cluster["vpc_uuid"] or vpcs.ensure_default(world, account, region)
    if world.prepare_cluster is not None and "_kubernetes" not in cluster:
        world.prepare_cluster(cluster)
    if "status" in fields:
        cluster.pop("_ready_at")
        cluster["ipv4"], cluster["endpoint"] = cluster["_address"], _endpoint(cluster)
    account[KIND].put(key, cluster)
    for pool in pools:
        add_pool(world, account, cluster, dict(pool))
    projects.assign(world, account, urn(cluster))
    settle(world, cluster)
    return cluster


def view(world: World, _account: Account, cluster: Json) -> Json:
    """The cluster as the API answers it, in the state it has reached by now."""
    settle(world, cluster)
    return public(cluster)


def settle(world: World, cluster: Json) -> None:
    """Let everything that is due by now have happened."""
    now = world.now()
    up = "_plane" not in cluster or cluster["_plane"]["ready"]
    if cluster.get("_ready_at") is not None and cluster["_ready_at"] <= now and up:
        cluster.pop("_ready_at")
        cluster["status"] = {"state": "running", "message": ""}
        cluster["ipv4"], cluster["endpoint"] = cluster["_address"], _endpoint(cluster)
    waiting: Json = cluster["_nodes_ready_at"]
    if waiting and min(waiting.values()) <= now:
        for pool in cluster["node_pools"]:
            for node in pool["nodes"]:
                if waiting.get(node["id"], now + 1) <= now and node["id"] not in cluster.get("_away", ()):
                    waiting.pop(node["id"])
                    node["status"] = {"state": "running"}


def nodes_came_up(cluster: Json, ready: set[str]) -> bool:
    """Nodes that Kubernetes calls ready are no longer waited for; whether there was any."""
    away = cluster.get("_away", [])
    left = [key for key in away if key not in ready]
    cluster["_away"] = left
    return len(left) < len(away)


def readdress(cluster: Json) -> None:
    """The address of the control plane has changed."""
    if cluster["endpoint"]:
        cluster["endpoint"] = _endpoint(cluster)


def drop(world: World, account: Account, cluster: Json) -> None:
    """Take a cluster and its droplets away; it stays a member of its VPC for a while."""
    for pool in cluster["node_pools"]:
        for node in pool["nodes"]:
            _drop_droplet(world, account, node)
    account[KIND].remove(cluster["id"])
    projects.unassign(account, urn(cluster))
    vpcs.linger(world, account, urn(cluster), cluster["name"], cluster["vpc_uuid"])


def adjust(_world: World, _account: Account, cluster: Json) -> None:
    """Bring the emulator's own keys in line after the control plane changed a cluster."""
    cluster["tags"] = cluster_tags(cluster["id"], cluster["tags"])
    if isinstance(cluster["status"], str):
        cluster["status"] = {"state": cluster["status"], "message": ""}
    if cluster["status"]["state"] not in ("provisioning", "upgrading"):
        cluster.pop("_ready_at", None)


def add_pool(world: World, account: Account, cluster: Json, fields: Json) -> Json:
    """A node pool with its nodes, without any check."""
    count = fields.pop("count", 1)
    pool: Json = {
        "id": world.uuid(NODE_POOLS),
        "name": f"pool-{len(cluster['node_pools']) + 1}",
        "size": "s-1vcpu-2gb",
        "count": 0,
        "labels": {},
        "taints": [],
        "auto_scale": False,
        "min_nodes": 0,
        "max_nodes": 0,
        "nodes": [],
        **fields,
    }
    pool["tags"] = pool_tags(cluster["id"], pool.get("tags", []))
    cluster["node_pools"].append(pool)
    scale(world, account, cluster, pool, count)
    return pool


def remove_pool(world: World, account: Account, cluster: Json, pool: Json) -> None:
    """Take a pool and its nodes away."""
    scale(world, account, cluster, pool, 0)
    cluster["node_pools"].remove(pool)
    account[KIND].changed()


def scale(world: World, account: Account, cluster: Json, pool: Json, count: int) -> None:
    """Bring a pool to that many nodes; the youngest go first."""
    while len(pool["nodes"]) > count:
        _drop_droplet(world, account, pool["nodes"].pop())
    while len(pool["nodes"]) < count:
        pool["nodes"].append(_new_node(world, account, cluster, pool))
    pool["count"] = count
    account[KIND].changed()


def replace_node(
    world: World, account: Account, cluster: Json, pool: Json, node: Json, *, again: bool
) -> None:
    """Take one node away and, if `again`, put a new one in its place."""
    pool["nodes"].remove(node)
    _drop_droplet(world, account, node)
    if again:
        pool["nodes"].append(_new_node(world, account, cluster, pool))
    pool["count"] = len(pool["nodes"])
    account[KIND].changed()


def retag_pool(account: Account, cluster: Json, pool: Json, own: list[str]) -> None:
    """Give a pool and its droplets those tags."""
    pool["tags"] = pool_tags(cluster["id"], own)
    for node in pool["nodes"]:
        droplet = account[droplets.KIND].get(node["droplet_id"])
        if droplet is not None:
            droplet["tags"] = list(pool["tags"])
    account[droplets.KIND].changed()
    tags.ensure(account.world, account, pool["tags"])


def find_pool(account: Account, pool_id: str) -> tuple[Json, Json] | None:
    """A pool and its cluster by the pool's id, whichever cluster it is in."""
    for cluster in account[KIND]:
        for pool in cluster["node_pools"]:
            if pool["id"] == pool_id:
                return cluster, pool
    return None


def _endpoint(cluster: Json) -> str:
    own = cluster.get("_kubernetes", {}).get("server")
    return str(own or f"https://{cluster['id']}.k8s.ondigitalocean.com")


def _new_node(world: World, account: Account, cluster: Json, pool: Json) -> Json:
    name = f"{pool['name']}-{world.secret('node', 5)}"
    seconds = world.transitions.node_seconds
    droplet = droplets.build(
        world,
        account,
        {
            "name": name,
            "region": cluster["region"],
            "size_slug": pool["size"],
            "tags": list(pool["tags"]),
            "vpc_uuid": cluster["vpc_uuid"],
            "_image": "debian-12-x64",
        },
    )
    node: Json = {
        "id": world.uuid("nodes"),
        "name": name,
        "status": {"state": "provisioning" if seconds > 0 or "_plane" in cluster else "running"},
        "droplet_id": str(droplet["id"]),
        "created_at": world.timestamp(),
        "updated_at": world.timestamp(),
    }
    if seconds > 0 or "_plane" in cluster:
        cluster["_nodes_ready_at"][node["id"]] = world.now() + seconds
    if "_plane" in cluster:
        cluster.setdefault("_away", []).append(node["id"])
    return node


def _drop_droplet(world: World, account: Account, node: Json) -> None:
    droplet = account[droplets.KIND].get(node["droplet_id"])
    if droplet is not None:
        droplets.drop(world, account, droplet)
