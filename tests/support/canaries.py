"""Secrets that would be noticed anywhere, in whatever form a program puts a text, and a watch over what a run leaves on the way."""

from __future__ import annotations

import base64
import os
import secrets
import stat
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: What URLs, JSON, shells and YAML write differently.
_AWKWARD = "+/=&\"\\'% "


def canary(*, awkward: bool = True) -> str:
    """A value like no other; `awkward` with characters that have other forms elsewhere."""
    word = secrets.token_hex(_PIECE)
    return f"{word[:_PIECE]}{_AWKWARD}{word[_PIECE:]}" if awkward else word


def forms(value: str) -> set[str]:
    """Pieces of it as they stand in any text that has it: as it is, which escapes for JSON, URLs and shells leave alone, and in
    base64 at each of the three places that it can begin at."""
    found = set()
    for piece in (value[:_PIECE], value[-_PIECE:]):
        found.add(piece)
        for before in range(3):
            coded = base64.b64encode(b"\0" * before + piece.encode()).decode().rstrip("=")
            # The characters that hold bits of what stands beside it say nothing of the piece.
            inner = coded[(0, 2, 3)[before] : len(coded) - (1 if (before + len(piece)) % 3 else 0)]
            found |= {inner, inner.replace("+", "-").replace("/", "_")}
    return found


_PIECE = 16


@dataclass(frozen=True)
class Canaries:
    """Secrets by name, and where one of them stands."""

    values: Mapping[str, str]
    _forms: dict[str, set[str]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._forms.update({name: forms(value) for name, value in self.values.items()})

    def within(self, text: str, *, but: Iterable[str] = ()) -> set[str]:
        """The names of those that stand in a text, in whatever form."""
        left = set(but)
        return {
            name
            for name in self.values
            if name not in left and any(form in text for form in self._forms[name])
        }


@dataclass(slots=True)
class Child:
    """One process that was seen: its command line, and the names of the secrets in its environment."""

    command: str
    has: set[str]


@dataclass(slots=True)
class Watch:
    """While it holds: every process that has a word in its environment, and every file below a folder for temporary files.

    Attributes:
        canaries: what is looked for.
        temporary: the folder.
        children: by command line.
        files: path -> all permissions that it had at some time, and the canaries that stood in it.
    """

    canaries: Canaries
    temporary: Path
    children: dict[str, Child] = field(default_factory=dict)
    files: dict[str, tuple[int, set[str]]] = field(default_factory=dict)
    _word: str = field(default_factory=lambda: secrets.token_hex(12))
    _seen: dict[str, str] = field(default_factory=dict)
    _others: set[str] = field(default_factory=set)
    _known: dict[Path, tuple[int, int]] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @property
    def environ(self) -> dict[str, str]:
        """What a process must be started with to be watched."""
        return {"FORMERR_TEST_WATCHED": self._word, "TMPDIR": os.fspath(self.temporary)}

    def __enter__(self) -> Watch:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        assert self._thread is not None
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            for pid in os.listdir("/proc"):  # noqa: PTH208  (many times a second)
                if pid.isdigit() and pid not in self._others:
                    with suppress(OSError):
                        self._look(pid)
            for file in self.temporary.rglob("*"):
                with suppress(OSError):
                    self._read(file)

    def _look(self, pid: str) -> None:
        process = Path("/proc", pid)
        command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        # Between fork and exec a child has its parent's command line, and its environment.
        if not command or self._seen.get(pid) == command:
            return
        environ = (process / "environ").read_bytes().decode("utf-8", "replace")
        self._seen[pid] = command
        if self._word in environ:
            known = self.children.setdefault(command, Child(command, set()))
            known.has |= self.canaries.within(environ)
        else:
            self._others.add(pid)

    def _read(self, file: Path) -> None:
        kind = file.lstat()
        if not stat.S_ISREG(kind.st_mode) or self._known.get(file) == (kind.st_size, kind.st_mtime_ns):
            return
        self._known[file] = (kind.st_size, kind.st_mtime_ns)
        mode, has = self.files.get(os.fspath(file), (0, set()))
        has = has | self.canaries.within(file.read_bytes().decode("utf-8", "replace"))
        self.files[os.fspath(file)] = (mode | stat.S_IMODE(kind.st_mode), has)
