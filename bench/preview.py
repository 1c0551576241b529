"""What detection adds to a preview that has nothing to do, against the same resources declared statically.

Each side is brought up for real on an account of its own, then previewed in turn.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench.figures import LATENCY, Figure, ratio
from formerr_infra.emulator.server import EmulatorServer
from formerr_infra.local.paths import CHECKOUT
from tests.support import tools as toolchain
from tests.support.stack import Stack

if TYPE_CHECKING:
    from formerr_infra.emulator.client import ControlClient
    from tests.support.tools import Tools

PAIRS = 7
TARGET = 1.15
REFRESH = "options:\n  refresh: always\n"


class StaticStack(Stack):
    """A stack of the static program; its project has the options of the real one.

    Args:
        refresh: with the engine refreshing first, as the real project has it.
    """

    def __init__(
        self, folder: Path, tools: Tools, control: ControlClient, *, token: str, version: str, refresh: bool
    ) -> None:
        super().__init__(folder, tools, control)
        self.environment["DIGITALOCEAN_TOKEN"] = token
        self._token = token
        self._version = version
        self._refresh = refresh

    def init(self) -> StaticStack:
        """The project folder and an empty stack."""
        self.project.mkdir(parents=True)
        (self.folder / "state").mkdir()
        head, _, _ = (CHECKOUT / "Pulumi.yaml").read_text("utf-8").partition("\nconfig:\n")
        if f"{REFRESH}" not in head + "\n":
            raise RuntimeError(
                "Pulumi.yaml does not refresh any more; the comparison has to be looked at again"
            )
        if not self._refresh:
            head = (head + "\n").replace(REFRESH, "")
        config = "\nconfig:\n  digitalocean:httpRetryMax:\n    value: 0\n"
        (self.project / "Pulumi.yaml").write_text(head + config, "utf-8")
        values = f"config:\n  static:version: {self._version}\n  static:registry: static-{self._token}\n"
        self.file.write_text(values, "utf-8")
        shutil.copy(CHECKOUT / "bench" / "static" / "program.py", self.project / "__main__.py")
        (self.project / ".venv").symlink_to(CHECKOUT / ".venv")
        self.run("stack", "init", self.name, stack="").ok()
        return self


def measure() -> list[Figure]:
    """The preview's figures.

    Raises:
        LookupError: the engine is not there.
        RuntimeError: a preview failed, or had something to do.
    """
    with tempfile.TemporaryDirectory(prefix="formerr-bench-") as temporary, EmulatorServer() as server:
        folder = Path(temporary)
        tools = toolchain.find(folder / "plugin")
        control = server.control
        ours = Stack(folder / "ours", tools, control).init()
        ours.up().ok()
        version = str(control.list("kubernetes_clusters")[0]["version"])
        others = {}
        for name in ("refreshing", "resting"):
            control.account(token=name, name=name, rate_limit=1_000_000)
            others[name] = StaticStack(
                folder / name, tools, control, token=name, version=version, refresh=name == "refreshing"
            ).init()
            others[name].up().ok()
        control.account(rate_limit=1_000_000)
        control.latency(LATENCY)
        once = {name: partial(no_op, stack, tools) for name, stack in {"ours": ours, **others}.items()}
        seconds: dict[str, list[float]] = {name: [] for name in once}
        for measured in (False, *(True,) * PAIRS):
            for name, preview in once.items():
                took = preview()
                if measured:
                    seconds[name].append(took)
        return [
            ratio(
                "no-op preview : the same declared statically", seconds["ours"], seconds["refreshing"], TARGET
            ),
            ratio("no-op preview : static and without refresh", seconds["ours"], seconds["resting"], None),
        ]


def no_op(stack: Stack, tools: Tools) -> float:
    """Seconds of one preview that must have nothing to do."""
    command = [str(tools.pulumi), "preview", "--non-interactive", "--expect-no-changes"]
    began = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=stack.project,
        env=stack.environment | {"PULUMI_STACK": stack.name},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"the preview was not without changes:\n{done.stdout}{done.stderr}")
    return seconds
