"""Whether a plan of the engine may be carried out; pure.

The program decides before the engine plans, and the engine's plan follows from what was declared, from the state and
from its own rules. This reads what came of it, step by step, and holds it against what was decided: the guard is there
for the day on which program, state or engine do something else than the table says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.engine.events import Op
from formerr_infra.guard.kinds import CLUSTER, LOGICAL, ON_CLUSTER, PROTECTED
from formerr_infra.guard.verdict import BY_NAME, Code, Stop, Verdict
from formerr_infra.model import Decision, Mark, Outcome
from formerr_infra.slots import SLOTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from formerr_infra.detect import Assessment
    from formerr_infra.engine.events import Change, Preview
    from formerr_infra.settings.schema import Settings

PRODUCTION = "production"
_READS = frozenset({Op.SAME, Op.READ, Op.READ_REPLACEMENT, Op.REFRESH, Op.DISCARD, Op.DISCARD_REPLACED})
_REPLACES = frozenset({Op.REPLACE, Op.CREATE_REPLACEMENT, Op.DELETE_REPLACED, Op.REMOVE_PENDING_REPLACE})
_IMPORTS = frozenset({Op.IMPORT, Op.IMPORT_REPLACEMENT})
#: Outcome -> the operations that carry it out. That a replacement is asked for is another question.
_CARRY_OUT: Mapping[Outcome, frozenset[str]] = {
    Outcome.ADOPT: _READS,
    Outcome.RELEASE: _READS,
    Outcome.KEEP: frozenset({Op.SAME, Op.UPDATE, Op.REFRESH, *_REPLACES}),
    Outcome.CREATE: frozenset({Op.CREATE, Op.REFRESH, Op.DISCARD_REPLACED, *_REPLACES}),
    Outcome.RECREATE: frozenset({Op.CREATE, Op.REFRESH, *_REPLACES}),
    Outcome.IMPORT: frozenset({*_IMPORTS, Op.SAME, Op.REPLACE, Op.REFRESH, Op.DISCARD_REPLACED}),
    Outcome.OMIT: frozenset({Op.DISCARD, Op.DISCARD_REPLACED, Op.REFRESH, Op.DELETE}),
    Outcome.REFUSE: frozenset(),
}
_SLOTS = {(slot.engine_type, slot.name): slot.key for slot in SLOTS}
_AGAIN = "run `formerr detect`, and preview again; if it stays, program and state disagree: do not go on"


def judge(
    preview: Preview, assessment: Assessment, settings: Settings, allow_replace: Collection[str] = ()
) -> Verdict:
    """Hold a plan against what was decided.

    Args:
        preview: the engine's plan.
        assessment: what was decided.
        settings: of the stack.
        allow_replace: URNs that may be deleted or replaced. That of a cluster covers what stands on it.
    """
    careful = assessment.stack == PRODUCTION or settings.protect
    steps: dict[str, list[Change]] = {}
    for change in preview.changes:
        if not change.type.startswith(LOGICAL):
            steps.setdefault(change.urn, []).append(change)
    clusters = {urn for urn, each in steps.items() if each[0].type == CLUSTER}
    named = set(allow_replace)
    stops, allowed = [], []
    for urn, each in steps.items():
        stop = _stop(each, _decision(each[0], assessment), careful=careful)
        if stop is None:
            continue
        goes_with = each[0].type.startswith(ON_CLUSTER) and bool(clusters & named)
        if stop.code in BY_NAME and (urn in named or goes_with):
            allowed.append(urn)
        else:
            stops.append(stop)
    return Verdict(tuple(stops), tuple(allowed), tuple(one for one in allow_replace if one not in allowed))


def _decision(change: Change, assessment: Assessment) -> Decision | None:
    slot = _SLOTS.get((change.type, change.name))
    if slot is not None:
        return assessment.decisions.get(slot)
    return assessment.objects.get(change.name)


def _stop(steps: list[Change], decision: Decision | None, *, careful: bool) -> Stop | None:
    first = steps[0]
    unknown = [one.op for one in steps if one.op not in list(Op)]
    if unknown:
        return _say(
            first,
            Code.UNKNOWN_OPERATION,
            f"the engine plans {unknown[0]!r}, which this guard does not know",
            "use an older engine, or a newer version of this project",
        )
    removed = _removed(steps)
    if removed is not None:
        whose = _whose(removed, decision)
        if whose is not None:
            return _say(
                first,
                Code.NOT_OURS,
                f"the engine would delete {_it(removed)}, {whose}",
                "nothing waves this through: settle whose it is (`formerr explain`), or release it with policy adopt",
            )
    against = _against(steps, decision)
    if against is not None:
        return against
    return None if removed is None else _removal(removed, decision, careful=careful)


def _removed(steps: Iterable[Change]) -> Change | None:
    """The step that takes a live resource away, if any. What the state holds as read only is only ever forgotten."""
    steps = list(steps)
    for one in steps:
        if one.op in (Op.DELETE, Op.DELETE_REPLACED):
            return one
    imported = any(one.op in _IMPORTS for one in steps)
    for one in steps:
        if one.op in (Op.REPLACE, Op.CREATE_REPLACEMENT) and not (one.external or imported):
            return one
    return None


def _whose(change: Change, decision: Decision | None) -> str | None:
    """Whose a resource is that this stack may never delete."""
    if change.external:
        return "which the stack only reads"
    if decision is None:
        return None
    if decision.target is not None and decision.target.mark is Mark.OTHER:
        return f"which carries the mark of {decision.target.owner}"
    if decision.outcome in (Outcome.ADOPT, Outcome.RELEASE):
        return f"which was decided to be only read (row {decision.row}: {decision.reason})"
    return None


def _against(steps: list[Change], decision: Decision | None) -> Stop | None:
    if decision is None:
        return None
    allowed = _CARRY_OUT[decision.outcome]
    wrong = next((one for one in steps if one.op not in allowed), None)
    if wrong is None:
        # An import that would write; no other outcome has one.
        wrong = next((one for one in steps if one.op in _IMPORTS and one.keys), None)
    if wrong is None:
        return None
    differs = f" ({', '.join(wrong.keys)})" if wrong.keys else ""
    return _say(
        wrong,
        Code.AGAINST_DECISION,
        f"decided was {decision.outcome.value} (row {decision.row}: {decision.reason}); the engine plans {wrong.op} of "
        f"{_it(wrong)}{differs}",
        _AGAIN,
    )


def _removal(change: Change, decision: Decision | None, *, careful: bool) -> Stop | None:
    does = "delete" if change.op == Op.DELETE else "replace"
    if change.retain_on_delete:
        does = f"forget (retained on delete) and {does}"
    by_name = f"--allow-replace '{change.urn}'"
    why = f"; {', '.join(change.replaces)} cannot be changed in place" if change.replaces else ""
    if decision is not None and decision.target is not None and decision.target.mark is Mark.UNMARKED:
        return _say(
            change,
            Code.TAKEN_IN,
            f"the engine would {does} {_it(change)}, which this stack did not make (it carries no mark){why}",
            f"{by_name}, or release it with policy adopt",
        )
    if change.type in PROTECTED:
        lost = PROTECTED[change.type]
        return _say(
            change,
            Code.PROTECTED_KIND,
            f"the engine would {does} {_it(change)}, and with it goes {lost}{why}",
            by_name,
        )
    if careful:
        return _say(
            change,
            Code.PRODUCTION,
            f"the engine would {does} {_it(change)} of a protected stack{why}",
            by_name,
        )
    return None


def _it(change: Change) -> str:
    return f"{change.id!r}" if change.id else f"{change.name!r}"


def _say(change: Change, code: Code, reason: str, settle: str) -> Stop:
    return Stop(change.urn, code, reason, settle)
