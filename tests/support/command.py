"""`formerr` as a user types it, in the folder and the environment of a stack: a process of its own, and what it did.

It gives the exit code, both outputs apart and what the API was asked meanwhile, so that a test can say what was
printed, what a machine would read and what was written.
"""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.stack import QUESTION, STEP_SECONDS, end_session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

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


@dataclass(slots=True)
class Running:
    """A command that runs: what it has said so far, and what a user can do to it."""

    process: subprocess.Popen[bytes]
    _files: tuple[Path, Path]
    _terminal: int | None

    @property
    def said(self) -> str:
        """Everything so far."""
        return "\n".join(file.read_text("utf-8", "replace") for file in self._files)

    def type(self, text: str) -> None:
        """Keys at the terminal."""
        assert self._terminal is not None, "there is no terminal"
        os.write(self._terminal, text.encode())

    def press_ctrl_c(self) -> None:
        """What a terminal, or who cancels a pipeline, sends."""
        self.process.send_signal(signal.SIGINT)


def formerr(
    stack: Stack,
    *words: str,
    typed: str | None = None,
    environ: Mapping[str, str] | None = None,
    watch: Callable[[Running], bool] | None = None,
) -> Ran:
    """Type `formerr` and the words.

    Args:
        stack: its project is the working folder, its environment that of the command.
        words: the command and its arguments.
        typed: what is typed at a terminal from the beginning; without it there is no terminal.
        environ: more variables.
        watch: called every now and then with the running command, until it gives True.
    """
    before = len(stack.control.requests())
    near, far = pty.openpty() if typed is not None else (None, subprocess.DEVNULL)
    files = (stack.folder / "out.txt", stack.folder / "err.txt")
    with files[0].open("wb") as out, files[1].open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "formerr_infra.cli.app", *words],
            cwd=stack.project,
            env={**stack.environment, "COLUMNS": "160", **(environ or {})},
            stdin=far,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
    running = Running(process, files, near)
    try:
        if typed:
            running.type(typed)
        _wait(running, watch)
    finally:
        end_session(process)
        if near is not None:
            os.close(near)
            os.close(far)
    said = [file.read_text("utf-8", "replace") for file in files]
    return Ran(words, process.returncode, said[0], said[1], tuple(stack.control.requests()[before:]))


def _wait(running: Running, watch: Callable[[Running], bool] | None) -> None:
    for _ in range(int(STEP_SECONDS / _LOOK)):
        try:
            running.process.wait(timeout=_LOOK)
            return
        except subprocess.TimeoutExpired:
            if watch is not None and watch(running):
                watch = None
    raise AssertionError(f"did not end within {STEP_SECONDS} s:\n{running.said}")
