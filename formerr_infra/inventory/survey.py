"""The look itself: every request of it at the same time, every doubt an unknown.

Not one mutating call is sent from here. Nothing is decided here either: a name that is not in a complete list
is simply not in `named`, and what could not be read says so.
"""

from __future__ import annotations

import time
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from formerr_infra.inventory import account as reads
from formerr_infra.inventory import databases as parts
from formerr_infra.inventory.crew import StillRunning, side_by_side
from formerr_infra.inventory.facts import (
    Access,
    AccountFacts,
    DatabaseParts,
    Inventory,
    Limits,
    Question,
    Unknown,
)
from formerr_infra.inventory.kinds import KINDS, Raw, found
from formerr_infra.inventory.listing import read_list, read_one
from formerr_infra.inventory.session import Session
from formerr_infra.model import Found, Sighting
from formerr_infra.naming import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

#: Kinds whose whole list the account's facts need; none of it is asked for if all their slots go by id.
_OF_ACCOUNT = ("vpc", "registry")


def look(
    access: Access,
    questions: Sequence[Question],
    *,
    stack: str,
    with_account: bool,
    databases: Sequence[str] = (),
    project: str = PROJECT,
    limits: Limits | None = None,
) -> Inventory:
    """What is live in the account.

    A kind is listed where a question of it has a name; with `with_account` also VPCs and registries, unless
    there are questions of that kind and none has a name: then that fact is unknown, as it was not asked for.

    Args:
        access: where and with what.
        questions: what each slot wants to know.
        stack, project: whose marks are `ours`.
        with_account: also what the account allows.
        databases: ids of managed databases whose trusted sources and authority are asked for too.
        limits: how long and how hard.

    Raises:
        NotLoopback, SettingsError: the access is unusable. Nothing that the other side does raises.
        KeyError: a kind that is not known.
    """
    began = time.monotonic()
    session = Session(access, limits or Limits())
    try:
        jobs = _jobs(session, questions, databases, with_account=with_account)
        answers = side_by_side(list(jobs.values()), width=len(jobs), timeout=session.limits.budget + 0.5)
        results = {
            key: Unknown(f"no answer within {session.limits.budget:g} s")
            if isinstance(value, StillRunning)
            else value
            for key, value in zip(jobs, answers, strict=True)
        }
        account = _account(results, session) if with_account else None
        return Inventory(
            sightings=MappingProxyType(
                {question.slot: _sighting(question, results, project, stack) for question in questions}
            ),
            account=account,
            databases=MappingProxyType(
                {
                    identity: DatabaseParts(results["rules", identity], results["authority", identity])
                    for identity in databases
                }
            ),
            calls=session.calls,
            seconds=time.monotonic() - began,
        )
    finally:
        session.close()


def _jobs(
    session: Session, questions: Sequence[Question], databases: Sequence[str], *, with_account: bool
) -> dict[Hashable, Callable[[], Any]]:
    """What to ask, the longest answers first."""
    jobs: dict[Hashable, Callable[[], Any]] = {}
    if with_account:
        jobs["options"] = partial(reads.read_options, session)
    listed = {
        question.kind for question in questions if question.name is not None and question.within is None
    }
    if with_account:
        asked = {question.kind for question in questions}
        listed |= {kind for kind in _OF_ACCOUNT if kind not in asked}
    for name, kind in KINDS.items():
        if name in listed:
            jobs["list", name] = partial(read_list, session, kind)
    for question in questions:
        kind, within = KINDS[question.kind], question.within
        if within is not None and question.name is not None:
            jobs["list", question.kind, within] = partial(read_list, session, kind, within)
        for identity in question.ids:
            jobs["get", question.kind, identity] = partial(read_one, session, kind, identity, within)
    for identity in databases:
        jobs["rules", identity] = partial(parts.read_rules, session, identity)
        jobs["authority", identity] = partial(parts.read_authority, session, identity)
    if with_account:
        jobs["account"] = partial(reads.read_account, session)
        jobs["droplets"] = partial(reads.read_droplets, session)
        jobs["tier"] = partial(reads.read_tier, session)
    return jobs


def _sighting(question: Question, results: dict[Hashable, Any], project: str, stack: str) -> Sighting:
    kind = KINDS[question.kind]
    by_id: dict[str, Found | None] = {}
    unknown: list[str] = []
    for identity in question.ids:
        raw: Raw | Unknown | None = results["get", question.kind, identity]
        if isinstance(raw, Unknown):
            unknown.append(raw.reason)
        else:
            by_id[identity] = None if raw is None else found(kind, raw, project, stack)
    named: tuple[Found, ...] | None = None
    if question.name is not None:
        within = (question.within,) if question.within is not None else ()
        items: tuple[Raw, ...] | Unknown = results[("list", question.kind, *within)]
        if isinstance(items, Unknown):
            unknown.append(items.reason)
        else:
            everything = (found(kind, item, project, stack) for item in items)
            same = (one for one in everything if one.name == question.name)
            named = tuple(sorted(same, key=lambda one: one.id))
    return Sighting(by_id=MappingProxyType(by_id), named=named, unknown=tuple(unknown))


def _account(results: dict[Hashable, Any], session: Session) -> AccountFacts:
    account = results["account"]
    status, limit = (account, account) if isinstance(account, Unknown) else account
    return AccountFacts(
        status=status,
        droplet_limit=limit,
        droplets=results["droplets"],
        kubernetes=results["options"],
        registry_tier=reads.older_tier(session, results["tier"]),
        registries=reads.registry_names(results.get(("list", "registry"), reads.NOT_ASKED)),
        vpcs=reads.networks(results.get(("list", "vpc"), reads.NOT_ASKED)),
        missing_scopes=tuple(sorted(session.refused)),
    )
