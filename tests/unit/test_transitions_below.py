"""What hangs on another slot goes through the fake engine too: a worker pool outlives every change of its cluster's
ownership, and nothing is made below what is only read."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.ledger import Ledger
from formerr_infra.model import READ_ONLY, Decision, Found, Held, Holding, Mark, Outcome, Policy, Sighting
from formerr_infra.pools import DEFAULT_POOL_TAG, WORKER_POOL
from formerr_infra.resolve import resolve
from formerr_infra.settings import check
from formerr_infra.slots import SLOTS
from tests.support.fake_engine import Plan, declared, plan, state_of

if TYPE_CHECKING:
    from collections.abc import Iterator

CLUSTER, POOL = "cluster-1", "pool-1"
_OWNED = (Holding.MANAGED, Holding.ADOPTED, Holding.DROPPED)
_VPC = Found("vpc-1", "formerr-staging-vpc", Mark.OURS, facts={"region": "nyc3", "ip_range": "10.20.0.0/16"})

Run = tuple[dict[str, Decision], dict[str, Plan]]


def _held(holding: Holding, ident: str) -> Held:
    return Held(holding, ident if holding in _OWNED else None)


def _cluster(mark: Mark, pool: str | None) -> Found:
    owner = {Mark.OURS: "formerr-infra/staging", Mark.OTHER: "formerr-infra/other"}.get(mark)
    pools: list[dict[str, Any]] = [{"id": "system", "name": "system", "tags": [DEFAULT_POOL_TAG]}]
    if pool:
        pools.append({"id": pool, "name": WORKER_POOL, "size": "s-2vcpu-4gb", "count": 3, "tags": []})
    facts = {"region": "nyc3", "vpc_id": _VPC.id, "status": "running", "version": "1.34.1-do.0"}
    return Found(CLUSTER, "formerr-staging-cluster", mark, owner, facts=facts, details={"node_pools": pools})


def _runs() -> Iterator[Run]:
    lives = [None, *product((Mark.OURS, Mark.OTHER, Mark.UNMARKED), (None, POOL, "another"))]
    for of_cluster, of_pool, live, policy in product(Holding, Holding, lives, Policy):
        cluster = _cluster(*live) if live else None
        known = {slot.key: Held() for slot in SLOTS} | {
            "vpc": Held(Holding.MANAGED, _VPC.id),
            "cluster": _held(of_cluster, CLUSTER),
            "nodePool": _held(of_pool, POOL),
        }
        sightings = {slot.key: Sighting(named=()) for slot in SLOTS}
        sightings["vpc"] = Sighting({_VPC.id: _VPC}, ())
        by_id = {CLUSTER: cluster} if of_cluster in _OWNED else {}
        sightings["cluster"] = Sighting(by_id, (cluster,) if cluster else ())
        settings = check(
            {"nodeCount": 3, "clusterPolicy": policy.value, "vpcCidr": "10.20.0.0/16"}, "staging"
        )
        decided = resolve(settings, Ledger(known), sightings)
        if all(one.outcome is not Outcome.REFUSE for one in decided.values()):
            alive = {_VPC.id} | ({CLUSTER} if live else set()) | ({live[1]} if live and live[1] else set())
            yield (
                decided,
                {
                    slot: plan(state_of(one.held), declared(one), alive, replaces=one.replaces)
                    for slot, one in decided.items()
                },
            )


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    """All that are allowed."""
    return list(_runs())


def test_every_outcome_of_a_pool_is_among_them(runs: list[Run]) -> None:
    assert {decided["nodePool"].outcome for decided, _ in runs} >= set(Outcome) - {Outcome.REFUSE}


def test_nothing_alive_is_deleted_by_any_change_of_ownership(runs: list[Run]) -> None:
    for decided, plans in runs:
        assert not [one for one in plans.values() if one.deleted], decided


def test_nothing_is_made_below_what_is_only_read(runs: list[Run]) -> None:
    for decided, plans in runs:
        if decided["cluster"].outcome in READ_ONLY:
            assert not plans["nodePool"].created, decided


def test_a_pool_is_never_managed_in_a_cluster_that_is_only_read(runs: list[Run]) -> None:
    for decided, plans in runs:
        if decided["cluster"].outcome in READ_ONLY and plans["nodePool"].after.id is not None:
            assert plans["nodePool"].after.external, decided


def test_no_second_pool_is_made_beside_one_of_its_name(runs: list[Run]) -> None:
    for decided, plans in runs:
        if plans["nodePool"].created:
            assert not decided["nodePool"].found, decided
