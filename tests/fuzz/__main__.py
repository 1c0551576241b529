"""`python -m tests.fuzz [SECONDS] [TARGET ...]`: every target, one after another, within the seconds; 600 if none are said.

The fuzzer is installed by its hash into an environment of its own (`.formerr/fuzz/venv`), which sees the packages of the
checkout's. What it learns stays in `.formerr/fuzz`, so that the next run begins there. Exit code 1: something was found; the
input that does it is named, and `python -m tests.fuzz 0 TARGET` runs all that is known once more.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from formerr_infra.local import apart
from formerr_infra.local.paths import CHECKOUT
from tests.fuzz.targets import TARGETS

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = CHECKOUT / ".formerr" / "fuzz"
SECONDS = 600


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """What came of one target: how often it ran, how much it covers, and the inputs that make it fail."""

    target: str
    runs: int
    features: int
    found: tuple[Path, ...]
    said: str


def fuzz(name: str, seconds: int, python: Path) -> Fuzzed:
    """Fuzz one target; with no seconds, only what is known of it."""
    folder = FOLDER / name
    known = set(_found(folder))
    limit = "-runs=0" if seconds == 0 else f"-max_total_time={seconds}"
    command = [os.fspath(python), "-m", "tests.fuzz.one", name, os.fspath(folder), limit]
    done = subprocess.run(
        command,
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    said = done.stderr + done.stdout
    runs = re.search(r"number_of_executed_units:\s*(\d+)", said)
    features = re.findall(r" ft: (\d+)", said)
    found = tuple(one for one in _found(folder) if one not in known)
    if done.returncode != 0 and not found and runs is None:
        raise SystemExit(f"{name}: the fuzzer does not run:\n{said[-2000:]}")
    return Fuzzed(name, int(runs[1]) if runs else 0, int(features[-1]) if features else 0, found, said)


def _found(folder: Path) -> list[Path]:
    return sorted(file for kind in ("crash", "timeout", "oom") for file in folder.glob(f"{kind}-*"))


def main(arguments: list[str]) -> int:
    """All targets; 1 if something was found."""
    seconds = int(arguments[0]) if arguments else SECONDS
    names = arguments[1:] or list(TARGETS)
    python = apart.interpreter("fuzz", sees_checkout=True)
    each = max(1, seconds // len(names)) if seconds else 0
    results = []
    for name in names:
        one = fuzz(name, each, python)
        results.append(one)
        sys.stdout.write(
            f"{name:<16} {one.runs:>10,} runs {one.features:>7,} features {len(one.found):>3} found\n"
        )
        for file in one.found:
            tail = one.said[one.said.find("=== Uncaught") :][:3000]
            sys.stdout.write(f"  {file}\n{tail}\n")
        sys.stdout.flush()
    total = sum(one.runs for one in results)
    found = sum(len(one.found) for one in results)
    sys.stdout.write(f"{total:,} runs of {len(results)} targets, {found} found\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
