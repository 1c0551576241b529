"""The real engine with the pack: a stack on a local DigitalOcean, and a cluster that is a folder of files."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from formerr_infra.errors import FormerrError
from formerr_infra.local.paths import CHECKOUT, LocalPaths
from formerr_infra.local.tools import Toolbox
from policy.rules import RULES
from tests.policy.stacks import STACK, program
from tests.standin.engine import Engine, Ran

if TYPE_CHECKING:
    from collections.abc import Iterator

    from formerr_infra.emulator.client import ControlClient
    from formerr_infra.emulator.server import EmulatorServer
    from tests.policy.stacks import Declared
    from tests.support.tools import Tools

PACK = CHECKOUT / "policy"
KUBERNETES = "pulumi-resource-kubernetes"
SECONDS = 600


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(SECONDS))


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that the pack said.

    Attributes:
        level: mandatory or advisory.
        rule: name.
        resource: logical name, empty for none.
        text: of the message.
    """

    level: str
    rule: str
    resource: str
    text: str


def said(log: Path) -> list[Said]:
    """What the pack said, from the engine's event log."""
    events = [json.loads(line).get("policyEvent") for line in log.read_text("utf-8").splitlines()]
    return [
        Said(
            event["enforcementLevel"],
            event["policyName"],
            event.get("resourceUrn", "").rsplit("::", 1)[-1],
            event["message"],
        )
        for event in events
        if event
    ]


class Checked:
    """A stack that is previewed and brought up with the pack; it counts as production."""

    def __init__(self, engine: Engine, cloud: ControlClient) -> None:
        self.engine = engine
        self.cloud = cloud
        self.files = engine.folder / "cluster"
        self.log = engine.folder / "events.json"
        config = engine.folder / "pack.json"
        stacks = {rule.name: {"stacks": [STACK]} for rule in RULES if rule.production}
        config.write_text(json.dumps(stacks))
        self._options = (
            "--stack", STACK, "--policy-pack", os.fspath(PACK), "--policy-pack-config", os.fspath(config),
            "--event-log", os.fspath(self.log),
        )  # fmt: skip

    def declare(self, stack: tuple[Declared, ...], more: str = "") -> None:
        """Set the program."""
        self.engine.declare(program(stack, os.fspath(self.files)) + more)

    def preview(self) -> tuple[Ran, list[Said]]:
        """What a preview with the pack did and what the pack said; it writes nothing."""
        self.cloud.mark()
        done = self._run("preview")
        assert self.cloud.requests(writes=True, since_mark=True) == []
        return done

    def up(self) -> tuple[Ran, list[Said]]:
        """The same of an update, without the preview before it."""
        return self._run("up", "--yes", "--skip-preview")

    def _run(self, *command: str) -> tuple[Ran, list[Said]]:
        self.log.unlink(missing_ok=True)
        ran = self.engine.run(*command, *self._options)
        assert self.log.exists(), ran.out
        return ran, said(self.log)


@pytest.fixture(scope="session")
def kubernetes_plugin() -> Path:
    """The folder of the Kubernetes plugin: set-up's, or on the PATH."""
    toolbox = Toolbox(LocalPaths.of(), os.environ)
    try:
        found = toolbox.programs().get(KUBERNETES)
    except FormerrError:
        found = None
    program = found.path if found else shutil.which(KUBERNETES, path=toolbox.search_path())
    if program is None:
        pytest.skip(f"no {KUBERNETES}")
    return Path(program).parent


@pytest.fixture(scope="session")
def _engine(
    tmp_path_factory: pytest.TempPathFactory, tools: Tools, emulator: EmulatorServer, kubernetes_plugin: Path
) -> Engine:
    environment = {"PULUMI_DEBUG_COMMANDS": "1"}  # without it there is no --event-log
    engine = Engine(
        tmp_path_factory.mktemp("policy") / "engine", tools, emulator.endpoint, tools.folders[0], environment
    )
    engine.environment["PATH"] += os.pathsep + os.fspath(kubernetes_plugin)
    return engine


@pytest.fixture
def checked(_engine: Engine, cloud: ControlClient) -> Iterator[Checked]:
    """A stack without state on a fresh account."""
    one = Checked(_engine, cloud)
    yield one
    _engine.forget()
    shutil.rmtree(one.files, ignore_errors=True)
