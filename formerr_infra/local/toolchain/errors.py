"""What can be wrong with a program.

::

    SetupError
    └── ToolUnavailable   exit 12   no way led to the program; names every way that was tried
    WayFailed             (internal) one way did not lead there; the next one is tried
"""

from __future__ import annotations

from dataclasses import dataclass

from formerr_infra.errors import SetupError


class WayFailed(Exception):
    """One way to a program did not work; its text says why, in a sentence or by its last words."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A way that was tried, and why it did not lead to the program."""

    way: str
    why: str


class ToolUnavailable(SetupError):
    """No way led to a program.

    Args:
        name: the program.
        attempts: what was tried, in order.
        advice: what to install or to set.
    """

    exit_code = 12

    def __init__(self, name: str, attempts: tuple[Attempt, ...], advice: str) -> None:
        self.name = name
        self.attempts = attempts
        tried = "\n".join(f"  {a.way}: {a.why}".replace("\n", "\n    ") for a in attempts)
        super().__init__(f"{name} could not be had. What was tried:\n{tried}\nWhat helps:\n{advice}")
