"""Findings about a stack file as they are told: each with the file, the line and the key, and no more than anybody reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from formerr_infra import files
from formerr_infra.naming import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

#: Findings that are told one by one; of more their number is.
MOST = 50
_LONGEST_KEY = 80
_COLON = re.compile(r":(?=\s|$)")


def located(file: Path, findings: Iterable[tuple[str, str]], *, more: int = 0) -> list[str]:
    """Findings about settings: file, line, key and what is wrong.

    Args:
        file: the stack file.
        findings: key without its namespace, and what is wrong with it.
        more: findings that are not among them.
    """
    return told(file, ((f"{PROJECT}:{key}", message) for key, message in findings), more=more)


def told(file: Path, findings: Iterable[tuple[str, str]], *, more: int = 0) -> list[str]:
    """The same of keys with their namespaces, or without one."""
    each = list(dict.fromkeys(findings))
    lines = lines_of(file) if each else {}
    shown = [f"{file.name}{_at(lines, key)}: {shortened(key)}: {message}" for key, message in each[:MOST]]
    more += len(each) - len(shown)
    return [*shown, f"{file.name}: and {more:,} more such findings"] if more else shown


def lines_of(file: Path) -> Mapping[str, int]:
    """Each key that begins a line of a file, with its namespace, and the first such line."""
    try:
        lines = files.text_of(file).splitlines()
    except OSError:
        return {}
    found: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if colon := _COLON.search(line):
            key = line[: colon.start()].strip()
            quoted = len(key) > 1 and key[0] in "'\"" and key[0] == key[-1]
            found.setdefault(key[1:-1] if quoted else key, number)
    return found


def shortened(key: str) -> str:
    """A key for a message: one of no length that anybody would read."""
    namespace = key[: len(PROJECT) + 1] if key.startswith(f"{PROJECT}:") else ""
    name = key.removeprefix(namespace)
    return key if len(name) <= _LONGEST_KEY else f"{namespace}{name[:_LONGEST_KEY]}…"


def _at(lines: Mapping[str, int], key: str) -> str:
    number = lines.get(key, 0)
    return f":{number}" if number else ""
