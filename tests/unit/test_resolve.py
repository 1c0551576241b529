"""From settings, ledger and inventory to decisions: what is asked, whose mark a thing shares, what hangs on what."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from formerr_infra.ledger import EMPTY, Ledger, Standing
from formerr_infra.model import (
    MAKES,
    READ_ONLY,
    Code,
    Decision,
    Found,
    Held,
    Holding,
    Mark,
    Outcome,
    Sighting,
)
from formerr_infra.pools import DEFAULT_POOL_TAG
from formerr_infra.resolve import further_questions, questions, resolve
from formerr_infra.settings import Settings, check
from formerr_infra.slots import SLOTS, enabled

SYSTEM = {"id": "np-system", "name": "system", "size": "s-2vcpu-4gb", "count": 1, "tags": [DEFAULT_POOL_TAG]}
WORKERS = {"id": "np-workers", "name": "workers", "size": "s-2vcpu-4gb", "count": 3, "tags": []}


def settings(**values: Any) -> Settings:
    return check({"nodeCount": 3, **values}, "staging")


def ledger(**held: Held) -> Ledger:
    return Ledger({slot.key: held.get(slot.key, Held()) for slot in SLOTS})


def managed(identity: str) -> Held:
    return Held(Holding.MANAGED, identity)


def adopted(identity: str) -> Held:
    return Held(Holding.ADOPTED, identity)


def vpc(mark: Mark = Mark.UNMARKED, identity: str = "v-1") -> Found:
    return Found(
        identity,
        "formerr-staging-vpc",
        mark,
        _owner(mark),
        facts={"region": "nyc3", "ip_range": "10.20.0.0/16"},
    )


def cluster(mark: Mark = Mark.UNMARKED, *pools: dict[str, Any], vpc_id: str = "v-1") -> Found:
    facts = {"region": "nyc3", "vpc_id": vpc_id, "status": "running", "version": "1.34.1-do.0"}
    details = {"node_pools": [SYSTEM, *pools]}
    return Found("k-1", "formerr-staging-cluster", mark, _owner(mark), facts=facts, details=details)


def balancer(vpc_id: str = "v-1", details: Any = MappingProxyType({})) -> Found:
    facts = {"region": "nyc3", "vpc_id": vpc_id, "status": "active"}
    usual = {"algorithm": "round_robin", "size_unit": 1}
    return Found("l-1", "formerr-staging-lb", Mark.UNMARKABLE, facts=facts, details={**usual, **details})


def seen(known: Ledger, **live: Found | None) -> dict[str, Sighting]:
    """Sightings as an inventory gives them: by id where the state has one, and by name."""
    sightings = {}
    for slot in SLOTS:
        found, held = live.get(slot.key), known.held[slot.key]
        by_id = {held.id: found if found and found.id == held.id else None} if held.id else {}
        sightings[slot.key] = Sighting(by_id=by_id, named=(found,) if found else ())
    return sightings


def decided(known: Ledger, wanted: Settings | None = None, **live: Found | None) -> dict[str, Decision]:
    return resolve(wanted or settings(), known, seen(known, **live))


def _owner(mark: Mark) -> str | None:
    return {Mark.OURS: "formerr-infra/staging", Mark.OTHER: "formerr-infra/production"}.get(mark)


# -- questions -----------------------------------------------------------------------------------------------


def test_with_nothing_held_every_slot_but_those_that_hang_on_another_is_asked_for_by_name() -> None:
    asked = {question.slot: question for question in questions(settings(), EMPTY)}
    assert set(asked) == {"vpc", "cluster", "registry", "loadBalancer"}
    assert all(question.ids == () for question in asked.values())
    assert {question.name for question in asked.values()} == {
        "formerr-staging-vpc",
        "formerr-staging-cluster",
        "formerr-staging",
        "formerr-staging-lb",
    }


def test_with_every_id_known_nothing_is_listed() -> None:
    known = ledger(
        vpc=managed("v"), cluster=managed("k"), registry=adopted("r"), loadBalancer=Held(Holding.DROPPED, "l")
    )
    assert [(one.ids, one.name) for one in questions(settings(), known)] == [
        (("v",), None),
        (("k",), None),
        (("r",), None),
        (("l",), None),
    ]


def test_a_pin_is_asked_for_beside_the_held_id_and_only_once_where_they_are_the_same() -> None:
    known = ledger(vpc=managed("v"), cluster=managed("k"))
    asked = {one.slot: one for one in questions(settings(vpcId="other", clusterId="k"), known)}
    assert asked["vpc"].ids == ("v", "other")
    assert asked["cluster"].ids == ("k",)


def test_the_project_is_asked_for_only_where_one_is_configured() -> None:
    assert "project" not in {one.slot for one in questions(settings(), EMPTY)}
    assert "project" in {one.slot for one in questions(settings(projectName="Formerr"), EMPTY)}
    assert "project" in {one.slot for one in questions(settings(projectId="p"), EMPTY)}


def test_the_name_is_asked_for_afterwards_only_where_an_id_is_gone() -> None:
    known = ledger(
        vpc=managed("v-1"), cluster=managed("k-1"), registry=managed("r"), loadBalancer=managed("l")
    )
    asked = questions(settings(), known)
    sightings = seen(known, vpc=vpc(), cluster=None) | {
        "registry": Sighting(by_id={}, unknown=("403",)),
        "loadBalancer": Sighting(by_id={"l": balancer()}),
    }
    further = further_questions(asked, sightings, settings(), ledger())
    assert [(one.slot, one.name) for one in further] == [("cluster", "formerr-staging-cluster")]


# -- marks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("holding", "mark", "outcome"),
    [
        (Holding.MANAGED, Mark.OURS, Outcome.IMPORT),
        # The state proves the VPC to be ours, whatever became of its description.
        (Holding.MANAGED, Mark.UNMARKED, Outcome.IMPORT),
        (Holding.NONE, Mark.OURS, Outcome.IMPORT),
        (Holding.NONE, Mark.UNMARKED, Outcome.ADOPT),
        (Holding.ADOPTED, Mark.UNMARKED, Outcome.ADOPT),
    ],
)
def test_a_load_balancer_shares_the_mark_of_the_vpc_it_stands_in(
    holding: Holding, mark: Mark, outcome: Outcome
) -> None:
    known = ledger(vpc=Held(holding, "v-1" if holding is not Holding.NONE else None))
    found = decided(known, vpc=vpc(mark), loadBalancer=balancer())
    assert found["loadBalancer"].outcome is outcome


def test_a_load_balancer_in_another_stacks_vpc_is_that_stacks() -> None:
    found = decided(EMPTY, settings(vpcPolicy="adopt"), vpc=vpc(Mark.OTHER), loadBalancer=balancer())
    assert found["loadBalancer"].code is Code.OWNED_BY_OTHER
    assert "formerr-infra/production" in found["loadBalancer"].reason


def test_a_load_balancer_in_a_vpc_that_nobody_looked_at_is_nobodys() -> None:
    found = decided(ledger(vpc=managed("v-1")), vpc=vpc(), loadBalancer=balancer("elsewhere"))
    assert found["loadBalancer"].code is Code.DOES_NOT_FIT


# -- what must fit what was decided before -------------------------------------------------------------------


def test_what_lives_in_a_vpc_cannot_be_taken_while_its_vpc_is_still_to_be_made() -> None:
    found = decided(EMPTY, cluster=cluster(), loadBalancer=balancer())
    assert found["vpc"].outcome is Outcome.CREATE
    assert found["cluster"].code is Code.DOES_NOT_FIT
    assert found["loadBalancer"].code is Code.DOES_NOT_FIT


def test_a_vpc_that_is_replaced_on_purpose_takes_nothing_along_without_a_word() -> None:
    known = ledger(vpc=managed("v-1"), cluster=managed("k-1"), nodePool=managed("np-workers"))
    live = {"vpc": vpc(), "cluster": cluster(Mark.OURS, WORKERS)}
    found = decided(known, settings(vpcCidr="10.99.0.0/16", allowReplace=["vpc"]), **live)
    assert (found["vpc"].outcome, found["vpc"].replaces) == (Outcome.KEEP, True)
    assert found["cluster"].code is Code.WOULD_REPLACE
    assert "remove vpc from allowReplace" in found["cluster"].settle
    assert "vpcId" not in found["cluster"].settle, "a pin would be refused: the VPC may be replaced"
    both = decided(known, settings(vpcCidr="10.99.0.0/16", allowReplace=["vpc", "cluster"]), **live)
    assert both["cluster"].replaces
    assert both["nodePool"].replaces


def test_what_is_adopted_by_its_id_is_not_told_to_be_chosen_by_a_name() -> None:
    wanted = settings(vpcCidr="10.99.0.0/16")
    held = decided(ledger(vpc=adopted("v-1")), wanted, vpc=vpc())["vpc"]
    new = decided(EMPTY, wanted, vpc=vpc())["vpc"]
    assert held.code is new.code is Code.DOES_NOT_FIT
    assert ("vpcName" in held.settle, "vpcId" in held.settle) == (False, True)
    assert "vpcName" in new.settle


def test_another_region_replaces_nothing() -> None:
    known = ledger(vpc=managed("v-1"), cluster=managed("k-1"), loadBalancer=managed("l-1"))
    found = decided(
        known,
        settings(region="fra1"),
        vpc=vpc(),
        cluster=cluster(Mark.OURS, WORKERS),
        loadBalancer=balancer(),
    )
    assert {found[key].code for key in ("vpc", "cluster", "loadBalancer")} == {Code.WOULD_REPLACE}
    assert found["nodePool"].outcome is Outcome.OMIT


def test_an_import_that_would_write_is_refused_with_the_way_around_it() -> None:
    bare = replace(cluster(), details={"node_pools": [{**SYSTEM, "tags": []}]})
    found = decided(EMPTY, settings(clusterPolicy="import"), vpc=vpc(), cluster=bare)
    assert (found["cluster"].row, found["cluster"].code) == ("26b", Code.IMPORT_WOULD_WRITE)
    assert "clusterPolicy=adopt" in found["cluster"].settle


def test_an_import_that_the_provider_refuses_is_refused_before_it() -> None:
    """Its importer takes no cluster with two pools that carry the tag of the default one."""
    double = replace(cluster(), details={"node_pools": [SYSTEM, {**WORKERS, "tags": [DEFAULT_POOL_TAG]}]})
    found = decided(EMPTY, settings(clusterPolicy="import"), vpc=vpc(), cluster=double)
    assert found["cluster"].row == "26b"
    assert "system, workers" in found["cluster"].reason


@pytest.mark.parametrize(
    ("details", "word"),
    [
        ({"algorithm": None}, "names none"),
        ({"algorithm": ""}, "names none"),
        ({"algorithm": "by_weight"}, "'by_weight'"),
        ({"size_unit": None, "size": "lb-huge"}, "'lb-huge'"),
        ({"algorithm": "least_connections"}, ""),
        ({"size_unit": None, "size": "lb-medium"}, ""),
        ({"size_unit": 3, "size": "lb-huge"}, ""),
    ],
)
def test_a_load_balancer_that_the_provider_cannot_be_told_of_is_not_imported(
    details: dict[str, object], word: str
) -> None:
    found = decided(
        EMPTY, settings(loadBalancerPolicy="import"), vpc=vpc(), loadBalancer=balancer(details=details)
    )["loadBalancer"]
    if not word:
        assert found.outcome is Outcome.IMPORT
        return
    assert (found.row, found.code) == ("26b", Code.IMPORT_WOULD_WRITE)
    assert word in found.reason
    assert found.settle == "set loadBalancerPolicy=adopt."


# -- what hangs on another slot ------------------------------------------------------------------------------

KEPT = {"vpc": vpc(Mark.OURS)}


def pool(known_pool: Held, parent: Found | None, held_parent: Held, **values: Any) -> Decision:
    known = ledger(vpc=managed("v-1"), cluster=held_parent, nodePool=known_pool)
    return decided(known, settings(**values), cluster=parent, **KEPT)["nodePool"]


INTERRUPTED = Held(Holding.INTERRUPTED)


@pytest.mark.parametrize(
    ("held", "live", "outcome"),
    [
        (Held(), (), Outcome.CREATE),
        (Held(), (WORKERS,), Outcome.IMPORT),
        (INTERRUPTED, (), Outcome.CREATE),
        (INTERRUPTED, (WORKERS,), Outcome.IMPORT),
        (managed("np-workers"), (WORKERS,), Outcome.KEEP),
        (managed("np-workers"), (), Outcome.RECREATE),
        (Held(Holding.DROPPED, "np-workers"), (WORKERS,), Outcome.IMPORT),
        (Held(Holding.DROPPED, "np-workers"), (), Outcome.RECREATE),
        # Adopted when the cluster was; the cluster is managed again, and the pool goes with it.
        (adopted("np-workers"), (WORKERS,), Outcome.IMPORT),
        (adopted("np-old"), (WORKERS,), Outcome.IMPORT),
        (adopted("np-old"), (), Outcome.CREATE),
    ],
)
def test_the_pool_of_a_kept_cluster_is_ours(
    held: Held, live: tuple[dict[str, Any], ...], outcome: Outcome
) -> None:
    found = pool(held, cluster(Mark.OURS, *live), managed("k-1"))
    assert found.outcome is outcome
    assert found.held == held


def test_a_pool_that_somebody_renamed_is_still_the_one_we_manage() -> None:
    renamed = {**WORKERS, "name": "renamed"}
    assert pool(managed("np-workers"), cluster(Mark.OURS, renamed), managed("k-1")).outcome is Outcome.KEEP


@pytest.mark.parametrize("known", [Held(), managed("np-workers")])
def test_a_pool_of_a_kept_cluster_that_does_not_tell_its_pools_is_unknown(known: Held) -> None:
    for told in ({}, {"node_pools": None}):
        silent = replace(cluster(Mark.OURS), details=told)
        assert pool(known, silent, managed("k-1")).code is Code.UNKNOWN
        assert pool(Held(), replace(cluster(), details=told), adopted("k-1")).outcome is Outcome.OMIT


def test_production_does_not_make_a_lost_pool_again() -> None:
    found = pool(managed("np-workers"), cluster(Mark.OURS), managed("k-1"), recreateMissing=False)
    assert found.code is Code.GONE


def test_a_pool_put_in_place_of_ours_is_refused() -> None:
    found = pool(managed("np-old"), cluster(Mark.OURS, WORKERS), managed("k-1"))
    assert found.code is Code.REPLACED_BEHIND_US
    assert "np-old" in found.reason
    assert "np-workers" in found.reason


@pytest.mark.parametrize("held", [Held(), INTERRUPTED, Held(Holding.DROPPED, "np-workers")])
@pytest.mark.parametrize("live", [(), (WORKERS,)])
def test_nothing_is_declared_below_a_cluster_that_is_only_read(
    held: Held, live: tuple[dict[str, Any], ...]
) -> None:
    found = pool(held, cluster(Mark.UNMARKED, *live), adopted("k-1"))
    assert (found.outcome, found.row) == (Outcome.OMIT, "27")


def test_a_released_cluster_takes_its_pool_along_and_a_taken_back_one_too() -> None:
    live = cluster(Mark.OURS, WORKERS)
    released = pool(managed("np-workers"), live, managed("k-1"), clusterPolicy="adopt")
    assert released.outcome is Outcome.RELEASE
    stays = pool(adopted("np-workers"), live, adopted("k-1"), clusterPolicy="adopt")
    assert stays.outcome is Outcome.ADOPT
    back = pool(adopted("np-workers"), live, adopted("k-1"), clusterPolicy="import")
    assert back.outcome is Outcome.IMPORT
    kept = pool(managed("np-workers"), live, managed("k-1"), clusterPolicy="import")
    assert kept.outcome is Outcome.KEEP


def test_an_adopted_pool_that_its_owner_took_away_stops_nobody() -> None:
    assert pool(adopted("np-workers"), cluster(), adopted("k-1")).outcome is Outcome.OMIT


def test_a_managed_pool_out_of_sight_is_never_left_out() -> None:
    """To leave it out would have the engine delete it."""
    found = pool(managed("np-elsewhere"), cluster(), adopted("k-1"))
    assert found.outcome is Outcome.REFUSE


def test_a_managed_pool_is_not_taken_for_gone_because_its_cluster_is_not_known() -> None:
    found = pool(managed("np-workers"), None, Held())
    assert found.code is Code.UNKNOWN


@pytest.mark.parametrize(
    "held",
    [Held(), INTERRUPTED, managed("np-workers"), adopted("np-workers"), Held(Holding.DROPPED, "np-workers")],
)
def test_a_cluster_made_again_gets_its_pool_again_also_in_production(held: Held) -> None:
    known = ledger(vpc=managed("v-1"), cluster=managed("k-1"), nodePool=held)
    found = decided(known, settings(recreateMissing=True), **KEPT)
    assert found["cluster"].outcome is Outcome.RECREATE
    assert found["nodePool"].outcome in MAKES
    careful = decided(known, settings(recreateMissing=False), **KEPT)
    assert careful["cluster"].code is Code.GONE
    assert careful["nodePool"].outcome is Outcome.OMIT


def test_a_foreign_cluster_that_is_imported_brings_its_pool_and_gets_none_in_the_same_run() -> None:
    wanted = settings(clusterPolicy="import")
    with_pool = decided(ledger(vpc=managed("v-1")), wanted, cluster=cluster(Mark.UNMARKED, WORKERS), **KEPT)
    assert with_pool["nodePool"].outcome is Outcome.IMPORT
    bare = decided(ledger(vpc=managed("v-1")), wanted, cluster=cluster(), **KEPT)
    assert (bare["cluster"].outcome, bare["nodePool"].outcome) == (Outcome.IMPORT, Outcome.OMIT)
    after = decided(ledger(vpc=managed("v-1"), cluster=managed("k-1")), wanted, cluster=cluster(), **KEPT)
    assert (after["cluster"].outcome, after["nodePool"].outcome) == (Outcome.KEEP, Outcome.CREATE)


def test_a_cluster_that_is_taken_over_brings_its_pool() -> None:
    wanted = settings(clusterPolicy="import", takeOver=["cluster"])
    found = decided(ledger(vpc=managed("v-1")), wanted, cluster=cluster(Mark.OTHER, WORKERS), **KEPT)
    assert (found["cluster"].outcome, found["nodePool"].outcome) == (Outcome.IMPORT, Outcome.IMPORT)


def test_a_default_pool_is_never_a_resource_of_its_own() -> None:
    whole = replace(cluster(), details={"node_pools": [{**SYSTEM, "name": "workers"}]})
    found = decided(ledger(vpc=managed("v-1")), settings(clusterPolicy="import"), cluster=whole, **KEPT)
    assert (found["cluster"].outcome, found["nodePool"].outcome) == (Outcome.IMPORT, Outcome.OMIT)
    after = decided(ledger(vpc=managed("v-1"), cluster=managed("k-1")), settings(), cluster=whole, **KEPT)
    assert after["nodePool"].outcome is Outcome.OMIT


def test_another_size_of_node_replaces_the_pool_only_where_that_is_allowed() -> None:
    live = cluster(Mark.OURS, WORKERS)
    assert (
        pool(managed("np-workers"), live, managed("k-1"), nodeSize="s-4vcpu-8gb").code is Code.WOULD_REPLACE
    )
    allowed = pool(
        managed("np-workers"), live, managed("k-1"), nodeSize="s-4vcpu-8gb", allowReplace=["nodePool"]
    )
    assert (allowed.outcome, allowed.replaces) == (Outcome.KEEP, True)


def test_with_one_slot_refused_what_hangs_on_it_is_left_out() -> None:
    known = ledger(vpc=managed("v-1"), nodePool=managed("np-workers"))
    sightings = seen(known, **KEPT) | {"cluster": Sighting(unknown=("503",))}
    found = resolve(settings(), known, sightings)
    assert found["cluster"].code is Code.UNKNOWN
    assert found["nodePool"].outcome is Outcome.OMIT


@pytest.mark.parametrize(
    "node_pools", [None, "x", [None, 1, "x", {}], [{"id": "a"}], [{"id": 7, "tags": "x", "count": "many"}]]
)
def test_a_cluster_whose_pools_make_no_sense_raises_nothing(node_pools: object) -> None:
    odd = replace(cluster(), details={"node_pools": node_pools})
    for held in (Held(), managed("k-1"), adopted("k-1")):
        found = decided(ledger(vpc=managed("v-1"), cluster=held), settings(), cluster=odd, **KEPT)
        assert found["cluster"].outcome in (Outcome.KEEP, *READ_ONLY)


def test_every_slot_that_the_stack_has_gets_exactly_one_decision_in_order() -> None:
    for wanted in (settings(), settings(projectName="Formerr")):
        assert list(decided(EMPTY, wanted)) == [slot.key for slot in enabled(wanted)]


# -- what the state has elsewhere ------------------------------------------------------------------------------

VPC_TYPES = "formerr:network:Network$digitalocean:index/vpc:Vpc"
BALANCER_TYPES = "formerr:loadbalancer:LoadBalancer$digitalocean:index/loadBalancer:LoadBalancer"


def standing(types: str, name: str, identity: str) -> Standing:
    return Standing(f"urn:pulumi:staging::formerr-infra::{types}::{name}", types, name, identity)


def test_one_that_was_imported_by_hand_is_neither_made_again_nor_deleted() -> None:
    """`pulumi import` puts it under the stack itself; the engine would take the component's for another one."""
    by_hand = standing("digitalocean:index/vpc:Vpc", "vpc", "v-1")
    known = replace(ledger(vpc=managed("v-1")), standing=(by_hand,))
    refused = decided(known, vpc=vpc())["vpc"]
    assert (refused.outcome, refused.code, refused.row) == (Outcome.REFUSE, Code.OTHER_URN, "29")
    assert by_hand.urn in refused.reason
    assert f"pulumi state delete '{by_hand.urn}'" in refused.settle
    assert "vpcPolicy=import" in refused.settle


