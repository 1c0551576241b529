"""The functions that programs call to look something up.

Each answers as its official counterpart does, limits included: a cluster is looked for on the first page of the
list only, and the registry's function finds none.
"""

# ruff: noqa: ARG001 - every function is called in the same way

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from formerr_infra.local.standin.errors import ApiError, StandinError
from formerr_infra.local.standin.fields import (
    OUTPUT,
    REQUIRED,
    Field,
    Props,
    Shape,
    flag,
    nested,
    number,
    text,
    whole,
)
from formerr_infra.local.standin.resource import Cloud, Function
from formerr_infra.local.standin.resources import (
    cluster,
    database,
    load_balancer,
    pools,
    project,
    registry,
    vpc,
)
from formerr_infra.local.standin.resources.cluster_table import ADDONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def _one(found: Iterable[dict[str, Any]], what: str, wanted: str) -> dict[str, Any]:
    hits = list(found)
    if not hits:
        raise StandinError(f"no {what} found with name {wanted}")
    if len(hits) > 1:
        raise StandinError(f"too many {what}s found with name {wanted} (found {len(hits)}, expected 1)")
    return hits[0]


def _ident(cloud: Cloud, given: Props, path: str, key: str, what: str) -> str:
    """The id that is given, or the one of the thing of that name."""
    if given.get("id"):
        return str(given["id"])
    name = str(given.get("name", ""))
    if not name:
        raise StandinError(f"either the id or the name of the {what} is needed")
    return str(_one((i for i in cloud.api.pages(path, key) if i["name"] == name), what, name)["id"])


def _found(live: Props | None, what: str, ident: str) -> Props:
    if live is None:
        raise StandinError(f"Error retrieving {what}: {ident} not found")
    return {**live, "id": ident}


def get_vpc(cloud: Cloud, given: Props) -> Props:
    """By id, as a region's default, or by name."""
    if not given.get("id") and given.get("region"):
        region = str(given["region"])
        of_region = (
            v for v in cloud.api.pages("/v2/vpcs", "vpcs") if v["region"] == region and v.get("default")
        )
        ident = str(_one(of_region, "default VPC", region)["id"])
    else:
        ident = _ident(cloud, given, "/v2/vpcs", "vpcs", "VPC")
    found = _found(vpc.read(cloud, ident, {}), "VPC", ident)
    return {**found, "urn": found["vpcUrn"]}


def get_kubernetes_versions(cloud: Cloud, given: Props) -> Props:
    """The versions that begin with the prefix; the API lists the newest first."""
    prefix = str(given.get("versionPrefix", ""))
    try:
        options = cloud.api.get("/v2/kubernetes/options")["options"]
    except ApiError as error:
        raise StandinError(f"Error retrieving Kubernetes options: {error}") from None
    valid = [v["slug"] for v in options.get("versions") or [] if v["slug"].startswith(prefix)]
    return {
        **given,
        "id": uuid.uuid4().hex,
        "validVersions": valid,
        "latestVersion": valid[0] if valid else None,
    }


def get_kubernetes_cluster(cloud: Cloud, given: Props) -> Props:
    """By name, on the first page of the list."""
    name = str(given["name"])
    clusters = cloud.api.get("/v2/kubernetes/clusters").get("kubernetes_clusters") or []
    raw = next((c for c in clusters if c["name"] == name), None)
    if raw is None:
        raise StandinError(f"Unable to find cluster with name: {name}")
    known = {"kubeconfigExpireSeconds": given.get("kubeconfigExpireSeconds", 0)}
    found = _found(cluster.read(cloud, str(raw["id"]), known), "Kubernetes cluster", name)
    shown_pools = [
        {"id": p["id"], "nodeCount": p.get("count", 0), **pools.flattened(p)}
        for p in raw.get("node_pools") or []
    ]
    firewall = found.pop("controlPlaneFirewall", None)
    return {
        **given,
        **found,
        "id": str(raw["id"]),
        "urn": found["clusterUrn"],
        "nodePools": shown_pools,
        "maintenancePolicies": [found["maintenancePolicy"]],
        "controlPlaneFirewalls": [firewall] if firewall else [],
    }


