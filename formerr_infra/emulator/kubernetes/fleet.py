"""The control planes of all clusters: one for each, from its creation to its deletion, on the event loop.

The services know only what `prepare` gives a new cluster; from then on the fleet follows what the world says, whoever
changed it: the API, the control plane of the emulator, or a state that was loaded.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from formerr_infra.emulator.kubernetes import authority, programs, reviews
from formerr_infra.emulator.kubernetes.controller import Controller
from formerr_infra.emulator.kubernetes.plane import Failed, Plane
from formerr_infra.emulator.kubernetes.ports import free_port, same_port
from formerr_infra.emulator.services import kubernetes_model as model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from formerr_infra.emulator.engine import Emulator
    from formerr_infra.emulator.store import Account, Json

MOST_FAILURES = 3
"""Failed starts in a row after which a cluster is in the state `error`."""
_PERIOD = 0.5
"""Seconds between two looks at a world that nobody touched: transitions end by the clock."""
_LOGGER = logging.getLogger(__name__)


@dataclass(slots=True)
class Member:
    """The control plane of one cluster.

    Attributes:
        key: what its cluster knows it by; also the name of its folder.
        state: `starting`, `ready`, `stopped` by the control plane of the emulator, or `failed`.
        message: why it failed last.
        wanted: whether it should run.
        plane: the processes, while there are any.
        task: what keeps it.
        starts: how often it was started.
    """

    key: str
    cluster: str
    state: str = "starting"
    message: str = ""
    wanted: bool = True
    plane: Plane | None = None
    task: asyncio.Task[None] | None = None
    starts: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Fleet:
    """All control planes of an emulator."""

    def __init__(self, emulator: Emulator, programs_folder: Path) -> None:
        self._emulator = emulator
        self._programs = programs.check(programs_folder)
        self._members: dict[str, Member] = {}
        self._endings: set[asyncio.Task[None]] = set()
        self._bell = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._endpoint = ""
        state = emulator.state
        self._temporary = state is None
        if state is None:
            self._folder = Path(tempfile.mkdtemp(prefix="emulator-kubernetes-"))
        else:
            self._folder = state.path.with_name(state.path.name + ".kubernetes").resolve()
            self._folder.mkdir(mode=0o700, exist_ok=True)
        emulator.world.prepare_cluster = self.prepare

    def prepare(self, cluster: Json) -> None:
        """Give a new cluster what its control plane is known by: a key, an address, an authority."""
        key = secrets.token_hex(8)
        folder = self._folder / key
        authority.make(folder, cluster["service_subnet"], cluster.get("_authority"))
        cluster["_plane"] = {"key": key, "ready": False}
        cluster["_kubernetes"] = {
            "server": f"https://127.0.0.1:{free_port()}",
            "certificate_authority_data": authority.encoded(folder),
        }

    def start(self, endpoint: str) -> None:
        """Begin to follow the world; `endpoint` is where the emulator itself is reached."""
        self._endpoint = endpoint
        self._emulator.on_change = self._bell.set
        wanted = {cluster["_plane"]["key"] for _, cluster in self._clusters()}
        for folder in self._folder.iterdir():
            if folder.name not in wanted:
                shutil.rmtree(folder, ignore_errors=True)
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """End all control planes; their data stays with the state file."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        for member in list(self._members.values()):
            self._end(member, remove=self._temporary)
        if self._endings:
            await asyncio.wait(self._endings)
        if self._temporary:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def until_settled(self) -> None:
        """Wait until every control plane is ready, or has failed."""
        self._sweep()
        while any(member.state == "starting" for member in self._members.values()):
            await asyncio.sleep(0.05)

    def member(self, cluster_id: str) -> Member:
        """The control plane of a cluster; ValueError if it has none."""
        for member in self._members.values():
            if member.cluster == cluster_id:
                return member
        raise ValueError(f"the cluster {cluster_id!r} has no control plane")

    def describe(self) -> list[Json]:
        """All control planes, as the control plane of the emulator tells of them."""
        self._sweep()
        return [self._describe(member) for member in self._members.values()]

    def _describe(self, member: Member) -> Json:
        found = self.find(member.key)
        return {
            "cluster": member.cluster,
            "state": member.state,
            "message": member.message,
            "server": found[1]["_kubernetes"]["server"] if found else "",
            "store": member.plane.layout.store if member.plane else "",
            "pid": member.plane.pid if member.plane else None,
            "starts": member.starts,
            "folder": str(self._folder / member.key),
            "kubeconfig": str(self._folder / member.key / "admin.kubeconfig"),
        }

    def set_wanted(self, cluster_id: str, *, wanted: bool) -> Json:
        """Let the control plane of a cluster run or not."""
        self._sweep()
        member = self.member(cluster_id)
        member.wanted = wanted
        member.changed.set()
        return self._describe(member)

    def find(self, key: str) -> tuple[Account, Json] | None:
        """The account and the cluster of a control plane."""
        for account, cluster in self._clusters():
            if cluster["_plane"]["key"] == key:
                return account, cluster
        return None

    def _clusters(self) -> Iterator[tuple[Account, Json]]:
        for account in self._emulator.world.accounts.values():
            for cluster in account[model.KIND]:
                if "_plane" not in cluster and "_kubernetes" not in cluster:
                    # Of a state from before, or of an emulator without Kubernetes.
                    self.prepare(cluster)
                    model.readdress(cluster)
                    account[model.KIND].changed()
                if "_plane" in cluster:
                    yield account, cluster

    async def _follow(self) -> None:
        while True:
            self._sweep()
            self._bell.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._bell.wait(), _PERIOD)

    def _sweep(self) -> None:
        """Start what has no control plane yet, end what has no cluster any more."""
        wanted = {cluster["_plane"]["key"]: cluster for _, cluster in self._clusters()}
        for key in [key for key in self._members if key not in wanted]:
            self._end(self._members.pop(key), remove=True)
        for key, cluster in wanted.items():
            if key not in self._members:
                member = self._members[key] = Member(key, cluster["id"])
                member.task = asyncio.create_task(self._keep(member))

    def _end(self, member: Member, *, remove: bool) -> None:
        async def end() -> None:
            if member.task is not None:
                member.task.cancel()
                await asyncio.wait([member.task])
            if member.plane is not None:
                await member.plane.stop(remove=remove)
            elif remove:
                shutil.rmtree(self._folder / member.key, ignore_errors=True)

        task = asyncio.create_task(end())
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)

    async def _keep(self, member: Member) -> None:
        """Keep a control plane as it is wanted, until its cluster goes."""
        failures = 0
        while True:
            member.changed.clear()
            if not member.wanted:
                await self._halt(member)
                await member.changed.wait()
                failures = 0
                continue
            found = self.find(member.key)
            if found is None:
                return
            try:
                await self._live(member, *found)
            except Failed as error:
                was_ready = member.state == "ready"
                failures = 1 if was_ready else failures + 1
                member.state, member.message = "failed", str(error)
                _LOGGER.warning("control plane of cluster %s: %s", member.cluster, error)
            except Exception as error:
                failures = MOST_FAILURES
                member.state, member.message = "failed", f"{type(error).__name__}: {error}"
                _LOGGER.exception("control plane of cluster %s", member.cluster)
            if member.plane is not None:
                await member.plane.stop()
                member.plane = None
            if member.state == "failed" and failures >= MOST_FAILURES:
                self._give_up(member)
                await member.changed.wait()
                failures = 0

    async def _halt(self, member: Member) -> None:
        if member.plane is not None:
            await member.plane.stop()
            member.plane = None
        member.state = "stopped"

    async def _live(self, member: Member, account: Account, cluster: Json) -> None:
        """One life of a control plane: until it is not wanted any more, or Failed."""
        member.state = "starting"
        member.starts += 1
        layout = await self._layout(member.key, account, cluster)
        plane = member.plane = Plane(layout, temporary=self._temporary)
        await plane.start()
        member.message = ""
        controller = Controller(self._emulator, plane.api, lambda: self.find(member.key))
        await controller.set_up()
        member.state = "ready"
        cluster["_plane"]["ready"] = True
        account[model.KIND].changed()
        self._emulator.save()
        waits = [
            asyncio.create_task(plane.until_ended()),
            asyncio.create_task(member.changed.wait()),
            asyncio.create_task(controller.run()),
        ]
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in waits:
                task.cancel()
            await asyncio.wait(waits)

    async def _layout(self, key: str, account: Account, cluster: Json) -> programs.Layout:
        own = cluster["_kubernetes"]
        known = int(own["server"].rpartition(":")[2])
        port = await same_port(known)
        if port != known:
            own["server"] = f"https://127.0.0.1:{port}"
            model.readdress(cluster)
            account[model.KIND].changed()
            self._emulator.save()
        authority.make(self._folder / key, cluster["service_subnet"])
        return programs.Layout(
            programs=self._programs,
            folder=self._folder / key,
            port=port,
            store_port=free_port(),
            service_subnet=cluster["service_subnet"],
            cluster_subnet=cluster["cluster_subnet"],
            address=cluster["_address"],
            review_url=f"{self._endpoint}{reviews.PATH}/{key}",
        )

    def _give_up(self, member: Member) -> None:
        found = self.find(member.key)
        if found is not None:
            account, cluster = found
            cluster["status"] = {"state": "error", "message": f"the control plane failed: {member.message}"}
            cluster.pop("_ready_at", None)
            account[model.KIND].changed()
            self._emulator.save()
