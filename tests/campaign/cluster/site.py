"""What the sweep of a cluster's calls stands on: an account, a cluster with a proxy before it, and starts to go back to.

There are two emulators. The first has a control plane and nothing else to do. The second is the account: its cluster is
reached through a proxy to that control plane, so that the control plane outlives the account's cluster, and a cell of a
destroy begins as quickly as any other. What a cloud controller makes for the cluster (the database's volume) therefore
stands in the first account.

A start is an account, the state of the stack and the content of the cluster's store.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from formerr_infra.emulator.server import EmulatorServer
from formerr_infra.local.environment import TOKEN
from tests.campaign.arena import Arena, Ground, Tally
from tests.campaign.cluster import foreign
from tests.support import account, kubernetes
from tests.support.api_proxy import ApiProxy
from tests.support.etcd import Content, Etcd
from tests.support.live import Live, eventually
from tests.support.stack import Stack
from tests.support.tools import find

if TYPE_CHECKING:
    from collections.abc import Iterator

    from formerr_infra.emulator.client import ControlClient

Json = dict[str, Any]
#: What a run of the application needs, enough for it in a namespace with a quota.
POOL = {"name": "pool", "size": "s-4vcpu-8gb", "count": 4}
#: What the controllers take to see that all is as it was, and to have it so, and how often that is tried.
_CALM_SECONDS, _SETTLE_SECONDS, _RESTORES = 0.3, 30.0, 8
_MONTH = 30 * 24 * 3600
_WORKLOADS = (
    ("formerr-backend", "formerr"),
    ("formerr-frontend", "formerr"),
    ("formerr-edge", "formerr-edge"),
)


class Restless(Exception):
    """The cluster does not come to rest at a start."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a cell begins with.

    Attributes:
        account: saved by the emulator.
        state: folder of the backend.
        content: of the cluster's store.
    """

    account: Path
    state: Path
    content: Content


@dataclass(frozen=True, slots=True)
class Site:
    """What cells stand on, one after another.

    Attributes:
        ground: the account, and an empty stack with the application.
        proxy: in front of the API server.
        etcd: the cluster's store.
        controllers: process ids of the cluster's controllers and its scheduler.
        live: the cluster as its administrator sees it, not through the proxy.
        reached: how the account's cluster is reached.
        starts: that were made so far.
    """

    ground: Ground
    proxy: ApiProxy
    etcd: Etcd
    controllers: tuple[int, ...]
    live: Live
    reached: Json
    starts: dict[str, Start] = field(default_factory=dict)

    def begin(self, name: str, folder: Path) -> Arena:
        """An arena at a start, which is made if it never was."""
        start = self.starts.get(name)
        if start is None:
            make = {"deployed": _deployed, "foreign": _foreign, "lost": _lost}[name]
            start = self.keep(make(self, self.ground.folder / f"making-{name}"), name)
        arena = Arena(self.ground, Tally(), folder)
        # What a run would do is foretold by an account's own calls, which others have swept.
        arena.faulty = True
        player = arena.first
        self.ground.cloud.load(str(start.account))
        state = player.stack.folder / "state"
        shutil.rmtree(state)
        shutil.copytree(start.state, state)
        player.mine |= {one.key for one in player.kept() if not one.external}
        things = arena.view().things
        player.mine |= {
            key
            for key, one in things.items()
            if ("kubernetes_clusters", str(one.get("cluster"))) in player.mine
        }
        self._restore(start.content)
        return arena

    def _restore(self, content: Content) -> None:
        """The cluster is as it was, and its controllers agree: they are halted meanwhile, for they would mend it."""
        for _ in range(_RESTORES):
            self._signal(signal.SIGSTOP)
            try:
                self.etcd.restore(content)
            finally:
                self._signal(signal.SIGCONT)
            time.sleep(_CALM_SECONDS)
            if _sets(self.etcd.content()) == _sets(content) and self._calm(content):
                return
        raise Restless("the controllers of the cluster do not let it be as it was")

    def _calm(self, content: Content) -> bool:
        """Whether the application that is there, if it is, comes to have all its pods."""
        if not any("/deployments/formerr/" in key for key in content):
            return True
        try:
            eventually(self.settled, seconds=_SETTLE_SECONDS)
        except AssertionError:
            return False
        return _sets(self.etcd.content()) == _sets(content)

    def _signal(self, number: signal.Signals) -> None:
        for pid in self.controllers:
            os.kill(pid, number)

    def keep(self, arena: Arena, name: str) -> Start:
        """A start, as everything is now."""
        folder = self.ground.folder / name
        folder.mkdir(parents=True)
        self.ground.cloud.save(str(folder / "account.json"))
        shutil.copytree(arena.first.stack.folder / "state", folder / "state")
        self.starts[name] = Start(folder / "account.json", folder / "state", self.etcd.content())
        return self.starts[name]

    def settled(self) -> bool:
        """Whether everything on the cluster has all its pods."""
        return all(self.live.settled(name, namespace) for name, namespace in _WORKLOADS) and all(
            self.live.there("Deployment", one["spec"]["scaleTargetRef"]["name"])["spec"]["replicas"]
            >= one["spec"]["minReplicas"]
            for one in self.live.all("HorizontalPodAutoscaler", "formerr")
        )


@contextmanager
def site() -> Iterator[Site]:
    """Everything that cells need, with the account's part of the stack up."""
    folder = Path(tempfile.mkdtemp(prefix="campaign-site-"))
    try:
        with EmulatorServer(kubernetes=kubernetes.find()) as home, EmulatorServer() as server:
            blank = Stack(
                folder / "staging", find(folder / "plugin"), server.control, application=True
            ).init()
            blank.environment.update(_secrets())
            blank.config(imageTag="1f0e2d3")
            ground = Ground(server.control, {"staging": blank}, folder / "starts")
            up = Arena(ground, Tally(), folder / "cloud")
            up.first.set(deployApplication=False)
            up.first.stack.up().ok()
            # What opens a cluster is in the state, so that the control plane has to have the same authority.
            server.control.save(str(folder / "account.json"))
            known = _found(json.loads((folder / "account.json").read_text("utf-8")), "_authority")
            made = home.control.put(
                "kubernetes_clusters", name="home", region="nyc3", node_pools=[POOL], _authority=known
            )
            with opened(home.control, str(made["id"])) as (proxy, etcd, pid, live, reached):
                site = Site(ground, proxy, etcd, pid, live, reached)
                (cluster,) = up.cloud.list("kubernetes_clusters")
                up.cloud.update(
                    "kubernetes_clusters", cluster["id"], _kubernetes=reached, endpoint=reached["server"]
                )
                site.keep(up, "cloud")
                try:
                    yield site
                except Exception as error:
                    error.add_note(f"the control plane: {home.control.kubernetes()}")
                    raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _found(value: Any, name: str) -> Any:
    """What is under a name, wherever it is."""
    if isinstance(value, dict):
        if name in value:
            return value[name]
        value = list(value.values())
    below = (_found(one, name) for one in value) if isinstance(value, list) else ()
    return next((one for one in below if one is not None), None)


