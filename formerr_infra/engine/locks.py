"""The lock of a stack, read from what the engine says of it: who holds it, since when, and how it is cleared."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: As the file and object-store backends say it (pulumi/pkg/backend/diy/lock.go, `checkForLock`).
_HELD = re.compile(
    r"created by (?P<user>[^\s@]+)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<since>\S+)", re.IGNORECASE
)
_LOCKED = ("the stack is currently locked by", "[409] Conflict: Another update is currently in progress")


@dataclass(frozen=True, slots=True)
class Lock:
    """One lock.

    Attributes:
        user, host, pid: of the run that took it.
        since: when, as the backend wrote it.
    """

    user: str
    host: str
    pid: int
    since: str

    @property
    def holder(self) -> str:
        """Who and since when."""
        return f"{self.user}@{self.host}, process {self.pid}, since {self.since}"


def is_locked(said: str) -> bool:
    """Whether the engine stopped for another run's lock."""
    return any(words in said for words in _LOCKED)


def locks(said: str) -> tuple[Lock, ...]:
    """The locks that the engine names; a backend that keeps its locks to itself names none."""
    return tuple(
        Lock(one["user"], one["host"], int(one["pid"]), one["since"].rstrip(".,;"))
        for one in _HELD.finditer(said)
    )


def advice(stack: str, held: tuple[Lock, ...], *, host: str, alive: frozenset[int]) -> str:
    """Who holds the stack, and what to do about it.

    Args:
        stack: its name.
        held: see `locks`.
        host: this machine's name.
        alive: those of the holders' processes that run on this machine.
    """
    clear = f"`pulumi cancel -s {stack} --yes`"
    if not held:
        return (
            f"stack {stack!r} is locked: another update of it is under way. Wait for it; if none runs any more, "
            f"{clear} clears it."
        )
    who = "; ".join(one.holder for one in held)
    here = [one.pid for one in held if one.host == host]
    if here and len(here) == len(held) and not alive.intersection(here):
        return (
            f"stack {stack!r} is locked by {who}. That process is gone: a run was killed and left its lock. "
            f"{clear} clears it; what the killed run made is taken in by the next run."
        )
    return (
        f"stack {stack!r} is locked by {who}. Wait for that run to end; only if you are sure that it is gone, "
        f"{clear} clears the lock."
    )
