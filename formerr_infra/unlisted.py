"""What a list left out: before something is made in a VPC that is there, the VPC is asked what stands in it; pure.

A list may lag behind a create by some seconds. Names of clusters and load balancers need not be unique, so a create
that was interrupted, and that the list does not show yet, would be made a second time. The other kinds have names
that the API keeps unique itself.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from formerr_infra.inventory.facts import Question
from formerr_infra.inventory.members import WORDS
from formerr_infra.model import MAKES, Decision, Outcome, Sighting
from formerr_infra.slots import Slot, enabled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from formerr_infra.inventory.members import Members
    from formerr_infra.settings.schema import Settings


def network_to_ask(settings: Settings, decisions: Mapping[str, Decision]) -> str | None:
    """The VPC in which something is going to be made, where it is there already and nothing is refused."""
    vpc = decisions["vpc"]
    refused = any(one.outcome is Outcome.REFUSE for one in decisions.values())
    return None if refused or vpc.anew or not _made(settings, decisions) else vpc.id


def questions(
    settings: Settings,
    decisions: Mapping[str, Decision],
    sightings: Mapping[str, Sighting],
    members: Members,
) -> list[Question]:
    """One by id for each member that has the name of what is to be made and that no list has shown."""
    named = members.named if isinstance(members.named, tuple) else ()
    asked = []
    for slot in _made(settings, decisions):
        name, seen = slot.wish(settings, decisions).name, sightings[slot.key]
        known = {*seen.by_id, *seen.seen}
        ids = tuple(i for kind, called, i in named if (kind, called) == (slot.kind, name) and i not in known)
        if ids:
            asked.append(Question(slot.key, slot.kind, ids))
    return asked


def completed(
    settings: Settings,
    decisions: Mapping[str, Decision],
    sightings: Mapping[str, Sighting],
    members: Members,
    answers: Mapping[str, Sighting],
) -> dict[str, Sighting]:
    """The sightings with what is alive in the VPC; unknown where the VPC would not say."""
    found = dict(sightings)
    for slot in _made(settings, decisions):
        seen = found[slot.key]
        if not isinstance(members.named, tuple):
            found[slot.key] = replace(seen, unknown=(*seen.unknown, members.named.reason))
        elif slot.key in answers:
            alive = tuple(answers[slot.key].seen.values())
            unknown = (*seen.unknown, *answers[slot.key].unknown)
            found[slot.key] = replace(seen, named=(*(seen.named or ()), *alive), unknown=unknown)
    return found


def _made(settings: Settings, decisions: Mapping[str, Decision]) -> Sequence[Slot]:
    return [
        slot
        for slot in enabled(settings)
        if slot.kind in WORDS and slot.key in decisions and decisions[slot.key].outcome in MAKES
    ]
