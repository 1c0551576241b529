"""The bill of an environment: a line for each thing that may cost something, now and after its decisions.

What a slot costs *now* is what is live; *then* is what stands there after a run that carries the decisions out. What is
only read costs the account the same, and is not this stack's: its lines say `adopted`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from formerr_infra.cost.amount import FREE, Amount, Price, Unpriced
from formerr_infra.cost.priced import (
    ADOPTED,
    FREE_SLOTS,
    MANAGED,
    PRICED,
    REFUSED,
    Item,
    Priced,
    no_longer_wanted,
    spaces,
    volumes,
)
from formerr_infra.model import READ_ONLY, Code, Outcome
from formerr_infra.objects import APPLICATION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from formerr_infra.detect import Assessment
    from formerr_infra.inventory.facts import Prices
    from formerr_infra.model import Decision

#: Reasons to refuse that say that there is nothing.
_NOT_THERE = frozenset({Code.NOT_FOUND, Code.GONE, Code.ADOPTED_GONE, Code.PINNED_MISSING})
#: In the order in which they are shown.
OWNERS = (MANAGED, ADOPTED, REFUSED)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing and its price a month.

    Attributes:
        slot: the slot it belongs to; `state` for what the state is kept in.
        what: the thing, in words.
        owner: `managed`, `adopted`, or `refused` where the slot is.
        now: what is paid for what is live.
        then: what is paid after the decisions are carried out.
        source: where the price is from.
        identity: what this is to the account, where another environment may have the very same.
    """

    slot: str
    what: str
    owner: str
    now: Price
    then: Price
    source: str = ""
    identity: str | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """A sum of what is known, and what is missing in it.

    Attributes:
        amount: of the prices that are known.
        unknown: what has none, and why.
    """

    amount: Amount = FREE
    unknown: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.amount}{f' and {len(self.unknown)} unknown' if self.unknown else ''}"


@dataclass(frozen=True, slots=True)
class Bill:
    """The lines of one environment.

    Attributes:
        environment: the stack.
        lines: in the order of the slots.
        account: which account it is, as a label; environments of one account share what has the same identity.
    """

    environment: str
    lines: tuple[Line, ...]
    account: str = ""

    def now(self, owner: str | None = None) -> Total:
        """What is paid for what is live; with `owner`, of its lines alone."""
        return total((one, one.now) for one in self.lines if owner in (None, one.owner))

    def then(self, owner: str | None = None) -> Total:
        """What is paid after the decisions are carried out."""
        return total((one, one.then) for one in self.lines if owner in (None, one.owner))

    @property
    def change(self) -> Total:
        """What the decisions add; of the lines whose prices before and after are known."""
        return difference(self.lines)


def bill(assessment: Assessment, prices: Prices, *, in_spaces: bool = False, account: str = "") -> Bill:
    """The bill of an assessed stack.

    Args:
        assessment: decided.
        prices: of the API.
        in_spaces: whether the state is kept in DigitalOcean's Spaces.
        account: see `Bill`.
    """
    lines: list[Line] = []
    for decision in assessment.decisions.values():
        if decision.slot == APPLICATION:
            lines += [_line(APPLICATION, one, MANAGED) for one in volumes(assessment)]
        else:
            lines += _slot(decision, assessment, prices)
    lines += [_line(slot, one, MANAGED) for slot, one in no_longer_wanted(assessment)]
    if in_spaces:
        lines.append(_line("state", spaces(), ADOPTED))
    return Bill(assessment.stack, tuple(lines), account)


def total(priced: Iterable[tuple[Line, Price]]) -> Total:
    """The sum."""
    amount, unknown = FREE, []
    for line, price in priced:
        match price:
            case Amount():
                amount += price
            case Unpriced(reason):
                unknown.append(f"{line.slot}: {line.what}: {reason}")
    return Total(amount, tuple(unknown))


def difference(lines: Iterable[Line]) -> Total:
    """What these lines add; one whose price before or after is not known is said, unless it stays as it is."""
    amount, unknown = FREE, []
    for line in lines:
        match line.now, line.then:
            case Amount() as now, Amount() as then:
                amount += then - now
            case now, then if now != then or line.owner == REFUSED:
                why = (
                    then.reason
                    if isinstance(then, Unpriced)
                    else now.reason
                    if isinstance(now, Unpriced)
                    else ""
                )
                unknown.append(f"{line.slot}: {line.what}: {why}")
            case _:
                pass
    return Total(amount, tuple(unknown))


def all_of(bills: Iterable[Bill]) -> tuple[Line, ...]:
    """The lines of several environments, what they share counted once."""
    seen: set[tuple[str, str]] = set()
    lines = []
    for one in bills:
        for line in one.lines:
            shared = (one.account, line.identity) if line.identity is not None else None
            if shared is None or shared not in seen:
                lines.append(replace(line, slot=f"{one.environment}: {line.slot}"))
            if shared is not None:
                seen.add(shared)
    return tuple(lines)


def owner_of(decision: Decision) -> str:
    """Whose the costs of a slot are."""
    if decision.outcome is Outcome.REFUSE:
        return REFUSED
    return ADOPTED if decision.outcome in READ_ONLY else MANAGED


def _line(slot: str, item: Item, owner: str) -> Line:
    return Line(slot, item.what, item.owner or owner, item.now, item.then, item.source, item.identity)


def _slot(decision: Decision, assessment: Assessment, prices: Prices) -> list[Line]:
    """The lines of one slot."""
    price = PRICED.get(decision.slot)
    if price is None:
        unknown = Unpriced("nobody has said what it costs")
        return [Line(decision.slot, decision.slot, owner_of(decision), unknown, unknown)]
    if decision.outcome is Outcome.REFUSE:
        return _refused(decision, assessment, prices, price)
    if decision.outcome is Outcome.OMIT and decision.target is None:
        return []
    return [_line(decision.slot, one, owner_of(decision)) for one in price(decision, assessment, prices)]


def _refused(decision: Decision, assessment: Assessment, prices: Prices, price: Priced) -> list[Line]:
    """What is live goes on to cost; where it is not known which it is, or whether there is any, that is said."""
    live = decision.target or (decision.found[0] if len(decision.found) == 1 else None)
    if decision.slot in FREE_SLOTS:
        return [_line(decision.slot, one, REFUSED) for one in price(decision, assessment, prices)]
    if live is None:
        unknown = Unpriced(f"refused ({decision.code}): it is not decided what stands there")
        now = FREE if decision.code in _NOT_THERE else unknown
        return [Line(decision.slot, "not decided", REFUSED, now, unknown)]
    as_it_is = replace(decision, outcome=Outcome.ADOPT, target=live, id=live.id)
    return [_line(decision.slot, one, REFUSED) for one in price(as_it_is, assessment, prices)]
