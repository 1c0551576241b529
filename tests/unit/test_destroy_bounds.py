"""What a destroy never does, whatever state and account say: the bounds of what goes, and what is unknown afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from formerr_infra.destroy.errors import DestroyRefused
from formerr_infra.destroy.model import Account, Fate, Plan
from formerr_infra.destroy.plan import plan, unlocked
from formerr_infra.destroy.stops import goes, objects_cluster, require, stops
from formerr_infra.destroy.traces import Service
from formerr_infra.destroy.verify import looked_for, verify
from formerr_infra.errors import UnknownIsNotAbsent
from formerr_infra.holdings import (
    CLUSTER,
    DATABASE,
    MEMBERS,
    NODE_POOL,
    TRUSTED_SOURCES,
    Pending,
    Resource,
    State,
)
from formerr_infra.inventory.facts import Unknown
from formerr_infra.inventory.leftovers import Associated
from formerr_infra.model import Found
from tests.unit.destroys import (
    BEFORE,
    BORN,
    CLAIM,
    CONTROLLERS,
    DRIVERS,
    GONE,
    ID,
    LATER,
    REGISTRY,
    SECRET,
    VPC,
    balancer,
    lives,
    resource,
    states,
    volume,
)

if TYPE_CHECKING:
    from formerr_infra.destroy.stops import Stop

FLAGS = st.booleans()


def stopped(
    made: Plan, state: State, account: Account, *, unprotect: bool = False, delete_data: bool = False
) -> tuple[Stop, ...]:
    return stops(made, state, account, unprotect=unprotect, delete_data=delete_data)


def exported(state: State) -> dict[str, Any]:
    """The state as the engine exports it."""
    return {
        "deployment": {
            "resources": [
                {"urn": one.urn}
                | ({"protect": True} if one.protect else {})
                | ({"retainOnDelete": True} if one.retain else {})
                for one in state.resources
            ]
        }
    }


# -- what becomes of a resource ------------------------------------------------------------------------------


@given(st.sampled_from([VPC, REGISTRY, CLUSTER, NODE_POOL, DATABASE]), FLAGS, FLAGS, FLAGS)
def test_what_the_account_says_is_gone_is_only_forgotten_whatever_is_set_for_it(
    kind: str, protect: bool, retain: bool, unprotect: bool
) -> None:
    one = resource(kind, protect=protect, retain=retain)
    key = looked_for(one)
    assert key is not None
    made = plan("staging", State((one,)), Account(live={key: None}), unprotect=unprotect)
    assert [piece.fate for piece in made.pieces] == [Fate.GONE]


@pytest.mark.parametrize("kind", [VPC, REGISTRY, CLUSTER, NODE_POOL, DATABASE])
@given(FLAGS, FLAGS, FLAGS)
def test_what_is_there_goes_unless_something_keeps_it_and_the_word_lifts_what_a_setting_keeps(
    kind: str, protect: bool, retain: bool, unprotect: bool
) -> None:
    one = resource(kind, protect=protect, retain=retain)
    made = plan("staging", State((one,)), Account(live=lives(one)), unprotect=unprotect)
    kept = (protect or retain) and not unprotect
    assert [piece.fate for piece in made.pieces] == [Fate.PROTECTED if kept else Fate.GOES]


@given(states(), FLAGS, FLAGS)
@example(State((resource(DATABASE),)), False, False)
@example(State((resource(DATABASE, protect=True),)), True, False)
@example(State((resource(DATABASE, retain=True),)), True, False)
def test_no_database_goes_without_the_word_for_its_data_however_it_was_kept(
    state: State, unprotect: bool, delete_data: bool
) -> None:
    account = Account(live=lives(*state.resources))
    made = plan("staging", state, account, unprotect=unprotect, delete_data=delete_data)
    deleted = [one.resource for one in made.of(Fate.GOES) if one.resource.type == DATABASE]
    said = "\n".join(map(str, stopped(made, state, account, unprotect=unprotect, delete_data=delete_data)))
    assert ("managed database" in said) == (bool(deleted) and not delete_data)
    assert all(one.id in said for one in deleted if not delete_data)


@given(states(), FLAGS, FLAGS)
def test_trusted_sources_that_are_retained_go_with_their_database_and_never_for_themselves(
    state: State, unprotect: bool, there: bool
) -> None:
    """Deleted for themselves they would open a database that stays to everybody."""
    live = lives(*state.resources)
    account = Account(live=live if there else dict.fromkeys(live))
    made = plan("staging", state, account, unprotect=unprotect)
    fates = {one.resource.type: one.fate for one in made.pieces}
    for piece in made.pieces:
        one = piece.resource
        if one.type == TRUSTED_SOURCES and one.retain and not one.external:
            assert piece.fate is not Fate.GOES
            if unprotect or not one.protect:
                ends = fates.get(DATABASE) in (Fate.GOES, Fate.GONE)
                assert piece.fate is (Fate.WITH if ends else Fate.RETAINED)


@pytest.mark.parametrize(
    "other", [resource(REGISTRY, external=True), resource(SECRET), resource(MEMBERS, retain=True)]
)
def test_a_vpc_that_a_setting_may_have_retained_is_no_forecast(other: Resource) -> None:
    """What is only read, and objects, are retained by no setting, so that they say nothing of it."""
    vpc = resource(VPC, retain=True)
    account = Account(live=lives(vpc, other) | lives(vpc, default=False))
    made = plan("staging", State((vpc, other)), account)
    assert [one.fate for one in made.pieces if one.resource is vpc] == [Fate.PROTECTED]


@given(states(), FLAGS, FLAGS)
def test_what_goes_is_deleted_and_not_forgotten_and_what_stays_keeps_what_keeps_it(
    state: State, unprotect: bool, default: bool
) -> None:
    account = Account(live=lives(*state.resources, default=default))
    made = plan("staging", state, account, unprotect=unprotect)
    before = exported(state)
    after, _ = unlocked(before, made, unprotect=unprotect)
    fates = {one.resource.urn: one.fate for one in made.pieces}
    for old, new in zip(before["deployment"]["resources"], after["deployment"]["resources"], strict=True):
        deleted = fates[old["urn"]] is Fate.GOES
        assert new.get("retainOnDelete") == (None if deleted else old.get("retainOnDelete"))
        assert new.get("protect") == (None if unprotect else old.get("protect"))
        assert not (deleted and new.get("protect"))


# -- what the cluster has made -------------------------------------------------------------------------------


@pytest.mark.parametrize("unread", [False, True])
@pytest.mark.parametrize(("kind", "name"), [("load_balancers", CONTROLLERS), ("volumes", DRIVERS)])
def test_nothing_is_taken_that_the_account_itself_does_not_list(kind: str, name: str, unread: bool) -> None:
    """DigitalOcean's list of what a cluster has made is no proof by itself."""
    many: Any = GONE if unread else ()
    cluster = resource(CLUSTER)
    account = Account(
        live=lives(cluster), balancers=many, volumes=many, associated=(Associated(kind, "x", name),)
    )
    services = {"x": Service("web/shop", BORN)}
    (trace,) = plan("staging", State((cluster,)), account, delete_data=True, services=services).traces
    assert (trace.goes, trace.expected) == (False, False)


