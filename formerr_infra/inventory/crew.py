"""Several waits at the same time, on threads that never keep a process alive.

The executors of the standard library join their threads when the interpreter ends, so that one hanging
connection would hold up Ctrl-C; these threads are daemons, and the caller waits on a lock that a signal
interrupts. It does not cancel what is under way: whoever runs here bounds its own time.
"""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")


@dataclass(slots=True)
class _Outcome(Generic[T]):
    value: T | None = None
    error: BaseException | None = None
    done: bool = False


class StillRunning(Exception):
    """A job was not finished when the time was up."""


def side_by_side(jobs: Sequence[Callable[[], T]], *, width: int, timeout: float) -> list[T | StillRunning]:
    """Run `jobs`, at most `width` at the same time, started in order.

    Returns:
        The results in the order of the jobs; `StillRunning` for one that was not finished after `timeout`
        seconds.

    Raises:
        BaseException: what the first job (in order) that failed has raised.
    """
    outcomes: list[_Outcome[T]] = [_Outcome() for _ in jobs]
    todo = itertools.count()
    left = len(jobs)
    lock = threading.Lock()
    finished = threading.Event()

    def work() -> None:
        nonlocal left
        while True:
            with lock:
                index = next(todo)
            if index >= len(jobs):
                return
            outcome = outcomes[index]
            try:
                outcome.value = jobs[index]()
            except BaseException as error:
                outcome.error = error
            outcome.done = True
            with lock:
                left -= 1
                if left == 0:
                    finished.set()

    if not jobs:
        return []
    for number in range(min(width, len(jobs))):
        threading.Thread(target=work, name=f"inventory-{number}", daemon=True).start()
    finished.wait(timeout)
    results: list[T | StillRunning] = []
    for outcome in outcomes:
        if not outcome.done:
            results.append(StillRunning())
        elif outcome.error is not None:
            raise outcome.error
        else:
            results.append(cast("T", outcome.value))
    return results
