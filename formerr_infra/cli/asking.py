"""Whether there is somebody to ask, and what ends a command that waits for an answer."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_TOLD_TO_END = (signal.SIGTERM, signal.SIGHUP)


def somebody() -> bool:
    """Whether a terminal is there to answer; standard input can be closed."""
    return sys.stdin is not None and sys.stdin.isatty()


@contextmanager
def undone_when_told_to_end() -> Iterator[None]:
    """While it holds, what would end this process at once is raised, so that what was begun can be taken back.

    While the engine runs, such a signal is the engine's (`engine.process`).
    """
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in _TOLD_TO_END:
            if signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, _raise)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
