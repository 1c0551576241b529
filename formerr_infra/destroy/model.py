"""What a destroy is going to do, as values: each resource's fate, what the cluster leaves, and what is left in the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.holdings import Resource
    from formerr_infra.inventory.facts import Unknown
    from formerr_infra.inventory.leftovers import Associated
    from formerr_infra.model import Found


class Fate(StrEnum):
    """What becomes of a resource of the state.

    `GOES` is deleted. `ADOPTED` stays, the state only forgets that it read it. `RETAINED` stays and is forgotten.
    `WITH` goes with what it is a part of. `GONE` is not there any more, and is only forgotten. `PROTECTED` stops the
    destroy.
    """

    GOES = "goes"
    WITH = "goes along"
    ADOPTED = "stays: adopted"
    RETAINED = "stays: retained"
    PROTECTED = "protected"
    GONE = "gone already"


#: Fates after which the resource is not there any more.
ENDS = frozenset({Fate.GOES, Fate.WITH, Fate.GONE})


class Keeper(StrEnum):
    """What keeps a resource from being deleted; `FORECAST`: it was to become a default VPC, and did not."""

    SETTING = "setting"
    DEFAULT_VPC = "default-vpc"
    FORECAST = "forecast"
    DATA = "data"
    PARENT = "parent"


@dataclass(frozen=True, slots=True)
class Piece:
    """One resource of the state, and what becomes of it.

    Attributes:
        resource: as the state has it.
        fate: see `Fate`.
        reason: one sentence.
        keeper: what keeps it, where something does.
        holds_data: what is deleted with it cannot be made again.
    """

    resource: Resource
    fate: Fate
    reason: str
    keeper: Keeper | None = None
    holds_data: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """One thing that the cluster has made in the account and no state knows.

    Attributes:
        thing: as DigitalOcean lists it.
        goes: whether the destroy takes it, by its id.
        reason: one sentence: by what it is known to be the cluster's, or why it stays.
        expected: it may stay without anybody having to look: what somebody else made, and data that nobody said to
            delete.
    """

    thing: Associated
    goes: bool
    reason: str
    expected: bool = True


@dataclass(frozen=True, slots=True)
class Account:
    """What the account says before a destroy, or after it.

    Attributes:
        live: kind and id -> the resource, None where it is gone, or why that is not known.
        marked: kind -> what carries the stack's mark.
        balancers, volumes: all of the account, or why that is not known.
        associated: what the own cluster has made; None where there is no such cluster.
        unknown: what else could not be asked for; sentences.
    """

    live: Mapping[tuple[str, str], Found | Unknown | None] = field(
        default_factory=lambda: MappingProxyType({})
    )
    marked: Mapping[str, tuple[Found, ...]] = field(default_factory=lambda: MappingProxyType({}))
    balancers: tuple[Found, ...] | Unknown = ()
    volumes: tuple[Found, ...] | Unknown = ()
    associated: tuple[Associated, ...] | Unknown | None = None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a destroy would do.

    Attributes:
        stack: short name.
        pieces: every resource of the state.
        traces: what the own cluster has made in the account.
        strays: what carries the stack's mark and is not in the state: kind and resource.
        cluster_id: of the own cluster that goes; None where none does.
        delete_data: whether the word for data was given.
    """

    stack: str
    pieces: tuple[Piece, ...] = ()
    traces: tuple[Trace, ...] = ()
    strays: tuple[tuple[str, Found], ...] = ()
    cluster_id: str | None = None
    delete_data: bool = False

    def of(self, *fates: Fate) -> tuple[Piece, ...]:
        """The pieces with one of these fates."""
        return tuple(one for one in self.pieces if one.fate in fates)

    @property
    def taken(self) -> tuple[Trace, ...]:
        """What of the cluster's own things goes."""
        return tuple(one for one in self.traces if one.goes)


@dataclass(frozen=True, slots=True)
class Left:
    """One thing that is there after a destroy.

    Attributes:
        kind, id, name: as the account has it.
        reason: why it is there.
        expected: whether it should be.
    """

    kind: str
    id: str
    name: str
    reason: str
    expected: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is left after a destroy.

    Attributes:
        left: everything that was looked for and is there.
        unknown: what could not be looked at; sentences.
        confirmed: how many things that were to go are seen to be gone.
    """

    left: tuple[Left, ...] = ()
    unknown: tuple[str, ...] = ()
    confirmed: int = 0

    @property
    def unexpected(self) -> tuple[Left, ...]:
        """What should not be there."""
        return tuple(one for one in self.left if not one.expected)
