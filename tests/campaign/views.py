"""What an account and a state look like at one moment, as plain values, read behind the program's back.

The account is read from the emulator's control plane and the state from the backend's own file, so that nothing here
rests on the code that is under test.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient

Json = dict[str, Any]

#: Kinds of the four slots; the pools of the clusters are read off them.
KINDS = ("vpcs", "kubernetes_clusters", "registries", "load_balancers")
POOLS = "node_pools"
#: Type token of the engine -> kind.
OF_TYPE = {
    "digitalocean:index/vpc:Vpc": "vpcs",
    "digitalocean:index/kubernetesCluster:KubernetesCluster": "kubernetes_clusters",
    "digitalocean:index/kubernetesNodePool:KubernetesNodePool": POOLS,
    "digitalocean:index/containerRegistry:ContainerRegistry": "registries",
    "digitalocean:index/loadBalancer:LoadBalancer": "load_balancers",
}
#: What changes by itself, or because of what stands around it.
_VOLATILE = frozenset(
    {"updated_at", "nodes", "node_pools", "droplet_ids", "status", "ip", "storage_usage_bytes_updated_at", "project_id"}
)  # fmt: skip

Key = tuple[str, str]
"""Kind and id."""


@dataclass(frozen=True, slots=True)
class View:
    """The account at one moment.

    Attributes:
        things: every resource by kind and id (of a registry, the name), but for the VPCs that a region has by itself.
        defaults: the keys of these.
    """

    things: dict[Key, Json]
    defaults: frozenset[Key] = frozenset()

    def of(self, kind: str) -> Iterator[tuple[str, Json]]:
        """Id and resource of each of a kind."""
        return ((key[1], one) for key, one in self.things.items() if key[0] == kind)

    def name(self, key: Key) -> str:
        """Name of a resource; empty where it is gone."""
        return str(self.things.get(key, {}).get("name", ""))

    def fixed(self, key: Key) -> Json:
        """A resource without what changes by itself."""
        return {name: value for name, value in self.things[key].items() if name not in _VOLATILE}

    def vpc_of(self, key: Key) -> str:
        """The VPC that a resource stands in."""
        one = self.things.get(key, {})
        if key[0] == POOLS:
            return self.vpc_of(("kubernetes_clusters", str(one.get("cluster"))))
        return str(one.get("vpc_uuid", ""))


def look(cloud: ControlClient) -> View:
    """The account now."""
    things: dict[Key, Json] = {}
    defaults: set[Key] = set()
    for kind in KINDS:
        for one in cloud.list(kind):
            if kind == "vpcs" and one.get("default") and str(one["name"]).startswith("default-"):
                defaults.add((kind, str(one["id"])))
                continue
            things[kind, str(one.get("id") or one["name"])] = one
            if kind == "kubernetes_clusters":
                for pool in one["node_pools"]:
                    things[POOLS, str(pool["id"])] = {**pool, "cluster": one["id"]}
    return View(things, frozenset(defaults))


@dataclass(frozen=True, slots=True)
class Kept:
    """One resource of the cloud as a state has it.

    Attributes:
        name: logical.
        key: kind and id.
        external: only read.
        doomed: its deletion is still to come.
    """

    name: str
    key: Key
    external: bool
    doomed: bool


def kept(checkpoint: Path) -> tuple[Kept, ...]:
    """What a state holds of the cloud; nothing where there is no state."""
    if not checkpoint.exists():
        return ()
    latest: Json = json.loads(checkpoint.read_text("utf-8"))["checkpoint"]["latest"] or {}
    return tuple(
        Kept(
            one["urn"].rsplit("::", 1)[1],
            (OF_TYPE[one["type"]], str(one["id"])),
            bool(one.get("external")),
            bool(one.get("delete")),
        )
        for one in latest.get("resources") or []
        if one["type"] in OF_TYPE and one.get("id")
    )
