"""What a node of a DOKS cluster looks like in Kubernetes: its labels, taints, addresses and capacity. Pure.

Labels and annotations are those that `kubectl describe node` shows on clusters of the service; what a node leaves for
pods follows the table of the service's page on clusters ("allocatable memory").
"""

from __future__ import annotations

import json
from bisect import bisect_right
from typing import TYPE_CHECKING

from formerr_infra.emulator import catalog

if TYPE_CHECKING:
    from formerr_infra.emulator.store import Json

POOL_ANNOTATION = "emulator.local/pool"
"""What the pool gave a node (labels and taints), so that a later change of the pool takes away what it gave."""

_ALLOCATABLE = ((0, 0.5), (2048, 0.5), (4096, 0.625), (8192, 0.75), (16384, 0.8125), (32768, 0.875))
"""From that much memory (MiB) on, the part that is left for pods."""
_HEALTHY = (
    ("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
)


def manifests(cluster: Json, droplets: dict[str, Json]) -> dict[str, Json]:
    """The nodes that a cluster should have, by name; `droplets` by id."""
    found = {}
    for pool in cluster["node_pools"]:
        for node in pool["nodes"]:
            droplet = droplets.get(str(node["droplet_id"]))
            if droplet is not None:
                found[node["name"]] = _manifest(cluster, pool, node, droplet)
    return found


def changes(live: Json, wanted: Json) -> Json | None:
    """A merge patch that gives a live node what its pool gives now; None if it has it."""
    given = _given(live)
    gives = _given(wanted)
    if given == gives:
        return None
    labels: Json = {key: None for key in given["labels"] if key not in gives["labels"]}
    own = [taint for taint in live["spec"].get("taints", []) if _core(taint) not in given["taints"]]
    kept = [taint for taint in own if _core(taint) not in gives["taints"]]
    annotation = wanted["metadata"]["annotations"][POOL_ANNOTATION]
    return {
        "metadata": {"labels": {**labels, **gives["labels"]}, "annotations": {POOL_ANNOTATION: annotation}},
        "spec": {"taints": kept + gives["taints"]},
    }


def is_ready(live: Json) -> bool:
    """Whether a node takes pods: Ready, and no taint says otherwise."""
    conditions = live.get("status", {}).get("conditions", [])
    tainted = any(t["key"] == "node.kubernetes.io/not-ready" for t in live["spec"].get("taints", []))
    return not tainted and any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _given(node: Json) -> Json:
    text = node["metadata"].get("annotations", {}).get(POOL_ANNOTATION)
    found: Json = json.loads(text) if text else {"labels": {}, "taints": []}
    return found


def _core(taint: Json) -> Json:
    return {"key": taint["key"], "value": taint.get("value", ""), "effect": taint["effect"]}


def _manifest(cluster: Json, pool: Json, node: Json, droplet: Json) -> Json:
    region, size, name = cluster["region"], pool["size"], node["name"]
    taints = [_core(taint) for taint in pool["taints"]]
    given: Json = {"labels": {str(k): str(v) for k, v in pool["labels"].items()}, "taints": taints}
    labels = {
        **given["labels"],
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/instance-type": size,
        "beta.kubernetes.io/os": "linux",
        "doks.digitalocean.com/managed": "true",
        "doks.digitalocean.com/node-id": node["id"],
        "doks.digitalocean.com/node-pool": pool["name"],
        "doks.digitalocean.com/node-pool-id": pool["id"],
        "doks.digitalocean.com/version": cluster["version"],
        "failure-domain.beta.kubernetes.io/region": region,
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": size,
        "region": region,
        "topology.kubernetes.io/region": region,
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": labels,
            "annotations": {
                "alpha.kubernetes.io/provided-node-ip": droplet["_private"],
                POOL_ANNOTATION: json.dumps(given, sort_keys=True),
            },
        },
        "spec": {"providerID": f"digitalocean://{droplet['id']}", "taints": taints},
        "status": _status(cluster, size, node, droplet),
    }


def _status(cluster: Json, slug: str, node: Json, droplet: Json) -> Json:
    size = catalog.size(slug)
    memory = int(size["memory"])
    share = _ALLOCATABLE[bisect_right([low for low, _ in _ALLOCATABLE], memory) - 1][1]
    version = "v" + str(cluster["version"]).partition("-")[0]
    return {
        "addresses": [
            {"type": "Hostname", "address": node["name"]},
            {"type": "InternalIP", "address": droplet["_private"]},
            {"type": "ExternalIP", "address": droplet["_public"]},
        ],
        "capacity": {
            "cpu": str(size["vcpus"]),
            "memory": f"{memory}Mi",
            "ephemeral-storage": f"{size['disk']}Gi",
            "pods": "110",
        },
        "allocatable": {
            "cpu": f"{size['vcpus'] * 1000 - 100}m",
            "memory": f"{int(memory * share)}Mi",
            "ephemeral-storage": f"{int(size['disk'] * 0.9)}Gi",
            "pods": "110",
        },
        "conditions": [
            *({"type": t, "status": "False", "reason": r, "message": m} for t, r, m in _HEALTHY),
            {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is ready"},
        ],
        "nodeInfo": {
            "architecture": "amd64",
            "bootID": node["id"],
            "containerRuntimeVersion": "containerd://2.1.4",
            "kernelVersion": "6.1.0",
            "kubeProxyVersion": "",
            "kubeletVersion": version,
            "machineID": node["id"].replace("-", ""),
            "operatingSystem": "linux",
            "osImage": "Debian GNU/Linux 12 (bookworm)",
            "systemUUID": node["id"],
        },
        "phase": "Running",
    }