def test_each_thing_is_judged_by_what_the_account_says_of_it_and_of_no_other() -> None:
    """In any order of the account's lists."""
    cluster = resource(CLUSTER)
    theirs, ours = (replace(balancer(name), id=name) for name in ("shop", CONTROLLERS))
    mine, drivers = (replace(volume(name), id=name) for name in ("mine", DRIVERS))
    listed = tuple(
        Associated(kind, one.id, one.name)
        for kind, many in (("load_balancers", (theirs, ours)), ("volumes", (mine, drivers)))
        for one in many
    )
    for way in (1, -1):
        account = Account(
            live=lives(cluster),
            balancers=(theirs, ours)[::way],
            volumes=(mine, drivers)[::way],
            associated=listed,
        )
        made = plan("staging", State((cluster,)), account, delete_data=True)
        assert [one.thing.id for one in made.taken] == [CONTROLLERS, DRIVERS]


@pytest.mark.parametrize(("told", "taken"), [(True, True), (False, False), ("true", False), (None, False)])
def test_a_word_for_data_that_has_arrived_in_the_state_is_told_as_what_it_does(
    told: object, taken: bool
) -> None:
    """The provider then takes the cluster's volumes whatever is said to the command."""
    cluster = resource(CLUSTER, inputs={"destroyAllAssociatedResources": told})
    listed = (Associated("volumes", "vol", DRIVERS),)
    account = Account(live=lives(cluster), volumes=(volume(),), associated=listed)
    made = plan("staging", State((cluster,)), account)
    assert (made.delete_data, [one.thing.id for one in made.taken]) == (taken, ["vol"] if taken else [])


