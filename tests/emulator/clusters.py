"""Clusters with a control plane, as tests see them: through the API of the service and through their own."""

from __future__ import annotations

import contextlib
import subprocess
from typing import TYPE_CHECKING, Any

from tests.emulator import things
from tests.support.live import api_server, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

Json = dict[str, Any]


def processes(folder: str) -> set[int]:
    """Processes that were started for the control plane of that folder."""
    listed = subprocess.run(["ps", "-axwwo", "pid=,command="], capture_output=True, text=True, check=True)
    lines = [line.split(None, 1) for line in listed.stdout.splitlines() if folder in line]
    return {int(pid) for pid, _ in lines}


def has_ended(folder: str) -> bool:
    """Whether nothing runs for the control plane of that folder."""
    return not processes(folder)


class Cluster:
    """One cluster of the emulator."""

    def __init__(self, api: httpx.Client, key: str) -> None:
        self.api = api
        self.id = key

    @classmethod
    def create(cls, api: httpx.Client, **fields: Any) -> Cluster:
        """A new cluster, once it and its nodes run."""
        cluster = cls(
            api, things.made(api.post("/v2/kubernetes/clusters", json=things.cluster(**fields)))["id"]
        )
        eventually(lambda: cluster.show()["status"]["state"] != "provisioning", seconds=120)
        eventually(
            lambda: all(
                node["status"]["state"] == "running"
                for pool in cluster.show()["node_pools"]
                for node in pool["nodes"]
            )
        )
        return cluster

    def show(self) -> Json:
        return things.made(self.api.get(f"/v2/kubernetes/clusters/{self.id}"))

    def credentials(self, *, seconds: int = 0) -> Json:
        query = {"expiry_seconds": seconds}
        found: Json = self.api.get(f"/v2/kubernetes/clusters/{self.id}/credentials", params=query).json()
        return found

    def client(self, *, seconds: int = 0, token: str | None = None) -> httpx.Client:
        """A client of its API server, with a fresh token unless one is given."""
        return api_server(self.credentials(seconds=seconds), token)

    @contextlib.contextmanager
    def with_object(self, client: httpx.Client, path: str, manifest: Json) -> Iterator[None]:
        """An object that is there for a while."""
        client.post(path, json=manifest).raise_for_status()
        try:
            yield
        finally:
            options = {"propagationPolicy": "Background"}
            client.request("DELETE", f"{path}/{manifest['metadata']['name']}", json=options)

    def pods(self, client: httpx.Client, selector: str) -> list[Json]:
        query = {"labelSelector": selector}
        found: list[Json] = client.get("/api/v1/namespaces/default/pods", params=query).json()["items"]
        return found

    def nodes(self, client: httpx.Client, selector: str) -> list[Json]:
        found: list[Json] = client.get("/api/v1/nodes", params={"labelSelector": selector}).json()["items"]
        return found
