"""Files of a user: read without trusting them, and written so that what stands there stays what it is.

Read is a regular file of a plausible size, or a plain refusal: a FIFO in place of a file would wait for ever, a device
would never end. What a user names on the command line may be a pipe, because shells make pipes of `<(...)`. Written is
a file as a whole or not at all, behind whatever links lead to it; a device is written to, never replaced. Standard
library only.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Of a file that people write by hand; bytes.
BY_HAND = 256 * 1024
#: Of a file that programs write, such as an exported state; bytes.
BY_PROGRAM = 256 * 1024 * 1024


def home(environ: Mapping[str, str]) -> Path | None:
    """The user's home; None where neither HOME nor the system knows one."""
    try:
        return Path(environ.get("HOME") or Path.home())
    except RuntimeError:
        return None


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
            raise Unfit(0, f"it is {_kind(kind)}, and no file")
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


def put(file: Path, text: str, *, private: bool = False) -> None:
    """Put a text where a path leads.

    Links stay, and what they lead to is written. A file is replaced in one step and keeps who may read it; a character
    device, such as /dev/null, and an open descriptor, such as /dev/stdout or what a shell makes of `>(...)`, get the text.

    Args:
        file: it need not be there.
        text: all that it says afterwards.
        private: only its owner may read it, from its first byte on.

    Raises:
        Unfit: a pipe, a socket, a folder or a block device is there.
        OSError: it cannot be written.
    """
    data = text.encode()
    descriptor = _descriptor(file)
    if descriptor is not None:
        if sys.stdout is not None:
            sys.stdout.flush()
        with os.fdopen(os.dup(descriptor), "wb") as opened:
            opened.write(data)
        return
    try:
        there = file.stat().st_mode
    except FileNotFoundError:
        there = None
    if there is None or stat.S_ISREG(there):
        _replace(Path(os.path.realpath(file)), data, 0o600 if private else there and stat.S_IMODE(there))
        return
    if not stat.S_ISCHR(there):
        raise Unfit(0, f"it is {_kind(there)}, and no file")
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC), "wb") as opened:
        opened.write(data)


def _replace(file: Path, data: bytes, mode: int | None) -> None:
    """The whole file or none of it; `mode` as is, or what a new file gets."""
    new = file.with_name(f".formerr-{os.urandom(8).hex()}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(new, flags, 0o666 if mode is None else 0o600), "wb") as opened:
            if mode is not None:
                os.fchmod(opened.fileno(), mode)
            opened.write(data)
        new.replace(file)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _descriptor(file: Path) -> int | None:
    """The open descriptor that a path stands for: /dev/stdout, /dev/fd/63, /proc/self/fd/1."""
    for _ in range(_LINKS):
        folder = os.path.realpath(file.parent)
        if folder in ("/dev/fd", f"/proc/{os.getpid()}/fd") and file.name.isdecimal():
            return int(file.name)
        if not file.is_symlink():
            return None
        file = Path(folder) / file.readlink()
    return None


#: As many as the kernel follows.
_LINKS = 40


def _kind(mode: int) -> str:
    return _KINDS.get(stat.S_IFMT(mode), "something else")


_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