def test_one_that_is_elsewhere_under_any_name_is_not_adopted_while_it_would_be_deleted() -> None:
    known = replace(EMPTY, standing=(standing("digitalocean:index/vpc:Vpc", "mine", "v-1"),))
    assert decided(known, vpc=vpc())["vpc"].code is Code.OTHER_URN


def test_one_that_was_renamed_is_renamed_back_and_not_imported_while_it_would_be_deleted() -> None:
    renamed = standing(BALANCER_TYPES, "my-lb", "l-1")
    own = standing(VPC_TYPES, "vpc", "v-1")
    lost = ledger(vpc=managed("v-1"), loadBalancer=Held(Holding.DROPPED, "l-1"))
    found = decided(replace(lost, standing=(own, renamed)), vpc=vpc(Mark.OURS), loadBalancer=balancer())
    assert found["vpc"].outcome is Outcome.KEEP
    assert found["loadBalancer"].code is Code.OTHER_URN
    assert found["loadBalancer"].settle == f"pulumi state rename '{renamed.urn}' load-balancer."


def test_another_one_of_the_same_kind_elsewhere_is_nothing_to_stop_for() -> None:
    known = replace(EMPTY, standing=(standing("digitalocean:index/vpc:Vpc", "mine", "v-9"),))
    assert decided(known, vpc=vpc())["vpc"].outcome is Outcome.ADOPT
