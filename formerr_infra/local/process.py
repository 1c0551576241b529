"""Whether a process that was started earlier still runs, and is still the same one.

A number in a file proves nothing: numbers are used again. What identifies a process here is its number
together with the moment it was started. A zombie counts as ended, because nobody may be there to collect it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Process:
    """A process of this machine.

    Attributes:
        pid: its number.
        born: when it was started, in the system's own words; equal for the same process only.
        command: its command line, for telling what it is.
    """

    pid: int
    born: str
    command: str


def look(pid: int) -> Process | None:
    """The process with that number, or None if there is none or it has ended."""
    proc = Path("/proc") / str(pid)
    if Path("/proc/self/stat").exists():
        try:
            # The program's name in parentheses may hold anything, spaces and parentheses too.
            fields = (proc / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            command = (proc / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        except OSError:
            return None
        return None if fields[0] in "ZX" else Process(pid, fields[19], command)
    done = subprocess.run(
        ["ps", "-o", "stat=,lstart=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    words = done.stdout.split()
    if done.returncode != 0 or len(words) < 7 or words[0].startswith("Z"):
        return None
    return Process(pid, " ".join(words[1:6]), " ".join(words[6:]))


def is_same(pid: int, born: str) -> bool:
    """Whether that very process still runs."""
    found = look(pid)
    return found is not None and found.born == born


def end(pid: int, born: str, *, patience: float) -> bool:
    """Ask that very process to end, and make it after `patience` seconds; whether it had to be made."""
    if not is_same(pid, born):
        return False
    os.kill(pid, signal.SIGTERM)
    if _gone(pid, born, patience):
        return False
    if is_same(pid, born):
        os.kill(pid, signal.SIGKILL)
    _gone(pid, born, patience)
    return True


def _gone(pid: int, born: str, patience: float) -> bool:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if not is_same(pid, born):
            return True
        time.sleep(_POLL_SECONDS)
    return not is_same(pid, born)
