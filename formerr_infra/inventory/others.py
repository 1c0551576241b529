"""Everything of some kinds that an account holds, whosever it is: for a report, never for a decision. Reads only."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from formerr_infra.inventory.crew import StillRunning, side_by_side
from formerr_infra.inventory.facts import Access, Limits, Unknown
from formerr_infra.inventory.kinds import KINDS, found
from formerr_infra.inventory.listing import read_list
from formerr_infra.inventory.session import Session
from formerr_infra.naming import PROJECT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from formerr_infra.model import Found

#: What costs or limits something, and is not part of another thing.
ACCOUNT_KINDS = ("vpc", "cluster", "registry", "load_balancer", "database")


def read_others(
    access: Access,
    stack: str,
    *,
    kinds: Sequence[str] = ACCOUNT_KINDS,
    limits: Limits | None = None,
) -> Mapping[str, tuple[Found, ...] | Unknown]:
    """Kind -> everything of it, or why that is not known.

    Raises:
        NotLoopback, SettingsError: the access is unusable. Nothing that the other side does raises.
    """
    session = Session(access, limits or Limits())
    try:
        jobs = [partial(read_list, session, KINDS[kind]) for kind in kinds]
        answers = side_by_side(jobs, width=len(jobs), timeout=session.limits.budget + 0.5)
        late = Unknown(f"no answer within {session.limits.budget:g} s")
        read: dict[str, tuple[Found, ...] | Unknown] = {}
        for kind, answer in zip(kinds, answers, strict=True):
            if isinstance(answer, StillRunning):
                read[kind] = late
            elif isinstance(answer, Unknown):
                read[kind] = answer
            else:
                read[kind] = tuple(found(KINDS[kind], one, PROJECT, stack) for one in answer)
        return MappingProxyType(read)
    finally:
        session.close()
