"""KubernetesCluster: its calls. The table stands in `cluster_table.py`."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from formerr_infra.local.standin.errors import ApiError, Gone, InitFailed, StandinError
from formerr_infra.local.standin.fields import Props, is_zero
from formerr_infra.local.standin.resource import Cloud, Resource, changed, compact, stamp
from formerr_infra.local.standin.resources import pools
from formerr_infra.local.standin.resources.cluster_table import ADDONS, CLUSTER_FIELDS, UPDATED, version_key

PATH = "/v2/kubernetes/clusters"
CREATE_SECONDS = 1800.0


def create(cloud: Cloud, planned: Props) -> str:
    """POST the cluster and wait until it runs. Where the wait fails no state is kept, officially too."""
    body = compact(
        {
            "name": planned["name"],
            "region": planned["region"],
            "version": planned["version"],
            "tags": planned.get("tags"),
            "vpc_uuid": planned.get("vpcUuid"),
            "worker_subnet_uuid": planned.get("workerSubnetUuid"),
            "cluster_subnet": planned.get("clusterSubnet"),
            "service_subnet": planned.get("serviceSubnet"),
            "node_pools": [pools.creation(planned["nodePool"], pools.DEFAULT_POOL_TAG)],
            "maintenance_policy": _maintenance(planned),
            **_addons(planned),
            "cluster_autoscaler_configuration": _autoscaler(planned),
            "sso": _sso(planned),
        }
    )
    body.setdefault("maintenance_policy", None)
    body["auto_upgrade"] = bool(planned.get("autoUpgrade", False))
    body["surge_upgrade"] = bool(planned.get("surgeUpgrade", False))
    if planned.get("ha") is not None:
        body["ha"] = planned["ha"]
    try:
        ident = str(cloud.api.post(PATH, body)["kubernetes_cluster"]["id"])
        _wait_until_running(cloud, ident)
    except StandinError as error:
        raise StandinError(f"Error creating Kubernetes cluster: {error}") from None
    if planned.get("registryIntegration"):
        try:
            cloud.api.post("/v2/kubernetes/registry", {"cluster_uuids": [ident]})
        except ApiError as error:
            raise InitFailed(ident, f"Error enabling registry integration: {error}") from None
    return ident


def _wait_until_running(cloud: Cloud, ident: str) -> None:
    def running() -> bool:
        try:
            status = cloud.api.get(f"{PATH}/{ident}")["kubernetes_cluster"]["status"]
        except ApiError as error:
            raise StandinError(f"Error trying to read cluster state: {error}") from None
        if status["state"] == "error":
            raise StandinError(status.get("message") or "the cluster is in state error")
        return bool(status["state"] == "running")

    cloud.wait(running, seconds=CREATE_SECONDS, what="the cluster")


def read(cloud: Cloud, ident: str, known: Props) -> Props | None:
    """GET the cluster; its credentials only where none are known or the known ones have expired."""
    try:
        cluster = cloud.api.find(f"{PATH}/{ident}", "kubernetes_cluster")
    except ApiError as error:
        raise StandinError(f"Error retrieving Kubernetes cluster: {error}") from None
    if cluster is None:
        return None
    policy = cluster.get("maintenance_policy") or {}
    found: Props = {
        "name": cluster["name"],
        "region": cluster["region"],
        "version": cluster["version"],
        "surgeUpgrade": bool(cluster.get("surge_upgrade", False)),
        "ha": bool(cluster.get("ha", False)),
        "clusterSubnet": cluster.get("cluster_subnet") or "",
        "serviceSubnet": cluster.get("service_subnet") or "",
        "ipv4Address": cluster.get("ipv4") or "",
        "endpoint": cluster.get("endpoint") or "",
        "tags": pools.shown_tags(cluster.get("tags")),
        "status": cluster["status"]["state"],
        "createdAt": stamp(cluster.get("created_at")),
        "updatedAt": stamp(cluster.get("updated_at")),
        "vpcUuid": cluster.get("vpc_uuid") or "",
        "workerSubnetUuid": cluster.get("worker_subnet_uuid") or "",
        "autoUpgrade": bool(cluster.get("auto_upgrade", False)),
        "clusterUrn": f"do:kubernetes:{ident}",
        "maintenancePolicy": {
            "day": policy.get("day") or "",
            "duration": policy.get("duration") or "",
            "startTime": policy.get("start_time") or "",
        },
        "clusterAutoscalerConfigurations": _shown_autoscaler(cluster),
        "ssos": _shown_sso(cluster),
    }
    for name, key in ADDONS.items():
        found[name] = _shown_addon(name, cluster.get(key))
    for position, pool in enumerate(cluster.get("node_pools") or []):
        if pools.DEFAULT_POOL_TAG in (pool.get("tags") or []):
            found["nodePool"] = {"id": pool["id"], **pools.flattened(pool)}
            declared = position == 0 and (known.get("nodePool") or {}).get("nodeCount")
            found["nodePool"]["nodeCount"] = pool.get("count", 0) if declared else 0
    if _expired(known):
        found["kubeConfigs"] = [_credentials(cloud, cluster, known)]
    return found


def _expired(known: Props) -> bool:
    configs = known.get("kubeConfigs") or [{}]
    expires = configs[0].get("expiresAt") if isinstance(configs[0], dict) else None
    if not expires:
        return True
    try:
        return datetime.fromisoformat(str(expires)) < datetime.now(UTC)
    except ValueError:
        raise StandinError(f"Unable to parse Kubernetes credentials expiry: {expires}") from None


def _credentials(cloud: Cloud, cluster: dict[str, Any], known: Props) -> Props:
    try:
        given = cloud.api.get(
            f"{PATH}/{cluster['id']}/credentials", expiry_seconds=known.get("kubeconfigExpireSeconds", 0)
        )
    except ApiError as error:
        raise StandinError(f"Unable to fetch Kubernetes credentials: {error}") from None
    config = {
        "clusterCaCertificate": given.get("certificate_authority_data") or "",
        "host": given.get("server") or "",
        "token": given.get("token") or "",
        "expiresAt": given.get("expires_at") or "",
        "clientKey": _decoded(given.get("client_key_data")),
        "clientCertificate": _decoded(given.get("client_certificate_data")),
    }
    config["rawConfig"] = kubeconfig(cluster["name"], cluster["region"], given)
    return config


def _decoded(data: str | None) -> str:
    return base64.b64decode(data).decode() if data else ""


def kubeconfig(name: str, region: str, given: dict[str, Any]) -> str:
    """The kubeconfig that goes with credentials, as YAML."""
    context = f"do-{region}-{name}"
    user = f"{context}-admin"
    lines = [
        "apiVersion: v1",
        "kind: Config",
        "clusters:",
        "- cluster:",
        f"    certificate-authority-data: {given.get('certificate_authority_data') or ''}",
        f"    server: {given.get('server') or ''}",
        f"  name: {context}",
        "contexts:",
        "- context:",
        f"    cluster: {context}",
        f"    user: {user}",
        f"  name: {context}",
        f"current-context: {context}",
        "users:",
        f"- name: {user}",
        "  user:",
    ]
    optional = (key for key in ("client_key_data", "client_certificate_data") if given.get(key))
    lines += [f"    {key.replace('_', '-')}: {given[key]}" for key in optional]
    return "\n".join([*lines, f"    token: {given.get('token') or ''}", ""])


def update(cloud: Cloud, ident: str, olds: Props, planned: Props) -> None:
    """PUT what belongs to the cluster, then its default pool; upgrade; the registry's integration."""
    try:
        if changed(olds, planned, *UPDATED):
            _put(cloud, ident, olds, planned)
        if changed(olds, planned, "nodePool"):
            pool = olds.get("nodePool") or {}
            pools.change(cloud, ident, pool.get("id", ""), planned["nodePool"], pools.DEFAULT_POOL_TAG)
        if changed(olds, planned, "version"):
            try:
                cloud.api.post(f"{PATH}/{ident}/upgrade", {"version": planned["version"]})
            except ApiError as error:
                raise StandinError(f"Unable to upgrade cluster version: {error}") from None
        if changed(olds, planned, "registryIntegration"):
            _integrate(cloud, ident, wanted=bool(planned.get("registryIntegration")))
    except Gone:
        raise
    except StandinError as error:
        raise InitFailed(ident, str(error)) from None


