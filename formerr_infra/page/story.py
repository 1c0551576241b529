"""What a report tells, as plain values: every text from an account is cleaned here, once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from formerr_infra.cost import FREE, Unpriced
from formerr_infra.inventory.facts import Unknown
from formerr_infra.objects import APPLICATION
from formerr_infra.page.details import detail
from formerr_infra.page.words import LABELS, NEEDS, Standing, standing
from formerr_infra.report import clean
from formerr_infra.slots import SLOTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from formerr_infra.cost import Bill
    from formerr_infra.detect import Assessment
    from formerr_infra.model import Decision, Found

#: Foreign things of one kind that are named; of more, their number is told.
MOST_FOREIGN = 6
_KINDS = {
    "vpc": "VPC",
    "cluster": "Kubernetes cluster",
    "registry": "Container registry",
    "load_balancer": "Load balancer",
    "database": "Managed database",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One resource of the stack: a slot, or an object of the application.

    Attributes:
        key: the slot's key, or the object's.
        label: what it is, for people.
        name: what it is called in the account.
        detail: what else is worth knowing, short.
        standing: whose it is.
        outcome, row, reason, settle: the decision.
        notes: what the user should know besides.
        id: in the account; "" where it is still to be made.
        needs: keys of what it cannot do without, of those that are there.
        cost: a month, in words; "" where it is free.
    """

    key: str
    label: str
    name: str
    detail: str
    standing: Standing
    outcome: str
    row: str
    reason: str
    settle: str = ""
    notes: tuple[str, ...] = ()
    id: str = ""
    needs: tuple[str, ...] = ()
    cost: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that was checked or found: a health check, a finding of the preflight, of a policy."""

    name: str
    state: str
    message: str


@dataclass(frozen=True, slots=True)
class Drifted:
    """Something that is not as the state has it.

    Attributes:
        what: the resource.
        owner: `owned` or `adopted`.
        state: `changed`, `gone`, or `unknown` where it could not be looked at.
        message: what changed, or what was answered.
    """

    what: str
    owner: str
    state: str
    message: str


@dataclass(frozen=True, slots=True)
class Guarded:
    """The guard's verdict on a preview.

    Attributes:
        stops: code and reason of each thing that it stops for.
        steps: how many resources each operation of the engine is for, by its word.
    """

    stops: tuple[Told, ...] = ()
    steps: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Foreign:
    """What else is in the account, of one kind."""

    kind: str
    names: tuple[str, ...]
    more: int = 0
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that a report tells.

    Attributes:
        environment, region: of the stack.
        moment: when it was looked at.
        parts: the slots, in order.
        objects: of the application.
        findings: of the preflight and of policies.
        pending: interrupted creates that the state notes.
        foreign: what else is in the account; None where nobody asked.
        health, drift, guard: None where nobody checked.
        bill: None where nobody asked.
    """

    environment: str
    region: str
    moment: datetime
    parts: tuple[Part, ...]
    objects: tuple[Part, ...] = ()
    findings: tuple[Told, ...] = ()
    pending: tuple[str, ...] = ()
    foreign: tuple[Foreign, ...] | None = None
    health: tuple[Told, ...] | None = None
    drift: tuple[Drifted, ...] | None = None
    guard: Guarded | None = None
    bill: Bill | None = None

    def part(self, key: str) -> Part | None:
        """The slot of that key, if the stack has it."""
        return next((one for one in self.parts if one.key == key), None)

    def count(self, *standings: Standing) -> int:
        """How many slots stand so."""
        return sum(one.standing in standings for one in self.parts)

    @property
    def headline(self) -> str:
        """What is to be said first."""
        if refused := self.count(Standing.REFUSED):
            return f"{_many(refused, 'slot is', 'slots are')} refused: an update stops before any write"
        if errors := sum(one.state == "error" for one in self.findings):
            return f"{_many(errors, 'finding', 'findings')}: an update stops before any write"
        if new := self.count(Standing.NEW):
            return f"The next update makes {_many(new, 'slot', 'slots')}"
        return "Everything is there: an update changes no slot"

    @property
    def stops(self) -> bool:
        """Whether an update would stop."""
        return self.count(Standing.REFUSED) > 0 or any(one.state == "error" for one in self.findings)


