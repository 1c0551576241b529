"""Values that one step hands to the next, as lines of the file GITHUB_OUTPUT: pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from formerr_infra.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def handed(values: Mapping[str, Any], names: Iterable[str], stack: str, *, secret: str) -> list[str]:
    """`name=value` for each name.

    Args:
        values: outputs of the stack.
        names: those that are wanted.
        stack: its name, for messages.
        secret: what stands in a secret's place.

    Raises:
        SettingsError: one is not there, is a secret, or would be more than one line.
    """
    wrong, lines = [], []
    for name in names:
        value = values.get(name)
        text = value if isinstance(value, str) else json.dumps(value)
        if name not in values:
            known = ", ".join(sorted(values)) or "none; was it deployed?"
            wrong.append(f"stack {stack!r} has no output {name!r}; its outputs: {known}")
        elif text == secret:
            wrong.append(f"output {name!r} of stack {stack!r} is a secret, and is handed to no step")
        elif not text.isprintable():
            wrong.append(f"output {name!r} of stack {stack!r} is more than one line of text")
        else:
            lines.append(f"{name}={text}")
    if wrong:
        raise SettingsError(wrong)
    return lines
