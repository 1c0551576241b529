"""What the guard says of a plan; values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from formerr_infra.errors import Refused


class GuardStopped(Refused):
    """The engine's plan would do what nobody asked for by name; nothing was written."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        lines = ["the guard stops this plan before any write:"]
        for one in verdict.stops:
            lines += [f"  {one.name} ({one.code}): {one.reason}", f"      to go on: {one.settle}"]
        super().__init__("\n".join(lines))


class Code(StrEnum):
    """Why a plan is stopped. The first that applies is said."""

    UNKNOWN_OPERATION = "unknown-operation"
    NOT_OURS = "not-ours"
    AGAINST_DECISION = "against-decision"
    TAKEN_IN = "taken-in"
    PROTECTED_KIND = "protected-kind"
    PRODUCTION = "production"


#: Stops that a URN on the command line settles; the others are never waved through.
BY_NAME = frozenset({Code.TAKEN_IN, Code.PROTECTED_KIND, Code.PRODUCTION})


@dataclass(frozen=True, slots=True)
class Stop:
    """One resource whose plan stops the run.

    Attributes:
        urn: of the resource.
        code: see `Code`.
        reason: what the engine would do, to what, and why that is not done by the way.
        settle: what to set or run.
    """

    urn: str
    code: Code
    reason: str
    settle: str

    @property
    def name(self) -> str:
        """The logical name."""
        return self.urn.rsplit("::", 1)[-1]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the guard says.

    Attributes:
        stops: what stops the run; empty means that the plan may be carried out.
        allowed: URNs that would stop it and were asked for by name.
        unused: URNs that were asked for by name and are neither deleted nor replaced.
    """

    stops: tuple[Stop, ...] = ()
    allowed: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    def require(self) -> None:
        """Stop here unless the plan may be carried out.

        Raises:
            GuardStopped: it may not.
        """
        if self.stops:
            raise GuardStopped(self)
