"""From settings, ledger and inventory to one decision per slot; pure.

It goes through the slots in order, because what is decided for one tells what the next must fit: a cluster has to
stand in the VPC that was decided. What hangs on another slot is read off that slot's live resource.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from formerr_infra.decide import Case, decide
from formerr_infra.decide.published import IMPORT_WRITES, OMITTED, WOULD_DELETE
from formerr_infra.elsewhere import unless_elsewhere
from formerr_infra.inventory.facts import Question
from formerr_infra.model import (
    MAKES,
    READ_ONLY,
    Code,
    Decision,
    Found,
    Held,
    Holding,
    Mark,
    Outcome,
    Policy,
    Sighting,
    Wish,
)
from formerr_infra.slots import SLOTS, Slot, enabled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from formerr_infra.ledger import Ledger
    from formerr_infra.settings.schema import Settings


def questions(settings: Settings, ledger: Ledger) -> list[Question]:
    """The least that has to be asked: by id where the state or a pin knows one, by name otherwise."""
    asked = []
    for slot in enabled(settings):
        if slot.within is not None:
            place = slot.place(settings) or ledger.held[slot.within].id
            if place is not None:
                asked.append(_question(slot, settings, ledger, place))
        elif slot.parent is None:
            asked.append(_question(slot, settings, ledger, None))
    return asked


def _question(slot: Slot, settings: Settings, ledger: Ledger, place: str | None) -> Question:
    wish = slot.wish(settings, _Undecided())
    known = (ledger.held[slot.key].id, wish.pin, wish.name if slot.id_is_name else None)
    ids = tuple(dict.fromkeys(value for value in known if value))
    return Question(slot.key, slot.kind, ids, None if ids else wish.name, place)


def further_questions(
    asked: Sequence[Question], sightings: Mapping[str, Sighting], settings: Settings, ledger: Ledger
) -> list[Question]:
    """What has to be asked besides, once the first answers are there.

    Who else has the name, where a held id is gone; and what is a part of something that was only just found.
    """
    slots = enabled(settings)
    by_key = {slot.key: slot for slot in slots}
    known = {question.slot for question in asked}
    more = [
        replace(question, name=by_key[question.slot].wish(settings, _Undecided()).name)
        for question in asked
        if question.name is None
        and not by_key[question.slot].id_is_name
        and not sightings[question.slot].unknown
        and any(found is None for found in sightings[question.slot].by_id.values())
    ]
    for slot in slots:
        if slot.within is not None and slot.key not in known and (around := sightings.get(slot.within)):
            place = sole(around)
            more += [_question(slot, settings, ledger, place.id)] if place is not None else []
    return more


def sole(sighting: Sighting) -> Found | None:
    """The one live resource that was seen, if it is one."""
    seen = sighting.seen
    return next(iter(seen.values())) if len(seen) == 1 else None


def resolve(settings: Settings, ledger: Ledger, sightings: Mapping[str, Sighting]) -> dict[str, Decision]:
    """One decision for every slot that the stack has, in order."""
    decided: dict[str, Decision] = {}
    for slot in enabled(settings):
        held = ledger.held[slot.key]
        reason = slot.left_out(settings, decided)
        if reason is not None:
            decided[slot.key] = _omitted(slot, held, reason)
        elif slot.parent is None:
            wish = slot.wish(settings, decided)
            sighting = _marked(slot, sightings[slot.key], sightings, ledger)
            wish, sighting = _known_by_name(slot, wish, _proven(slot, held, sighting, decided))
            decision = decide(Case(slot.key, held, sighting, wish))
            decided[slot.key] = _unless_import_writes(slot, decision)
        else:
            decided[slot.key] = _hanging(slot, held, settings, decided, sightings.get(slot.key))
        if decided[slot.key].outcome is not Outcome.OMIT:
            policy = slot.wish(settings, decided).policy_key
            decided[slot.key] = unless_elsewhere(
                decided[slot.key], slot.types, slot.name, ledger.standing, policy
            )
    return decided | _switched_off(settings, ledger)


def _omitted(slot: Slot, held: Held, reason: str) -> Decision:
    return Decision(slot.key, Outcome.OMIT, OMITTED.number, reason, held=held)


def _switched_off(settings: Settings, ledger: Ledger) -> dict[str, Decision]:
    """A refusal for each slot that holds data, is managed, and is no longer part of the stack."""
    here = {slot.key for slot in enabled(settings)}
    return {
        slot.key: Decision(
            slot.key,
            Outcome.REFUSE,
            WOULD_DELETE.number,
            f"{held.id!r} is managed by this stack, and the settings switch it off: the engine would delete it with its data.",
            code=Code.WOULD_DELETE,
            settle=f"switch it on again; to let go of it, set {slot.key}Policy=adopt for one run first, which releases it.",
            held=held,
        )
        for slot in SLOTS
        if slot.holds_data
        and slot.key not in here
        and (held := ledger.held[slot.key]).holding is Holding.MANAGED
    }


def _known_by_name(slot: Slot, wish: Wish, sighting: Sighting) -> tuple[Wish, Sighting]:
    """A kind whose id is its name was asked for by that: what was found is also what the name stands for.

    A pin may be another id of the same thing (a certificate's UUID); it then counts as the one by which it is known.
    """
    if not slot.id_is_name:
        return wish, sighting
    by_id = dict(sighting.by_id)
    pinned = by_id.get(wish.pin) if wish.pin else None
    if pinned is not None and pinned.id != wish.pin:
        wish = replace(wish, pin=pinned.id)
        by_id[pinned.id] = pinned
    if wish.name not in by_id:
        return wish, replace(sighting, by_id=by_id)
    found = by_id[wish.name]
    return wish, replace(sighting, by_id=by_id, named=(found,) if found else ())


def _proven(slot: Slot, held: Held, sighting: Sighting, decided: Mapping[str, Decision]) -> Sighting:
    """Give what has no room for a mark this stack's, where what was decided before proves it."""

    def judged(found: Found) -> Found:
        ours = found.mark is Mark.UNMARKABLE and slot.proven(decided, held, found)
        return replace(found, mark=Mark.OURS) if ours else found

    return sighting.each(judged)


def _unless_import_writes(slot: Slot, decision: Decision) -> Decision:
    """An import changes nothing in the cloud; one that would is refused."""
    if decision.outcome is not Outcome.IMPORT or decision.target is None:
        return decision
    reason = slot.import_writes(decision.target)
    if reason is None:
        return decision
    return decision.refused(
        IMPORT_WRITES.number,
        Code.IMPORT_WOULD_WRITE,
        reason,
        f"{slot.import_remedy}set {slot.key}Policy=adopt.",
    )


def _hanging(
    slot: Slot,
    held: Held,
    settings: Settings,
    decided: Mapping[str, Decision],
    sighting: Sighting | None,
) -> Decision:
    """Decide what hangs on another slot; its parent is decided already.

    Its live ones are read off the parent's, or were asked for themselves.
    """
    parent = decided[slot.parent or ""]
    if parent.outcome is Outcome.OMIT:
        return _omitted(slot, held, f"there is no {slot.parent}")
    wish = slot.wish(settings, decided)
    live, unknown = _live_below(slot, held, parent, sighting)
    if parent.outcome is Outcome.KEEP:
        live = tuple(replace(child, mark=Mark.OURS) for child in live)
    alive = next((child for child in live if child.id == held.id), None)
    named = tuple(child for child in live if child.name == wish.name)
    only_read = parent.target if parent.outcome in READ_ONLY else None
    notes = slot.unapplied(settings, only_read) if only_read else ()
    left = _left_alone(slot, parent, held, alive, named)
    if left is not None:
        return Decision(slot.key, Outcome.OMIT, OMITTED.number, left, held=held, found=named, notes=notes)
    wish, judged = _with_its_parent(parent, held, alive, named, wish)
    by_id = {judged.id: alive} if judged.id and not _out_of_sight(parent, judged) else {}
    case = Case(slot.key, judged, Sighting(by_id=by_id, named=named, unknown=unknown), wish)
    decision = replace(decide(case), held=held)
    decision = replace(decision, notes=(*decision.notes, *notes))
    if parent.replaces and decision.outcome is Outcome.KEEP:
        decision = replace(
            decision, replaces=True, notes=(*decision.notes, f"replaced with its {slot.parent}")
        )
    return decision


def _live_below(
    slot: Slot, held: Held, parent: Decision, sighting: Sighting | None
) -> tuple[tuple[Found, ...], tuple[str, ...]]:
    """What is alive below a parent, and why that is not known.

    One that the state knows by an id of the provider's making has that id here.
    """
    live: tuple[Found, ...] | None = ()
    unknown: tuple[str, ...] = ()
    if slot.children is not None:
        live = slot.children(parent.target) if parent.target else ()
        unknown = (f"the answer about the {slot.parent} tells nothing of it",) if live is None else ()
    elif sighting is not None:
        live = tuple(_below(parent, found) for found in sighting.seen.values())
        unknown = sighting.unknown
    identity = held.id
    if live is None or identity is None:
        return live or (), unknown
    known = (replace(found, id=identity) if slot.is_held(found, identity) else found for found in live)
    return tuple(known), unknown


def _below(parent: Decision, found: Found) -> Found:
    """What has no room for a mark shares its parent's."""
    if found.mark is not Mark.UNMARKABLE or parent.target is None:
        return found
    marked = parent.target.mark in (Mark.OURS, Mark.OTHER)
    return replace(found, mark=parent.target.mark, owner=parent.target.owner) if marked else found


def _left_alone(
    slot: Slot, parent: Decision, held: Held, alive: Found | None, named: tuple[Found, ...]
) -> str | None:
    """Why nothing is declared below the parent, or None; never where the state manages something there."""
    if parent.outcome is Outcome.REFUSE:
        return f"{slot.parent} is refused"
    if held.holding is Holding.MANAGED:
        return None
    if parent.outcome in READ_ONLY:
        # What is adopted and alive stays declared: to drop it would be a change for nothing.
        if held.holding is Holding.ADOPTED and alive is not None:
            return None
        return f"{slot.parent} is only read, so nothing is added to it"
    if any(slot.built_in(child) for child in named):
        return f"{slot.parent} has one of that name built in"
    proven = parent.held.holding in (Holding.INTERRUPTED, Holding.DROPPED)
    ours = proven or (parent.target is not None and parent.target.mark is Mark.OURS)
    if parent.outcome is Outcome.IMPORT and not ours and not named:
        return f"{slot.parent} is imported unchanged, so nothing is added to it in this run"
    return None


def _with_its_parent(
    parent: Decision, held: Held, alive: Found | None, named: tuple[Found, ...], wish: Wish
) -> tuple[Wish, Held]:
    """What is wanted and held, seen from what was decided for the parent: what hangs on it goes with it."""
    adopted = held.holding is Holding.ADOPTED
    if parent.outcome in READ_ONLY:
        return wish, held
    if parent.outcome in MAKES:
        return replace(wish, recreate=True), Held(journal=held.journal) if adopted else held
    judged = Held(journal=held.journal) if adopted and alive is None else held
    if (parent.outcome is Outcome.IMPORT or adopted) and (alive is not None or named):
        wish = replace(
            wish,
            policy=Policy.IMPORT,
            take_over=wish.take_over or parent.outcome is Outcome.IMPORT,
        )
    return wish, judged


def _out_of_sight(parent: Decision, held: Held) -> bool:
    """Whether nobody looked where a managed one stood: its parent is made new, and the old one is not known."""
    unknown_before = parent.held.holding in (Holding.NONE, Holding.INTERRUPTED)
    return held.holding is Holding.MANAGED and parent.outcome in MAKES and unknown_before


def _marked(slot: Slot, sighting: Sighting, sightings: Mapping[str, Sighting], ledger: Ledger) -> Sighting:
    """Give what has no room for a mark the mark of what it stands in."""
    if slot.mark_from is None:
        return sighting
    known = sightings[slot.mark_from].seen
    managed = ledger.held[slot.mark_from]

    def marked(found: Found) -> Found:
        place = known.get(str(found.facts.get(slot.mark_fact)))
        if found.mark is not Mark.UNMARKABLE or place is None:
            return found
        if managed.holding in (Holding.MANAGED, Holding.DROPPED) and place.id == managed.id:
            return replace(found, mark=Mark.OURS)
        if place.mark in (Mark.OURS, Mark.OTHER):
            return replace(found, mark=place.mark, owner=place.owner)
        return found

    return sighting.each(marked)


class _Undecided(dict[str, Decision]):
    """Stands for decisions not made yet, where only a wish's policy, name and pin are read."""

    def __missing__(self, key: str) -> Decision:
        return Decision(key, Outcome.OMIT, "", "")
