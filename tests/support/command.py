"""`formerr` as a user types it, in the folder and the environment of a stack: a process of its own, and what it did.

It gives the exit code, both outputs apart and what the API was asked meanwhile, so that a test can say what was
printed, what a machine would read and what was written.
"""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.stack import QUESTION, STEP_SECONDS, end_session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from formerr_infra.emulator.client import RequestRecord
    from tests.support.stack import Stack

_LOOK = 0.02


@dataclass(frozen=True, slots=True)
class Ran:
    """What one command did.

    Attributes:
        words: as they were typed.
        code: exit code; negative for a signal.
        out, err: what it printed.
        requests: what the API was asked meanwhile.
    """

    words: tuple[str, ...]
    code: int
    out: str
    err: str
    requests: tuple[RequestRecord, ...]

    @property
    def said(self) -> str:
        """Everything that a user reads."""
        return f"{self.err}\n{self.out}"

    @property
    def writes(self) -> tuple[str, ...]:
        """Requests other than reads, whether they were applied or not: `POST /v2/vpcs`."""
        return tuple(
            f"{one.method} {one.path}"
            for one in self.requests
            if one.method not in ("GET", "HEAD") and one.path != QUESTION
        )

    @property
    def json(self) -> Any:
        """The document that it printed."""
        return json.loads(self.out)

    def ok(self) -> Ran:
        """Itself, if it succeeded; nobody ever sees a traceback."""
        return self.ended(0)

    def ended(self, code: int, *words: str) -> Ran:
        """Itself, if it ended with this code and said all the words."""
        shown = f"formerr {' '.join(self.words)} ended with {self.code}:\n{self.said}"
        assert self.code == code, shown
        assert "Traceback" not in self.said, shown
        for word in words:
            assert word in self.said, f"{word!r} was not said; {shown}"
        return self

    def refused(self, code: int, *words: str) -> Ran:
        """The same, if no write was sent either."""
        assert self.writes == (), f"a refused {self.words[0]} wrote: {self.writes}\n{self.said}"
        return self.ended(code, *words)


def formerr(
    stack: Stack,
    *words: str,
    typed: str | None = None,
    environ: Mapping[str, str] | None = None,
    watch: Callable[[subprocess.Popen[str]], bool] | None = None,
) -> Ran:
    """Type `formerr` and the words.

    Args:
        stack: its project is the working folder, its environment that of the command.
        words: the command and its arguments.
        typed: what is typed at a terminal; without it there is no terminal.
        environ: more variables.
        watch: called every now and then with the running process until it gives True; may send it signals.
    """
    before = len(stack.control.requests())
    near, far = pty.openpty() if typed is not None else (-1, subprocess.DEVNULL)
    process = subprocess.Popen(
        [sys.executable, "-m", "formerr_infra.cli.app", *words],
        cwd=stack.project,
        env={**stack.environment, "COLUMNS": "160", **(environ or {})},
        stdin=far,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(process, watch, done)) if watch is not None else None
    try:
        if typed is not None:
            os.write(near, typed.encode())
        if watcher is not None:
            watcher.start()
        out, err = process.communicate(timeout=STEP_SECONDS)
    finally:
        done.set()
        end_session(process)
        if typed is not None:
            os.close(near)
            os.close(far)
    if watcher is not None:
        watcher.join()
    asked = tuple(stack.control.requests()[before:])
    return Ran(words, process.returncode, out, err, asked)


def _watch(
    process: subprocess.Popen[str], watch: Callable[[subprocess.Popen[str]], bool], done: threading.Event
) -> None:
    while not done.wait(_LOOK):
        if watch(process):
            return
