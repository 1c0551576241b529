"""What the engine says while it works, as values, and all that one operation said together; pure.

The engine's own form of it is read in `event_log`. An operation that is not known here is kept under its own name.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from formerr_infra.engine.errors import EngineFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


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
