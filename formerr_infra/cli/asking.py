"""Questions: whether there is somebody to ask, how it is asked, and what ends a command that waits for an answer.

A question goes to stderr, so that what a command prints can be read by a program.
"""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_TOLD_TO_END = (signal.SIGTERM, signal.SIGHUP)


def somebody() -> bool:
    """Whether a terminal is there to answer; standard input can be closed."""
    return sys.stdin is not None and sys.stdin.isatty()


def agreed(question: str) -> bool:
    """Whether somebody is there and says yes; anything else is a no."""
    return somebody() and typed(f"{question} [y/N]").lower() in ("y", "yes")


def typed(question: str) -> str:
    """What is typed as an answer; whether there is somebody is another question."""
    # Not click's own way: that prints a blank to stdout, and takes Ctrl-C for a no.
    typer.echo(f"{question}: ", nl=False, err=True)
    return sys.stdin.readline().strip()


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
