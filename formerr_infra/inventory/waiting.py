"""The two questions of a real update that a look does not ask: is a name free, and is a thing ready.

Deliberately not part of `look`: the first is sent as a POST (it changes nothing, but it is not a read by its
method), the second waits.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from formerr_infra.inventory.facts import Access, Limits, Unknown
from formerr_infra.inventory.kinds import KINDS
from formerr_infra.inventory.listing import read_one
from formerr_infra.inventory.session import NOT_OFFERED, Session

if TYPE_CHECKING:
    from collections.abc import Callable

#: States in which a resource of the kind is finished, be it well or not, and those that end in none of them by themselves.
_FINISHED = {"cluster": frozenset({"running", "degraded"}), "load_balancer": frozenset({"active"})}
_GONE = "gone"
_HOPELESS = frozenset({"error", "errored", "deleted", "deleting", "invalid"})


@dataclass(frozen=True, slots=True)
class Waited:
    """How a wait ended.

    Attributes:
        ready: as it was waited for.
        state: the last that was seen; `gone` where there is no such thing.
        late: the time was up; otherwise waiting on could not have helped.
    """

    ready: bool
    state: str
    late: bool = False


def is_finished(kind: str, status: object) -> bool:
    """Whether a resource in this state is made up to its end; other kinds than clusters and load balancers always are."""
    return kind not in _FINISHED or status in _FINISHED[kind]


def registry_name_taken(access: Access, name: str, *, limits: Limits | None = None) -> bool | None:
    """Whether a registry of this name exists in any account; None where the API does not tell.

    A name of the own account is taken as well.
    """
    session = Session(access, limits or Limits())
    try:
        for path, operation in (
            ("/v2/registries/validate-name", session.client.registries.validate_name),
            ("/v2/registry/validate-name", session.client.registry.validate_name),
        ):
            answer = session.send_once(f"POST {path}", "registry:create", operation, body={"name": name})
            if answer.status == 204 and not answer.trouble:
                return False
            if answer.status == 409 and not answer.trouble:
                return True
            if answer.status not in NOT_OFFERED:
                return None
        return None
    finally:
        session.close()


def wait_ready(
    access: Access,
    kind: str,
    identity: str,
    *,
    timeout: float,
    progress: Callable[[str], None] = lambda _: None,
    every: float = 5.0,
    limits: Limits | None = None,
) -> Waited:
    """Wait until a cluster or a load balancer is finished; other kinds are when they exist.

    Args:
        access: where and with what.
        kind: see `Question`.
        identity: its id.
        timeout: in seconds.
        progress: told the state each time it changes.
        every: seconds between two questions.
        limits: for each single question.
    """
    limits = limits or Limits()
    until = time.monotonic() + timeout
    session = Session(access, limits)
    shown = ""
    try:
        while True:
            session.deadline = min(until, time.monotonic() + limits.budget)
            raw = read_one(session, KINDS[kind], identity)
            match raw:
                case None:
                    state = _GONE
                case Unknown(reason=reason):
                    state = f"unknown ({reason})"
                case _:
                    state = str(KINDS[kind].facts(raw).get("status") or "unknown")
            if state != shown:
                progress(f"{kind} {identity}: {state}")
                shown = state
            if raw is not None and not isinstance(raw, Unknown) and is_finished(kind, state):
                return Waited(ready=True, state=state)
            if raw is None or state in _HOPELESS:
                return Waited(ready=False, state=state)
            if time.monotonic() + every >= until:
                return Waited(ready=False, state=state, late=True)
            time.sleep(every)
    finally:
        session.close()
