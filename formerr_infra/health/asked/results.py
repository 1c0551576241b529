"""Results of checks before they are timed, and what is said of a slot in which nothing stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from formerr_infra.health.looked import Missing
from formerr_infra.health.model import State
from formerr_infra.inventory.facts import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

Told: TypeAlias = tuple[State, str]
#: Name of each check, how it ended, and what was found.
Results: TypeAlias = "list[tuple[str, State, str]]"

NO_APPLICATION = (
    State.SKIPPED,
    "the application is not part of this stack (deployApplication is false)",
)


def every(names: Iterable[str], first: Told, others: Told | None = None) -> Results:
    """The same for all of them, or for all but the first something else."""
    return [(name, *(first if others is None or not at else others)) for at, name in enumerate(names)]


def absent(slot: Missing | Unknown | None) -> Told:
    """Of a slot in which nothing is known to stand."""
    match slot:
        case None:
            return State.SKIPPED, "the stack has none"
        case Missing(reason=reason):
            return State.FAILED, reason
        case Unknown(reason=reason):
            return State.UNKNOWN, reason
