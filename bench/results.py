"""docs/benchmarks.json: what each part has measured last, with the commit and the time of it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from formerr_infra.local.paths import CHECKOUT

if TYPE_CHECKING:
    from bench.rows import Measured

Json = dict[str, Any]
RESULTS = CHECKOUT / "docs" / "benchmarks.json"
PAGE = CHECKOUT / "docs" / "benchmarks.md"
#: All parts, in the order in which they are measured and shown.
PARTS = ("start", "detection", "limits", "preview", "deployments", "application", "accounts", "states")


def read(file: Path = RESULTS) -> Json:
    """Part -> what it has measured; empty where nothing was yet."""
    if not file.exists():
        return {}
    held: Json = json.loads(file.read_text("utf-8"))
    return held


def merged(held: Json, part: str, measured: Measured, *, seconds: float, around: Json) -> Json:
    """The same with this part's new results in the place of its old ones."""
    now = {**held, part: {**around, "seconds": round(seconds, 1), **measured.plain()}}
    return {name: now[name] for name in PARTS if name in now}


def around() -> Json:
    """Where and when a measurement is made."""
    return {
        "commit": _commit(),
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "plugin": _plugin(),
    }


def write(held: Json) -> None:
    """Both files."""
    from bench.page import page

    RESULTS.write_text(json.dumps(held, indent=1) + "\n", "utf-8")
    PAGE.write_text(page(held), "utf-8")


def _commit() -> str:
    def git(*words: str) -> str:
        asked = subprocess.run(["git", *words], cwd=CHECKOUT, capture_output=True, text=True, check=False)
        return asked.stdout.strip()

    commit = git("rev-parse", "--short", "HEAD") or "unknown"
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs")
    return f"{commit}, with changes" if changed else commit


def _plugin() -> str:
    from tests.support.tools import find

    with tempfile.TemporaryDirectory() as folder:
        try:
            return "the official one" if find(Path(folder)).official else "the stand-in"
        except LookupError:
            return "none"
