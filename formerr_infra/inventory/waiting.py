"""The two questions of a real update that a look does not ask: is a name free, and is a thing ready.

Deliberately not part of `look`: the first is sent as a POST (it changes nothing, but it is not a read by its
method), the second waits.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from formerr_infra.inventory.facts import Access, Limits, Unknown
from formerr_infra.inventory.kinds import KINDS
from formerr_infra.inventory.listing import read_one
from formerr_infra.inventory.session import NOT_OFFERED, Session

if TYPE_CHECKING:
    from collections.abc import Callable

#: States in which a resource of the kind is usable, and those it never leaves by itself.
_READY = {"cluster": "running", "load_balancer": "active"}
_HOPELESS = frozenset({"error", "errored", "deleted", "deleting", "invalid"})


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
) -> bool:
    """Wait until a cluster runs or a load balancer is active; other kinds are ready when they exist.

    Args:
        access: where and with what.
        kind: see `Question`.
        identity: its id.
        timeout: in seconds.
        progress: told the state each time it changes.
        every: seconds between two questions.
        limits: for each single question.

    Returns:
        True when it is ready; False when it is gone, has failed, or was not ready in time.
    """
    limits = limits or Limits()
    until = time.monotonic() + timeout
    session = Session(access, limits)
    wanted = _READY.get(kind)
    shown = ""
    try:
        while True:
            session.deadline = min(until, time.monotonic() + limits.budget)
            raw = read_one(session, KINDS[kind], identity)
            match raw:
                case None:
                    state = "gone"
                case Unknown(reason=reason):
                    state = f"unknown ({reason})"
                case _:
                    state = str(KINDS[kind].facts(raw).get("status") or "unknown")
            if state != shown:
                progress(f"{kind} {identity}: {state}")
                shown = state
            if raw is not None and not isinstance(raw, Unknown) and (wanted is None or state == wanted):
                return True
            if raw is None or state in _HOPELESS:
                return False
            if time.monotonic() + every >= until:
                return False
            time.sleep(every)
    finally:
        session.close()
