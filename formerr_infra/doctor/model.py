"""What a doctor's visit finds: one value a finding, and what follows from all of them; pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Exit codes: something would stop a run; something could not be known.
STOPPED, NOT_KNOWN = 3, 4


class Level(StrEnum):
    """What a finding means."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    UNKNOWN = "unknown"
    STOPS = "stops"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked into.

    Attributes:
        topic: what was looked into.
        level: see `Level`; `STOPS` would stop a run.
        message: what was found.
        fix: what to set or run; empty where nothing is to be done.
        stack: of which stack; empty where it is about this machine.
    """

    topic: str
    level: Level
    message: str
    fix: str = ""
    stack: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot of a stack.

    Attributes:
        key: of it.
        holding, id: what the state holds; None where the state could not be read.
        decision, reason: what a run would do with it; None where that could not be decided.
    """

    key: str
    holding: str | None = None
    id: str | None = None
    decision: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """Everything that was found.

    Attributes:
        findings: in the order of what they are about.
        slots: stack -> its slots.
    """

    findings: tuple[Finding, ...]
    slots: Mapping[str, tuple[Slot, ...]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def exit_code(self) -> int:
        """0 where nothing stops a run and everything is known."""
        return exit_code(self.findings)

    def document(self) -> dict[str, Any]:
        """For machines."""
        return {
            "exit_code": self.exit_code,
            "findings": [
                {
                    "stack": one.stack or None,
                    "topic": one.topic,
                    "level": one.level.value,
                    "message": one.message,
                    "fix": one.fix or None,
                }
                for one in self.findings
            ],
            "stacks": {
                stack: [
                    {
                        "slot": one.key,
                        "holding": one.holding,
                        "id": one.id,
                        "decision": one.decision,
                        "reason": one.reason,
                    }
                    for one in slots
                ]
                for stack, slots in self.slots.items()
            },
        }


def exit_code(findings: Iterable[Finding]) -> int:
    """3 if something would stop a run, 4 if nothing does and something is not known, otherwise 0."""
    levels = {one.level for one in findings}
    if Level.STOPS in levels:
        return STOPPED
    return NOT_KNOWN if Level.UNKNOWN in levels else 0
