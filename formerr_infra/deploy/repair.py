"""Operations that an earlier run left unfinished, and the repair that fits each; pure.

An engine that was killed leaves a note of what it was doing. What it made is known by its mark (or, where a kind has no
room for one, by when it was made): the decision table imports it. The note itself is cleared by a refresh.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from formerr_infra.errors import Refused
from formerr_infra.model import MAKES, Decision, Outcome
from formerr_infra.slots import SLOTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from formerr_infra.detect import Assessment


class OperationsPending(Refused):
    """The state notes operations that were interrupted; nothing was written."""


class Way(StrEnum):
    """What is done about a noted operation."""

    TAKE_IN = "take in"
    CLEAR = "clear"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Repair:
    """One noted operation.

    Attributes:
        urn: of the resource.
        operation: creating, updating, deleting, ...
        way: see `Way`.
        why: the proof, or what is missing.
        id: what is taken in.
    """

    urn: str
    operation: str
    way: Way
    why: str
    id: str | None = None

    @property
    def name(self) -> str:
        """The logical name."""
        return self.urn.rsplit("::", 1)[-1]

    @property
    def text(self) -> str:
        """In one line."""
        match self.way:
            case Way.TAKE_IN:
                does = f"take in {self.id!r}, then clear the note"
            case Way.CLEAR:
                does = "clear the note"
            case Way.NONE:
                does = "no repair is known"
        return f"{self.name} ({self.operation}): {does}: {self.why}"


_SLOTS = {(slot.engine_type, slot.name): slot.key for slot in SLOTS}


def pending(export: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """URN and operation of everything that a state notes as unfinished."""
    noted = (export.get("deployment") or {}).get("pending_operations") or []
    return tuple((one["resource"]["urn"], one["type"]) for one in noted)


def repairs(export: Mapping[str, Any], assessment: Assessment) -> tuple[Repair, ...]:
    """The repair for each noted operation."""
    held = {
        one["urn"] for one in (export.get("deployment") or {}).get("resources") or [] if not one.get("delete")
    }
    return tuple(_repair(urn, operation, held, assessment) for urn, operation in pending(export))


def require(found: Sequence[Repair], stack: str, *, repair: bool) -> None:
    """Stop here unless nothing is pending, or all of it is to be repaired and can be.

    Raises:
        OperationsPending: it is not, or cannot.
    """
    if not found or (repair and all(one.way is not Way.NONE for one in found)):
        return
    lines = ["an earlier run was interrupted, and the state notes what it was doing:"]
    lines += [f"  {one.text}" for one in found]
    if any(one.way is Way.NONE for one in found):
        lines.append(
            f"to go on: look after these yourself; then `pulumi refresh --clear-pending-creates -s {stack}` clears the notes"
        )
    else:
        lines.append(f"to go on: `formerr deploy {stack} --repair` does that")
    raise OperationsPending("\n".join(lines))


def _repair(urn: str, operation: str, held: set[str], assessment: Assessment) -> Repair:
    if operation != "creating":
        return Repair(urn, operation, Way.CLEAR, "the refresh before each run reads what came of it")
    if urn in held:
        return Repair(urn, operation, Way.CLEAR, "the state has the resource, from a later run")
    decision = _decision(urn, assessment)
    if decision is None:
        return Repair(
            urn, operation, Way.NONE, "it is none of the slots, so that nothing proves what was made"
        )
    why = f"row {decision.row}: {decision.reason}"
    if decision.outcome is Outcome.IMPORT:
        return Repair(urn, operation, Way.TAKE_IN, why, decision.id)
    if decision.outcome in MAKES or decision.outcome is Outcome.OMIT:
        return Repair(urn, operation, Way.CLEAR, f"nothing was made ({why})")
    if decision.outcome is Outcome.ADOPT:
        return Repair(urn, operation, Way.CLEAR, f"what is there was not made by that run ({why})")
    return Repair(urn, operation, Way.NONE, why)


def _decision(urn: str, assessment: Assessment) -> Decision | None:
    _, _, types, name = urn.split("::", 3)
    slot = _SLOTS.get((types.rsplit("$", 1)[-1], name))
    return assessment.decisions.get(slot) if slot is not None else assessment.objects.get(name)
