"""The decision: total and pure, values in, values out.

No I/O, and no knowledge of any cloud or engine. It does not look anything up, and it does not know how an outcome
is carried out. The rows stand in `table`, the words in `verdicts`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from formerr_infra.decide.case import Case
from formerr_infra.decide.published import DOES_NOT_FIT, WOULD_REPLACE
from formerr_infra.decide.table import ROWS
from formerr_infra.decide.verdicts import Verdict, what
from formerr_infra.model import Code, Decision, Found, Misfit, Outcome, Wanted

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Case", "decide", "misfits"]


def decide(case: Case) -> Decision:
    """Decide one slot: the first row that matches, then the question whether the resource fits.

    Raises:
        AssertionError: if no row matches, which the tests show cannot happen.
    """
    row = next((row for row in ROWS if row.matches(case)), None)
    if row is None:
        raise AssertionError(f"no row of the decision table matches {case!r}")
    decision = _decision(case, row.number, row.verdict(case))
    return _unless_it_does_not_fit(case, decision)


def misfits(found: Found, fields: Mapping[str, Wanted]) -> tuple[Misfit, ...]:
    """The fields in which a live resource disagrees with what is declared."""
    facts = {"name": found.name, **found.facts}
    return tuple(
        Misfit(name, facts.get(name), wanted)
        for name, wanted in fields.items()
        if not wanted.agrees(facts.get(name))
    )


def _decision(case: Case, number: str, verdict: Verdict) -> Decision:
    seen = {
        found.id: found for found in (*case.sighting.by_id.values(), *(case.sighting.named or ())) if found
    }
    return Decision(
        slot=case.slot,
        outcome=verdict.outcome,
        row=number,
        reason=verdict.reason,
        id=verdict.target.id if verdict.target else verdict.id,
        code=verdict.code,
        settle=verdict.settle,
        held=case.held,
        found=tuple(seen.values()),
        target=verdict.target,
        notes=verdict.notes,
    )


def _unless_it_does_not_fit(case: Case, decision: Decision) -> Decision:
    """Row 26 for what is adopted, imported or released, row 3b for what is kept."""
    if decision.target is None:
        return decision
    wrong = misfits(decision.target, case.wish.fields)
    if decision.outcome is Outcome.KEEP:
        return _unless_it_would_be_replaced(case, decision, decision.target, wrong)
    if not wrong:
        return decision
    return decision.refused(
        DOES_NOT_FIT.number,
        Code.DOES_NOT_FIT,
        f"{what(decision.target)} does not fit: {_list(wrong)}.",
        f"{_back(decision.target, wrong)}, or {case.wish.otherwise or _another(case)}.",
    )


def _unless_it_would_be_replaced(
    case: Case, decision: Decision, target: Found, wrong: tuple[Misfit, ...]
) -> Decision:
    """Row 3b: the engine replaces what differs in a field that cannot be changed in place, and what the state says to."""
    wrong = tuple(misfit for misfit in wrong if misfit.wanted.fixed)
    tainted = case.held.tainted
    if not wrong and tainted is None:
        return decision
    whys, reasons, ways = [], [], []
    if wrong:
        whys.append(_list(wrong))
        reasons.append(f"{_list(wrong)} cannot be changed in place")
        ways.append(_back(target, wrong))
    if tainted is not None:
        whys.append(_TAINTED)
        reasons.append(_TAINTED)
        ways.append(f"pulumi state untaint '{tainted}'")
    why, reason, back = "; ".join(whys), " and ".join(reasons), ", ".join(ways)
    if not case.wish.allow_replace:
        return decision.refused(
            WOULD_REPLACE.number,
            Code.WOULD_REPLACE,
            f"{what(target)} is managed by this stack, and {reason}: the engine would delete it and make another.",
            f"{back}; to have it replaced on purpose, add {case.slot} to allowReplace for one run.",
        )
    if case.pins_what_would_go:
        return decision.refused(
            WOULD_REPLACE.number,
            Code.WOULD_REPLACE,
            f"allowReplace would replace {what(target)} ({why}), and {case.wish.pin_key} pins "
            "its id: the new one has another id, so that every later run would look for one that is gone.",
            f"remove {case.wish.pin_key} to have it replaced, or, to keep it: {back}.",
        )
    note = f"replaced, as allowReplace says: {why}"
    return replace(decision, replaces=True, notes=(*decision.notes, note))


_TAINTED = "the state marks it for replacement (pulumi state taint)"


def _another(case: Case) -> str:
    """How another one is chosen; what is held is known by its id, so that a name would not be looked at."""
    keys = (case.wish.pin_key,) if case.alive is not None else (case.wish.name_key, case.wish.pin_key)
    return f"choose another with {' or '.join(keys)}"


def _list(wrong: tuple[Misfit, ...]) -> str:
    return "; ".join(f"{_seen(misfit)}, wanted {_wanted(misfit.wanted)}" for misfit in wrong)


def _seen(misfit: Misfit) -> str:
    untold = misfit.found is None
    return f"the API tells no {misfit.field}" if untold else f"{misfit.field} is {misfit.found!r}"


def _wanted(wanted: Wanted) -> str:
    return f"one that this run would make ({wanted.key})" if wanted.new else f"{wanted.value!r}"


def _back(target: Found, wrong: tuple[Misfit, ...]) -> str:
    return ", ".join(misfit.wanted.settle or _back_to(target, misfit) for misfit in wrong)


def _back_to(target: Found, misfit: Misfit) -> str:
    """How a setting would fit what is there; what is not told cannot be set."""
    if misfit.found is None:
        return f"find out why {_seen(misfit)} of {target.id}"
    return f"set {misfit.wanted.key} so that {_seen(misfit)}"
