"""The engine's own words, fit to be read: no styles, no tracebacks, each said once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_STYLE = re.compile(r"<\{%.*?%\}>|\x1b\[[0-9;?]*[A-Za-z]")
_TRACEBACK = re.compile(r"^\s*Traceback \(most recent call last\):\s*$")
_CHAINED = re.compile(
    r"^\s*(During handling of the above exception|The above exception was the direct cause)\b.*$"
)
_PREFIX = re.compile(r"^(error|warning): ")
#: What the engine says besides, when something else has gone wrong.
_FAILED = re.compile(
    r"(an unhandled error occurred: program exited with non-zero exit code: \d+|(update|preview|refresh|destroy) failed)$",
    re.IGNORECASE,
)
_LONGEST = 4000


def plain(text: str) -> str:
    """The text without the engine's styles and a terminal's."""
    return _STYLE.sub("", text)


def without_tracebacks(text: str) -> str:
    """The text with each Python traceback cut down to the line that names the exception."""
    kept: list[str] = []
    inside = False
    for line in text.splitlines():
        if _TRACEBACK.match(line):
            inside = True
        elif _CHAINED.match(line):
            continue
        elif not inside or (line.strip() and not line.startswith((" ", "\t"))):
            inside = False
            kept.append(line)
    return "\n".join(kept)


def told(messages: Iterable[str]) -> str:
    """Messages of one run as one text, each once, in their order; that it failed is left out where something says why."""
    said: dict[str, str] = {}
    for one in messages:
        text = _PREFIX.sub("", without_tracebacks(plain(one)).strip())
        said.setdefault(" ".join(text.split()), text)
    why = [text for words, text in said.items() if words and not _FAILED.match(words)]
    text = "\n".join(why or said.values()).strip()
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def errors(printed: str) -> tuple[str, ...]:
    """The messages in what a command printed, each from its `error:` to the next such word or an empty line."""
    found: list[list[str]] = []
    inside = False
    for line in plain(printed).splitlines():
        if line.lstrip().startswith("error: "):
            found.append([line.strip()])
            inside = True
        elif not line.strip() or line.lstrip().startswith("warning: "):
            inside = False
        elif inside:
            found[-1].append(line)
    return tuple("\n".join(one) for one in found)
