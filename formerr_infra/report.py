"""Decisions as people and machines read them: lines for the engine's log, a plain form for outputs and JSON.

Names and messages that come from an account are untrusted: control characters never reach a terminal.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from formerr_infra.detect import Assessment, refusal
from formerr_infra.model import READ_ONLY, Decision, Found, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

_SYMBOL = {
    Outcome.CREATE: "+",
    Outcome.RECREATE: "+",
    Outcome.KEEP: "=",
    Outcome.ADOPT: "<",
    Outcome.IMPORT: ">",
    Outcome.RELEASE: "^",
    Outcome.OMIT: "-",
    Outcome.REFUSE: "!",
}


def clean(text: str) -> str:
    """The text on one line, without control characters and bidirectional overrides, at most 2,000 characters.

    What a runner of GitHub Actions would take for a command in its log is broken up too.
    """
    shown = "".join(
        char if char.isprintable() and char not in _INVISIBLE else "\N{REPLACEMENT CHARACTER}"
        for char in text[: _LONGEST + 1]
    )
    shown = _COMMAND.sub(": :", shown).replace("##[", "# #[")
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"


_LONGEST = 2000
#: What shows nothing, or turns what stands beside it around, and Python takes for printable in some of its versions.
_INVISIBLE = frozenset(
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060"
    "\u2066\u2067\u2068\u2069\u3164\ufeff\uffa0"
)
#: What a runner obeys at the beginning of a line, as `::error::text`; a table may break a text into lines anywhere.
_COMMAND = re.compile(
    r"::(?=(add-(mask|matcher|path)|debug|echo|(end)?group|error|internal-|notice|remove-matcher|save-state|set-(env|output)|"
    r"stop-commands|warning))",
    re.IGNORECASE,
)


def ownership(decision: Decision) -> str:
    """`managed`, `adopted`, `omitted` or `refused`: how the slot stands after a run that succeeds."""
    match decision.outcome:
        case Outcome.OMIT:
            return "omitted"
        case Outcome.REFUSE:
            return "refused"
        case outcome:
            return "adopted" if outcome in READ_ONLY else "managed"


def lines(assessment: Assessment) -> list[str]:
    """One line a slot, then notes and findings."""
    width = max((len(key) for key in assessment.decisions), default=0)
    shown = [
        f"{_SYMBOL[one.outcome]} {one.slot:<{width}}  {one.outcome.value:<8}  row {one.row:<3}  {clean(one.reason)}"
        for one in assessment.decisions.values()
    ]
    shown += [
        f"  note: {one.slot}: {clean(note)}" for one in assessment.decisions.values() for note in one.notes
    ]
    shown += [f"  {finding.severity}: {clean(finding.message)}" for finding in assessment.findings]
    return shown


def stop_message(assessment: Assessment) -> str:
    """Why the run stops, all reasons at once."""
    parts = ["\n".join(clean(line) for line in refusal(one)) for one in assessment.refused]
    parts += [f"preflight: {finding.code}: {clean(finding.message)}" for finding in assessment.errors]
    return "\n".join(["stopped before any write:", *(f"  {part}" for part in parts)])


def as_output(assessment: Assessment, more: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The stack output `decisions`: slot -> outcome, ownership, row, held, found, reason, notes; plain strings.

    Args:
        assessment: decided.
        more: slot -> a further note.
    """
    further = more or {}
    return {
        one.slot: {
            "outcome": one.outcome.value,
            "ownership": ownership(one),
            "row": one.row,
            "held": one.held.holding.value,
            "found": [clean(found.id) for found in one.found],
            "reason": clean(one.reason),
            "notes": [clean(note) for note in (*one.notes, further.get(one.slot, "")) if note],
        }
        for one in assessment.decisions.values()
    }


def as_json(assessment: Assessment) -> dict[str, Any]:
    """Everything, for machines.

    Shape: `{stack, ok, calls, seconds, pending, decisions: [{slot, outcome, ownership, row, code, id, reason, settle,
    held: {holding, id}, found: [{id, name, mark, owner, created_at, facts}], notes}], objects: [the same of each object
    of the application, its key for the slot], findings: [{severity, code, message, key}]}`.
    """
    return {
        "stack": assessment.stack,
        "ok": not assessment.refused and not assessment.errors,
        "calls": assessment.calls,
        "seconds": round(assessment.seconds, 3),
        "pending": list(assessment.ledger.pending),
        "decisions": [_decision(one) for one in assessment.decisions.values()],
        "objects": [_decision(one) for one in assessment.objects.values()],
        "findings": [
            {"severity": one.severity, "code": one.code, "message": one.message, "key": one.key}
            for one in assessment.findings
        ],
    }


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "slot": decision.slot,
        "outcome": decision.outcome.value,
        "ownership": ownership(decision),
        "row": decision.row,
        "code": decision.code.value if decision.code else None,
        "id": decision.id,
        "reason": decision.reason,
        "settle": decision.settle,
        "held": {"holding": decision.held.holding.value, "id": decision.held.id},
        "found": [_found(found) for found in decision.found],
        "notes": list(decision.notes),
    }


def _found(found: Found) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "mark": found.mark.value,
        "owner": found.owner,
        "created_at": found.created_at.isoformat() if found.created_at else None,
        "facts": dict(found.facts),
    }
