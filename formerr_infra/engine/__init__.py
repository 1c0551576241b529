"""The real Pulumi engine, driven by its command: preview, up, refresh, destroy, and the state of one stack."""

from __future__ import annotations

from formerr_infra.engine.adapter import Engine
from formerr_infra.engine.errors import EngineFailed, EngineInterrupted, StackLocked, StackMissing
from formerr_infra.engine.events import Change, Diagnostic, Event, Op, Phase, Preview, Result, Violation
from formerr_infra.engine.exported import SECRET, outputs

__all__ = [
    "SECRET",
    "Change",
    "Diagnostic",
    "Engine",
    "EngineFailed",
    "EngineInterrupted",
    "Event",
    "Op",
    "Phase",
    "Preview",
    "Result",
    "StackLocked",
    "StackMissing",
    "Violation",
    "outputs",
]