def get_container_registry(cloud: Cloud, given: Props) -> Props:
    """What the official function does: it asks for a registry without a name, and finds none."""
    found = cloud.api.find("/v2/registries/", "registry")
    return {"name": given["name"], **({"id": found["name"]} if found else {})}


def get_container_registries(cloud: Cloud, given: Props) -> Props:
    """One registry by its name."""
    name = str(given["name"])
    return _found(registry.read(cloud, name, {}), "container registry", name)


def get_load_balancer(cloud: Cloud, given: Props) -> Props:
    """By id or by name."""
    ident = _ident(cloud, given, "/v2/load_balancers", "load_balancers", "load balancer")
    found = _found(load_balancer.read(cloud, ident, {}), "load balancer", ident)
    singles = {"firewall": "firewalls", "healthcheck": "healthchecks"}
    for one, many in (*singles.items(), ("glbSettings", "glbSettings"), ("stickySessions", "stickySessions")):
        value = found.pop(one, None)
        found[many] = [value] if value else []
    for settings in found["glbSettings"]:
        settings["cdns"] = [settings.pop("cdn")]
    return found


def get_project(cloud: Cloud, given: Props) -> Props:
    """By id, by name, or the default one."""
    if given.get("id") or given.get("name"):
        ident = _ident(cloud, given, "/v2/projects", "projects", "project")
    else:
        ident = str(cloud.api.get("/v2/projects/default")["project"]["id"])
    return _found(project.read(cloud, ident, {}), "project", ident)


def get_database_cluster(cloud: Cloud, given: Props) -> Props:
    """By name."""
    ident = _ident(cloud, {"name": given["name"]}, "/v2/databases", "databases", "database cluster")
    known: Props = {"maintenanceWindows": [{"day": ""}]}
    found = _found(database.read(cloud, ident, known), "database cluster", ident)
    return {**found, "urn": found["clusterUrn"], "storageAutoscales": []}


def get_account(cloud: Cloud, given: Props) -> Props:
    """The account of the token."""
    account = {**given, **cloud.api.get("/v2/account")["account"]}
    return {
        "id": account["uuid"],
        "uuid": account["uuid"],
        "dropletLimit": account.get("droplet_limit", 0),
        "floatingIpLimit": account.get("floating_ip_limit", 0),
        "email": account.get("email", ""),
        "emailVerified": bool(account.get("email_verified")),
        "status": account.get("status", ""),
        "statusMessage": account.get("status_message", ""),
    }


def get_regions(cloud: Cloud, given: Props) -> Props:
    """Every region."""
    names = ("available", "features", "name", "sizes", "slug")
    regions = [{n: r.get(n) for n in names} for r in cloud.api.pages("/v2/regions", "regions")]
    return {"id": uuid.uuid4().hex, "regions": regions}


def get_sizes(cloud: Cloud, given: Props) -> Props:
    """Every size."""
    renamed = {"price_hourly": "priceHourly", "price_monthly": "priceMonthly"}
    names = (
        "available",
        "disk",
        "memory",
        "price_hourly",
        "price_monthly",
        "regions",
        "slug",
        "transfer",
        "vcpus",
    )
    sizes = [{renamed.get(n, n): s.get(n) for n in names} for s in cloud.api.pages("/v2/sizes", "sizes")]
    return {"id": uuid.uuid4().hex, "sizes": sizes}


def _outputs(fields: tuple[Field, ...], without: str = "", **renamed: str) -> tuple[Field, ...]:
    """A resource's properties as a function gives them: all decided, some in the plural (`one="many[]"`)."""
    done = [text("id", OUTPUT)]
    for field in fields:
        if field.name in without.split():
            continue
        name = renamed.get(field.name, field.name)
        shape = Shape.LIST if name.endswith("[]") else field.shape
        type_name = f"get{field.type_name}" if field.type_name else ""
        name = name.removesuffix("[]")
        inner = tuple(
            replace(f, name="cdns", shape=Shape.LIST) if f.name == "cdn" else f for f in field.fields
        )
        done.append(
            replace(
                field, fields=inner, name=name, shape=shape, use=OUTPUT, replaces=False, type_name=type_name
            )
        )
    return tuple(done)


