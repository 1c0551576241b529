"""What a cluster and a state look like at one moment, without what differs from run to run, and the rule about others; pure
but for the reading.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.campaign.cluster.foreign import MARK
from tests.support.kubernetes_paths import GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.etcd import Content
    from tests.support.live import Live

Json = dict[str, Any]
#: What the control plane makes and remakes by itself.
_CHURN = (
    "pods/",
    "replicasets/",
    "jobs/",
    "controllerrevisions/",
    "endpointslices/",
    "services/endpoints/",
    "ipaddresses/",
    "ranges/",
)
#: Annotations that the control plane writes, or that tell a time.
_TOLD = (
    "deployment.kubernetes.io/revision",
    "formerr.tech/expires",
    "pv.kubernetes.io/",
    "volume.beta.kubernetes.io/",
    "volume.kubernetes.io/",
)
_CHOSEN = frozenset({"clusterIP", "clusterIPs", "volumeName"})
_PULL = "kubernetes.io/dockerconfigjson"


def objects(live: Live) -> dict[str, Json]:
    """Every object that belongs to no other, whoever made it: kind, namespace and name -> what was declared."""
    found = {}
    for kind in GROUPS.keys() - {"Node"}:
        for one in live.all(kind):
            meta = one["metadata"]
            if not meta.get("ownerReferences"):
                found[f"{kind} {meta.get('namespace', '')}/{meta['name']}"] = _declared(one)
    return found


def _declared(one: Json) -> Json:
    meta = one["metadata"]
    body = {name: value for name, value in one.items() if name not in ("metadata", "status")}
    if isinstance(spec := body.get("spec"), dict):
        body["spec"] = {name: value for name, value in spec.items() if name not in _CHOSEN}
    if one.get("type") == _PULL:
        body["data"] = sorted(body.get("data", {}))
    annotations = {
        name: value for name, value in (meta.get("annotations") or {}).items() if not name.startswith(_TOLD)
    }
    return body | {
        "labels": meta.get("labels"),
        "annotations": annotations,
        "finalizers": meta.get("finalizers"),
        "going": "deletionTimestamp" in meta,
    }


def held(checkpoint: Path) -> dict[str, Json]:
    """What a state holds of the cluster: URN -> id and how it is kept."""
    latest = json.loads(checkpoint.read_text("utf-8"))["checkpoint"]["latest"] or {}
    return {
        one["urn"] + (" (to be deleted)" if one.get("delete") else ""): {
            name: one.get(name) for name in ("id", "external", "protect", "retainOnDelete")
        }
        for one in latest.get("resources") or []
        if one["type"].startswith("kubernetes:")
    }


def differences(now: Json, wanted: Json) -> list[str]:
    """Where two views differ, in words."""
    lines = [f"there is no {key}" for key in sorted(wanted.keys() - now.keys())]
    lines += [f"there is {key}, and should not be" for key in sorted(now.keys() - wanted.keys())]
    for key in sorted(now.keys() & wanted.keys()):
        if now[key] != wanted[key]:
            lines.append(f"{key} is {_part(now[key], wanted[key])}, not {_part(wanted[key], now[key])}")
    return lines


def _part(value: Any, other: Any) -> Any:
    """What of a value differs from the other."""
    if isinstance(value, dict) and isinstance(other, dict):
        return {
            name: _part(value.get(name), other.get(name))
            for name in sorted(value.keys() | other.keys())
            if value.get(name) != other.get(name)
        }
    return value


def disturbed(before: Content, after: Content) -> Iterator[str]:
    """What is not the stack's is afterwards as it was: not written to, not deleted, not made anew.

    Not the stack's is what lacks the stack's mark and stands in no namespace that has it.
    """
    mark = MARK.encode()
    own = {
        key.rpartition("/")[2]
        for key, one in before.items()
        if _kind(key) == "namespaces" and mark in one.value
    }
    for key, one in before.items():
        inside = key.split("/")[-2]
        if key.removeprefix("/registry/").startswith(_CHURN) or mark in one.value or inside in own:
            continue
        now = after.get(key)
        if now is None:
            yield f"{key} was deleted and is not the stack's"
        elif now != one:
            yield f"{key} was written to and is not the stack's"


def _kind(key: str) -> str:
    return key.split("/")[2]
