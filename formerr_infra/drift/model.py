"""What a look for drift found, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from formerr_infra.errors import FormerrError


class DriftFound(FormerrError):
    """Something is not as the state has it: changed or deleted behind the stack's back."""

    exit_code = 9


class Finding(StrEnum):
    """How a resource stands."""

    CLEAN = "clean"
    CHANGED = "changed"
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Difference:
    """One property; the values as text, a secret's never.

    Attributes:
        path: as the engine writes it: `forwardingRules[0].targetPort`.
        was: what the state recorded; empty where it had none.
        now: what is live; empty where there is none.
    """

    path: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Item:
    """One resource.

    Attributes:
        urn, type, id: as the state has them.
        label: how a person calls it.
        owned: whether the stack manages it; otherwise it is adopted.
        finding: see `Finding`.
        differences: with `CHANGED`.
        reason: with `UNKNOWN` and `GONE`: what was answered.
    """

    urn: str
    type: str
    id: str
    label: str
    owned: bool
    finding: Finding
    differences: tuple[Difference, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Noise:
    """What differs and is no drift, and why."""

    label: str
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was looked at."""

    stack: str
    items: tuple[Item, ...] = ()
    noise: tuple[Noise, ...] = ()

    def of(self, *findings: Finding) -> tuple[Item, ...]:
        """The items that stand so."""
        return tuple(one for one in self.items if one.finding in findings)

    @property
    def drifted(self) -> tuple[Item, ...]:
        """What changed or is gone."""
        return self.of(Finding.CHANGED, Finding.GONE)

    @property
    def unknown(self) -> tuple[Item, ...]:
        """What could not be looked at."""
        return self.of(Finding.UNKNOWN)
