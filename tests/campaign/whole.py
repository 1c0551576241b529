"""The whole campaign: two processes of scenarios, two of each sweep, then the runs side by side; then the page."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from formerr_infra.local.paths import CHECKOUT
from tests.campaign.page import PAGE, RESULTS, page
from tests.support.tools import find

PROCESSES = 2
#: How deep in its results a cell stands.
_LINES = 4
FOLDER = CHECKOUT / ".formerr" / "campaign"


def whole(number: int, actions: int, *, with_sweep: bool, resume: bool, every_fault: bool) -> int:
    """Run it all and write the page; 1 if a rule was broken anywhere.

    Args:
        number: the first seed.
        actions: how many, all processes together.
        with_sweep: whether the sweeps are run too.
        resume: cells that are noted stay as they are.
        every_fault: each fault at each call of the cluster alone, none of them together with others.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file in FOLDER.glob("*.json"):
        if not (resume and file.name.startswith(("sweep-", "cluster-"))):
            file.unlink()
    each = -(-actions // PROCESSES)
    _side_by_side([("run", "--seed", str(number + at), "--actions", str(each)) for at in range(PROCESSES)])
    if with_sweep:
        more: tuple[str, ...] = ("--resume",) if resume else ()
        _side_by_side(
            [("sweep", "--part", str(at), "--of", str(PROCESSES), *more) for at in range(PROCESSES)]
        )
        more += ("--every-fault",) if every_fault else ()
        _side_by_side(
            [("cluster", "--part", str(at), "--of", str(PROCESSES), *more) for at in range(PROCESSES)]
        )
    _side_by_side([("rivals",)])
    return write()


def write() -> int:
    """The page, from whatever results lie in the folder; 1 if a rule was broken anywhere."""
    result = {
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "plugin": _plugin(),
        "commit": _commit(),
        "runs": _results("run"),
        "sweep": _results("sweep"),
        "cluster": _results("cluster"),
        "rivals": [one for scenes in _results("rivals") for one in scenes],
    }
    RESULTS.write_text(text(result) + "\n", "utf-8")
    PAGE.write_text(page(result), "utf-8")
    sys.stderr.write(f"written: {PAGE.relative_to(CHECKOUT)}, {RESULTS.relative_to(CHECKOUT)}\n")
    broken = any(one["failures"] for one in result["runs"])
    wrong = any(cell["wrong"] for part in (*result["sweep"], *result["cluster"]) for cell in part["cells"])
    return 1 if broken or wrong or not all(one["holds"] for one in result["rivals"]) else 0


def text(value: Any, depth: int = 0) -> str:
    """JSON with a line for each cell, so that two runs can be compared and the file stays small."""
    if depth == _LINES or not value or not isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"))
    if isinstance(value, dict):
        parts = [f"{json.dumps(name)}: {text(one, depth + 1)}" for name, one in value.items()]
        return "{\n" + ",\n".join(parts) + "\n}"
    return "[\n" + ",\n".join(text(one, depth + 1) for one in value) + "\n]"


def _results(name: str) -> list[Any]:
    return [json.loads(file.read_text("utf-8")) for file in sorted(FOLDER.glob(f"{name}-*.json"))]


def _side_by_side(commands: list[tuple[str, ...]]) -> None:
    """Each command in a process of its own, which writes its results into the folder."""
    files = [FOLDER / f"{command[0]}-{number}.json" for number, command in enumerate(commands)]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.campaign", *command, "--output", os.fspath(file)],
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
        )
        for command, file in zip(commands, files, strict=True)
    ]
    try:
        for one in started:
            one.wait()
    finally:
        for one in started:
            one.terminate()
    for file in files:
        if not file.exists():
            raise SystemExit(f"{file.name} was not written: its process ended early; its words are above")


def _commit() -> str:
    asked = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or "unknown"


def _plugin() -> str:
    with tempfile.TemporaryDirectory() as folder:
        return "the official one" if find(Path(folder)).official else "the stand-in"