def _put(cloud: Cloud, ident: str, olds: Props, planned: Props) -> None:
    body = compact(
        {
            "name": planned["name"],
            "tags": planned.get("tags"),
            "maintenance_policy": _maintenance(planned),
            "surge_upgrade": planned.get("surgeUpgrade"),
            **_addons(planned),
            "cluster_autoscaler_configuration": _autoscaler(planned) or _cleared_autoscaler(olds),
            "sso": _sso(planned),
        }
    )
    said = ("maintenance_policy", "cluster_autoscaler_configuration", *ADDONS.values())
    body = dict.fromkeys(said) | body  # null where nothing is declared, as officially
    body["auto_upgrade"] = bool(planned.get("autoUpgrade", False))
    body["ha"] = bool(planned.get("ha", False))
    try:
        cloud.api.put(f"{PATH}/{ident}", body)
    except ApiError as error:
        if error.status == 404:
            raise Gone(str(error)) from None
        raise StandinError(f"Unable to update cluster: {error}") from None


def _integrate(cloud: Cloud, ident: str, *, wanted: bool) -> None:
    method, word = ("POST", "enabling") if wanted else ("DELETE", "disabling")
    try:
        cloud.api.send(method, "/v2/kubernetes/registry", body={"cluster_uuids": [ident]})
    except ApiError as error:
        raise StandinError(f"Error {word} registry integration: {error}") from None


