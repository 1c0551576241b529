"""How long the command takes to say what it can do."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from bench.figures import Figure
from formerr_infra.local.paths import CHECKOUT

RUNS = 7


def measure() -> list[Figure]:
    """The median start time of `formerr --help`, in this interpreter's environment."""
    script = CHECKOUT / ".venv" / "bin" / "formerr"
    command = [str(script)] if script.exists() else [sys.executable, "-m", "formerr_infra.cli.app"]
    seconds = []
    for _ in range(RUNS):
        began = time.perf_counter()
        subprocess.run([*command, "--help"], cwd=CHECKOUT, check=True, stdout=subprocess.DEVNULL, timeout=60)
        seconds.append(time.perf_counter() - began)
    detail = f"{min(seconds):.2f} to {max(seconds):.2f} s, {RUNS} runs"
    return [Figure("formerr --help", statistics.median(seconds), "s", 0.3, detail=detail)]
