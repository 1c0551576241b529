"""Everything of some kinds in the account, for what is about the account and not about one stack. Reads only."""

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

#: Stands for no stack: whatever carries a mark then carries another's.
NOBODY = ""


def everything(
    access: Access, kinds: Sequence[str], *, limits: Limits | None = None
) -> Mapping[str, tuple[Found, ...] | Unknown]:
    """All that is live of these kinds, by kind; each one's owner as its mark says.

    Raises:
        NotLoopback, SettingsError: the access is unusable. Nothing that the other side does raises.
        KeyError: a kind that is not known.
    """
    session = Session(access, limits or Limits())
    try:
        jobs = [partial(read_list, session, KINDS[name]) for name in kinds]
        answers = side_by_side(jobs, width=len(jobs), timeout=session.limits.budget + 0.5)
    finally:
        session.close()
    read: dict[str, tuple[Found, ...] | Unknown] = {}
    for name, answer in zip(kinds, answers, strict=True):
        if isinstance(answer, StillRunning):
            read[name] = Unknown(f"no answer within {session.limits.budget:g} s")
        elif isinstance(answer, Unknown):
            read[name] = answer
        else:
            read[name] = tuple(found(KINDS[name], one, PROJECT, NOBODY) for one in answer)
    return MappingProxyType(read)
