"""What is known of every environment, put together from stack files, backend and account. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from formerr_infra.environments import lifetime
from formerr_infra.environments.backend import CREATED, EXPIRES, Listed
from formerr_infra.settings.sources import LASTING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from formerr_infra.environments.account import Marks


class State(StrEnum):
    """Where an environment stands.

    `FILE` has a stack file and no stack yet; `LOST` has a mark in the account, and no stack in this backend.
    """

    FILE = "file only"
    EMPTY = "not deployed"
    UP = "deployed"
    BUSY = "update under way"
    LOST = "no state here"


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment with a time to live.

    Attributes:
        name: of its stack.
        created: when `formerr env new` made it; None where nobody wrote that down.
        expires: when it may go; None where what says so cannot be read, and then it never goes by itself.
        state: see `State`.
        resources: how many the state holds.
        file: whether its stack file is here.
        vpc: id of a VPC with its mark.
        trouble: what is wrong with what is known; empty if nothing.
        certain: whether anything says that it has a time to live; nothing may, where its file cannot be read.
    """

    name: str
    created: datetime | None
    expires: datetime | None
    state: State
    resources: int = 0
    file: bool = False
    vpc: str | None = None
    trouble: str = ""
    certain: bool = True

    def expired(self, now: datetime) -> bool:
        """Whether its time has come."""
        return self.expires is not None and self.expires <= now


@dataclass(frozen=True, slots=True)
class Swept:
    """What became of one environment in a sweep.

    Attributes:
        name: of the environment.
        gone: whether all of it is gone.
        why: what is still there and why; empty where it is gone.
    """

    name: str
    gone: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to put together.

    Attributes:
        files: stack -> what its file says of its end; None where it says nothing.
        stacks: of the backend.
        tags: stack -> its tags, of those that have a time to live there.
        marks: in the account.
        troubles: stack -> why its file cannot be used.
    """

    files: Mapping[str, str | None]
    stacks: Sequence[Listed]
    tags: Mapping[str, Mapping[str, str]]
    marks: Marks
    troubles: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def environments(seen: Seen) -> tuple[Environment, ...]:
    """Every stack that has a time to live anywhere, or may have one in a file that cannot be read; by name.

    Never staging or production.
    """
    stacks = {one.name: one for one in seen.stacks}
    names = {
        *(name for name, text in seen.files.items() if text is not None),
        *(name for name, tags in seen.tags.items() if EXPIRES in tags),
        *seen.marks.until,
        *seen.troubles,
    } - {*LASTING}
    return tuple(_one(name, stacks.get(name), seen) for name in sorted(names))


def _one(name: str, stack: Listed | None, seen: Seen) -> Environment:
    tags = seen.tags.get(name, {})
    said = {
        "the stack file": seen.files.get(name),
        f"the tag {EXPIRES}": tags.get(EXPIRES),
        "the mark in the account": seen.marks.until.get(name),
    }
    read = {where: lifetime.read(text) for where, text in said.items() if text is not None}
    wrong = [
        f"{where} says {said[where]!r}, which is no time" for where, moment in read.items() if moment is None
    ]
    if name in seen.troubles:
        wrong.append(seen.troubles[name])
    return Environment(
        name=name,
        created=lifetime.read(tags.get(CREATED, "")),
        expires=None if wrong else lifetime.latest(*read.values()),
        state=_state(name, stack, seen),
        resources=(stack.resources or 0) if stack is not None else 0,
        file=name in seen.files or name in seen.troubles,
        vpc=seen.marks.vpcs.get(name),
        trouble="; ".join(wrong),
        certain=bool(read),
    )


def _state(name: str, stack: Listed | None, seen: Seen) -> State:
    if stack is None:
        return State.LOST if name in seen.marks.until else State.FILE
    if stack.busy:
        return State.BUSY
    return State.UP if stack.resources else State.EMPTY
