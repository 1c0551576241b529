"""The engine's JSON events, read line by line; pure.

Form: one JSON object a line (`pulumi ... --event-log FILE`), each with one key that says what it is. They are read here
and not by the Automation API, which drops what it cannot read with a warning, an operation newer than its list for one,
and a guard may not miss a step (docs/adr/0034-the-engine-by-its-command.md).
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from formerr_infra.engine.errors import EngineFailed
from formerr_infra.engine.events import Change, Diagnostic, Event, Op, Phase, Violation
from formerr_infra.engine.words import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def parse(line: str) -> Event | None:
    """One line of the log; None for what nobody asks about, and for a line that a killed engine left half-written.

    Raises:
        EngineFailed: it is an event that somebody asks about, in a form that is not known: a step could be missed.
    """
    try:
        event = json.loads(line)
    except ValueError:
        return None
    except RecursionError:
        raise EngineFailed("the engine wrote an event that cannot be read: it is too deep") from None
    if not isinstance(event, dict):
        return None
    for key, read in _READ.items():
        if event.get(key) is not None:
            try:
                return read(_mapping(event[key]), float(event.get("timestamp") or 0.0))
            except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
                raise EngineFailed(
                    f"the engine wrote an event {key} of an unknown form: {type(error).__name__}"
                ) from None
    return None


def _step(phase: Phase) -> Callable[[dict[str, Any], float], Event]:
    def read(body: dict[str, Any], at: float) -> Event:
        return Event(
            phase, at, planning=bool(body.get("planning")), change=_change(_mapping(body.get("metadata")))
        )

    return read


def _change(metadata: Mapping[str, Any]) -> Change:
    old, new = _mapping(metadata.get("old")), _mapping(metadata.get("new"))
    there = old or new
    urn = str(metadata.get("urn", ""))
    detailed = {
        path: str(_mapping(diff).get("diffKind", "update"))
        for path, diff in _mapping(metadata.get("detailedDiff")).items()
    }
    keys = [*_names(metadata.get("diffs")), *detailed]
    if metadata.get("op") == Op.REFRESH and old and new:
        keys += _differing(_mapping(old.get("outputs")), _mapping(new.get("outputs")))
    new_id = str(new.get("id") or "")
    return Change(
        urn=urn,
        type=str(metadata.get("type", "")),
        name=urn.rsplit("::", 1)[-1],
        op=str(metadata.get("op", "")),
        id=str(there.get("id") or ""),
        protect=bool(there.get("protect")),
        retain_on_delete=bool(there.get("retainOnDelete")),
        provider=str(metadata.get("provider") or there.get("provider") or ""),
        parent=str(there.get("parent") or ""),
        keys=tuple(dict.fromkeys(keys)),
        replaces=_names(metadata.get("keys")),
        detailed=MappingProxyType(detailed),
        before=_mapping(old.get("inputs")) if old else None,
        after=_mapping(new.get("inputs")) if new else None,
        new_id=new_id if new_id != there.get("id") else "",
        gone=bool(old) and not new,
        outputs_before=_mapping(old.get("outputs")) if old else None,
        outputs_after=_mapping(new.get("outputs")) if new else None,
    )


def _mapping(value: Any) -> dict[str, Any]:
    """What may be missing and otherwise is a mapping; anything else is not read as an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError(type(value).__name__)
    return value


def _names(value: Any) -> tuple[str, ...]:
    """The same of a list of names."""
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TypeError(type(value).__name__)
    return tuple(value)


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Outputs that a refresh found different: neither what a plugin keeps for itself, nor nothing said in another way."""
    return sorted(
        key
        for key in {*old, *new}
        if not key.startswith("__")
        and old.get(key) != new.get(key)
        and not (_nothing(old.get(key)) and _nothing(new.get(key)))
    )


def _nothing(value: Any) -> bool:
    return value is None or value in ("", [], {}, False, 0)


def _diagnostic(body: dict[str, Any], at: float) -> Event:
    severity = str(body.get("severity", ""))
    message = plain(str(body.get("message", ""))).rstrip()
    if severity == "debug" or body.get("ephemeral") or not message:
        return Event(Phase.SAID, at)
    said = Diagnostic(severity, message, str(body.get("urn") or ""))
    return Event(Phase.SAID, at, diagnostic=said)


def _violation(body: dict[str, Any], at: float) -> Event:
    return Event(
        Phase.POLICY,
        at,
        violation=Violation(
            policy=str(body.get("policyName", "")),
            pack=str(body.get("policyPackName", "")),
            level=str(body.get("enforcementLevel", "")),
            message=plain(str(body.get("message", ""))).strip(),
            urn=str(body.get("resourceUrn") or ""),
        ),
    )


def _summary(body: dict[str, Any], at: float) -> Event:
    counts = {str(op): int(many) for op, many in _mapping(body.get("resourceChanges")).items()}
    seconds = float(body.get("durationSeconds") or 0.0)
    return Event(Phase.SUMMARY, at, counts=MappingProxyType(counts), seconds=seconds)


_READ: Mapping[str, Callable[[dict[str, Any], float], Event]] = {
    "resourcePreEvent": _step(Phase.BEGUN),
    "resOutputsEvent": _step(Phase.DONE),
    "resOpFailedEvent": _step(Phase.FAILED),
    "diagnosticEvent": _diagnostic,
    "policyEvent": _violation,
    "summaryEvent": _summary,
}
