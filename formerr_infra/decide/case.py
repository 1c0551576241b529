"""One case of the decision table: everything a decision is made from, and the questions the rows ask of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from formerr_infra.model import Found, Held, Holding, Mark, Policy, Sighting, Wish

#: A cloud's clock and ours differ, and clouds cut fractions of a second.
CLOCK_TOLERANCE = timedelta(seconds=60)
#: No run makes anything later than this after it began: a cluster and a pool are waited for half an hour each.
LONGEST_RUN = timedelta(hours=2)

NOT_ADOPT = frozenset({Policy.AUTO, Policy.CREATE, Policy.IMPORT})


@dataclass(frozen=True, slots=True)
class Case:
    """Everything one decision is made from.

    Attributes:
        slot: the slot's key, for messages.
        held: what the state holds.
        sighting: what is live.
        wish: what the user wants.
    """

    slot: str
    held: Held
    sighting: Sighting
    wish: Wish

    @property
    def alive(self) -> Found | None:
        """The resource behind the held id, if it is alive."""
        return self.sighting.by_id.get(self.held.id) if self.held.id else None

    @property
    def pinned(self) -> Found | None:
        """The resource behind the pinned id, if it is alive."""
        return self.sighting.by_id.get(self.wish.pin) if self.wish.pin else None

    @property
    def others(self) -> tuple[Found, ...]:
        """Live ones of that name that are not the held one."""
        return tuple(found for found in self.sighting.named or () if found.id != self.held.id)

    @property
    def candidates(self) -> tuple[Found, ...]:
        """What could be taken: the pinned one alone where there is a pin, otherwise all of the name."""
        if self.wish.pin:
            return (self.pinned,) if self.pinned else ()
        return self.sighting.named or ()

    @property
    def only(self) -> Found | None:
        """The candidate, where there is exactly one."""
        return self.candidates[0] if len(self.candidates) == 1 else None

    def holds(self, *holdings: Holding) -> bool:
        """Whether the state holds the slot in one of these ways."""
        return self.held.holding in holdings

    def wants(self, *policies: Policy) -> bool:
        """Whether the policy is one of these."""
        return self.wish.policy in policies

    @property
    def pins_another(self) -> bool:
        """Whether the user pinned an id other than the held one."""
        return self.wish.pin is not None and self.wish.pin != self.held.id

    @property
    def pins_what_would_go(self) -> bool:
        """Whether a replacement would leave the pin behind; an id that is a name is the new one's too."""
        return self.wish.pin is not None and self.alive is not None and self.alive.id != self.alive.name

    @property
    def unasked(self) -> bool:
        """Whether something that the rows need was never asked for; that is not an answer either."""
        ids = (self.held.id, self.wish.pin)
        if any(known is not None and known not in self.sighting.by_id for known in ids):
            return True
        return self.sighting.named is None and self.alive is None and self.wish.pin is None

    @property
    def others_own(self) -> bool:
        """Whether the held one is alive and another stack marks it as its own."""
        return self.alive is not None and self.alive.mark is Mark.OTHER