def test_what_the_state_holds_by_any_of_its_ids_is_no_stray() -> None:
    named = resource("digitalocean:index/certificate:Certificate", id="tls")
    found = (
        Found("tls", "tls"), Found("other-name", "tls", details={"id": "tls"}), Found("stray", "tls"),
    )  # fmt: skip
    account = Account(live=lives(named), marked={"certificate": found})
    made = plan("staging", State((named,)), account)
    assert [(kind, one.id) for kind, one in made.strays] == [("certificate", "stray")]


def test_what_nothing_proves_is_left_for_somebody_to_look_at_and_what_somebody_made_is_not() -> None:
    cluster = resource(CLUSTER)
    listed = (Associated("load_balancers", "lb", "shop"),)

    def expected(one: Found, **services: Service) -> bool:
        account = Account(live=lives(cluster), balancers=(one,), associated=listed)
        (trace,) = plan("staging", State((cluster,)), account, services=services).traces
        assert not trace.goes
        return trace.expected

    assert not expected(balancer("shop"))
    assert expected(balancer("shop", tag="web"))
    assert expected(balancer("shop", BEFORE))
    assert expected(balancer("shop"), lb=Service("web/shop", LATER + timedelta(hours=1)))


def test_a_cluster_that_could_not_be_read_makes_nothing_it_has_made_older() -> None:
    """The destroy is stopped for it; what it would take is told all the same."""
    cluster = resource(CLUSTER)
    listed = (Associated("load_balancers", "lb", CONTROLLERS),)
    account = Account(live={("cluster", ID): GONE}, balancers=(balancer(CONTROLLERS),), associated=listed)
    made = plan("staging", State((cluster,)), account)
    assert [one.goes for one in made.traces] == [True]
    assert [one.unknown for one in stopped(made, State((cluster,)), account)] == [True]


# -- what stops it -------------------------------------------------------------------------------------------


def test_what_could_not_be_read_does_not_show_that_the_account_is_the_right_one() -> None:
    cluster, registry = resource(CLUSTER), resource(REGISTRY)
    state = State((cluster, registry))
    account = Account(live={("cluster", ID): None, ("registry", registry.id): Unknown("500")})
    said = "\n".join(map(str, stopped(plan("staging", state, account), state, account)))
    assert "another account" in said
    assert "500" in said


def test_objects_of_a_cluster_that_a_killed_destroy_was_deleting_say_nothing_of_the_account() -> None:
    cluster = resource(CLUSTER)
    state = State((cluster, resource(SECRET)), (Pending(cluster.urn, "deleting"),))
    account = Account(live={("cluster", ID): None})
    assert stopped(plan("staging", state, account), state, account) == ()


@pytest.mark.parametrize(
    ("operation", "refused"),
    [("creating", True), ("importing", True), ("updating", False), ("reading", False), ("deleting", False)],
)
def test_only_what_may_have_been_made_and_not_noted_stops_a_destroy(operation: str, refused: bool) -> None:
    vpc = resource(VPC)
    state = State((vpc,), (Pending("urn:x", operation),))
    account = Account(live=lives(vpc))
    assert bool(stopped(plan("staging", state, account), state, account)) is refused


@pytest.mark.parametrize("kind", [VPC, REGISTRY, CLUSTER, NODE_POOL, DATABASE])
def test_whatever_could_not_be_looked_at_stops_a_destroy_as_unknown(kind: str) -> None:
    one, other = resource(kind), resource(MEMBERS)
    key = looked_for(one)
    assert key is not None
    account = Account(live={key: Unknown("403")} | lives(other))
    state = State((one, other))
    found = stopped(plan("staging", state, account, delete_data=True), state, account, delete_data=True)
    assert [one.unknown for one in found if "403" in one.reason] == [True]


@pytest.mark.parametrize("operation", ["updating", "reading"])
def test_only_what_was_being_deleted_may_be_gone_without_a_word(operation: str) -> None:
    vpc = resource(VPC)
    state = State((vpc,), (Pending(vpc.urn, operation),))
    account = Account(live={("vpc", vpc.id): None})
    (stop,) = stopped(plan("staging", state, account), state, account)
    assert "another account" in stop.reason


def test_one_reason_to_refuse_among_unknown_ones_is_a_refusal_and_unknown_ones_alone_are_not() -> None:
    vpc = resource(VPC)
    state = State((vpc,))
    account = Account(live=lives(vpc), unknown=("429",))
    with pytest.raises(UnknownIsNotAbsent):
        require(stopped(plan("staging", state, account), state, account))
    mixed = State((vpc,), (Pending("urn:x", "creating"),))
    with pytest.raises(DestroyRefused):
        require(stopped(plan("staging", mixed, account), mixed, account))


