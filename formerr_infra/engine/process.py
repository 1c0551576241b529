"""One run of the engine's program, from its start to its orderly end.

The engine stands in a process group of its own and writes into files: a Ctrl-C at the terminal reaches it once, from
here, and an engine whose parent is gone goes on to its end and gives its lock back, instead of dying on a closed pipe.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from types import FrameType, TracebackType

_LOOK = 0.05
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Done:
    """How it ended.

    Attributes:
        code: exit code; negative for a signal.
        out, err: what it printed.
        interrupted: whether somebody wanted it to end before it did.
    """

    code: int
    out: str
    err: str
    interrupted: bool = False


def run(
    words: Sequence[str],
    *,
    folder: Path,
    environ: Mapping[str, str],
    tick: Callable[[], None] = lambda: None,
    interrupted: Callable[[], None] = lambda: None,
    timeout: float | None = None,
) -> Done:
    """Start a program, and wait for its end.

    Args:
        words: the program and its arguments.
        folder: where it runs.
        environ: its whole environment.
        tick: called every now and then while it runs, and once after.
        interrupted: called when this process is told to end, after the program was told so.
        timeout: seconds; None waits for as long as it takes.

    Raises:
        TimeoutError: it took longer, and was killed.
        OSError: it cannot be started.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, _Passing(interrupted) as passing:
        process = subprocess.Popen(
            words, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=out, stderr=err, process_group=0
        )
        passing.to(process)
        try:
            _wait(process, tick, timeout)
        except TimeoutError:
            _kill(process)
            raise
        except BaseException:
            # Whoever watched it failed; the engine must not go on unseen, nor be torn down amid a write.
            passing.end()
            process.wait()
            raise
        return Done(process.returncode, _text(out), _text(err), interrupted=passing.heard)


def _wait(process: subprocess.Popen[bytes], tick: Callable[[], None], timeout: float | None) -> None:
    waited = 0.0
    while True:
        try:
            process.wait(timeout=_LOOK)
        except subprocess.TimeoutExpired:
            waited += _LOOK
            if timeout is not None and waited >= timeout:
                raise TimeoutError(timeout) from None
            tick()
        else:
            tick()
            return


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


class _Passing:
    """While it holds, what would end this process is passed on as an interrupt.

    The engine takes the first one for a wish to end in order, and the second for one to end at once. So only a second
    Ctrl-C is passed on too: who cancels a pipeline sends SIGINT and, some seconds later, SIGTERM, and means the same.
    """

    def __init__(self, told: Callable[[], None]) -> None:
        self.heard = False
        self._told = told
        self._process: subprocess.Popen[bytes] | None = None
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> _Passing:
        if threading.current_thread() is threading.main_thread():
            for number in _ENDING:
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what `signal` gave

    def to(self, process: subprocess.Popen[bytes]) -> None:
        """What to pass on to, from its start on."""
        self._process = process
        if self.heard:
            process.send_signal(signal.SIGINT)

    def end(self) -> None:
        """Pass an interrupt on, unless one was heard already: the second would mean at once."""
        if not self.heard:
            self.heard = True
            if self._process is not None:
                self._process.send_signal(signal.SIGINT)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if self.heard and number != signal.SIGINT:
            return
        self.heard = True
        _told_to_end.set()
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
        # Whoever is told may write to a terminal that is gone; an error out of here would count as a watcher's.
        with suppress(Exception, SystemExit):
            self._told()


_told_to_end = threading.Event()


def told_to_end() -> bool:
    """Whether this process was ever told to end while the engine ran: nobody may read any more what it says."""
    return _told_to_end.is_set()


def runs(pid: int) -> bool:
    """Whether a process of that number runs on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True
