"""What people see of a change: of a key that can hold no secret its value, of anything else that it changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any

from ruamel.yaml.nodes import ScalarNode

from formerr_infra.naming import PROJECT
from formerr_infra.settings.secrets import KEYS
from formerr_infra.settings.slack import KEY as SLACK_KEY
from formerr_infra.sync.lines import pairs

HIDDEN = "(not shown)"
_SECRET = frozenset({*KEYS, SLACK_KEY})


def value(key: str, held: Any) -> Any:
    """A value to be seen by people; None for a secret, encrypted or not."""
    return None if isinstance(held, Mapping) or not is_shown(key) else held


def is_shown(key: str) -> bool:
    """Whether a key, with its namespace, can hold no secret."""
    namespace, _, name = key.partition(":")
    return namespace == PROJECT and name not in _SECRET


def diff(before: str, after: str, name: str) -> str:
    """A unified diff without context.

    A line is shown where one key that can hold no secret stands with its value, and nothing else does.

    Args:
        before, after: texts of a stack file.
        name: of the file.
    """
    old, new = before.split("\n"), after.split("\n")
    shown = (_shown(before), _shown(after))
    said = []
    for kind, begin, end, first, last in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        said.append(f"@@ -{_range(begin, end)} +{_range(first, last)} @@")
        said += [f"-{_line(old[at], at in shown[0])}" for at in range(begin, end)]
        said += [f"+{_line(new[at], at in shown[1])}" for at in range(first, last)]
    return "".join(f"{one}\n" for one in (f"--- {name}", f"+++ {name} (new)", *said)) if said else ""


def _shown(text: str) -> frozenset[int]:
    """The lines that may be shown, from 0 on; by their place in the text, because YAML knows more line ends than `\\n`."""
    return frozenset(
        line
        for key, at, held in pairs(text)
        if is_shown(key) and isinstance(held, ScalarNode)
        for line in [text.count("\n", 0, at.start_mark.index)]
        if line == text.count("\n", 0, held.end_mark.index) and held.start_mark.index >= at.end_mark.index
    )


def _line(line: str, shown: bool) -> str:  # noqa: FBT001 - of two halves of one line
    line = line.rstrip("\r")
    if shown or not line.strip():
        return line
    key = _KEY.match(line)
    return f"{key[0]} {HIDDEN}" if key else HIDDEN


#: Never more of a line than a key as stack files have them.
_KEY = re.compile(r"""\s*['"]?[A-Za-z-]{1,40}(:[A-Za-z]{1,60})?['"]?:(?=\s|$)""")


def _range(begin: int, end: int) -> str:
    many = end - begin
    return str(begin + 1) if many == 1 else f"{begin + 1 if many else begin},{many}"