def test_the_word_for_data_is_held_up_by_claims_alone() -> None:
    """Not by what else stays: a default VPC, the trusted sources of an adopted database."""
    vpc, database = resource(VPC, retain=True), resource(DATABASE, external=True)
    sources = resource(TRUSTED_SOURCES, retain=True)
    state = State((vpc, database, sources))
    account = Account(live=lives(vpc, database) | lives(vpc, default=True))
    made = plan("staging", state, account, delete_data=True)
    assert len(made.of(Fate.RETAINED)) == 2
    assert stopped(made, state, account, delete_data=True) == ()


@pytest.mark.parametrize("listed", [False, True])
def test_volumes_that_cannot_be_read_stop_the_destroy_of_a_cluster_that_has_some(listed: bool) -> None:
    cluster = resource(CLUSTER)
    made = (Associated("volumes", "vol", DRIVERS),) if listed else ()
    account = Account(live=lives(cluster), volumes=Unknown("403"), associated=made)
    state = State((cluster,))
    found = stopped(plan("staging", state, account), state, account)
    assert [one.unknown for one in found] == ([True] if listed else [])
    read = Account(live=lives(cluster), volumes=(volume(),), associated=made)
    assert stopped(plan("staging", state, read), state, read) == ()


# -- what is left --------------------------------------------------------------------------------------------


def gone_with(*listed: Associated, **account: Any) -> Plan:
    """The plan of a destroy that takes a cluster and what it has made."""
    cluster = resource(CLUSTER)
    before = Account(live=lives(cluster), associated=tuple(listed), **account)
    return plan("staging", State((cluster,)), before, delete_data=True)


def test_a_list_that_cannot_be_read_afterwards_is_never_an_empty_one() -> None:
    """Not of what was to go, and not of what came while it went."""
    listed = (Associated("load_balancers", "lb", CONTROLLERS), Associated("volumes", "vol", DRIVERS))
    made = gone_with(*listed, balancers=(balancer(CONTROLLERS),), volumes=(volume(),))
    assert len(made.taken) == len(listed)
    assert goes(made) == 1 + len(listed)
    lost: dict[tuple[str, str], Any] = {("cluster", ID): None}
    found = verify(made, Account(live=lost, balancers=Unknown("500"), volumes=Unknown("403")))
    assert found.confirmed == 1, "the cluster"
    assert {word for word in ("500", "403") if word in " ".join(found.unknown)} == {"500", "403"}
    assert verify(made, Account(live=lost)).confirmed == 1 + len(listed)
    assert verify(made, Account(live=lost)).unknown == ()
    late = verify(gone_with(), Account(live=lost, volumes=Unknown("403")))
    assert "403" in " ".join(late.unknown)


def test_what_the_cluster_had_made_is_looked_for_by_its_id_among_what_is_everybody_elses() -> None:
    snapshot = Associated("volume_snapshots", "snap", "pvc-1")
    listed = (
        Associated("load_balancers", "lb", CONTROLLERS),
        Associated("volumes", "vol", DRIVERS),
        snapshot,
    )
    made = gone_with(*listed, balancers=(balancer(CONTROLLERS),), volumes=(volume(),))
    lost: dict[tuple[str, str], Any] = {("cluster", ID): None}
    others = (replace(balancer(CONTROLLERS), id="theirs"),), (replace(volume(cluster=None), id="theirs"),)
    found = verify(made, Account(live=lost, balancers=others[0], volumes=others[1]))
    assert (found.confirmed, [(one.id, one.expected) for one in found.left]) == (3, [("snap", True)])
    still = Account(live=lost, balancers=(*others[0], balancer(CONTROLLERS)), volumes=(*others[1], volume()))
    found = verify(made, still)
    assert (found.confirmed, [one.id for one in found.unexpected]) == (1, ["lb", "vol"])


def test_what_is_retained_for_a_reason_of_its_own_is_there_afterwards_as_it_should_be() -> None:
    vpc = resource(VPC, retain=True)
    made = plan("staging", State((vpc,)), Account(live=lives(vpc, default=True)))
    found = verify(made, Account(live=lives(vpc, default=True)))
    assert [(one.kind, one.id, one.expected) for one in found.left] == [("vpc", vpc.id, True)]
    assert found.confirmed == 0


def test_a_thing_of_the_state_that_stays_is_no_stray_though_it_carries_the_mark() -> None:
    released = resource(VPC, external=True)
    made = plan("staging", State((released,)), Account(live=lives(released)))
    after = Account(live={("vpc", released.id): Unknown("429")}, marked={"vpc": (Found(released.id, "vpc"),)})
    assert verify(made, after).left == ()


