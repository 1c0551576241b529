"""Whether a variable of the environment switches something on: one test of truth for all of them. Standard library only."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_OFF = frozenset({"", "0", "false", "no", "off"})


def is_on(environ: Mapping[str, str], name: str) -> bool:
    """Whether it says anything but no."""
    return environ.get(name, "").strip().lower() not in _OFF
