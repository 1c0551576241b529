"""The state file: what makes an emulator survive a restart, also one by SIGKILL.

Each change is on disk before the request that made it is answered, through a rename, so that a reader or a killed
writer never sees half a file. Nothing is flushed to the medium: this guards against dying processes, not power cuts.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from pathlib import Path

    from formerr_infra.emulator.store import World


class StateFileBusy(Exception):
    """Another emulator is working on the same state file."""


class StateFile:
    """One state file, held exclusively while the emulator lives."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._saved_revision = -1
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock: TextIO = path.with_name(path.name + ".lock").open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise StateFileBusy(f"{path} is in use by another emulator") from error

    def load(self, world: World) -> bool:
        """Read the file into the world; False if there is none."""
        if not self.path.exists():
            return False
        world.restore(self.path.read_text())
        self._saved_revision = world.revision
        return True

    def save(self, world: World) -> None:
        """Write the world if it changed since the last save or load."""
        if world.revision == self._saved_revision:
            return
        write_atomically(self.path, world.dump())
        self._saved_revision = world.revision


def write_atomically(path: Path, text: str) -> None:
    """Replace a file by one with that text, readable by its owner only."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)
