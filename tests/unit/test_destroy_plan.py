"""What becomes of each resource in a destroy: pure, over everything that a state and an account can say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formerr_infra import holdings
from formerr_infra.destroy.backups import stale
from formerr_infra.destroy.errors import DestroyRefused
from formerr_infra.destroy.model import ENDS, Account, Fate, Keeper, Plan
from formerr_infra.destroy.plan import plan, unlocked
from formerr_infra.destroy.render import document
from formerr_infra.destroy.stops import require, stops
from formerr_infra.destroy.traces import Service
from formerr_infra.destroy.verify import verify
from formerr_infra.errors import LedgerUnreadable, UnknownIsNotAbsent
from formerr_infra.holdings import CLUSTER, DATABASE, NODE_POOL, TRUSTED_SOURCES, Resource, State
from formerr_infra.inventory.facts import Unknown
from formerr_infra.inventory.leftovers import Associated
from formerr_infra.inventory.moments import moment
from formerr_infra.model import Found, Mark
from tests.unit.destroys import (
    BEFORE,
    BORN,
    CLAIM,
    CONTROLLERS,
    GONE,
    ID,
    LATER,
    NAMESPACE,
    REGISTRY,
    SECRET,
    VPC,
    balancer,
    lives,
    resource,
    states,
    volume,
)


@given(states(), st.booleans(), st.booleans(), st.sampled_from(["there", "gone", "not asked for"]))
def test_what_is_only_read_never_goes_and_nothing_protected_goes_without_the_word(
    state: State, unprotect: bool, delete_data: bool, how: str
) -> None:
    live = lives(*state.resources)
    account = Account(live={"there": live, "gone": dict.fromkeys(live)}.get(how, {}))
    made = plan("staging", state, account, unprotect=unprotect, delete_data=delete_data)
    assert len(made.pieces) == len(state.resources)
    for piece in made.pieces:
        if piece.resource.external:
            assert piece.fate is Fate.ADOPTED
        if not unprotect and piece.resource.protect and piece.fate is Fate.GOES:
            raise AssertionError(piece)
        if not unprotect and piece.resource.retain and piece.keeper is not Keeper.FORECAST:
            assert piece.fate is not Fate.GOES, "never deleted without a word, and never forgotten either"


@given(states(), st.data())
def test_a_plan_reads_the_same_in_whatever_order_the_state_has_its_resources(
    state: State, data: st.DataObject
) -> None:
    other = State(tuple(data.draw(st.permutations(state.resources))))
    account = Account(live=lives(*state.resources))
    assert plan("staging", other, account) == plan("staging", state, account)


@given(states(), st.booleans())
def test_lifting_the_protection_changes_these_two_flags_and_nothing_else(state: State, there: bool) -> None:
    made = plan("staging", state, Account(live=lives(*state.resources) if there else {}), unprotect=True)
    before = {
        "version": 3,
        "deployment": {
            "manifest": {"time": "now"},
            "secrets_providers": {"type": "passphrase"},
            "resources": [
                {"urn": one.urn, "id": one.id, "outputs": {"a": 1}}
                | ({"external": True} if one.external else {})
                | ({"protect": True} if one.protect else {})
                | ({"retainOnDelete": True} if one.retain else {})
                for one in state.resources
            ],
        },
    }
    after, changed = unlocked(before, made, unprotect=True)
    fates = {one.resource.urn: one.fate for one in made.pieces}
    flags = {"protect", "retainOnDelete"}
    assert {**after, "deployment": {**after["deployment"], "resources": None}} == {
        **before,
        "deployment": {**before["deployment"], "resources": None},  # type: ignore[dict-item]  # literals
    }
    for old, new in zip(before["deployment"]["resources"], after["deployment"]["resources"], strict=True):  # type: ignore[index]  # literals
        assert {k: v for k, v in old.items() if k not in flags} == {
            k: v for k, v in new.items() if k not in flags
        }
        assert not new.get("protect")
        assert (old != new) == (old["urn"] in changed)
        if old.get("retainOnDelete") and not new.get("retainOnDelete"):
            assert fates[old["urn"]] is Fate.GOES


def test_what_is_kept_for_a_reason_of_its_own_stays_kept_with_the_word() -> None:
    vpc = resource(VPC, retain=True)
    sources, database = resource(TRUSTED_SOURCES, retain=True), resource(DATABASE)
    claim, space = resource(CLAIM, retain=True), resource(NAMESPACE, retain=True)
    adopted = resource(CLUSTER, external=True)
    state = State((vpc, sources, database, claim, space, adopted))
    account = Account(live=lives(vpc, database, adopted) | lives(vpc, default=True))
    fates = {one.resource.type: one.fate for one in plan("staging", state, account, unprotect=True).pieces}
    assert fates == {
        VPC: Fate.RETAINED,
        TRUSTED_SOURCES: Fate.WITH,
        DATABASE: Fate.GOES,
        CLAIM: Fate.RETAINED,
        NAMESPACE: Fate.RETAINED,
        CLUSTER: Fate.ADOPTED,
    }


@pytest.mark.parametrize(
    ("default", "others", "fate", "lifted"),
    [
        pytest.param(True, False, Fate.RETAINED, False, id="it is the default one"),
        pytest.param(False, False, Fate.GOES, True, id="it was expected to become it"),
        pytest.param(False, True, Fate.PROTECTED, False, id="a setting retains everything"),
    ],
)
def test_a_vpc_that_did_not_become_the_default_one_goes_though_it_was_retained_as_if_it_would(
    default: bool, others: bool, fate: Fate, lifted: bool
) -> None:
    vpc, cluster = resource(VPC, retain=True), resource(CLUSTER, retain=others)
    account = Account(live=lives(vpc, cluster) | lives(vpc, default=default))
    made = plan("staging", State((vpc, cluster)), account)
    assert [one.fate for one in made.pieces if one.resource is vpc] == [fate]
    export = {"deployment": {"resources": [{"urn": vpc.urn, "retainOnDelete": True, "protect": True}]}}
    after, changed = unlocked(export, made, unprotect=False)
    assert changed == ((vpc.urn,) if lifted else ())
    assert after["deployment"]["resources"][0]["protect"], "only the word lifts that"


def test_objects_go_with_their_cluster_and_what_is_gone_is_only_forgotten() -> None:
    cluster, claim, secret = resource(CLUSTER), resource(CLAIM, retain=True), resource(SECRET)
    state = State((cluster, claim, secret))
    there = plan("staging", state, Account(live=lives(cluster)))
    assert [one.fate for one in there.pieces] == [Fate.GOES, Fate.WITH, Fate.GOES]
    lost = plan("staging", state, Account(live={("cluster", ID): None}))
    assert {one.fate for one in lost.pieces} == {Fate.GONE}
    assert lost.cluster_id is None


def test_objects_are_gone_with_their_cluster_and_not_with_what_else_is_gone_or_there() -> None:
    vpc, cluster, secret = resource(VPC), resource(CLUSTER), resource(SECRET)
    adopted = resource(NAMESPACE, external=True)
    state = State((vpc, cluster, secret, adopted))
    lost = plan("staging", state, Account(live=lives(vpc) | {("cluster", ID): None}))
    assert {one.resource.type: one.fate for one in lost.pieces} == {
        VPC: Fate.GOES,
        CLUSTER: Fate.GONE,
        SECRET: Fate.GONE,
        NAMESPACE: Fate.ADOPTED,
    }
    there = plan("staging", state, Account(live=lives(cluster) | {("vpc", vpc.id): None}))
    assert [one.fate for one in there.pieces if one.resource is secret] == [Fate.GOES]


# -- what the cluster has made -------------------------------------------------------------------------------


def traced(
    *, balancers: tuple[Found, ...] = (), volumes: tuple[Found, ...] = (), data: bool = False,
    services: dict[str, Service] | None = None, held: tuple[Resource, ...] = (), own: bool = True,
) -> Plan:  # fmt: skip
    cluster = resource(CLUSTER, external=not own)
    listed = [Associated("load_balancers", one.id, one.name) for one in balancers]
    listed += [Associated("volumes", one.id, one.name) for one in volumes]
    account = Account(live=lives(cluster), balancers=balancers, volumes=volumes, associated=tuple(listed))
    return plan("staging", State((cluster, *held)), account, delete_data=data, services=services)


@pytest.mark.parametrize(
    ("one", "services", "goes"),
    [
        pytest.param(balancer(CONTROLLERS), {}, True, id="named-by-the-controller"),
        pytest.param(balancer(CONTROLLERS, BEFORE), {}, False, id="older-than-the-cluster"),
        pytest.param(balancer(CONTROLLERS, tag=f"k8s:{ID}"), {}, False, id="targets-a-tag"),
        pytest.param(balancer("shop"), {}, False, id="nothing-proves-it"),
        pytest.param(balancer("shop"), {"lb": Service("web/shop", BORN)}, True, id="younger-than-its-service"),
        pytest.param(
            balancer("shop"), {"lb": Service("web/shop", LATER + timedelta(hours=1))}, False, id="taken-over"
        ),
    ],
)  # fmt: skip
def test_a_load_balancer_goes_only_if_it_shows_that_the_controller_made_it(
    one: Found, services: dict[str, Service], goes: bool
) -> None:
    (trace,) = traced(balancers=(one,), services=services).traces
    assert (trace.goes, bool(trace.reason)) == (goes, True)


@pytest.mark.parametrize(
    ("one", "goes"),
    [
        pytest.param(volume(), True, id="named-and-tagged-by-the-driver"),
        pytest.param(volume(cluster="another"), False, id="of-another-cluster"),
        pytest.param(volume(name="mine"), False, id="named-by-somebody"),
        pytest.param(volume(born=BEFORE), False, id="older-than-the-cluster"),
    ],
)
def test_a_volume_goes_only_with_the_word_and_if_the_driver_made_it(one: Found, goes: bool) -> None:
    (without,) = traced(volumes=(one,)).traces
    (with_word,) = traced(volumes=(one,), data=True).traces
    assert (without.goes, with_word.goes) == (False, goes)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-01-01T00:00:00Z", True),
        ("2026-01-01T02:00:00.123456789+02:00", True),
        ("2000-01-01T00:00:00Z", True),
        ("0001-01-01T00:00:00Z", False),
        ("0001-01-01T00:00:00-14:00", False),
        ("1970-01-01T00:00:00Z", False),
        ("", False),
        (None, False),
    ],
)
def test_the_time_of_nothing_is_no_time(text: str | None, *, told: bool) -> None:
    """Go writes the year 1 where nobody has set a time."""
    assert (moment(text) is not None) is told


def test_what_has_no_time_is_neither_older_nor_an_end_of_the_run() -> None:
    never = moment("0001-01-01T00:00:00Z")
    (trace,) = traced(balancers=(balancer(CONTROLLERS, never),)).traces
    assert trace.goes
    cluster = resource(CLUSTER)
    live = {("cluster", ID): Found(ID, "c", created_at=never)}
    listed = (Associated("load_balancers", "lb", CONTROLLERS),)
    account = Account(live=live, balancers=(balancer(CONTROLLERS),), associated=listed)
    (trace,) = plan("staging", State((cluster,)), account).traces
    assert trace.goes


def test_nothing_is_taken_from_a_cluster_that_is_not_the_stacks_or_of_what_the_state_holds() -> None:
    assert traced(balancers=(balancer(CONTROLLERS),), own=False).traces == ()
    held = resource("digitalocean:index/loadBalancer:LoadBalancer", id="lb", external=True)
    assert traced(balancers=(balancer(CONTROLLERS),), held=(held,)).traces == ()


def test_a_snapshot_is_never_taken() -> None:
    cluster = resource(CLUSTER)
    account = Account(live=lives(cluster), associated=(Associated("volume_snapshots", "s", "pvc-1"),))
    (trace,) = plan("staging", State((cluster,)), account, delete_data=True).traces
    assert not trace.goes


# -- what stops it -------------------------------------------------------------------------------------------


def stopped(state: State, account: Account, stack: str = "staging", **words: bool) -> str:
    unprotect, delete_data = words.get("unprotect", False), words.get("delete_data", False)
    gone = words.get("gone", False)
    made = plan(stack, state, account, unprotect=unprotect, delete_data=delete_data)
    found = stops(
        made, state, account, unprotect=unprotect, delete_data=delete_data, gone=gone, token="SAID_TOKEN"
    )
    return "\n".join(map(str, found))


def test_every_reason_to_stop_is_said_with_what_settles_it() -> None:
    cluster, database = resource(CLUSTER), resource(DATABASE)
    vpc = resource(VPC, protect=True)
    state = State((cluster, database, vpc), (holdings.Pending("urn:x", "creating"),))
    account = Account(
        live=lives(cluster, database) | {("vpc", vpc.id): GONE}, associated=Unknown("403"), unknown=("429",)
    )
    said = stopped(state, account)
    for word in (
        "urn:x", "--clear-pending-creates", "vpc: 500", "429", f"cluster {ID} has made is not known: 403",
        "protected", "--unprotect", "managed database", "--delete-data",
    ):  # fmt: skip
        assert word in said, said


def test_an_interrupted_delete_is_finished_and_not_refused() -> None:
    state = State((resource(VPC),), (holdings.Pending("urn:x", "deleting"),))
    assert stopped(state, Account(live=lives(*state.resources))) == ""


def test_where_nothing_of_the_stack_is_the_account_may_be_the_wrong_one() -> None:
    vpc, cluster = resource(VPC), resource(CLUSTER)
    nowhere = {("vpc", vpc.id): None, ("cluster", ID): None}
    state = State((vpc, cluster, resource(SECRET)))
    said = stopped(state, Account(live=nowhere))
    for word in (vpc.id, ID, "SAID_TOKEN", "another account", "formerr destroy staging --gone"):
        assert word in said, said
    assert stopped(state, Account(live=nowhere), gone=True) == ""
    marked = {"vpc": (Found("v2", "formerr", Mark.OURS, "formerr-infra/staging"),)}
    assert "another account" in stopped(state, Account(live=nowhere, marked=marked)), "a mark is only a name"


def test_one_id_that_is_there_shows_that_the_account_is_the_right_one() -> None:
    gone, theirs = resource(CLUSTER), resource(REGISTRY, external=True)
    there = lives(theirs) | {("cluster", ID): None}
    assert stopped(State((gone, theirs)), Account(live=there)) == ""
    tls = resource("digitalocean:index/certificate:Certificate", external=True)
    there = lives(tls) | {("cluster", ID): None}
    assert "another account" in stopped(State((gone, tls)), Account(live=there)), "its id is a name"


def test_what_a_killed_destroy_was_deleting_may_be_gone() -> None:
    vpc, cluster = resource(VPC), resource(CLUSTER)
    account = Account(live={("vpc", vpc.id): None, ("cluster", ID): None})
    pending = tuple(holdings.Pending(one.urn, "deleting") for one in (vpc, cluster))
    assert stopped(State((vpc, cluster), pending), account) == ""
    assert ID in stopped(State((vpc, cluster), pending[:1]), account)


def test_production_takes_the_word_whatever_is_protected() -> None:
    state = State((resource(VPC),))
    account = Account(live=lives(*state.resources))
    assert "--unprotect" in stopped(state, account, "production")
    assert stopped(state, account, "production", unprotect=True) == ""
    assert stopped(state, account) == ""


def test_the_word_for_data_does_not_reach_an_adopted_cluster_and_says_so() -> None:
    state = State((resource(CLUSTER, external=True), resource(CLAIM, retain=True)))
    account = Account(live=lives(state.resources[0]))
    assert stopped(state, account) == ""
    assert "deleteData: true" in stopped(state, account, delete_data=True)


def test_unknown_alone_ends_with_a_code_of_its_own() -> None:
    cluster = resource(CLUSTER)
    account = Account(live=lives(cluster), associated=Unknown("403"))
    made = plan("staging", State((cluster,)), account)
    found = stops(made, State((cluster,)), account, unprotect=False, delete_data=False)
    with pytest.raises(UnknownIsNotAbsent):
        require(found)
    with pytest.raises(DestroyRefused):
        require(
            stops(
                plan("production", State(), Account()), State(), Account(), unprotect=False, delete_data=False
            )
        )
    require(())


# -- what is left --------------------------------------------------------------------------------------------


def test_what_was_to_go_and_is_there_should_not_be_and_what_is_unknown_is_not_gone() -> None:
    cluster, vpc, registry = resource(CLUSTER), resource(VPC), resource(REGISTRY)
    made = plan("staging", State((cluster, vpc, registry)), Account(live=lives(cluster, vpc, registry)))
    after = Account(live=lives(vpc) | {("cluster", ID): None, ("registry", registry.id): Unknown("429")})
    found = verify(made, after)
    assert found.confirmed == 1
    assert [one.id for one in found.unexpected] == [vpc.id]
    assert found.unknown == ("containerregistry: 429",)
    assert document(made, (), found)["ok"] is False


def test_what_carries_the_mark_or_the_clusters_tag_is_found_without_the_state() -> None:
    made = traced(volumes=(volume(),))
    orphan = Found("v2", "formerr", Mark.OURS, "formerr-infra/staging")
    late = Found("vol2", "pvc-2", facts={"cluster": ID, "size_gigabytes": 1})
    foreign = Found("vol3", "pvc-3", facts={"cluster": "another"})
    after = Account(
        live={("cluster", ID): None}, marked={"vpc": (orphan,)}, volumes=(volume(), late, foreign)
    )
    found = verify(made, after)
    assert {(one.id, one.expected) for one in found.left} == {("v2", False), ("vol", True), ("vol2", True)}
    with_word = verify(traced(volumes=(volume(),), data=True), after)
    assert {(one.id, one.expected) for one in with_word.left} == {
        ("v2", False),
        ("vol", False),
        ("vol2", False),
    }


def test_what_stays_is_told_with_its_reason_and_is_as_it_should() -> None:
    vpc, own = resource(VPC, external=True), resource(REGISTRY)
    made = plan("staging", State((vpc, own)), Account(live=lives(vpc, own)))
    found = verify(made, Account(live=lives(vpc) | {("registry", own.id): None}))
    assert [(one.id, one.expected, bool(one.reason)) for one in found.left] == [(vpc.id, True, True)]
    assert document(made, (), found)["ok"] is True


@given(states())
def test_a_destroy_after_which_nothing_is_there_is_complete(state: State) -> None:
    made = plan("staging", state, Account(live=lives(*state.resources)), unprotect=True)
    keys = [(one.kind or "node_pool", one.id) for one in state.resources if not one.on_cluster]
    found = verify(made, Account(live=dict.fromkeys(keys)))
    assert found.left == ()
    looked = [one for one in made.pieces if one.fate in ENDS and not one.resource.on_cluster]
    assert found.confirmed == sum(
        one.resource.kind is not None or one.resource.type == NODE_POOL for one in looked
    )


# -- the state -----------------------------------------------------------------------------------------------


def test_an_export_of_another_form_is_not_read_as_an_empty_one() -> None:
    for broken in ({}, {"deployment": {"resources": [{"custom": True}]}}, {"deployment": [1]}):
        with pytest.raises(LedgerUnreadable):
            holdings.read(broken)
    assert holdings.read({"deployment": None}) == State()


# -- backups of production -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Taken:
    taken: datetime
    checksum: str


@pytest.mark.parametrize(
    ("latest", "words"),
    [
        pytest.param(None, "no backup", id="none"),
        pytest.param(Taken(BORN, "other"), "another state", id="of-another-state"),
        pytest.param(Taken(BORN - timedelta(hours=2), "sum"), "2.0 hours old", id="old"),
        pytest.param(Taken(BORN - timedelta(minutes=59), "sum"), "", id="fresh"),
    ],
)
def test_only_a_fresh_backup_of_the_present_state_is_enough(latest: Taken | None, words: str) -> None:
    found = stale("production", latest, "sum", BORN)
    if not words:
        assert found is None
    else:
        assert words in str(found)
        assert "formerr state backup production" in str(found)
