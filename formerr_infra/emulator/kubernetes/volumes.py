"""Volumes of the account for claims, and their persistent volumes, as DOKS's CSI driver and provisioner make them. Pure.

Names and fields are those of `csi-digitalocean` with the external provisioner. Nothing is attached or mounted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from formerr_infra.emulator.kubernetes.defaults import PROVISIONER

if TYPE_CHECKING:
    from formerr_infra.emulator.store import Json

_GIBIBYTE = 1024**3
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}
_UNITS |= {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50}
_PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"


class Unfit(ValueError):
    """There can be no volume for a claim; the message says why."""


def is_waiting(claim: Json) -> bool:
    """Whether a claim waits for a volume of ours."""
    meta, spec = claim["metadata"], claim["spec"]
    asked = (meta.get("annotations") or {}).get("volume.kubernetes.io/storage-provisioner")
    return asked == PROVISIONER and not spec.get("volumeName") and "deletionTimestamp" not in meta


def is_over(volume: Json) -> bool:
    """Whether a persistent volume of ours has lost its claim and is to go with its data."""
    ours = (volume["metadata"].get("annotations") or {}).get(_PROVISIONED_BY) == PROVISIONER
    released = volume.get("status", {}).get("phase") == "Released"
    return ours and released and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"


def name(claim: Json) -> str:
    """The name of the volume and of the persistent volume."""
    return f"pvc-{claim['metadata']['uid']}"


def gibibytes(quantity: str) -> int:
    """A quantity of storage in whole GiB, rounded up. Unfit for one that cannot be read."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([A-Za-z]*)", quantity)
    if found is None or found[2] not in _UNITS:
        raise Unfit(f"cannot read the quantity {quantity!r}")
    return max(1, -(-int(float(found[1]) * _UNITS[found[2]]) // _GIBIBYTE))


def fields(claim: Json, storage_class: Json, cluster: Json) -> Json:
    """The volume of the account."""
    modes = set(claim["spec"].get("accessModes", []))
    if modes - {"ReadWriteOnce", "ReadWriteOncePod"}:
        raise Unfit("volume capabilities validation failed: only access mode ReadWriteOnce is supported")
    return {
        "name": name(claim),
        "description": "Created by DigitalOcean CSI driver",
        "size_gigabytes": gibibytes(claim["spec"]["resources"]["requests"]["storage"]),
        "region": cluster["region"],
        "filesystem_type": (storage_class.get("parameters") or {}).get("fstype", "ext4"),
        "tags": [f"k8s:{cluster['id']}"],
        "cluster_id": cluster["id"],
    }


def persistent_volume(claim: Json, storage_class: Json, volume: Json) -> Json:
    """The persistent volume, bound to its claim."""
    meta, spec = claim["metadata"], claim["spec"]
    return {
        "metadata": {"name": name(claim), "annotations": {_PROVISIONED_BY: PROVISIONER}},
        "spec": {
            "capacity": {"storage": f"{volume['size_gigabytes']}Gi"},
            "accessModes": spec["accessModes"],
            "volumeMode": spec.get("volumeMode", "Filesystem"),
            "storageClassName": storage_class["metadata"]["name"],
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": meta["namespace"],
                "name": meta["name"],
                "uid": meta["uid"],
            },
            "csi": {
                "driver": PROVISIONER,
                "volumeHandle": volume["id"],
                "fsType": volume["filesystem_type"],
            },
            "nodeAffinity": {
                "required": {
                    "nodeSelectorTerms": [
                        {
                            "matchExpressions": [
                                {"key": "region", "operator": "In", "values": [volume["region"]]}
                            ]
                        }
                    ]
                }
            },
        },
    }


def grown(claim: Json, live: Json) -> int | None:
    """The GiB that a bound claim asks for, if that is more than its persistent volume has."""
    wanted = gibibytes(claim["spec"]["resources"]["requests"]["storage"])
    return wanted if wanted > gibibytes(live["spec"]["capacity"]["storage"]) else None
