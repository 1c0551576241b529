"""DOKS clusters over HTTP: create, change, upgrade, and the three kinds of destroy.

A version is never lowered, HA is never switched off, and the droplet limit holds for every node. Cluster names need
not be unique.
"""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from formerr_infra.emulator import catalog
from formerr_infra.emulator.errors import NotFound, Unprocessable
from formerr_infra.emulator.routing import Answer, Call, Routes
from formerr_infra.emulator.services import droplets, load_balancers, volumes, vpcs
from formerr_infra.emulator.services import kubernetes_model as model
from formerr_infra.emulator.services.kubernetes_pools import read_pool

if TYPE_CHECKING:
    from formerr_infra.emulator.fields import Fields
    from formerr_infra.emulator.store import Account, Json

ROUTES = Routes()
KIND = model.KIND
NAME = r"[a-zA-Z0-9]([a-zA-Z0-9\-.]*[a-zA-Z0-9])?"
DAYS = ("any", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ADD_ONS = (
    "routing_agent",
    "p2p_oci_registry_plugin",
    "amd_gpu_device_plugin",
    "amd_gpu_device_metrics_exporter_plugin",
    "nvidia_gpu_device_plugin",
    "rdma_shared_dev_plugin",
    "coredns_autoscaler",
)


def find(call: Call) -> Json:
    """The cluster a path names, settled; NotFound if the account has none of that id."""
    cluster = call.account[KIND].get(call.params[0])
    if cluster is None:
        raise NotFound("cluster not found")
    model.settle(call.world, cluster)
    call.touched[:] = [cluster["id"], cluster["name"]]
    return cluster


def _answer(call: Call, status: int, cluster: Json) -> Answer:
    return Answer(status, {"kubernetes_cluster": model.view(call.world, call.account, cluster)})


@ROUTES.on("GET", "/v2/kubernetes/clusters", "kubernetes:read")
def list_clusters(call: Call) -> Answer:
    """All clusters."""
    clusters = call.account[KIND].values()
    return call.page(KIND, clusters, lambda cluster: model.view(call.world, call.account, cluster))


@ROUTES.on("POST", "/v2/kubernetes/clusters", "kubernetes:create")
def create_cluster(call: Call) -> Answer:
    """A new cluster with at least one pool."""
    body, account = call.body, call.account
    region = catalog.check_region(body.text("region"))
    version = body.text("version")
    if version == "latest":
        version = catalog.versions(call.world)[0]
    if version not in catalog.versions(call.world):
        raise Unprocessable(f"validation error: invalid version slug {version!r}")
    fields: Json = {
        "name": body.text("name", pattern=NAME, longest=255),
        "region": region,
        "version": version,
        "vpc_uuid": vpcs.resolve(call.world, account, body.text("vpc_uuid", ""), region),
        "tags": body.tags(),
        "ha": body.flag("ha"),
        "auto_upgrade": body.flag("auto_upgrade"),
        "surge_upgrade": body.flag("surge_upgrade"),
        **_read_optional(body),
    }
    for name in ("cluster_subnet", "service_subnet"):
        if name in body:
            fields[name] = _check_subnet(account, name, body.text(name))
    pools = [read_pool(entry) for entry in body.children("node_pools")]
    if not pools:
        raise Unprocessable("validation error: node_pools: at least one node pool is required")
    droplets.check_limit(account, sum(pool["count"] for pool in pools))
    cluster = model.build(call.world, account, {**fields, "node_pools": pools})
    call.touched[:] = [cluster["id"], cluster["name"]]
    return _answer(call, 201, cluster)


@ROUTES.on("GET", "/v2/kubernetes/clusters/{cluster_id}", "kubernetes:read")
def get_cluster(call: Call) -> Answer:
    """One cluster."""
    return _answer(call, 200, find(call))


@ROUTES.on("PUT", "/v2/kubernetes/clusters/{cluster_id}", "kubernetes:update")
def update_cluster(call: Call) -> Answer:
    """Change what can change without a new cluster."""
    cluster = find(call)
    body = call.body
    ha = body.flag("ha", default=cluster["ha"])
    if cluster["ha"] and not ha:
        raise Unprocessable("validation error: high availability cannot be disabled")
    fields: Json = {
        "name": body.text("name", cluster["name"], pattern=NAME, longest=255),
        "ha": ha,
        "auto_upgrade": body.flag("auto_upgrade", default=cluster["auto_upgrade"]),
        "surge_upgrade": body.flag("surge_upgrade", default=cluster["surge_upgrade"]),
        **_read_optional(body),
    }
    if "tags" in body:
        fields["tags"] = model.cluster_tags(cluster["id"], body.tags())
    cluster.update(fields, updated_at=call.world.timestamp())
    call.account[KIND].changed()
    return _answer(call, 202, cluster)


@ROUTES.on("DELETE", "/v2/kubernetes/clusters/{cluster_id}", "kubernetes:delete")
def delete_cluster(call: Call) -> Answer:
    """Delete a cluster; the load balancers and volumes it made stay."""
    model.drop(call.world, call.account, find(call))
    return Answer(204)


@ROUTES.on("GET", "/v2/kubernetes/clusters/{cluster_id}/upgrades", "kubernetes:read")
def list_upgrades(call: Call) -> Answer:
    """Versions the cluster can go to: newer ones of its minor and of the next."""
    return Answer(
        200, {"available_upgrade_versions": [version_entry(v) for v in _upgrades(call, find(call))]}
    )


@ROUTES.on("POST", "/v2/kubernetes/clusters/{cluster_id}/upgrade", "kubernetes:update")
def upgrade_cluster(call: Call) -> Answer:
    """Upgrade to a newer version."""
    cluster = find(call)
    version = call.body.text("version")
    if version not in _upgrades(call, cluster):
        raise Unprocessable(f"validation error: cannot upgrade from {cluster['version']} to {version}")
    cluster["version"] = version
    if "_plane" in cluster:
        # Where Kubernetes runs, its nodes tell their version: an upgrade replaces them.
        for pool in cluster["node_pools"]:
            for node in list(pool["nodes"]):
                model.replace_node(call.world, call.account, cluster, pool, node, again=True)
    if call.world.transitions.cluster_seconds > 0:
        cluster["status"] = {"state": "upgrading", "message": f"upgrading to {version}"}
        cluster["_ready_at"] = call.world.now() + call.world.transitions.cluster_seconds
    call.account[KIND].changed()
    return Answer(202)


_DESTROY = "/v2/kubernetes/clusters/{cluster_id}/destroy_with_associated_resources"


@ROUTES.on("GET", _DESTROY, "kubernetes:read")
def list_associated(call: Call) -> Answer:
    """What the cluster made outside itself."""
    found = _associated(call.account, find(call))
    return Answer(
        200, {kind: [{"id": i["id"], "name": i["name"]} for i in items] for kind, items in found.items()}
    )


@ROUTES.on("DELETE", f"{_DESTROY}/selective", "kubernetes:delete")
def delete_selective(call: Call) -> Answer:
    """Delete the cluster and the named ones of what it made."""
    cluster = find(call)
    body = call.optional_body
    found = _associated(call.account, cluster)
    chosen: list[tuple[str, Json]] = []
    for kind, items in found.items():
        by_id = {item["id"]: item for item in items}
        for key in body.strings(kind):
            if key not in by_id:
                raise NotFound(f"{kind}: {key} is not associated with the cluster")
            chosen.append((kind, by_id[key]))
    _delete_with(call, cluster, chosen)
    return Answer(204)


@ROUTES.on("DELETE", f"{_DESTROY}/dangerous", "kubernetes:delete")
def delete_dangerous(call: Call) -> Answer:
    """Delete the cluster and everything it made."""
    cluster = find(call)
    found = _associated(call.account, cluster)
    _delete_with(call, cluster, [(kind, item) for kind, items in found.items() for item in items])
    return Answer(204)


def version_entry(slug: str) -> Json:
    """A version as the options list it."""
    return {
        "slug": slug,
        "kubernetes_version": slug.partition("-")[0],
        "supported_features": [
            "cluster-autoscaler",
            "docr-integration",
            "ha-control-plane",
            "token-authentication",
        ],
    }


def _associated(account: Account, cluster: Json) -> dict[str, list[Json]]:
    kinds = (load_balancers.KIND, volumes.KIND, volumes.SNAPSHOTS)
    return {kind: [i for i in account[kind] if i.get("_cluster") == cluster["id"]] for kind in kinds}


def _delete_with(call: Call, cluster: Json, chosen: list[tuple[str, Json]]) -> None:
    for kind, item in chosen:
        drop = load_balancers.drop if kind == load_balancers.KIND else volumes.DROPS[kind]
        drop(call.world, call.account, item)
    model.drop(call.world, call.account, cluster)


def _upgrades(call: Call, cluster: Json) -> list[str]:
    now = catalog.version_key(cluster["version"])
    minor = now[:2]
    following = (*minor[:1], *(m + 1 for m in minor[1:]))
    keys = {slug: catalog.version_key(slug) for slug in catalog.versions(call.world)}
    return [slug for slug, key in keys.items() if key > now and key[:2] in (minor, following)]


def _check_subnet(account: Account, name: str, text: str) -> str:
    try:
        network = IPv4Network(text)
    except ValueError:
        raise Unprocessable(f"validation error: {name}: {text!r} is not a valid CIDR block") from None
    if vpcs.overlaps(account, network) is not None:
        raise Unprocessable(f"validation error: {name}: overlaps with a VPC network in your account")
    return str(network)


def _read_optional(body: Fields) -> Json:
    fields: Json = {}
    if "maintenance_policy" in body:
        policy = body.child("maintenance_policy")
        start = policy.text("start_time", "00:00", pattern=r"([01]?\d|2[0-3]):[0-5]\d")
        day = policy.text("day", "any", choices=DAYS)
        fields["maintenance_policy"] = {"start_time": start, "duration": "4h0m0s", "day": day}
    if "control_plane_firewall" in body:
        firewall = body.child("control_plane_firewall")
        addresses = firewall.strings("allowed_addresses")
        fields["control_plane_firewall"] = {
            "enabled": firewall.flag("enabled"),
            "allowed_addresses": addresses,
        }
    autoscaler = body.child("cluster_autoscaler_configuration")
    if any(name in autoscaler for name in autoscaler.data):
        # The official provider sends the object with all its members null where nothing is configured.
        fields["cluster_autoscaler_configuration"] = _read_autoscaler(autoscaler)
    for name in _ADD_ONS:
        if name in body:
            fields[name] = {"enabled": body.child(name).flag("enabled")}
    return fields


def _read_autoscaler(body: Fields) -> Json:
    threshold = body.data.get("scale_down_utilization_threshold")
    threshold = 0.65 if threshold is None else threshold
    if isinstance(threshold, bool) or not isinstance(threshold, int | float):
        raise Unprocessable("cluster_autoscaler_configuration: the threshold must be a number")
    return {
        "scale_down_utilization_threshold": threshold,
        "scale_down_unneeded_time": body.text("scale_down_unneeded_time", "1m"),
        "expanders": [e for e in body.strings("expanders") if e in ("random", "priority", "least_waste")],
    }
