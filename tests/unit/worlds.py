"""Every world that the decision table can meet, from small sets of values, and what the design says of each.

`expected` is a second telling of the table: from what is held down to the policy, written from the published rows,
and knowing nothing of how the code is built.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from formerr_infra.decide import Case
from formerr_infra.model import Code, Found, Held, Holding, Mark, Outcome, Policy, Sighting, Wanted, Wish

if TYPE_CHECKING:
    from collections.abc import Iterator

BEGAN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HELD, FIRST, SECOND, ELSEWHERE, DEAD = "held", "first", "second", "elsewhere", "dead"


class Live(NamedTuple):
    """A live resource: its mark, and when it was made against the interrupted run (`None`: the cloud does not tell).

    `late`: so long after it that the run cannot have made it.
    """

    mark: Mark
    after: bool | None = False
    late: bool = False


OURS, OTHER, PLAIN = Live(Mark.OURS), Live(Mark.OTHER), Live(Mark.UNMARKED)
OLD, NEW, TIMELESS = Live(Mark.UNMARKABLE), Live(Mark.UNMARKABLE, True), Live(Mark.UNMARKABLE, None)
LATE = Live(Mark.UNMARKABLE, True, late=True)

HOLDINGS = tuple(Holding)
ALIVE = (None, OURS, OTHER, PLAIN)
NAMED = ((), (OURS,), (OTHER,), (PLAIN,), (OLD,), (NEW,), (LATE,), (TIMELESS,), (OURS, PLAIN), (NEW, OLD))
PINS = (None, HELD, FIRST, ELSEWHERE, DEAD)
#: Fits; a field that can be changed in place differs; one that cannot.
FITS = ("fits", "soft", "fixed")


@dataclass(frozen=True, slots=True)
class World:
    """One combination. `alive` is the held one, `named` the others of its name, `elsewhere` has another name."""

    holding: Holding
    alive: Live | None
    named: tuple[Live, ...]
    pin: str | None
    elsewhere: Live
    policy: Policy
    fit: str
    take_over: bool
    recreate: bool
    allow_replace: bool
    unknown: bool = False

    @property
    def has_id(self) -> bool:
        return self.holding in (Holding.MANAGED, Holding.ADOPTED, Holding.DROPPED)

    @property
    def lives(self) -> dict[str, Live]:
        """Everything alive, by id."""
        there = dict(zip((FIRST, SECOND), self.named, strict=False)) | {ELSEWHERE: self.elsewhere}
        return there | ({HELD: self.alive} if self.alive and self.has_id else {})

    def case(self) -> Case:
        """The world as the decision sees it."""
        found = {key: _found(key, live, self.fit) for key, live in self.lives.items()}
        held = Held(
            self.holding,
            HELD if self.has_id else None,
            BEGAN if self.holding is Holding.INTERRUPTED else None,
        )
        asked = [key for key in (held.id, self.pin) if key]
        wish = Wish(
            self.policy,
            "name",
            self.pin,
            {"size": Wanted("big", "sizeKey"), "region": Wanted("nyc3", "regionKey", fixed=True)},
            take_over=self.take_over,
            recreate=self.recreate,
            allow_replace=self.allow_replace,
            policy_key="thePolicy",
            pin_key="theId",
            name_key="theName",
        )
        sighting = Sighting(
            by_id={key: found.get(key) for key in asked},
            named=tuple(found[key] for key in (HELD, FIRST, SECOND) if key in found),
            unknown=("it does not answer",) if self.unknown else (),
        )
        return Case("thing", held, sighting, wish)


def worlds() -> Iterator[World]:
    """All of them that differ in something a decision could depend on."""
    for holding, named, pin, policy, fit in product(HOLDINGS, NAMED, PINS, Policy, FITS):
        has_id = holding in (Holding.MANAGED, Holding.ADOPTED, Holding.DROPPED)
        if (pin == HELD and not has_id) or (pin == FIRST and not named):
            continue
        for alive, elsewhere in product(
            ALIVE if has_id else (None,), (PLAIN, OTHER, NEW) if pin == ELSEWHERE else (PLAIN,)
        ):
            for take_over, recreate, allow_replace in product((False, True), repeat=3):
                yield World(
                    holding, alive, named, pin, elsewhere, policy, fit, take_over, recreate, allow_replace
                )


def _found(identity: str, live: Live, fit: str) -> Found:
    minutes = 10_000 if live.late else 5 if live.after else -60
    made = None if live.after is None else BEGAN + timedelta(minutes=minutes)
    return Found(
        identity,
        "other-name" if identity == ELSEWHERE else "name",
        live.mark,
        {Mark.OURS: "p/us", Mark.OTHER: "p/them"}.get(live.mark),
        made,
        {"size": "small" if fit == "soft" else "big", "region": "fra1" if fit == "fixed" else "nyc3"},
    )


class Answer(NamedTuple):
    """What must come out."""

    row: str
    outcome: Outcome
    id: str | None = None
    code: Code | None = None


def expected(world: World) -> Answer:
    """The published table, told from what is held."""
    answer = _before_fit(world)
    match answer.outcome, world.fit:
        case ((Outcome.ADOPT | Outcome.IMPORT | Outcome.RELEASE), ("soft" | "fixed")):
            return Answer("26", Outcome.REFUSE, answer.id, Code.DOES_NOT_FIT)
        case Outcome.KEEP, "fixed" if not world.allow_replace or world.pin:
            return Answer("3b", Outcome.REFUSE, answer.id, Code.WOULD_REPLACE)
        case _:
            return answer


def _before_fit(world: World) -> Answer:
    if world.unknown:
        return _no("1", Code.UNKNOWN)
    if world.pin is not None and world.pin not in world.lives:
        return _no("2", Code.PINNED_MISSING)
    pinned = world.pin if world.pin != HELD else None
    match world.holding, world.alive is not None:
        case Holding.MANAGED, True:
            return _managed_alive(world, pinned)
        case Holding.MANAGED, False:
            return _no("7", Code.REPLACED_BEHIND_US) if pinned or world.named else _lost(world)
        case Holding.DROPPED, True:
            return _dropped_alive(world, pinned)
        case Holding.DROPPED, False:
            return _dropped_gone(world, pinned)
        case Holding.ADOPTED, True:
            return _adopted_alive(world, pinned)
        case Holding.ADOPTED, False:
            return _adopted_gone(world, pinned)
        case _:
            return _nothing_held(world)


def _managed_alive(world: World, pinned: str | None) -> Answer:
    if pinned:
        return _no("2b", Code.PIN_CONFLICT)
    if world.policy is Policy.ADOPT:
        return Answer("4", Outcome.RELEASE, HELD)
    return Answer("3", Outcome.KEEP, HELD)


def _lost(world: World) -> Answer:
    if world.policy is Policy.ADOPT:
        return _no("6", Code.NOT_FOUND)
    return Answer("5", Outcome.RECREATE) if world.recreate else _no("5", Code.GONE)


def _dropped_alive(world: World, pinned: str | None) -> Answer:
    if pinned:
        return _no("7b", Code.PIN_CONFLICT)
    if world.policy is Policy.ADOPT:
        return Answer("7b", Outcome.ADOPT, HELD)
    if _anothers(world, HELD) and not (world.policy is Policy.IMPORT and world.take_over):
        return _no("4d", Code.OWNED_BY_OTHER)
    return Answer("4b", Outcome.IMPORT, HELD)


def _dropped_gone(world: World, pinned: str | None) -> Answer:
    if not pinned:
        return _no("7", Code.REPLACED_BEHIND_US) if world.named else _lost(world)
    match world.policy:
        case Policy.CREATE:
            return _no("7", Code.REPLACED_BEHIND_US)
        case Policy.IMPORT if _anothers(world, pinned) and not world.take_over:
            return _no("4d", Code.OWNED_BY_OTHER)
        case policy:
            return Answer("4c", Outcome.IMPORT if policy is Policy.IMPORT else Outcome.ADOPT, pinned)


def _adopted_alive(world: World, pinned: str | None) -> Answer:
    target = pinned or HELD
    match world.policy:
        case Policy.CREATE:
            return _no("10", Code.EXISTS)
        case Policy.IMPORT if _anothers(world, target) and not world.take_over:
            return _no("8b", Code.OWNED_BY_OTHER)
        case Policy.IMPORT:
            return Answer("8c" if pinned else "9", Outcome.IMPORT, target)
        case _:
            return Answer("8c" if pinned else "8", Outcome.ADOPT, target)


def _adopted_gone(world: World, pinned: str | None) -> Answer:
    match world.policy, pinned:
        case Policy.IMPORT, str() if _anothers(world, pinned) and not world.take_over:
            return _no("8b", Code.OWNED_BY_OTHER)
        case Policy.CREATE, str():
            return _no("13", Code.IDENTITY_CHANGED)
        case policy, str():
            return Answer("13", Outcome.IMPORT if policy is Policy.IMPORT else Outcome.ADOPT, pinned)
        case _ if world.named:
            return _no("13", Code.IDENTITY_CHANGED)
        case Policy.CREATE, None:
            return Answer("11", Outcome.CREATE)
        case _:
            return _no("12", Code.ADOPTED_GONE)


def _nothing_held(world: World) -> Answer:
    candidates = [world.pin] if world.pin else [FIRST, SECOND][: len(world.named)]
    match candidates, world.policy:
        case [], (Policy.AUTO | Policy.CREATE):
            return Answer("17", Outcome.CREATE)
        case [], _:
            return _no("18", Code.NOT_FOUND)
        case [one], policy:
            return _one(world, one, policy)
        case _:
            return _no("25", Code.AMBIGUOUS)


def _one(world: World, one: str, policy: Policy) -> Answer:
    live = world.lives[one]
    mine = live.mark is Mark.OURS
    orphan = live.mark is Mark.UNMARKABLE and live.after is True and not live.late and one != ELSEWHERE
    match live.mark, policy:
        case _, Policy.ADOPT:
            return Answer("24", Outcome.ADOPT, one)
        case _ if world.holding is Holding.INTERRUPTED and (mine or orphan):
            return Answer("15", Outcome.IMPORT, one)
        case Mark.OURS, _:
            return Answer("19", Outcome.IMPORT, one)
        case Mark.OTHER, Policy.IMPORT if world.take_over:
            return Answer("22", Outcome.IMPORT, one)
        case Mark.OTHER, _:
            return _no("20", Code.OWNED_BY_OTHER)
        case _, Policy.AUTO:
            return Answer("21", Outcome.ADOPT, one)
        case _, Policy.IMPORT:
            return Answer("22", Outcome.IMPORT, one)
        case _:
            return _no("23", Code.EXISTS)


def _anothers(world: World, identity: str) -> bool:
    return world.lives[identity].mark is Mark.OTHER


def _no(row: str, code: Code) -> Answer:
    return Answer(row, Outcome.REFUSE, None, code)
