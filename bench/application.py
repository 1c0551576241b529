"""What detection adds to a preview that has nothing to do when the application is there too, and what its import takes.

The cluster is a real control plane behind the emulator; the other side declares the same objects statically.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import sides
from bench.figures import LATENCY, Figure
from bench.rows import OURS, STATIC, Measured, Rows, against
from bench.sides import Side, StaticStack, account
from formerr_infra.emulator.server import EmulatorServer
from formerr_infra.local.environment import TOKEN
from formerr_infra.local.paths import CHECKOUT
from tests.support import kubernetes
from tests.support import tools as toolchain
from tests.support.stack import Stack

if TYPE_CHECKING:
    from formerr_infra.emulator.client import ControlClient
    from tests.support.tools import Tools

#: Seconds added to each answer of the account -> pairs.
PAIRS = {0.0: 2, LATENCY: 5, 0.2: 2}
TARGET = 1.25
IMPORT_SECONDS = 1.5
IMPORTS = 5
PREVIEW = "no-op preview"
#: Everything that a run of the program imports, the declaring modules too.
_IMPORT = (
    "import pulumi; from formerr_infra import program; program.make_lazy(program.PROVIDER); "
    "program._import_what_is_needed_later(); import formerr_infra.declare_application, formerr_infra.detect, "
    "formerr_infra.planning, formerr_infra.kubernetes.reading, formerr_infra.gate"
)


def measure() -> Measured:
    """The application's figures.

    Raises:
        LookupError: the engine or the control plane's programs are not there.
        RuntimeError: a preview failed, or had something to do.
    """
    rows = Rows()
    with (
        tempfile.TemporaryDirectory(prefix="formerr-bench-") as temporary,
        EmulatorServer(kubernetes=kubernetes.find()) as server,
    ):
        folder = Path(temporary)
        tools = toolchain.find(folder / "plugin")
        control = server.control
        ours = Stack(folder / "ours", tools, control, application=True).init()
        ours.config(imageTag="bench")
        ours.environment.update(_secrets())
        ours.up().ok()
        version = str(control.list("kubernetes_clusters")[0]["version"])
        mine = Side(ours, account(control, TOKEN))
        floor = Side(_static(folder / "static", tools, control, version, ours), account(control, "static"))
        for latency, pairs in PAIRS.items():
            control.latency(latency)
            for number in range(pairs + 1):
                kept = rows if number else Rows()  # the first is a warm-up
                kept.add(PREVIEW, OURS, mine.pulumi(*sides.PREVIEW), latency=latency)
                kept.add(PREVIEW, STATIC, floor.pulumi(*sides.PREVIEW), latency=latency)
                kept.add("detection", OURS, mine.formerr("detect", "-s", "staging"), latency=latency)
                health = mine.formerr("health", "staging", codes=(0, 4, 8))
                kept.add("health", OURS, health, latency=latency)
    imports = sorted(_import() for _ in range(IMPORTS))
    preview, static = (rows.one(PREVIEW, side, latency=LATENCY) for side in (OURS, STATIC))
    figures = [
        against("no-op preview with the application : the same declared statically", preview, static, TARGET),
        Figure(
            "import of the whole program, warm",
            imports[len(imports) // 2],
            "s",
            IMPORT_SECONDS,
            detail=f"{imports[0]:.2f} to {imports[-1]:.2f} s, {IMPORTS} runs",
        ),
    ]
    return Measured(figures, rows.all())


def _static(folder: Path, tools: Tools, control: ControlClient, version: str, ours: Stack) -> StaticStack:
    """The same objects declared statically, and up."""
    account(control, "static")
    static = StaticStack(folder, tools, control, token="static", version=version, refresh=True)  # noqa: S106 - emulated
    static.init()
    (static.project / "__main__.py").rename(static.project / "program.py")
    program = (CHECKOUT / "bench" / "static" / "application.py").read_bytes()
    (static.project / "__main__.py").write_bytes(program)
    (static.project / "objects.json").write_text(json.dumps(_objects(ours)), "utf-8")
    static.up().ok()
    static.up().ok()
    return static


def _secrets() -> dict[str, str]:
    made = {name: secrets.token_urlsafe(36) for name in ("JWT_SECRET", "SESSION_SECRET", "DB_PASSWORD")}
    return made | {
        "GITHUB_CLIENT_ID": f"Iv1.{secrets.token_hex(8)}",
        "GITHUB_CLIENT_SECRET": secrets.token_hex(20),
    }


def _objects(stack: Stack) -> list[dict[str, Any]]:
    """Type, name and inputs of every object on the cluster, in the order of their making."""
    exported = json.loads(stack.run("stack", "export", "--show-secrets").ok().out)["deployment"]["resources"]
    return [
        {"type": one["type"], "name": one["urn"].rsplit("::", 1)[1], "inputs": _plain(one["inputs"])}
        for one in exported
        if one["type"].startswith("kubernetes:")
    ]


def _plain(value: Any) -> Any:
    """Without the engine's marks of secrets."""
    if isinstance(value, dict):
        if "plaintext" in value and len(value) == 2:
            return json.loads(value["plaintext"])
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _import() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", _IMPORT], check=True, env=dict(os.environ), cwd=CHECKOUT)
    return time.perf_counter() - began
