"""What a look at the account costs, against one round trip and against reading page after page."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bench.figures import LATENCY, Figure, pairs, ratio
from formerr_infra.emulator.server import EmulatorServer
from formerr_infra.inventory import Access, Inventory, Limits, Question, look
from formerr_infra.inventory.facts import Unknown
from formerr_infra.inventory.kinds import KINDS
from formerr_infra.inventory.listing import PER_PAGE
from formerr_infra.inventory.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.emulator.client import ControlClient

STACK = "staging"
SLOTS = {
    "vpc": "formerr-staging-vpc",
    "cluster": "formerr-staging-cluster",
    "registry": "formerr-staging",
    "load_balancer": "formerr-staging-lb",
}
COLLECTIONS = {
    "vpc": "vpcs",
    "cluster": "kubernetes_clusters",
    "registry": "registries",
    "load_balancer": "load_balancers",
}
MANY = 10_000
MOST_CALLS = 8
PAIRS = 25
BIG_PAIRS = 5
#: What "no dearer" may differ by between two runs of the same thing.
NOISE = 1.1


def measure() -> list[Figure]:
    """All figures of detection, on accounts of their own."""
    with EmulatorServer() as server:
        small, big = (_account(server, token) for token in ("empty-account", "big-empty-account"))
        held, big_held = (_account(server, token) for token in ("held-account", "big-held-account"))
        control = server.control
        ids = {access.token: _fill(control, access.token) for access in (held, big_held)}
        for access in (big, big_held):
            control.seed("vpcs", MANY, token=access.token, name="other-{n}", region="fra1")
        control.latency(LATENCY)
        _round_trip(small)
        return [
            *_small(small),
            _many(big),
            *_known(held, big_held, ids),
        ]


def _account(server: EmulatorServer, token: str) -> Access:
    server.control.account(token=token, name=token, rate_limit=1_000_000)
    return Access(server.endpoint, token, local=True)


def _fill(control: ControlClient, token: str) -> dict[str, str]:
    ids = {}
    for kind, name in SLOTS.items():
        name = f"{name}-{token}" if kind == "registry" else name
        region = {"region": "nyc3"}
        made = control.put(COLLECTIONS[kind], token=token, name=name, **region)
        ids[kind] = str(made["name"] if kind == "registry" else made["id"])
    return ids


def _timed(run: Callable[[], Inventory], into: list[Inventory]) -> Callable[[], float]:
    def once() -> float:
        began = time.perf_counter()
        into.append(run())
        return time.perf_counter() - began

    return once


def _round_trip(access: Access) -> float:
    """One GET with the same client, on a connection of its own."""
    session = Session(access, Limits())
    try:
        began = time.perf_counter()
        answer = session.read("/v2/account", "account:read", session.client.account.get)
        seconds = time.perf_counter() - began
    finally:
        session.close()
    if answer.trouble:
        raise RuntimeError(answer.trouble)
    return seconds


def _by_name(access: Access) -> Inventory:
    questions = [Question(kind, kind, (), name) for kind, name in SLOTS.items()]
    return _known_all(look(access, questions, stack=STACK, with_account=True))


def _by_id(access: Access, ids: dict[str, str]) -> Inventory:
    questions = [Question(kind, kind, (identity,)) for kind, identity in ids.items()]
    return _known_all(look(access, questions, stack=STACK, with_account=False))


def _known_all(inventory: Inventory) -> Inventory:
    """The inventory, if nothing of it is unknown: a figure of a failed look would be worth nothing."""
    reasons = [reason for sighting in inventory.sightings.values() for reason in sighting.unknown]
    account = inventory.account
    if account is not None:
        values = (getattr(account, name) for name in type(account).__slots__)
        reasons += [value.reason for value in values if isinstance(value, Unknown)]
    if reasons:
        raise RuntimeError("; ".join(reasons))
    return inventory


def _small(access: Access) -> list[Figure]:
    seen: list[Inventory] = []
    looks, trips = pairs(_timed(lambda: _by_name(access), seen), lambda: _round_trip(access), PAIRS)
    calls = max(inventory.calls for inventory in seen)
    return [
        ratio("detection on a small account : one round trip", looks, trips, 1.3),
        Figure("calls of a detection on a small account", calls, "calls", MOST_CALLS),
    ]


def _many(access: Access) -> Figure:
    seen: list[Inventory] = []
    counts: list[int] = []

    def one_by_one() -> float:
        session = Session(access, Limits(budget=600))
        kind = KINDS["vpc"]
        began = time.perf_counter()
        page, items = 0, PER_PAGE
        while items == PER_PAGE:
            page += 1
            answer = session.read(
                kind.path, kind.scope, kind.lister(session.client), per_page=PER_PAGE, page=page
            )
            items = len((answer.body or {})[kind.many])
        seconds = time.perf_counter() - began
        session.close()
        counts.append(page)
        return seconds

    looks, readings = pairs(_timed(lambda: _by_name(access), seen), one_by_one, BIG_PAIRS)
    slower = ratio("", readings, looks, None)
    return Figure(
        f"{MANY} VPCs, nothing in state: page after page : detection",
        slower.value,
        "x",
        3.0,
        above=True,
        detail=f"{slower.detail}; {counts[0]} pages, {seen[0].calls} calls",
    )


def _known(small: Access, big: Access, ids: dict[str, dict[str, str]]) -> list[Figure]:
    on_big: list[Inventory] = []
    on_small: list[Inventory] = []
    bigs, smalls = pairs(
        _timed(lambda: _by_id(big, ids[big.token]), on_big),
        _timed(lambda: _by_id(small, ids[small.token]), on_small),
        PAIRS,
    )
    calls = max(inventory.calls for inventory in on_big)
    return [
        ratio(f"ids in state: detection with {MANY} VPCs : on a small account", bigs, smalls, NOISE),
        Figure(
            f"ids in state: calls with {MANY} VPCs",
            calls,
            "calls",
            max(inventory.calls for inventory in on_small),
            detail="target: as many as on a small account",
        ),
    ]
