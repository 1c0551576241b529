"""What detection adds to a preview that has nothing to do, against the same resources declared statically.

Each side is brought up for real on an account of its own, then previewed in turn.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench.figures import LATENCY, Figure, ratio
from bench.sides import StaticStack
from formerr_infra.emulator.server import EmulatorServer
from tests.support import tools as toolchain
from tests.support.stack import Stack

if TYPE_CHECKING:
    from tests.support.tools import Tools

PAIRS = 5
TARGET = 1.1


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
