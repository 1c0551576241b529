"""A kubeconfig with what opens a cluster: a token that ends by itself, or an older cluster's certificate and key.

JSON is YAML too, and every client reads it.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from formerr_infra import files

if TYPE_CHECKING:
    from pathlib import Path

    from formerr_infra.kubernetes.reading import Cluster


def document(cluster: Cluster, name: str, namespace: str) -> dict[str, Any]:
    """The kubeconfig.

    Args:
        cluster: what opens it.
        name: how it is called in there.
        namespace: the one that is meant where none is said.
    """
    there = {"server": cluster.server, "certificate-authority-data": _encoded(cluster.authority)}
    user = (
        {"token": cluster.token}
        if cluster.token
        else {
            "client-certificate-data": _encoded(cluster.certificate),
            "client-key-data": _encoded(cluster.key),
        }
    )
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": there}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": namespace}}],
        "current-context": name,
    }


def may_go(file: Path, name: str) -> bool:
    """Whether nothing is lost with what stands there: nothing, a device, or what `document` made of the same name.

    Raises:
        OSError: that cannot be known.
    """
    if not file.is_file() or not file.stat().st_size:
        return True
    try:
        held = files.json_of(file)
        kinds = [held.pop(kind) for kind in ("clusters", "users", "contexts")]
        names = [one["name"] for kind in kinds for one in kind]
    except (files.Unfit, AttributeError, LookupError, TypeError):
        return False
    return names == [name] * 3 and held == {"apiVersion": "v1", "kind": "Config", "current-context": name}


def _encoded(pem: str) -> str:
    return base64.b64encode(pem.encode()).decode()


def write(file: Path, held: dict[str, Any]) -> None:
    """Put it into a file that only its owner can read from its first byte on."""
    file.parent.mkdir(parents=True, exist_ok=True)
    files.put(file, json.dumps(held, indent=2) + "\n", private=True)
