"""What a look at a running environment says: one value a check, and what follows from all of them; pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from formerr_infra.errors import FormerrError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Unhealthy(FormerrError):
    """At least one check of the environment's health failed."""

    exit_code = 8


class HealthUnknown(FormerrError):
    """No check of the environment's health failed, and at least one could not be made."""

    exit_code = 4


class State(StrEnum):
    """How a check ended.

    `SKIPPED`: there is nothing to check (not part of the stack), or it cannot be checked from here by its nature; the
    message says which. `UNKNOWN`: it should have been possible, and was not.
    """

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        name: what was checked, the same on each run.
        state: see `State`.
        message: what was found.
        seconds: how long it took.
    """

    name: str
    state: State
    message: str
    seconds: float = 0.0


class Verdict(StrEnum):
    """All checks together."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    UNKNOWN = "unknown"


def verdict(checks: Iterable[Check]) -> Verdict:
    """Unhealthy if one failed, unknown if one is or if nothing was checked at all, otherwise healthy."""
    states = {one.state for one in checks}
    if State.FAILED in states:
        return Verdict.UNHEALTHY
    return Verdict.HEALTHY if State.OK in states and State.UNKNOWN not in states else Verdict.UNKNOWN


def summary(checks: Sequence[Check]) -> str:
    """The verdict in one line, with how many checks ended how."""
    counts = {state: sum(one.state is state for one in checks) for state in State}
    told = ", ".join(f"{number} {state.value}" for state, number in counts.items() if number)
    return f"{verdict(checks).value}: {told or 'nothing was checked'}"


def require(checks: Sequence[Check]) -> None:
    """Stop here unless the environment is healthy.

    Raises:
        Unhealthy: a check failed.
        HealthUnknown: none failed, and one could not be made.
    """
    bad = verdict(checks)
    if bad is Verdict.HEALTHY:
        return
    kind, state = (Unhealthy, State.FAILED) if bad is Verdict.UNHEALTHY else (HealthUnknown, State.UNKNOWN)
    named = [f"{one.name}: {one.message}" for one in checks if one.state is state]
    raise kind("\n".join([summary(checks), *named]))