@contextmanager
def opened(home: ControlClient, cluster: str) -> Iterator[tuple[ApiProxy, Etcd, tuple[int, ...], Live, Json]]:
    """A proxy before the control plane of a cluster, its store, its controllers' processes, a look at it, and how it is
    reached by the proxy."""
    plane = home.wait_for_kubernetes(cluster)
    folder = Path(plane["folder"])
    credentials = httpx.get(
        f"{home.endpoint}/v2/kubernetes/clusters/{cluster}/credentials",
        params={"expiry_seconds": _MONTH},
        headers={"Authorization": f"Bearer {TOKEN}"},
        trust_env=False,
    )
    given = credentials.raise_for_status().json()
    live = Live(home, cluster)
    eventually(lambda: len(foreign.ready_nodes(live)) == POOL["count"], "all nodes are ready")
    foreign.plant(live)
    with ApiProxy(plane["server"], folder) as proxy:
        known = {name: given[name] for name in ("certificate_authority_data", "token")}
        etcd = Etcd(plane["store"], folder)
        yield proxy, etcd, _controllers(plane["pid"]), live, {"server": proxy.address, **known}


def _controllers(supervisor: int) -> tuple[int, ...]:
    listed = subprocess.run(
        ["ps", "-axwwo", "pid=,ppid=,command="], capture_output=True, text=True, check=True
    )
    lines = [line.split(None, 2) for line in listed.stdout.splitlines()]
    own = {
        what.partition(" ")[0].rpartition("/")[2]: int(pid)
        for pid, parent, what in lines
        if parent == str(supervisor)
    }
    return own["kube-controller-manager"], own["kube-scheduler"]


def _sets(content: Content) -> set[str]:
    """The sets of pods that Deployments have."""
    return {key for key in content if key.startswith("/registry/replicasets/")}


def _secrets() -> dict[str, str]:
    login = {"GITHUB_CLIENT_ID": f"Iv1.{secrets.token_hex(8)}", "GITHUB_CLIENT_SECRET": secrets.token_hex(20)}
    more = {name: secrets.token_urlsafe(36) for name in ("JWT_SECRET", "SESSION_SECRET", "DB_PASSWORD")}
    return login | more


# -- starts ----------------------------------------------------------------------------------------------------


def _deployed(site: Site, folder: Path) -> Arena:
    """All of it is up."""
    arena = site.begin("cloud", folder)
    arena.first.stack.up().ok()
    eventually(site.settled, "the application has all its pods")
    return arena


def _foreign(site: Site, folder: Path) -> Arena:
    """VPC, cluster, registry and the application's namespace are somebody else's."""
    site.begin("cloud", folder / "before")
    arena = Arena(site.ground, Tally(), folder)
    network = account.vpc(arena.cloud)
    account.cluster(arena.cloud, network, _kubernetes=site.reached)
    account.registry(arena.cloud)
    foreign.take_namespace(site.live)
    return arena


def _lost(site: Site, folder: Path) -> Arena:
    """The state is gone, and meanwhile somebody has changed some objects, and taken the stack's mark from others."""
    arena = site.begin("deployed", folder)
    foreign.meddle(site.live)
    eventually(site.settled, "what was changed by hand has rolled")
    arena.lose(arena.first)
    return arena
