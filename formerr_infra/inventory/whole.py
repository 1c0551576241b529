"""Everything of some kinds in the account, for what goes beyond what one stack knows of. Reads only."""

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
    access: Access, kinds: Sequence[str], *, stack: str = NOBODY, limits: Limits | None = None
) -> Mapping[str, tuple[Found, ...] | Unknown]:
    """All that is live of these kinds, by kind; each one's owner as its mark says.

    Args:
        access: where and with what.
        kinds: see `kinds.KINDS`.
        stack: whose marks are `ours`.
        limits: how long and how hard.

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
            read[name] = Unknown(f"GET {KINDS[name].path}: no answer within {session.limits.budget:g} s")
        elif isinstance(answer, Unknown):
            read[name] = answer
        else:
            read[name] = tuple(found(KINDS[name], one, PROJECT, stack) for one in answer)
    return MappingProxyType(read)