def _function(
    name: str, inputs: tuple[Field, ...], outputs: tuple[Field, ...], call: Callable[[Cloud, Props], Props]
) -> Function:
    names = {field.name for field in outputs}
    return Function(
        name,
        inputs,
        outputs,
        lambda cloud, given: {k: v for k, v in call(cloud, given).items() if k in names},
    )


_BY_ID_OR_NAME = (text("id"), text("name"))
_CLUSTER_INPUTS = tuple(
    field
    for field in cluster.CLUSTER.fields
    if field.name in {*ADDONS, "clusterAutoscalerConfigurations", "kubeconfigExpireSeconds", "ssos", "tags"}
    and field.name != "controlPlaneFirewall"
)
_REGION = (
    flag("available", OUTPUT),
    text("features", OUTPUT, shape=Shape.LIST),
    text("name", OUTPUT),
    text("sizes", OUTPUT, shape=Shape.LIST),
    text("slug", OUTPUT),
)
_SIZE = (
    flag("available", OUTPUT),
    whole("disk", OUTPUT),
    whole("memory", OUTPUT),
    number("priceHourly", OUTPUT),
    number("priceMonthly", OUTPUT),
    text("regions", OUTPUT, shape=Shape.LIST),
    text("slug", OUTPUT),
    number("transfer", OUTPUT),
    whole("vcpus", OUTPUT),
)

ALL: tuple[Function, ...] = (
    _function("getVpc", (*_BY_ID_OR_NAME, text("region")), _outputs(vpc.VPC.fields, vpcUrn="urn"), get_vpc),
    _function(
        "getKubernetesVersions",
        (text("versionPrefix"),),
        (
            text("id", OUTPUT),
            text("latestVersion", OUTPUT),
            text("validVersions", OUTPUT, shape=Shape.LIST),
            text("versionPrefix", OUTPUT),
        ),
        get_kubernetes_versions,
    ),
    _function(
        "getKubernetesCluster",
        (text("name", REQUIRED), *_CLUSTER_INPUTS),
        _outputs(
            cluster.CLUSTER.fields,
            "destroyAllAssociatedResources registryIntegration",
            clusterUrn="urn",
            nodePool="nodePools[]",
            maintenancePolicy="maintenancePolicies[]",
            controlPlaneFirewall="controlPlaneFirewalls[]",
        ),
        get_kubernetes_cluster,
    ),
    _function(
        "getContainerRegistry",
        (text("name", REQUIRED),),
        _outputs(registry.REGISTRY.fields),
        get_container_registry,
    ),
    _function(
        "getContainerRegistries",
        (text("name", REQUIRED),),
        _outputs(registry.REGISTRY.fields),
        get_container_registries,
    ),
    _function(
        "getLoadBalancer",
        _BY_ID_OR_NAME,
        _outputs(
            load_balancer.LOAD_BALANCER.fields,
            "networkStack tlsCipherPolicy",
            firewall="firewalls[]",
            healthcheck="healthchecks[]",
            glbSettings="glbSettings[]",
            stickySessions="stickySessions[]",
        ),
        get_load_balancer,
    ),
    _function("getProject", _BY_ID_OR_NAME, _outputs(project.PROJECT.fields), get_project),
    _function(
        "getDatabaseCluster",
        (text("name", REQUIRED), text("tags", shape=Shape.SET)),
        _outputs(
            database.DATABASE_CLUSTER.fields,
            "backupRestore evictionPolicy sqlMode",
            clusterUrn="urn",
            storageAutoscale="storageAutoscales[]",
        ),
        get_database_cluster,
    ),
    _function(
        "getAccount",
        (),
        (
            whole("dropletLimit", OUTPUT),
            text("email", OUTPUT),
            flag("emailVerified", OUTPUT),
            whole("floatingIpLimit", OUTPUT),
            text("id", OUTPUT),
            text("status", OUTPUT),
            text("statusMessage", OUTPUT),
            text("uuid", OUTPUT),
        ),
        get_account,
    ),
    _function(
        "getRegions",
        (),
        (text("id", OUTPUT), nested("regions", "getRegionsRegion", OUTPUT, shape=Shape.LIST, fields=_REGION)),
        get_regions,
    ),
    _function(
        "getSizes",
        (),
        (text("id", OUTPUT), nested("sizes", "getSizesSize", OUTPUT, shape=Shape.LIST, fields=_SIZE)),
        get_sizes,
    ),
)
