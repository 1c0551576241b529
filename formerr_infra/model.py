"""The values that the core passes around: what is held, what is live, what is wanted, what is decided.

Standard library only. Nothing here knows DigitalOcean, Pulumi or how any of it was looked up, so that
another kind of resource, or another cloud, needs no change here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

Scalar: TypeAlias = str | int | bool | None


class Policy(StrEnum):
    """What the user wants done with a slot."""

    AUTO = "auto"
    CREATE = "create"
    ADOPT = "adopt"
    IMPORT = "import"


class Holding(StrEnum):
    """What this stack's state holds of a slot.

    `DROPPED` is a managed resource that a refresh (or `pulumi state delete`) took out of the state while the
    journal kept beside it still names its id.
    """

    NONE = "none"
    MANAGED = "managed"
    ADOPTED = "adopted"
    INTERRUPTED = "interrupted"
    DROPPED = "dropped"


class Mark(StrEnum):
    """Whose a live resource is, as far as it says so itself."""

    OURS = "ours"
    OTHER = "other"
    UNMARKED = "unmarked"
    UNMARKABLE = "unmarkable"


class Outcome(StrEnum):
    """What is done with a slot.

    `OMIT`: it is not declared. Only for what hangs on another slot, which is not ours to write to or is not there, and
    for what is only ever read and is not there; the state holds nothing of it.
    """

    CREATE = "create"
    KEEP = "keep"
    ADOPT = "adopt"
    IMPORT = "import"
    RELEASE = "release"
    RECREATE = "recreate"
    OMIT = "omit"
    REFUSE = "refuse"


class Code(StrEnum):
    """Why a slot is refused."""

    UNKNOWN = "unknown"
    PINNED_MISSING = "pinned-missing"
    PIN_CONFLICT = "pin-conflict"
    WOULD_REPLACE = "would-replace"
    WOULD_DELETE = "would-delete"
    GONE = "gone"
    NOT_FOUND = "not-found"
    REPLACED_BEHIND_US = "replaced-behind-us"
    EXISTS = "exists"
    ADOPTED_GONE = "adopted-gone"
    IDENTITY_CHANGED = "identity-changed"
    OWNED_BY_OTHER = "owned-by-other"
    AMBIGUOUS = "ambiguous"
    DOES_NOT_FIT = "does-not-fit"
    IMPORT_WOULD_WRITE = "import-would-write"
    OTHER_URN = "other-urn"


#: Outcomes that declare a live resource which the stack only reads.
READ_ONLY = frozenset({Outcome.ADOPT, Outcome.RELEASE})
#: Outcomes that make something new.
MAKES = frozenset({Outcome.CREATE, Outcome.RECREATE})


@dataclass(frozen=True, slots=True)
class Held:
    """One slot as the state has it.

    Attributes:
        holding: see `Holding`.
        id: the physical id; set for managed, adopted and dropped.
        began: when the run that made, or tried to make, it began (UTC); from the journal, or the time of the
            checkpoint that holds the pending operation.
        journal: what the journal beside the resource said, carried forward so that a later run declares the same.
        replacing: URN of a managed one that was deleted for a replacement which was then interrupted.
        tainted: URN of a managed one that the state marks for replacement (`pulumi state taint`).
    """

    holding: Holding = Holding.NONE
    id: str | None = None
    began: datetime | None = None
    journal: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    replacing: str | None = None
    tainted: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One live resource.

    Attributes:
        id: its physical id.
        name: its name in the account.
        mark: whose it says it is.
        owner: project and stack that the mark names, `project/stack`; only with a mark.
        created_at: when it was made (UTC), where the cloud tells.
        facts: comparable fields (region, ip_range, vpc_id, status, ...).
        details: whatever else a component needs to declare it unchanged; never compared, never printed.
    """

    id: str
    name: str
    mark: Mark = Mark.UNMARKED
    owner: str | None = None
    created_at: datetime | None = None
    facts: Mapping[str, Scalar] = field(default_factory=lambda: MappingProxyType({}))
    details: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}), repr=False)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the inventory says of one slot.

    Attributes:
        by_id: the ids that were asked for (held, pinned): the resource, or None where it is gone.
        named: every live resource of the slot's name; None where nobody asked.
        unknown: why the answer cannot be trusted; not empty means that nothing may be concluded.
    """

    by_id: Mapping[str, Found | None] = field(default_factory=lambda: MappingProxyType({}))
    named: tuple[Found, ...] | None = None
    unknown: tuple[str, ...] = ()

    @property
    def seen(self) -> dict[str, Found]:
        """Every live resource that was seen, by its id."""
        return {found.id: found for found in (*self.by_id.values(), *(self.named or ())) if found is not None}

    def each(self, judged: Callable[[Found], Found]) -> Sighting:
        """The same with every live resource judged anew."""
        return replace(
            self,
            by_id={key: found and judged(found) for key, found in self.by_id.items()},
            named=None if self.named is None else tuple(judged(found) for found in self.named),
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """One field that a live resource must agree with.

    Attributes:
        value: what it must be; None only where `new` is set.
        key: the setting that says so.
        also: other values that are as good.
        new: the value will only exist after this run (a VPC to be made), so that nothing live can agree.
        fixed: the field cannot be changed in place, so that a difference would replace the resource.
        test: says of a live value whether it is as good; instead of `also`, where the good ones cannot be listed.
        settle: what ends a difference, where that is not to set `key` to what was found.
    """

    value: Scalar
    key: str
    also: tuple[Scalar, ...] = ()
    new: bool = False
    fixed: bool = False
    test: Callable[[Scalar], bool] | None = field(default=None, compare=False)
    settle: str = ""

    def agrees(self, found: Scalar) -> bool:
        """Whether a live value is what is wanted."""
        if self.new:
            return False
        return found == self.value or found in self.also or (self.test is not None and self.test(found))


@dataclass(frozen=True, slots=True)
class Misfit:
    """A field of a live resource that disagrees with what the program declares."""

    field: str
    found: Scalar
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user wants of one slot.

    Attributes:
        policy: see `Policy`.
        pin: an id that the user chose, if any.
        name: the name to look for, and to create under.
        fields: what must fit.
        take_over: import even what another stack marks as its own.
        recreate: make again what was ours and is gone.
        allow_replace: let the engine delete and make again where a fixed field differs.
        only_read: nothing of this kind is ever made or managed, and the stack can do without it: absent, it is omitted.
        otherwise: what settles a refusal, where the usual settings do not (there is no pin, say).
        policy_key, pin_key, name_key: the settings that say so, for messages.
    """

    policy: Policy
    name: str
    pin: str | None = None
    fields: Mapping[str, Wanted] = field(default_factory=lambda: MappingProxyType({}))
    take_over: bool = False
    recreate: bool = False
    allow_replace: bool = False
    only_read: bool = False
    otherwise: str = ""
    policy_key: str = "policy"
    pin_key: str = "id"
    name_key: str = "name"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done with one slot, and why.

    Attributes:
        slot: the slot's key.
        outcome: see `Outcome`.
        row: the row of the published table that decided.
        reason: one sentence, what was found.
        id: the id that is kept, adopted, imported or released.
        code: only with `REFUSE`.
        settle: only with `REFUSE`: what to set or run.
        held: what the state held.
        found: the live resources that were looked at.
        target: the live resource behind `id`.
        replaces: only with `KEEP`: the user allows the engine to delete it and make another.
        notes: what the user should know besides.
    """

    slot: str
    outcome: Outcome
    row: str
    reason: str
    id: str | None = None
    code: Code | None = None
    settle: str = ""
    held: Held = field(default_factory=Held)
    found: tuple[Found, ...] = ()
    target: Found | None = None
    replaces: bool = False
    notes: tuple[str, ...] = ()

    def refused(self, row: str, code: Code, reason: str, settle: str) -> Decision:
        """The same, refused by a row that looks at what another one decided."""
        return replace(self, outcome=Outcome.REFUSE, row=row, code=code, reason=reason, settle=settle)

    @property
    def anew(self) -> bool:
        """Whether what stands in the slot after this run is another resource than before it."""
        return self.outcome in MAKES or self.replaces

    @property
    def imported(self) -> Found | None:
        """The live resource that is declared as it is, because this run takes it in."""
        return self.target if self.outcome is Outcome.IMPORT else None