def tell(
    assessment: Assessment,
    moment: datetime,
    *,
    bill: Bill | None = None,
    others: Mapping[str, Sequence[Found] | Unknown] | None = None,
    health: Iterable[tuple[str, str, str]] | None = None,
    drift: Iterable[Drifted] | None = None,
    guard: Guarded | None = None,
    findings: Iterable[Told] = (),
) -> Story:
    """The story of an assessed stack.

    Args:
        assessment: decided.
        moment: when.
        bill: its cost.
        others: kind -> everything of that kind in the account.
        health: name, state and message of each check that was made.
        drift: what was found to have drifted.
        guard: the guard's verdict on a preview.
        findings: further ones, of a policy pack for one.
    """
    known = [Told(clean(one.code), str(one.severity), clean(f"{one.message}")) for one in assessment.findings]
    return Story(
        environment=clean(assessment.stack),
        region=clean(assessment.settings.region),
        moment=moment,
        parts=tuple(_part(one, assessment, bill) for one in assessment.decisions.values()),
        objects=tuple(_object(key, one) for key, one in assessment.objects.items()),
        findings=(*known, *(_cleaned(one) for one in findings)),
        pending=tuple(clean(one) for one in assessment.ledger.pending),
        foreign=None if others is None else tuple(_foreign(assessment, others)),
        health=None if health is None else tuple(_cleaned(Told(*one)) for one in health),
        drift=None
        if drift is None
        else tuple(Drifted(clean(one.what), one.owner, one.state, clean(one.message)) for one in drift),
        guard=None
        if guard is None
        else Guarded(
            tuple(_cleaned(one) for one in guard.stops),
            {clean(word): number for word, number in guard.steps.items()},
        ),
        bill=bill,
    )


def _part(decision: Decision, assessment: Assessment, bill: Bill | None) -> Part:
    here = assessment.decisions
    return Part(
        key=decision.slot,
        label=LABELS.get(decision.slot, decision.slot),
        name=clean(_name(decision, assessment)),
        detail=clean(detail(decision, assessment)),
        standing=standing(decision.outcome),
        outcome=decision.outcome.value,
        row=decision.row,
        reason=clean(decision.reason),
        settle=clean(decision.settle),
        notes=tuple(clean(one) for one in decision.notes),
        id=clean(decision.id or ""),
        needs=tuple(key for key in NEEDS.get(decision.slot, ()) if key in here),
        cost=_cost(decision.slot, bill),
    )


def _name(decision: Decision, assessment: Assessment) -> str:
    """What it is called, or is going to be."""
    if decision.target is not None:
        return decision.target.name
    if decision.slot == APPLICATION:
        return assessment.settings.namespace
    slot = next((one for one in SLOTS if one.key == decision.slot), None)
    if slot is None or any(
        slot_needed not in assessment.decisions for slot_needed in ("vpc", "cluster", "loadBalancer")
    ):
        return decision.slot
    return slot.wish(assessment.settings, assessment.decisions).name


def _cost(slot: str, bill: Bill | None) -> str:
    lines = [one for one in bill.lines if one.slot == slot] if bill is not None else []
    if not lines or bill is None:
        return ""
    known = FREE
    for line in lines:
        if isinstance(line.then, Unpriced):
            return "unknown"
        known += line.then
    return "" if known == FREE else str(known)


def _object(key: str, decision: Decision) -> Part:
    kind, _, name = key.partition("/")
    return Part(
        key=clean(key),
        label=clean(kind),
        name=clean(name),
        detail="",
        standing=standing(decision.outcome),
        outcome=decision.outcome.value,
        row=decision.row,
        reason=clean(decision.reason),
        settle=clean(decision.settle),
    )


def _foreign(assessment: Assessment, others: Mapping[str, Sequence[Found] | Unknown]) -> Iterable[Foreign]:
    """What belongs to no slot of this stack."""
    ours = {one.id for one in assessment.decisions.values() if one.id}
    ours |= {held.id for held in assessment.ledger.held.values() if held.id}
    for kind, found in others.items():
        label = _KINDS.get(kind, kind)
        if isinstance(found, Unknown):
            yield Foreign(label, (), unknown=clean(found.reason))
            continue
        names = [
            clean(f"{one.name} ({one.owner})" if one.owner else one.name)
            for one in found
            if one.id not in ours
        ]
        if names:
            yield Foreign(label, tuple(sorted(names)[:MOST_FOREIGN]), max(0, len(names) - MOST_FOREIGN))


def _cleaned(told: Told) -> Told:
    return Told(clean(told.name), clean(told.state), clean(told.message))


def _many(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"