def delete(cloud: Cloud, ident: str, olds: Props) -> None:
    """DELETE the cluster, with everything it made where asked; one that is gone already is fine, but where its things are
    to be listed first."""
    path = f"{PATH}/{ident}"
    try:
        if olds.get("destroyAllAssociatedResources"):
            associated = f"{path}/destroy_with_associated_resources"
            try:
                cloud.api.get(associated)
            except ApiError as error:
                raise StandinError(f"Failed to list associated resources: {error}") from None
            cloud.api.send("DELETE", f"{associated}/dangerous")
        else:
            cloud.api.delete(path)
    except ApiError as error:
        if error.status != 404:
            raise StandinError(f"Unable to delete cluster: {error}") from None


def mark_default_pool(cloud: Cloud, ident: str) -> Props | None:
    """The importer. It WRITES: an only pool without the default tag is given it, as by the official one."""
    cluster = cloud.api.find(f"{PATH}/{ident}", "kubernetes_cluster")
    if cluster is None:
        return None
    found = cluster.get("node_pools") or []
    tagged = [pool for pool in found if pools.DEFAULT_POOL_TAG in (pool.get("tags") or [])]
    if len(tagged) > 1:
        raise StandinError(
            f"Multiple node pools carry the tag `{pools.DEFAULT_POOL_TAG}`; only the default pool may have it"
        )
    if not tagged:
        if len(found) != 1:
            raise StandinError(
                "Cluster contains multiple node pools: give the default one the tag "
                f"`{pools.DEFAULT_POOL_TAG}`; the others are resources of their own"
            )
        tags = [*(found[0].get("tags") or []), pools.DEFAULT_POOL_TAG]
        cloud.api.put(f"{PATH}/{ident}/node_pools/{found[0]['id']}", {"tags": tags})
    return {}


def lowered_version(olds: Props, planned: Props) -> frozenset[str]:
    """A lower version cannot be had by an upgrade: it replaces."""
    old, new = version_key(olds.get("version")), version_key(planned.get("version"))
    return frozenset({"version"}) if old and new and new < old else frozenset()


def _maintenance(planned: Props) -> dict[str, Any]:
    policy = planned.get("maintenancePolicy") or {}
    return compact({"day": policy.get("day"), "start_time": policy.get("startTime")})


def _addons(planned: Props) -> dict[str, Any]:
    bodies: dict[str, Any] = {}
    for name, key in ADDONS.items():
        declared = planned.get(name)
        if isinstance(declared, dict):
            bodies[key] = {"enabled": bool(declared.get("enabled"))}
            if name == "controlPlaneFirewall":
                bodies[key]["allowed_addresses"] = declared.get("allowedAddresses", [])
    return bodies


def _shown_addon(name: str, given: dict[str, Any] | None) -> Props | None:
    if given is None:
        return None
    shown: Props = {"enabled": bool(given.get("enabled", False))}
    if name == "controlPlaneFirewall":
        shown["allowedAddresses"] = list(given.get("allowed_addresses") or [])
    return shown


def _autoscaler(planned: Props) -> dict[str, Any]:
    declared = (planned.get("clusterAutoscalerConfigurations") or [{}])[0]
    return compact(
        {
            "scale_down_utilization_threshold": declared.get("scaleDownUtilizationThreshold"),
            "scale_down_unneeded_time": declared.get("scaleDownUnneededTime"),
            "expanders": declared.get("expanders"),
        }
    )


def _cleared_autoscaler(olds: Props) -> dict[str, Any]:
    empty = {"scale_down_utilization_threshold": 0.0, "scale_down_unneeded_time": "", "expanders": []}
    return {key: empty[key] for key in _autoscaler(olds)}


def _shown_autoscaler(cluster: dict[str, Any]) -> list[Props]:
    given = cluster.get("cluster_autoscaler_configuration")
    if not given:
        return []
    return [
        {
            "scaleDownUtilizationThreshold": given.get("scale_down_utilization_threshold"),
            "scaleDownUnneededTime": given.get("scale_down_unneeded_time"),
            "expanders": list(given.get("expanders") or []),
        }
    ]


def _sso(planned: Props) -> dict[str, Any]:
    declared = (planned.get("ssos") or [{}])[0]
    if is_zero(declared):
        return {}
    return {
        "enabled": bool(declared.get("enabled")),
        "required": bool(declared.get("required")),
        "issuer_url": declared.get("issuerUrl", ""),
        "client_id": declared.get("clientId", ""),
    }


def _shown_sso(cluster: dict[str, Any]) -> list[Props]:
    given = cluster.get("sso")
    if not given:
        return []
    return [
        {
            "enabled": bool(given.get("enabled")),
            "required": bool(given.get("required")),
            "issuerUrl": given.get("issuer_url") or "",
            "clientId": given.get("client_id") or "",
        }
    ]


CLUSTER = Resource(
    module="kubernetesCluster",
    name="KubernetesCluster",
    fields=CLUSTER_FIELDS,
    create=create,
    read=read,
    update=update,
    delete=delete,
    importer=mark_default_pool,
    also_replaces=lowered_version,
    schema_version=3,
)
