"""Standard output and error after somebody has ended a run: who read them may be gone, and the run still ends in order.

A terminal that is closed, or the `tee` of a pipeline that gets the same Ctrl-C, takes no more lines. Until the engine was
told to end such a write stops the command, as it does any other; from then on it is left out, so that what is left is
looked at and the exit code says what happened.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Callable


class Steady:
    """A stream that outlives its reader.

    Args:
        stream: to write to.
        ending: whether a failing write is to be left out.
    """

    def __init__(self, stream: TextIO, ending: Callable[[], bool]) -> None:
        self._stream = stream
        self._ending = ending

    def write(self, text: str) -> int:
        """Write it, or leave it out."""
        try:
            return self._stream.write(text)
        except OSError:
            if not self._left_out():
                raise
            return len(text)

    def flush(self) -> None:
        """Flush it, or leave it out."""
        try:
            self._stream.flush()
        except OSError:
            if not self._left_out():
                raise

    def _left_out(self) -> bool:
        """Whether what could not be written is left out; then all that follows goes nowhere."""
        if not self._ending():
            return False
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
        return True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def steady() -> None:
    """Put them in the place of standard output and error, where these are not closed."""
    sys.stdout, sys.stderr = (
        one if one is None or isinstance(one, Steady) else cast("TextIO", Steady(one, _ending))
        for one in (sys.stdout, sys.stderr)
    )


def _ending() -> bool:
    process = sys.modules.get("formerr_infra.engine.process")
    return process is not None and bool(process.told_to_end())
