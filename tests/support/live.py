"""A cluster of the emulator as somebody with kubectl sees it: objects read, made, changed and watched."""

from __future__ import annotations

import base64
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from formerr_infra.local.environment import TOKEN
from tests.support.kubernetes_paths import GROUPS, path

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from formerr_infra.emulator.client import ControlClient

Json = dict[str, Any]
_MERGE = {"Content-Type": "application/merge-patch+json"}
#: How long anything in a cluster may take, seconds.
PATIENCE = 60.0


def eventually(holds: Callable[[], object], what: str = "it", *, seconds: float = PATIENCE) -> None:
    """Wait until it holds; the assertion that fails is the one here."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.05)


def api_server(credentials: Json, token: str | None = None) -> httpx.Client:
    """A client of an API server.

    Args:
        credentials: as DigitalOcean hands them out.
        token: instead of the one in them; an empty one sends none.
    """
    authority = base64.b64decode(credentials["certificate_authority_data"]).decode()
    sent = credentials["token"] if token is None else token
    return httpx.Client(
        base_url=credentials["server"],
        verify=ssl.create_default_context(cadata=authority),
        headers={"Authorization": f"Bearer {sent}"} if sent else {},
        trust_env=False,
        timeout=20,
    )


class Live:
    """One cluster, through credentials of its own."""

    def __init__(self, control: ControlClient, cluster_id: str) -> None:
        answer = httpx.get(
            f"{control.endpoint}/v2/kubernetes/clusters/{cluster_id}/credentials",
            headers={"Authorization": f"Bearer {TOKEN}"},
            trust_env=False,
        )
        self._client = api_server(answer.raise_for_status().json())

    def get(self, kind: str, name: str, namespace: str | None = "formerr") -> Json | None:
        """An object, or None."""
        answer = self._client.get(path(kind, namespace, name))
        if answer.status_code == 404:
            return None
        found: Json = answer.raise_for_status().json()
        return found

    def there(self, kind: str, name: str, namespace: str | None = "formerr") -> Json:
        """An object that is there."""
        found = self.get(kind, name, namespace)
        assert found is not None, f"there is no {kind} {namespace}/{name}"
        return found

    def all(self, kind: str, namespace: str | None = None) -> list[Json]:
        """All objects of a kind."""
        found: list[Json] = self._client.get(path(kind, namespace)).raise_for_status().json()["items"]
        return found

    def make(self, manifest: Json) -> Json:
        """An object made by somebody else."""
        metadata = manifest["metadata"]
        where = path(manifest["kind"], metadata.get("namespace"))
        made: Json = self._client.post(where, json=manifest).raise_for_status().json()
        return made

    def change(self, kind: str, name: str, patch: Json, namespace: str | None = "formerr") -> None:
        """A merge patch by somebody else."""
        self._client.patch(path(kind, namespace, name), json=patch, headers=_MERGE).raise_for_status()

    def delete(self, kind: str, name: str, namespace: str | None = "formerr") -> None:
        """Deleted by somebody else, and gone."""
        self._client.delete(path(kind, namespace, name)).raise_for_status()
        eventually(lambda: self.get(kind, name, namespace) is None, f"{kind} {name} is gone")

    def namespace(self, name: str, **labels: str) -> Json:
        """A namespace made by somebody else."""
        meta = {"name": name, "labels": labels}
        return self.make({"apiVersion": "v1", "kind": "Namespace", "metadata": meta})

    def secret(self, name: str, namespace: str = "formerr", **values: str) -> Json:
        """A secret made by somebody else."""
        meta = {"name": name, "namespace": namespace}
        return self.make({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": values})

    def secret_value(self, name: str, key: str, namespace: str = "formerr") -> str:
        """What a secret holds."""
        return base64.b64decode(self.there("Secret", name, namespace)["data"][key]).decode()

    def versions(self) -> dict[str, str]:
        """Every object with this program's mark -> what changes when it is written to; not its status."""
        found = {}
        for kind in GROUPS:
            for one in self.all(kind):
                meta = one["metadata"]
                if "formerr.tech/stack" in (meta.get("labels") or {}) and not meta.get("ownerReferences"):
                    spec = {name: value for name, value in one.items() if name != "status"}
                    spec["metadata"] = {
                        name: meta.get(name) for name in ("uid", "labels", "annotations", "generation")
                    }
                    found[f"{kind}/{meta.get('namespace', '')}/{meta['name']}"] = repr(spec)
        return found

    def available(self, name: str, namespace: str = "formerr") -> int:
        """How many pods of a Deployment are available."""
        status = self.there("Deployment", name, namespace).get("status") or {}
        return int(status.get("availableReplicas") or 0)

    def revision(self, name: str) -> str:
        """Which rollout of a Deployment this is."""
        return str(
            self.there("Deployment", name)["metadata"]["annotations"]["deployment.kubernetes.io/revision"]
        )

    def settled(self, name: str, namespace: str = "formerr") -> bool:
        """Whether a Deployment has all its pods, all of them new and available."""
        one = self.there("Deployment", name, namespace)
        wanted, status = one["spec"]["replicas"], one.get("status") or {}
        return bool(
            status.get("observedGeneration") == one["metadata"]["generation"]
            and wanted == status.get("availableReplicas") == status.get("updatedReplicas")
            and wanted == status.get("replicas")
        )


@dataclass(slots=True)
class Watch:
    """The least number of available pods of a Deployment, while something happens."""

    live: Live
    name: str
    least: int = 10**6
    looks: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Watch:
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _look(self) -> None:
        while not self._stop.is_set():
            self.least = min(self.least, self.live.available(self.name))
            self.looks += 1
            time.sleep(0.05)
