"""Transcripts of a terminal in the documentation, run again: what is typed there, and what it answers.

In a block ```console a line that begins with `$ ` is typed, `> ` continues it, and the lines below are what it prints. There
`...` stands for anything in a line, and a line of its own for any lines. A whole page is one shell: what is exported stays so.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ANYTHING = "..."


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is typed, and the lines that it prints."""

    typed: str
    answer: tuple[str, ...]

    def agrees(self, said: str) -> bool:
        """Whether this is what was said."""
        lines = tuple(line.rstrip() for line in said.strip("\n").splitlines())
        return _agree(tuple(line.rstrip() for line in self.answer), lines)


def _agree(wanted: tuple[str, ...], lines: tuple[str, ...]) -> bool:
    if not wanted:
        return not lines
    first, rest = wanted[0], wanted[1:]
    if first.strip() == _ANYTHING:
        return any(_agree(rest, lines[at:]) for at in range(len(lines) + 1))
    line = ".*".join(re.escape(piece) for piece in first.split(_ANYTHING))
    return bool(lines) and re.fullmatch(line, lines[0]) is not None and _agree(rest, lines[1:])


def steps(page: str) -> list[Step]:
    """Everything that a page types, in its order."""
    found: list[Step] = []
    for block in _BLOCK.findall(page):
        typed: list[str] = []
        answer: list[str] = []
        for line in block.splitlines():
            if line.startswith("$ "):
                if typed:
                    found.append(Step("\n".join(typed), tuple(answer)))
                typed, answer = [line[2:]], []
            elif line.startswith("> ") and not answer:
                typed.append(line[2:])
            else:
                answer.append(line)
        if typed:
            found.append(Step("\n".join(typed), tuple(answer)))
    return found


class Shell:
    """One bash for a whole page."""

    _END = "-- answered --"

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"], cwd=folder, env=dict(environ),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def __enter__(self) -> Shell:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bash.stdin is not None:
            self._bash.stdin.close()
        self._bash.wait(timeout=30)

    def type(self, typed: str) -> str:
        """What it answers."""
        assert self._bash.stdin is not None
        # What is typed gets no input of its own: nothing in a transcript waits for an answer.
        self._bash.stdin.write(f"{{ {typed}\n}} </dev/null\necho; echo '{self._END}'\n")
        self._bash.stdin.flush()
        return "".join(self._lines()).removesuffix("\n")

    def _lines(self) -> Iterator[str]:
        assert self._bash.stdout is not None
        for line in self._bash.stdout:
            if line.rstrip("\n") == self._END:
                return
            yield line
        raise AssertionError("the shell has ended")
