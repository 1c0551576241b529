"""What DOKS's own controllers do for one cluster, one look after the other, for as long as it lives.

They poll: a few small lists twice a second, from the API server's cache. The steps are in `pools.py` and `cloud.py`.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from formerr_infra.emulator.kubernetes import defaults
from formerr_infra.emulator.kubernetes.api import Api, Refused, Unreachable
from formerr_infra.emulator.kubernetes.cloud import Balancing, Provisioning
from formerr_infra.emulator.kubernetes.pools import Pools

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.emulator.engine import Emulator
    from formerr_infra.emulator.store import Account, Json

PERIOD = 0.5
_LOGGER = logging.getLogger(__name__)


class _Step(Protocol):
    async def step(self, account: Account, cluster: Json) -> None: ...


class Controller:
    """The controllers of one cluster. `find` gives its account and itself, or None when it has gone."""

    def __init__(self, emulator: Emulator, api: Api, find: Callable[[], tuple[Account, Json] | None]) -> None:
        self._api = api
        self._find = find
        self._pools = Pools(emulator, api)
        self._steps: tuple[_Step, ...] = (
            self._pools,
            Balancing(emulator, api),
            Provisioning(emulator, api),
        )

    async def set_up(self) -> None:
        """What a new cluster has in it."""
        found = self._find()
        if found is not None:
            for path, manifest in defaults.objects(found[1]["service_subnet"]):
                await self._api.ensure(path, manifest)
            await self._pools.step(*found)

    async def run(self) -> None:
        """Forever; what does not go now is tried again, and holds up nothing else."""
        while True:
            for one in self._steps:
                found = self._find()
                if found is None:
                    return
                try:
                    await one.step(*found)
                except (Unreachable, Refused) as error:
                    _LOGGER.info("%s: %s", type(one).__name__, error)
            await asyncio.sleep(PERIOD)
