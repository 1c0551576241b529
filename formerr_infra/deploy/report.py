"""What a preview or a deployment found and did, as one document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from formerr_infra.errors import FormerrError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from formerr_infra.deploy.repair import Repair
    from formerr_infra.detect import Assessment
    from formerr_infra.engine import Change, Preview, Result
    from formerr_infra.guard import Verdict
    from formerr_infra.health import Check
    from formerr_infra.validate import Finding


@dataclass(slots=True)
class Report:
    """Filled in as the phases go on.

    Attributes:
        stack: its name.
        phases: name and seconds of each phase that came to its end, in order.
        rounds: how often it was previewed.
        moved: what had moved, each time that something had.
        findings, repairs, assessment, preview, verdict, result, health, outputs: of the phases of these names.
        unforeseen: what the update did and the preview had not said.
        began: whether the update did; from then on something may have been written.
    """

    stack: str
    phases: list[tuple[str, float]] = field(default_factory=list)
    rounds: int = 0
    moved: list[str] = field(default_factory=list)
    findings: Sequence[Finding] = ()
    repairs: Sequence[Repair] = ()
    assessment: Assessment | None = None
    preview: Preview | None = None
    verdict: Verdict | None = None
    result: Result | None = None
    health: Sequence[Check] | None = None
    outputs: dict[str, Any] | None = None
    unforeseen: tuple[str, ...] = ()
    began: bool = False

    def document(self, error: BaseException | None = None) -> dict[str, Any]:
        """Everything, for machines; what was not come to is null."""
        from formerr_infra.report import as_json

        return {
            "stack": self.stack,
            "ok": error is None,
            "error": None if error is None else {"kind": type(error).__name__, "message": _said(error)},
            "phases": [{"name": name, "seconds": round(seconds, 3)} for name, seconds in self.phases],
            "rounds": self.rounds,
            "moved": self.moved,
            "validation": [
                {"file": one.file, "line": one.line or None, "rule": one.rule, "level": one.level.value, "message": one.message}
                for one in self.findings
            ],
            "pending": [
                {"urn": one.urn, "operation": one.operation, "repair": one.way.value, "id": one.id, "why": one.why}
                for one in self.repairs
            ],
            "detection": None if self.assessment is None else as_json(self.assessment),
            "preview": None if self.preview is None else _preview(self.preview),
            "guard": None if self.verdict is None else _verdict(self.verdict),
            "update": None if self.result is None else _preview(self.result),
            "unforeseen": list(self.unforeseen),
            "health": None
            if self.health is None
            else [
                {"name": one.name, "state": one.state.value, "message": one.message, "seconds": one.seconds}
                for one in self.health
            ],
            "outputs": self.outputs,
        }  # fmt: skip


def _said(error: BaseException) -> str:
    """What stopped it; of what nobody foresaw nothing, which could hold a secret."""
    match error:
        case FormerrError():
            return str(error)
        case KeyboardInterrupt():
            return "interrupted"
        case _:
            return "unexpected"


def _preview(preview: Preview) -> dict[str, Any]:
    return {
        "counts": dict(preview.counts),
        "seconds": preview.seconds,
        "changes": [_change(one) for one in preview.loud],
        "drift": [_change(one) for one in preview.drift],
        "policy": [
            {"policy": one.policy, "pack": one.pack, "level": one.level, "urn": one.urn, "message": one.message}
            for one in preview.violations
        ],
    }  # fmt: skip


def _change(one: Change) -> dict[str, Any]:
    return {
        "urn": one.urn,
        "type": one.type,
        "name": one.name,
        "op": str(one.op),
        "id": one.id or None,
        "external": one.external,
        "protect": one.protect,
        "retainOnDelete": one.retain_on_delete,
        "keys": list(one.keys),
        "replaces": list(one.replaces),
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "ok": not verdict.stops,
        "stops": [
            {"urn": one.urn, "code": one.code.value, "reason": one.reason, "settle": one.settle}
            for one in verdict.stops
        ],
        "allowed": list(verdict.allowed),
        "unused": list(verdict.unused),
    }
