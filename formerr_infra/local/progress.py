"""What someone sees while set-up works: which program, what is done to it, for how long.

On a terminal one line per running task, redrawn; elsewhere a line when a task starts or changes its phase,
and one every 20 s that says it is still alive; of those that wait for another, only where nobody else said
anything. Standard library only, because it runs before anything is
installed.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

HEARTBEAT_SECONDS = 20.0
REDRAW_SECONDS = 0.2


def clock(seconds: float) -> str:
    """`75` as `1:15`."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


class Task:
    """One thing that is being worked on; made by `Progress.task`."""

    def __init__(self, progress: Progress, name: str) -> None:
        self.name = name
        self.began = time.monotonic()
        self.phase = ""
        self.detail = ""
        self.spoke = self.began
        self._progress = progress

    def say(self, phase: str, detail: str = "") -> None:
        """What is done now. A new `phase` is worth a line; a new `detail` only where lines are redrawn."""
        self._progress.changed(self, phase, detail)

    @property
    def waits(self) -> bool:
        """Whether it does nothing until another one is done."""
        return self.phase.startswith("waiting")

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.began

    def line(self) -> str:
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.name}: {self.phase or 'starting'}{detail}, {clock(self.elapsed)}"


class Progress:
    """All running tasks, drawn together; a context manager.

    Args:
        stream: where to draw; default standard error.
        live: redraw lines in place; default: whether `stream` is a terminal.
    """

    def __init__(self, stream: TextIO | None = None, *, live: bool | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._live = self._stream.isatty() if live is None else live
        self._tasks: list[Task] = []
        self._drawn = 0
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Progress:
        self._thread = threading.Thread(target=self._tick, name="progress", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            self._erase()
            self._stream.flush()

    def note(self, text: str) -> None:
        """A line that stays."""
        with self._lock:
            self._erase()
            self._stream.write(text + "\n")
            self._draw()
            self._stream.flush()

    @contextmanager
    def task(self, name: str) -> Iterator[Task]:
        """A task for the time of the block. What came of it is for the caller to note."""
        task = Task(self, name)
        with self._lock:
            self._tasks.append(task)
        try:
            yield task
        finally:
            with self._lock:
                self._erase()
                self._tasks.remove(task)
                self._draw()

    def changed(self, task: Task, phase: str, detail: str) -> None:
        with self._lock:
            new_phase = phase != task.phase
            task.phase, task.detail = phase, detail
            if new_phase and not self._live:
                task.spoke = time.monotonic()
                self._stream.write(f"  {task.line()}\n")
                self._stream.flush()

    def _tick(self) -> None:
        while not self._stop.wait(REDRAW_SECONDS):
            with self._lock:
                if self._live:
                    self._erase()
                    self._draw()
                else:
                    self._beat()
                self._stream.flush()

    def _beat(self) -> None:
        now = time.monotonic()
        due = [task for task in self._tasks if now - task.spoke >= HEARTBEAT_SECONDS]
        quiet = all(now - task.spoke >= HEARTBEAT_SECONDS for task in self._tasks if not task.waits)
        working = [task for task in due if not task.waits]
        for task in working or (due if quiet else []):
            task.spoke = now
            self._stream.write(f"  {task.line()}\n")

    def _erase(self) -> None:
        if self._live and self._drawn:
            self._stream.write(f"\x1b[{self._drawn}A\x1b[J")
            self._drawn = 0

    def _draw(self) -> None:
        if not self._live:
            return
        width = max(shutil.get_terminal_size().columns - 1, 20)
        for task in self._tasks:
            self._stream.write(f"  {task.line()}"[:width] + "\n")
        self._drawn = len(self._tasks)
