"""Keeps the programs of one control plane, and ends them all as soon as one ends or the emulator goes away.

A script of its own, of the standard library only, started as `python -I -S supervisor.py`. Standard input carries one
JSON object a line: `{"start": NAME, "command": [...], "log": FILE}`, or `{"remove": FOLDER}` for what is to go when
standard input ends, until `{"keep": true}`. That end is the emulator's own, also by SIGKILL. Standard output says
`{"ended": NAME, "code": N}` when a program ended by itself. On Linux the programs end with this process too.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 2.0
"""Seconds that etcd gets to close its files; nothing else has any worth keeping."""
_PR_SET_PDEATHSIG = 1


def _dying_with(parent: int) -> Callable[[], None]:
    """What a child does before its program runs: ask to be killed when `parent` dies."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None

    def prepare() -> None:
        if library is not None:
            library.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


class Supervisor:
    """The programs, by name, in the order they were started."""

    def __init__(self) -> None:
        self.programs: dict[str, subprocess.Popen[bytes]] = {}
        self.remove: list[str] = []
        self._prepare = _dying_with(os.getpid())

    def obey(self, line: bytes) -> None:
        """One line of standard input."""
        order = json.loads(line)
        if "remove" in order:
            self.remove.append(order["remove"])
        if "keep" in order:
            self.remove.clear()
        if "start" in order:
            with Path(order["log"]).open("ab") as log:
                self.programs[order["start"]] = subprocess.Popen(
                    order["command"],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    preexec_fn=self._prepare,  # there are no threads here
                )

    def ended(self) -> tuple[str, int] | None:
        """A program that has ended by itself, with its exit code."""
        for name, program in self.programs.items():
            code = program.poll()
            if code is not None:
                return name, code
        return None

    def end(self) -> None:
        """End everything, the store last."""
        store, others = list(self.programs.values())[:1], list(self.programs.values())[1:]
        for program in others:
            program.kill()
        for program in others:
            program.wait()
        for program in store:
            program.terminate()
            try:
                program.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()
        for folder in self.remove:
            shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(OSError):
                Path(folder).parent.rmdir()


def main() -> None:
    """Until standard input ends, a program ends, or SIGTERM."""
    bell, rope = socket.socketpair()
    for end in (bell, rope):
        end.settimeout(0)
    signal.set_wakeup_fd(rope.fileno())
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda which, _frame: stopped.append(which))
    signal.signal(signal.SIGCHLD, lambda *_: None)
    supervisor, rest = Supervisor(), b""
    with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        selector.register(bell, selectors.EVENT_READ)
        while not stopped:
            ready = {key.fileobj for key, _ in selector.select()}
            if bell in ready:
                bell.recv(4096)
            if 0 in ready:
                read = os.read(0, 1 << 16)
                if not read:
                    break
                *lines, rest = (rest + read).split(b"\n")
                for line in lines:
                    supervisor.obey(line)
            ended = supervisor.ended()
            if ended is not None:
                supervisor.remove.clear()
                with contextlib.suppress(OSError):
                    sys.stdout.write(json.dumps({"ended": ended[0], "code": ended[1]}) + "\n")
                    sys.stdout.flush()
                break
    supervisor.end()


if __name__ == "__main__":
    main()
