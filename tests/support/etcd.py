"""What a cluster holds, put back as it was, by way of its store: in a fraction of a second, under the feet of an API
server that goes on running and takes it for changes.

What keeps itself up is left alone: leases, events, nodes. An object that was deleted comes back with the uid that it
had. The store is asked through its JSON gateway.
"""

from __future__ import annotations

import base64
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Json = dict[str, Any]
PREFIX, AFTER = b"/registry/", b"/registry0"
_LIVING = ("/registry/leases/", "/registry/masterleases/", "/registry/events/", "/registry/minions/")
_PODS = "/registry/pods/"
#: What belongs to another is put back after it and goes after it, so that nobody takes it for an orphan in between.
_OWNERS = ("namespaces/", "services/specs/", "deployments/", "statefulsets/", "cronjobs/")
_OWNED = ("replicasets/", "jobs/", "endpointslices/", "controllerrevisions/", "persistentvolume", "pods/")
#: What it takes until everybody has seen a change.
_SEEN_SECONDS = 0.15
#: Operations of one transaction (etcd's `--max-txn-ops` is 128).
_MOST = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of the store.

    Attributes:
        value: as the API server wrote it.
        revision: of the last write.
    """

    value: bytes
    revision: int


Content = dict[str, Entry]


class Etcd:
    """The store of one control plane.

    Args:
        address: where it listens.
        folder: with the certificates of the control plane.
    """

    def __init__(self, address: str, folder: Path) -> None:
        tls = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        tls.load_cert_chain(folder / "client.crt", folder / "client.key")
        self._client = httpx.Client(base_url=address, verify=tls, trust_env=False, timeout=30)

    def content(self) -> Content:
        """Everything but what keeps itself up."""
        answer = self._ask("range", {"key": _coded(PREFIX), "range_end": _coded(AFTER)})
        every = {
            base64.b64decode(one["key"]).decode(): Entry(
                base64.b64decode(one.get("value", "")), int(one["mod_revision"])
            )
            for one in answer.get("kvs", [])
        }
        return {key: entry for key, entry in every.items() if not key.startswith(_LIVING)}

    def restore(self, content: Content) -> None:
        """Bring everything back to that; owners first, and known to all before what is theirs comes back."""
        now = self.content()
        changed = [key for key, entry in content.items() if key not in now or now[key].value != entry.value]
        owners = [key for key in changed if _place(key)[0] < len(_OWNERS)]
        self._put({key: content[key] for key in owners})
        if owners:
            time.sleep(_SEEN_SECONDS)
        # A pod of the same name on another node is another pod, and not one that has moved.
        gone = {key for key in now if key not in content or (key in changed and key.startswith(_PODS))}
        for keys in _some(sorted(gone, key=_place)):
            self._commit({"request_delete_range": {"key": _coded(key.encode())}} for key in keys)
        self._put({key: content[key] for key in changed if key not in owners})

    def _put(self, content: Content) -> None:
        for keys in _some(sorted(content, key=_place)):
            self._commit(
                {"request_put": {"key": _coded(key.encode()), "value": _coded(content[key].value)}}
                for key in keys
            )

    def _commit(self, operations: Iterable[Json]) -> None:
        self._ask("txn", {"success": list(operations)})

    def _ask(self, verb: str, question: Json) -> Json:
        answer: Json = self._client.post(f"/v3/kv/{verb}", json=question).raise_for_status().json()
        return answer


def _coded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _place(key: str) -> tuple[int, str]:
    kind = key.removeprefix("/registry/")
    owners = [at for at, one in enumerate(_OWNERS) if kind.startswith(one)]
    owned = [at for at, one in enumerate(_OWNED) if kind.startswith(one)]
    middle = len(_OWNERS)
    return (owners[0] if owners else middle + 1 + owned[0] if owned else middle), key


def _some(keys: list[str]) -> Iterator[list[str]]:
    return (keys[at : at + _MOST] for at in range(0, len(keys), _MOST))
