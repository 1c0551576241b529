"""What DOKS's own controllers do for one cluster: nodes as the pools say, and news of them back into the account.

It polls: a few small lists twice a second, from the API server's cache. What it finds and what it wants is compared
by pure functions elsewhere; here are the steps, and only here is anything changed.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from formerr_infra.emulator.kubernetes import defaults, nodes
from formerr_infra.emulator.kubernetes.api import Api, Refused, Unreachable
from formerr_infra.emulator.services import droplets
from formerr_infra.emulator.services import kubernetes_model as model

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.emulator.engine import Emulator
    from formerr_infra.emulator.store import Account, Json

PERIOD = 0.5
_NODES = "/api/v1/nodes"
_LOGGER = logging.getLogger(__name__)
Found = tuple["Account", "Json"]


class Controller:
    """The controllers of one cluster. `find` gives its account and itself, or None when it has gone."""

    def __init__(self, emulator: Emulator, api: Api, find: Callable[[], Found | None]) -> None:
        self._emulator = emulator
        self._api = api
        self._find = find

    async def set_up(self) -> None:
        """What a new cluster has in it."""
        found = self._find()
        if found is not None:
            for path, manifest in defaults.objects(found[1]["service_subnet"]):
                await self._api.ensure(path, manifest)
            await self._follow_pools()

    async def run(self) -> None:
        """Forever; an API server that does not answer is asked again."""
        while True:
            try:
                await self._follow_pools()
            except (Unreachable, Refused) as error:
                _LOGGER.debug("%s", error)
            await asyncio.sleep(PERIOD)

    async def _follow_pools(self) -> None:
        """Make, change and take away nodes, and tell the account which have come up."""
        found = self._find()
        if found is None:
            return
        account, cluster = found
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
                await self._remove_node(name)
        ready = {
            node["metadata"]["labels"].get("doks.digitalocean.com/node-id", "")
            for node in live.values()
            if nodes.is_ready(node)
        }
        if model.nodes_came_up(cluster, ready):
            account[model.KIND].changed()
            self._emulator.save()

    async def _remove_node(self, name: str) -> None:
        """Take a node away and its pods with it, which nobody would report gone."""
        await self._api.delete(f"{_NODES}/{name}")
        query = f"/api/v1/pods?fieldSelector=spec.nodeName={name}"
        for pod in (await self._api.ask("GET", query))["items"]:
            meta = pod["metadata"]
            await self._api.delete(f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}", now=True)