def test_without_a_cluster_that_goes_nobodys_volumes_are_told() -> None:
    vpc = resource(VPC)
    made = plan("staging", State((vpc,)), Account(live=lives(vpc)))
    assert verify(made, Account(live={("vpc", vpc.id): None}, volumes=(volume(cluster=None),))).left == ()


def test_an_api_without_volumes_has_none_of_the_cluster_and_without_a_cluster_none_is_asked_about() -> None:
    lost: dict[tuple[str, str], Any] = {("cluster", ID): None}
    assert verify(gone_with(), Account(live=lost, volumes=Unknown("404", missing=True))).unknown == ()
    vpc = resource(VPC)
    made = plan("staging", State((vpc,)), Account(live=lives(vpc)))
    assert verify(made, Account(live={("vpc", vpc.id): None}, volumes=Unknown("403"))).unknown == ()


@pytest.mark.parametrize("kind", [VPC, CLUSTER, NODE_POOL, DATABASE])
@pytest.mark.parametrize(("now", "confirmed"), [(None, 1), (Unknown("429"), 0), (Found("x", "x"), 0)])
def test_a_thing_is_seen_to_be_gone_only_where_the_account_says_so(
    kind: str, now: Found | Unknown | None, confirmed: int
) -> None:
    one = resource(kind)
    key = looked_for(one)
    assert key is not None
    found = verify(plan("staging", State((one,)), Account(live=lives(one))), Account(live={key: now}))
    assert found.confirmed == confirmed
    assert bool(found.unexpected) is isinstance(now, Found)
    assert bool(found.unknown) is isinstance(now, Unknown)


@pytest.mark.parametrize(("now", "confirmed"), [(None, 1), (Unknown("429"), 0), (Found("a/b", "a/b"), 0)])
def test_an_object_on_an_adopted_cluster_is_looked_at_by_its_name(
    now: Found | Unknown | None, confirmed: int
) -> None:
    cluster, secret = resource(CLUSTER, external=True), resource(SECRET)
    made = plan("staging", State((cluster, secret)), Account(live=lives(cluster)))
    found = verify(made, Account(live={("object", secret.name): now}))
    assert found.confirmed == confirmed
    assert [one.id for one in found.unexpected] == ([secret.id] if isinstance(now, Found) else [])
    assert bool(found.unknown) is isinstance(now, Unknown)


def test_what_is_left_is_told_once_by_whatever_it_was_found() -> None:
    """A VPC that was to go, is there, and carries the mark; another of the same id in another kind is another thing."""
    vpc, cluster = resource(VPC, id="one"), resource(CLUSTER, id="two")
    made = plan("staging", State((vpc, cluster)), Account(live=lives(vpc, cluster)))
    marked = {
        "vpc": (Found("one", "vpc"), Found("two", "vpc")),
        "cluster": (Found("two", "c"), Found("one", "c")),
    }
    found = verify(made, Account(live=lives(vpc, cluster), marked=marked))
    assert sorted((one.kind, one.id) for one in found.unexpected) == [
        ("cluster", "one"), ("cluster", "two"), ("vpc", "one"), ("vpc", "two"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cluster", "object_external", "asked"),
    [
        (resource(CLUSTER, external=True), False, ID),
        (resource(CLUSTER, external=True), True, None),
        (resource(CLUSTER), False, None),
        (None, False, None),
    ],
)
def test_objects_are_looked_at_afterwards_on_an_adopted_cluster_alone(
    cluster: Resource | None, object_external: bool, asked: str | None
) -> None:
    claim = resource(CLAIM, external=object_external)
    state = State((*((cluster,) if cluster else ()), claim))
    made = plan("staging", state, Account(live=lives(*state.resources)))
    assert objects_cluster(state, made) == asked
    if cluster is not None and not cluster.external:
        gone = plan("staging", state, Account(live={("cluster", ID): None}))
        assert objects_cluster(state, gone) is None, "nothing is there to ask"


def test_what_was_made_within_the_difference_of_two_clocks_is_not_older() -> None:
    """A balancer a moment before its cluster, by clocks that differ: the controller's name is what proves it."""
    early = balancer(CONTROLLERS, BORN.replace(year=2025, month=12, day=31, hour=23, minute=59, second=57))
    listed = (Associated("load_balancers", "lb", CONTROLLERS),)
    assert [one.goes for one in gone_with(*listed, balancers=(early,)).traces] == [True]
    assert [one.goes for one in gone_with(*listed, balancers=(balancer(CONTROLLERS, LATER),)).traces] == [
        True
    ]
