"""What the engine says while it works, read from its JSON events; pure.

Form: one JSON object a line (`pulumi ... --event-log FILE`), each with one key that says what it is. They are read here
and not by the Automation API, which drops what it cannot read with a warning, an operation newer than its list for one,
and a guard may not miss a step (docs/adr/0034-the-engine-by-its-command.md). An operation that is not known here is kept
under its own name.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from formerr_infra.engine.errors import EngineFailed
from formerr_infra.engine.words import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class Op(StrEnum):
    """The engine's operations on a resource, by its own names."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REPLACE = "replace"
    CREATE_REPLACEMENT = "create-replacement"
    DELETE_REPLACED = "delete-replaced"
    READ = "read"
    READ_REPLACEMENT = "read-replacement"
    REFRESH = "refresh"
    DISCARD = "discard"
    DISCARD_REPLACED = "discard-replaced"
    REMOVE_PENDING_REPLACE = "remove-pending-replace"
    IMPORT = "import"
    IMPORT_REPLACEMENT = "import-replacement"


#: Operations that leave the resource as it is, in the cloud and in the state.
QUIET = frozenset({Op.SAME, Op.REFRESH, Op.READ})
#: Operations after which the resource is gone from the cloud, unless it is external or retained on delete.
DELETES = frozenset({Op.DELETE, Op.DELETE_REPLACED})


