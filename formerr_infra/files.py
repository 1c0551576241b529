"""Files that somebody else wrote, read without trusting them: a regular file of a plausible size, or a plain refusal.

A FIFO in place of a file would wait for ever, a device would never end. What a user names on the command line may be a
pipe, because shells make pipes of `<(...)`. Standard library only.
"""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

#: Of a file that people write by hand; bytes.
BY_HAND = 256 * 1024
#: Of a file that programs write, such as an exported state; bytes.
BY_PROGRAM = 256 * 1024 * 1024


class Unfit(OSError):
    """What stands there is nothing that is read."""

    def __str__(self) -> str:
        return str(self.strerror)


def bytes_of(file: Path, *, most: int = BY_HAND, pipe: bool = False) -> bytes:
    """What is in a file.

    Args:
        file: followed where it is a link.
        most: bytes that are read at most.
        pipe: take a pipe too, and wait for its end.

    Raises:
        Unfit: it is no regular file, or larger.
        OSError: it is not there, or may not be read.
    """
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
        kind = os.fstat(opened.fileno()).st_mode
        if pipe and stat.S_ISFIFO(kind):
            os.set_blocking(opened.fileno(), True)
        elif not stat.S_ISREG(kind):
            raise Unfit(0, f"it is {_KINDS.get(stat.S_IFMT(kind), 'something else')}, and no file")
        data = opened.read(most + 1)
    if len(data) > most:
        raise Unfit(0, f"it has more than {most:,} bytes")
    return data


def text_of(file: Path, *, most: int = BY_HAND, pipe: bool = False) -> str:
    """The same as text.

    Raises:
        Unfit: it is no regular file, larger, or not UTF-8.
        OSError: it is not there, or may not be read.
    """
    try:
        return bytes_of(file, most=most, pipe=pipe).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unfit(0, f"it is not UTF-8 (byte {error.start + 1})") from None


def json_of(file: Path, *, most: int = BY_PROGRAM, pipe: bool = False) -> Any:
    """The same as JSON.

    Raises:
        Unfit: as `text_of`, or it is not JSON.
        OSError: it is not there, or may not be read.
    """
    try:
        return json.loads(text_of(file, most=most, pipe=pipe))
    except json.JSONDecodeError as error:
        raise Unfit(0, f"it is not JSON (line {error.lineno}: {error.msg})") from None
    # A number of more digits than Python reads; nesting without end.
    except (RecursionError, ValueError) as error:
        raise Unfit(0, f"it is not JSON that can be read ({type(error).__name__})") from None


_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
