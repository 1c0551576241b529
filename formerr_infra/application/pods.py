"""What every pod here has in common: it runs under the restricted Pod Security standard, and then some.

Beyond the standard: a read-only root, user and group above 10000 (so that they are nobody's on the node), no token
of a service account where the API server is not needed, no environment variables of other Services, and bounds on
what it writes to the node's disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from formerr_infra.application.manifest import Manifest, container_resources, manifest, mebibytes, selector

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from formerr_infra.application.plan import Plan, Resources

#: User and group of every container here.
USER = 10001
#: Objects that keep their place when the nodes are full: what everything else stands on.
PRIORITY = "formerr-foundation"


def container(
    name: str,
    image: str,
    resources: Resources,
    *,
    writable: Mapping[str, str] | None = None,
    **rest: Any,
) -> dict[str, Any]:
    """A container that may do next to nothing but run; `writable` are volumes by the path they are seen at."""
    made: dict[str, Any] = {
        "name": name,
        "image": image,
        # A tag can be pushed again and a cached image needs no right to read the registry: both are asked each time.
        "imagePullPolicy": "Always",
        "resources": container_resources(resources),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "runAsGroup": USER,
            "runAsNonRoot": True,
            "runAsUser": USER,
        },
        **rest,
    }
    if writable:
        made["volumeMounts"] = [
            *made.get("volumeMounts", []),
            *({"name": volume, "mountPath": path} for path, volume in writable.items()),
        ]
    return made


def scratch(name: str, size: int, *, memory: bool = False) -> dict[str, Any]:
    """A volume that lives and dies with its pod."""
    bounds: dict[str, Any] = {"sizeLimit": mebibytes(size)}
    if memory:
        bounds["medium"] = "Memory"
    return {"name": name, "emptyDir": bounds}


def pod(
    account: str,
    containers: Sequence[Mapping[str, Any]],
    *,
    volumes: Sequence[Mapping[str, Any]] = (),
    token: bool = False,
    spread: str | None = None,
    **rest: Any,
) -> dict[str, Any]:
    """A pod's specification; `spread` is the name of the workload whose pods stand on different nodes."""
    made: dict[str, Any] = {
        "serviceAccountName": account,
        "automountServiceAccountToken": token,
        "enableServiceLinks": False,
        "securityContext": {
            "fsGroup": USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "runAsGroup": USER,
            "runAsNonRoot": True,
            "runAsUser": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": list(containers),
        **rest,
    }
    if volumes:
        made["volumes"] = list(volumes)
    if spread is not None:
        made |= _apart(spread)
    return made


def _apart(name: str) -> dict[str, Any]:
    """Preferred, not required: one node is enough to run everything, as during an upgrade of a small pool.

    The revision of the pods counts (`pod-template-hash`), so that those of the old one do not push the new ones
    together while they roll.
    """
    chosen = {"matchLabels": selector(name)}
    return {
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": chosen,
                "matchLabelKeys": ["pod-template-hash"],
            }
        ],
        "affinity": {
            "podAntiAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    {
                        "weight": 100,
                        "podAffinityTerm": {"labelSelector": chosen, "topologyKey": "kubernetes.io/hostname"},
                    }
                ]
            }
        },
    }


def service_account(plan: Plan, name: str, namespace: str) -> Manifest:
    """An account of its own, so that a right given to one workload is nobody else's."""
    return manifest(
        plan,
        "v1",
        "ServiceAccount",
        name,
        namespace=namespace,
        automountServiceAccountToken=False,
    )