class Phase(StrEnum):
    """Where a step is, or what else an event is about."""

    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"
    SAID = "said"
    POLICY = "policy"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Change:
    """One step of the engine on one resource.

    Attributes:
        urn, type, name: of the resource; the name is the logical one.
        op: the engine's word; one of `Op`, or one that is newer than this list.
        id: physical id, of what is there already if anything is; empty where that is still to be made.
        external: the state holds it as read only: the stack did not create it, and does not manage it.
        protect: the engine refuses to delete it.
        retain_on_delete: a delete only forgets it.
        provider, parent: URNs.
        keys: the properties that differ.
        replaces: those of them that make a replacement necessary.
        detailed: path of a property -> add, delete, update, or one of these with `-replace`.
        before, after: inputs, without secrets (the engine takes those out of its events); None where there are none.
        new_id: the id afterwards, where it is another one.
        gone: there is nothing afterwards.
        outputs_before, outputs_after: what it said of itself, without secrets too.
    """

    urn: str
    type: str
    name: str
    op: str
    id: str = ""
    external: bool = False
    protect: bool = False
    retain_on_delete: bool = False
    provider: str = ""
    parent: str = ""
    keys: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    detailed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    before: Mapping[str, Any] | None = field(default=None, repr=False)
    after: Mapping[str, Any] | None = field(default=None, repr=False)
    new_id: str = ""
    gone: bool = False
    outputs_before: Mapping[str, Any] | None = field(default=None, repr=False)
    outputs_after: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def quiet(self) -> bool:
        """Whether it leaves everything as it is."""
        return self.op in QUIET


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Something that the engine, the program or a provider said: `info`, `info#err`, `warning` or `error`."""

    severity: str
    message: str
    urn: str = ""

    @property
    def text(self) -> str:
        """The message, behind the logical name of the resource that it is about."""
        about_all = not self.urn or "::pulumi:pulumi:Stack::" in self.urn
        return self.message if about_all else f"{self.urn.rsplit('::', 1)[-1]}: {self.message}"


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule of a policy pack that is broken; `mandatory` ends the run."""

    policy: str
    pack: str
    level: str
    message: str
    urn: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One event, as far as anybody here asks about it.

    Attributes:
        phase: see `Phase`.
        at: seconds since the epoch, as the engine has it.
        planning: the step is of a preview.
        change, diagnostic, violation: what it is about, by its phase.
        counts: with `SUMMARY`: operation -> how many.
        seconds: with `SUMMARY`: how long the operation took.
    """

    phase: Phase
    at: float = 0.0
    planning: bool = False
    change: Change | None = None
    diagnostic: Diagnostic | None = None
    violation: Violation | None = None
    counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Preview:
    """What the engine would do.

    Attributes:
        changes: the steps, in order; those that leave everything as it is too.
        diagnostics: what was said.
        ok: whether the operation came to its end.
        drift: what the refresh that comes first found different from the state, or gone.
        violations: rules of a policy pack that are broken.
        counts: operation -> how many, as the engine sums it up.
        seconds: how long it took.
    """

    changes: tuple[Change, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    ok: bool = True
    drift: tuple[Change, ...] = ()
    violations: tuple[Violation, ...] = ()
    counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    seconds: float = 0.0

    @property
    def loud(self) -> tuple[Change, ...]:
        """The steps that do not leave everything as it is."""
        return tuple(one for one in self.changes if not one.quiet)

    @property
    def errors(self) -> tuple[str, ...]:
        """The errors that were said, each with the logical name of the resource that it is about."""
        return tuple(one.text for one in self.diagnostics if one.severity == "error")


@dataclass(frozen=True, slots=True)
class Result(Preview):
    """What the engine did; the changes are the steps that were done.

    Attributes:
        failed: the steps that were begun and failed.
    """

    failed: tuple[Change, ...] = ()


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


def collect(events: Iterable[Event], external: Mapping[str, bool], *, ok: bool, done: bool = False) -> Result:
    """Everything that one operation said.

    Args:
        events: in their order.
        external: URN -> whether the state holds it as read only.
        ok: whether the command succeeded.
        done: take the steps that were done for the changes, not those that were begun.
    """
    changes: list[Change] = []
    drift: list[Change] = []
    failed: list[Change] = []
    diagnostics: list[Diagnostic] = []
    violations: list[Violation] = []
    counts: Mapping[str, int] = {}
    seconds = 0.0
    refreshing: set[str] = set()
    for event in events:
        match event:
            case Event(phase=Phase.BEGUN, change=Change(op=Op.REFRESH) as change):
                refreshing.add(change.urn)
            case Event(phase=Phase.BEGUN, change=Change() as change):
                refreshing.discard(change.urn)
                if not done:
                    changes.append(_known(change, external))
            case Event(phase=Phase.DONE, change=Change() as change) if change.urn in refreshing:
                refreshing.discard(change.urn)
                drift.append(_known(_refreshed(change), external))
            case Event(phase=Phase.DONE, change=Change() as change) if done:
                changes.append(_known(change, external))
            case Event(phase=Phase.FAILED, change=Change() as change):
                failed.append(_known(change, external))
            case Event(diagnostic=Diagnostic() as diagnostic):
                diagnostics.append(diagnostic)
            case Event(violation=Violation() as violation):
                violations.append(violation)
            case Event(phase=Phase.SUMMARY):
                counts, seconds = event.counts, event.seconds
    return Result(
        tuple(changes),
        tuple(diagnostics),
        ok,
        tuple(one for one in drift if one.op != Op.SAME),
        tuple(dict.fromkeys(violations)),  # the engine says each more than once
        counts,
        seconds,
        tuple(failed),
    )


def externals(export: Mapping[str, Any]) -> dict[str, bool]:
    """URN -> whether the state holds it as read only, from an exported deployment.

    Raises:
        EngineFailed: it has another form.
    """
    try:
        resources = (export.get("deployment") or {}).get("resources") or []
        return {str(one["urn"]): bool(one.get("external")) for one in resources if not one.get("delete")}
    except (AttributeError, LookupError, TypeError) as error:
        raise EngineFailed(
            f"the exported state has an unknown form ({type(error).__name__}: {error})"
        ) from None


def _known(change: Change, external: Mapping[str, bool]) -> Change:
    return replace(change, external=True) if external.get(change.urn) else change


def _refreshed(change: Change) -> Change:
    """A refresh by what it found. A refresh alone says so itself; the one before an update is judged by its states."""
    if change.op != Op.REFRESH:
        return change
    if change.gone:
        return replace(change, op=Op.DELETE)
    return replace(change, op=Op.UPDATE if change.keys or change.detailed else Op.SAME)


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
