"""What stands in an emulated account: things that are there before a stack, and a look at all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from formerr_infra.emulator.client import ControlClient

REGION = "nyc3"
VPC = "formerr-staging-vpc"
CLUSTER = "formerr-staging-cluster"
REGISTRY = "formerr-staging"
BALANCER = "formerr-staging-lb"
CIDR = "10.20.0.0/16"

#: Kinds that a run makes or could make.
KINDS = ("vpcs", "kubernetes_clusters", "registries", "load_balancers")


@dataclass(frozen=True, slots=True)
class Foreign:
    """Ids of what was there before."""

    vpc: str
    cluster: str
    registry: str


def vpc(cloud: ControlClient, **fields: Any) -> str:
    """A VPC of the name and range that staging wants, without a mark; gives its id."""
    made = cloud.put("vpcs", **({"name": VPC, "region": REGION, "ip_range": CIDR} | fields))
    return str(made["id"])


def cluster(cloud: ControlClient, vpc_id: str, **fields: Any) -> str:
    """A cluster of the name that staging wants, one pool of three nodes that no provider has tagged; gives its id."""
    pool = {"name": "pool", "size": "s-2vcpu-4gb", "count": 3}
    wanted = {"name": CLUSTER, "region": REGION, "vpc_uuid": vpc_id, "node_pools": [pool]}
    return str(cloud.put("kubernetes_clusters", **(wanted | fields))["id"])


def registry(cloud: ControlClient, **fields: Any) -> str:
    """A registry of the name that staging wants; gives its name."""
    return str(cloud.put("registries", **({"name": REGISTRY, "region": REGION} | fields))["name"])


def balancer(cloud: ControlClient, vpc_id: str, **fields: Any) -> str:
    """A load balancer of the name that staging wants; gives its id."""
    wanted = {"name": BALANCER, "region": REGION, "vpc_uuid": vpc_id}
    return str(cloud.put("load_balancers", **(wanted | fields))["id"])


def three(cloud: ControlClient) -> Foreign:
    """VPC, cluster and registry, made by somebody else."""
    network = vpc(cloud)
    return Foreign(network, cluster(cloud, network), registry(cloud))


def ids(cloud: ControlClient, kind: str) -> list[str]:
    """Ids of a kind (names of registries), the default VPCs of the regions aside."""
    found = cloud.list(kind)
    return sorted(str(one.get("id") or one["name"]) for one in found if not _given(kind, one))


def counts(cloud: ControlClient) -> dict[str, int]:
    """How many of each kind that a run could make."""
    return {kind: len(ids(cloud, kind)) for kind in KINDS}


def _given(kind: str, one: dict[str, Any]) -> bool:
    return kind == "vpcs" and bool(one.get("default")) and str(one["name"]).startswith("default-")


def world(cloud: ControlClient) -> dict[str, list[dict[str, Any]]]:
    """Everything of these kinds as the API shows it, for a comparison of before and after."""
    return {kind: cloud.list(kind) for kind in KINDS}


def lose(cloud: ControlClient, kind: str) -> None:
    """The one of a kind is deleted behind the stack's back (`node_pools`: the stack's own)."""
    if kind == "node_pools":
        (found,) = cloud.list("kubernetes_clusters")
        (gone,) = [pool["id"] for pool in found["node_pools"] if pool["name"] == "workers"]
    else:
        (gone,) = ids(cloud, kind)
    cloud.remove(kind, gone)


def shape(seen: dict[str, list[dict[str, Any]]]) -> dict[str, list[Any]]:
    """A world without what differs from run to run: ids, times, addresses."""
    return {kind: [_shape(one) for one in many] for kind, many in seen.items()}


#: Keys whose values the account chooses anew each time.
_CHOSEN = frozenset(
    {"id", "ip", "ipv4", "endpoint", "created_at", "updated_at", "vpc_uuid", "droplet_ids", "urn", "storage_usage_bytes_updated_at"}
)  # fmt: skip
_CLUSTER_TAG = "k8s:"


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        if "droplet_id" in value:
            return "node"
        return {key: _shape(one) for key, one in value.items() if key not in _CHOSEN}
    if isinstance(value, list):
        return [_shape(one) for one in value]
    if isinstance(value, str) and value.startswith(_CLUSTER_TAG):
        return "worker" if value == "k8s:worker" else "cluster"
    return value
