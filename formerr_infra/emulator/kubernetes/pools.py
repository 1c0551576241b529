"""Keeps the nodes of a cluster as its pools say: made, changed, drained and taken away.

A node that goes is cordoned and its pods are evicted, so that disruption budgets hold, for as long as `PATIENCE`;
then it is taken away with what is left. (DOKS drains a node before it deletes it, and gives up after a while.)
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from formerr_infra.emulator.kubernetes import nodes
from formerr_infra.emulator.kubernetes.api import Refused
from formerr_infra.emulator.services import droplets
from formerr_infra.emulator.services import kubernetes_model as model

if TYPE_CHECKING:
    from formerr_infra.emulator.engine import Emulator
    from formerr_infra.emulator.kubernetes.api import Api
    from formerr_infra.emulator.store import Account, Json

PATIENCE = 20.0
"""Seconds that a disruption budget can hold a node up."""
_NODES = "/api/v1/nodes"


class Pools:
    """The nodes of one cluster."""

    def __init__(self, emulator: Emulator, api: Api) -> None:
        self._emulator = emulator
        self._api = api
        self._leaving: dict[str, float] = {}
        """When the patience with a node that goes ends."""

    async def step(self, account: Account, cluster: Json) -> None:
        """Look at all nodes once."""
        known = {str(droplet["id"]): droplet for droplet in account[droplets.KIND]}
        wanted = nodes.manifests(cluster, known)
        live = {node["metadata"]["name"]: node for node in await self._api.list(_NODES)}
        for name, manifest in wanted.items():
            if name not in live:
                await self._api.ensure(_NODES, manifest)
                continue
            patch = nodes.changes(live[name], manifest)
            if patch is not None:
                await self._api.patch(f"{_NODES}/{name}", patch)
        for name in live:
            if name not in wanted:
                await self._remove(name)
        ready = {
            node["metadata"]["labels"].get("doks.digitalocean.com/node-id", "")
            for node in live.values()
            if nodes.is_ready(node)
        }
        if model.nodes_came_up(cluster, ready):
            account[model.KIND].changed()
            self._emulator.save()

    async def _remove(self, name: str) -> None:
        """One more step towards a node's end."""
        if name not in self._leaving:
            await self._api.patch(f"{_NODES}/{name}", {"spec": {"unschedulable": True}})
            self._leaving[name] = time.monotonic() + PATIENCE
        query = f"/api/v1/pods?fieldSelector=spec.nodeName={name}"
        pods: list[Json] = (await self._api.ask("GET", query))["items"]
        staying = [pod for pod in pods if not _goes_with_its_node(pod)]
        if staying and time.monotonic() < self._leaving[name]:
            for pod in staying:
                await self._evict(pod)
            return
        await self._api.delete(f"{_NODES}/{name}")
        for pod in pods:
            # Nobody is left on the node who would report them gone.
            await self._api.delete(_path(pod), now=True)
        self._leaving.pop(name)

    async def _evict(self, pod: Json) -> None:
        if "deletionTimestamp" in pod["metadata"]:
            return
        meta = {key: pod["metadata"][key] for key in ("name", "namespace")}
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": meta}
        try:
            await self._api.ask("POST", f"{_path(pod)}/eviction", eviction)
        except Refused as error:
            if error.status not in (404, 409, 429):
                raise


def _goes_with_its_node(pod: Json) -> bool:
    owners = pod["metadata"].get("ownerReferences", [])
    return any(owner["kind"] == "DaemonSet" for owner in owners)


def _path(pod: Json) -> str:
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"
