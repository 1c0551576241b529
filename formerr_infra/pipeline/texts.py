"""The text of a comment or an issue that is found again by a mark in it: pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: The most characters that GitHub takes of a comment or an issue.
LONGEST = 65_536
KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_CUT = "\n\n… cut here: GitHub takes no more. All of it is in the run's log and artifacts.\n"


def marker(key: str) -> str:
    """What a text begins with; nobody sees it."""
    return f"<!-- formerr:{key} -->"


def body(key: str, parts: Sequence[str], *, footer: str = "") -> str:
    """The mark, the parts, and who wrote it when; as long as GitHub takes.

    Args:
        key: names the text, so that the next run finds it.
        parts: Markdown, one below the other; empty ones are left out.
        footer: one line at the end.
    """
    said = [part.strip() for part in parts if part.strip()]
    head = f"{marker(key)}\n" + "\n\n".join(said)
    tail = f"\n\n<sub>{footer}</sub>\n" if footer else "\n"
    if len(head) + len(tail) <= LONGEST:
        return head + tail
    cut = head[: LONGEST - len(_CUT) - len(tail) - _ROOM]
    # A block that was opened before the cut would swallow what follows.
    return f"{cut}\n{_open_fence(cut)}"[: len(cut) + _ROOM] + _CUT + tail


#: For the end of a block, of any fence that is written here.
_ROOM = 64
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")


def _open_fence(text: str) -> str:
    """The fence of the block that a text ends in; empty where it ends in none."""
    fence = ""
    for line in text.splitlines():
        found = _FENCE.fullmatch(line)
        if found is None:
            continue
        if not fence:
            fence = found[1]
        elif found[1].startswith(fence) and not found[2].strip():
            fence = ""
    return fence


def is_ours(key: str, said: Mapping[str, Any]) -> bool:
    """Whether a comment or an issue is the one of that key: the mark at its start, and written by a program.

    Anybody can write the mark into a comment of their own; nobody but a program can be one.
    """
    text, user = said.get("body"), said.get("user")
    written = isinstance(user, dict) and user.get("type") == "Bot"
    return written and isinstance(text, str) and text.startswith(marker(key))
