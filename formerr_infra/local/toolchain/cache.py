"""The cache of tools: a version is there completely or not at all.

What is made comes into a folder of its own, is recorded and then renamed; a run that is killed leaves such a
folder behind, and the next one removes it. Two runs at once are kept apart by a lock per tool. Standard
library only.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RECORD = ".made.json"
STAGING = ".making-"
_WAIT_SECONDS = 0.2


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    """A tool's version in the cache.

    Attributes:
        folder: tools/<name>/<version>
        way: how it came there: release or build.
        recipe: what it was made from; another recipe makes it again.
    """

    folder: Path
    way: str
    recipe: str

    def program(self, name: str) -> Path:
        return self.folder / name


@dataclass(frozen=True, slots=True)
class ToolCache:
    """The versions of all tools below one folder."""

    root: Path

    def entry(self, name: str, version: str) -> Entry | None:
        """The version if it is complete: recorded, and every file as long as recorded and executable."""
        folder = self.root / name / version
        try:
            record = json.loads((folder / RECORD).read_text("utf-8"))
            for file, facts in record["files"].items():
                path = folder / file
                if path.stat().st_size != facts["size"] or not os.access(path, os.X_OK):
                    return None
            return Entry(folder=folder, way=str(record["way"]), recipe=str(record["recipe"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    @contextmanager
    def locked(self, name: str, waiting: Callable[[str], None]) -> Iterator[None]:
        """Only one run at a time works on a tool; `waiting` is told who holds the lock."""
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("a+") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    file.seek(0)
                    waiting(file.read().strip() or "another run")
                    time.sleep(_WAIT_SECONDS)
            file.truncate(0)
            file.write(f"process {os.getpid()}")
            file.flush()
            try:
                yield
            finally:
                file.truncate(0)

    def make(self, name: str, version: str, way: str, recipe: str, fill: Callable[[Path], None]) -> Entry:
        """Let `fill` put the files into an empty folder, then publish it as the version. Call it locked.

        What `fill` raises goes through; nothing is published then.
        """
        parent = self.root / name
        parent.mkdir(parents=True, exist_ok=True)
        for left in parent.glob(f"{STAGING}*"):
            shutil.rmtree(left, ignore_errors=True)
        staging = parent / f"{STAGING}{version}-{os.getpid()}"
        staging.mkdir()
        try:
            fill(staging)
            files = {}
            for path in sorted(staging.iterdir()):
                path.chmod(0o755)
                files[path.name] = {"size": path.stat().st_size, "sha256": sha256_of(path)}
            record = {"way": way, "recipe": recipe, "files": files}
            (staging / RECORD).write_text(json.dumps(record, indent=2) + "\n", "utf-8")
            final = parent / version
            if final.exists():
                old = parent / f"{STAGING}old-{version}-{os.getpid()}"
                final.rename(old)
            staging.rename(final)
        finally:
            for left in parent.glob(f"{STAGING}*"):
                shutil.rmtree(left, ignore_errors=True)
        return Entry(folder=final, way=way, recipe=recipe)
