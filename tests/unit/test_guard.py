"""The guard: no plan of the engine deletes or replaces anything that nobody asked for by name, or that is not ours."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formerr_infra.detect import Assessment
from formerr_infra.engine.events import Change, Op, Preview
from formerr_infra.guard import Code, GuardStopped, Verdict, judge
from formerr_infra.guard.kinds import PROTECTED
from formerr_infra.ledger import EMPTY
from formerr_infra.model import Decision, Found, Mark, Outcome
from formerr_infra.settings import check
from formerr_infra.slots import SLOTS

SLOT = {slot.key: slot for slot in SLOTS}
DELETING = (Op.DELETE, Op.DELETE_REPLACED, Op.REPLACE, Op.CREATE_REPLACEMENT)
#: What carries an outcome out without taking anything away.
PLAIN = {
    Outcome.ADOPT: (Op.READ,),
    Outcome.RELEASE: (Op.READ,),
    Outcome.KEEP: (Op.SAME,),
    Outcome.CREATE: (Op.CREATE,),
    Outcome.RECREATE: (Op.CREATE,),
    Outcome.IMPORT: (Op.IMPORT,),
    Outcome.OMIT: (),
}


def _change(slot: str, op: str, **more: Any) -> Change:
    one = SLOT[slot]
    urn = f"urn:pulumi:s::formerr-infra::{one.component}${one.engine_type}::{one.name}"
    return Change(urn, one.engine_type, one.name, op, **{"id": f"id-of-{slot}", **more})


def _object(name: str, kind: str, op: str) -> Change:
    return Change(f"urn:pulumi:s::formerr-infra::{kind}::{name}", kind, name, op, id=name)


def _judge(
    changes: list[Change],
    outcomes: dict[str, Outcome] | None = None,
    *,
    stack: str = "staging",
    mark: Mark = Mark.OURS,
    allow: tuple[str, ...] = (),
    protect: bool = False,
) -> Verdict:
    decisions = {
        key: Decision(
            key, outcome, "3", "a reason", id=f"id-of-{key}",
            target=Found(f"id-of-{key}", key, mark, "formerr-infra/other"),
        )
        for key, outcome in (outcomes or {}).items()
    }  # fmt: skip
    chosen = check({"protect": True} if protect else {}, stack)
    assessment = Assessment(stack, chosen, EMPTY, MappingProxyType(decisions))
    return judge(Preview(tuple(changes)), assessment, chosen, allow)


def _codes(verdict: Verdict) -> list[Code]:
    return [one.code for one in verdict.stops]


#: What only looks, or only changes what the state remembers; what replaces; what takes into the state.
LOOKS = {"same", "read", "read-replacement", "refresh", "discard", "discard-replaced"}
REPLACES = {"replace", "create-replacement", "delete-replaced", "remove-pending-replace"}
TAKES = {"import", "import-replacement"}
#: A second telling of what carries each outcome out.
CARRIES = {
    Outcome.ADOPT: LOOKS,
    Outcome.RELEASE: LOOKS,
    Outcome.KEEP: {"same", "update", "refresh"} | REPLACES,
    Outcome.CREATE: {"create", "refresh", "discard-replaced"} | REPLACES,
    Outcome.RECREATE: {"create", "refresh"} | REPLACES,
    Outcome.IMPORT: {"same", "replace", "refresh", "discard-replaced"} | TAKES,
    Outcome.OMIT: {"discard", "discard-replaced", "refresh", "delete"},
    Outcome.REFUSE: set(),
}


@pytest.mark.parametrize("outcome", Outcome)
def test_each_outcome_is_carried_out_by_its_own_operations_and_by_no_other(outcome: Outcome) -> None:
    """Of a kind that may go by the way, so that nothing but the decision stands against a step."""
    passed = {
        op.value for op in Op if _judge([_change("uptimeCheck", op)], {"uptimeCheck": outcome}) == Verdict()
    }
    assert passed == CARRIES[outcome]


def test_what_does_not_come_back_is_protected_in_every_stack() -> None:
    """The slots by name: a list that is read from the code would miss what is missing there."""
    slots = ("vpc", "cluster", "registry", "loadBalancer", "database", "databaseFirewall", "domain")
    for slot in slots:
        assert _codes(_judge([_change(slot, Op.DELETE)])) == [Code.PROTECTED_KIND]
    for kind in (
        "digitalocean:index/databaseDb:DatabaseDb",
        "digitalocean:index/volume:Volume",
        "digitalocean:index/spacesBucket:SpacesBucket",
        "kubernetes:core/v1:Namespace",
        "kubernetes:core/v1:PersistentVolume",
        "kubernetes:core/v1:PersistentVolumeClaim",
        "kubernetes:apps/v1:StatefulSet",
    ):
        assert _codes(_judge([_object("one", kind, Op.DELETE)])) == [Code.PROTECTED_KIND]


@pytest.mark.parametrize("outcome", PLAIN)
def test_a_plan_that_carries_the_decision_out_passes(outcome: Outcome) -> None:
    changes = [_change("cluster", op) for op in PLAIN[outcome]]

    assert _judge(changes, {"cluster": outcome}, stack="production") == Verdict()


@pytest.mark.parametrize("slot", [slot.key for slot in SLOTS if slot.engine_type in PROTECTED])
@pytest.mark.parametrize("op", DELETING)
def test_a_protected_kind_goes_only_when_its_urn_was_named(slot: str, op: str) -> None:
    change = _change(slot, op)

    stopped = _judge([change])
    assert _codes(stopped) == [Code.PROTECTED_KIND]
    assert change.urn in stopped.stops[0].settle
    assert _judge([change], allow=(change.urn,)) == Verdict(allowed=(change.urn,))


@pytest.mark.parametrize("op", DELETING)
def test_in_production_nothing_goes_without_its_name(op: str) -> None:
    change = _change("uptimeCheck", op)

    assert _judge([change]) == Verdict()
    for stack, protect in (("production", False), ("preview-7", True)):
        stopped = _judge([change], stack=stack, protect=protect)
        assert _codes(stopped) == [Code.PRODUCTION]
        assert _judge([change], stack=stack, allow=(change.urn,), protect=protect).stops == ()


def test_production_is_careful_whatever_its_settings_protect() -> None:
    change = _change("uptimeCheck", Op.DELETE)
    unprotected = check({"protect": False}, "production")
    assessment = Assessment("production", unprotected, EMPTY, MappingProxyType({}))

    assert _codes(judge(Preview((change,)), assessment, unprotected)) == [Code.PRODUCTION]


@pytest.mark.parametrize("outcome", [Outcome.CREATE, Outcome.RECREATE])
def test_what_is_made_again_though_nothing_is_there_to_take_a_mark_from_is_judged_by_its_kind(
    outcome: Outcome,
) -> None:
    vpc, alert = _change("vpc", Op.REPLACE), _change("uptimeCheck", Op.REPLACE)
    decisions = {key: Decision(key, outcome, "5", "gone") for key in ("vpc", "uptimeCheck")}
    chosen = check({}, "staging")
    assessment = Assessment("staging", chosen, EMPTY, MappingProxyType(decisions))

    assert _codes(judge(Preview((vpc, alert)), assessment, chosen)) == [Code.PROTECTED_KIND]


@pytest.mark.parametrize(
    ("outcome", "op", "code"),
    [
        (Outcome.ADOPT, Op.DELETE, Code.NOT_OURS),
        (Outcome.ADOPT, Op.UPDATE, Code.AGAINST_DECISION),
        (Outcome.KEEP, Op.DELETE, Code.AGAINST_DECISION),
        (Outcome.KEEP, Op.UPDATE, None),
    ],
)
def test_an_object_is_held_against_its_own_decision(outcome: Outcome, op: Op, code: Code | None) -> None:
    change = _object("secret/formerr/one", "kubernetes:core/v1:Secret", op)
    chosen = check({}, "staging")
    decided = MappingProxyType({change.name: Decision(change.name, outcome, "3", "a reason")})
    assessment = Assessment("staging", chosen, EMPTY, MappingProxyType({}), objects=decided)

    assert _codes(judge(Preview((change,)), assessment, chosen, (change.urn,))) == ([code] if code else [])


@given(
    slot=st.sampled_from([slot.key for slot in SLOTS]),
    op=st.sampled_from(DELETING),
    mark=st.sampled_from(Mark),
    stack=st.sampled_from(["staging", "production"]),
    external=st.booleans(),
    outcome=st.sampled_from([Outcome.ADOPT, Outcome.RELEASE]),
)
def test_what_is_only_read_is_never_deleted_or_replaced_whatever_is_allowed(
    slot: str, op: str, mark: Mark, stack: str, external: bool, outcome: Outcome
) -> None:
    change = _change(slot, op, external=external)

    verdict = _judge([change], {slot: outcome}, mark=mark, stack=stack, allow=(change.urn,))

    assert set(_codes(verdict)) <= {Code.NOT_OURS, Code.AGAINST_DECISION}
    assert verdict.stops
    assert verdict.allowed == ()


@pytest.mark.parametrize("op", [Op.DELETE, Op.DELETE_REPLACED])
def test_a_delete_of_what_the_state_only_reads_is_not_ours_whether_it_is_a_slot_or_not(op: str) -> None:
    change = _change("uptimeCheck", op, external=True)

    assert _codes(_judge([change], allow=(change.urn,))) == [Code.NOT_OURS]


@pytest.mark.parametrize("outcome", [Outcome.ADOPT, Outcome.RELEASE])
def test_a_delete_of_what_was_decided_to_be_only_read_is_not_ours(outcome: Outcome) -> None:
    change = _change("vpc", Op.DELETE_REPLACED)

    assert _codes(_judge([change], {"vpc": outcome}, allow=(change.urn,))) == [Code.NOT_OURS]


@pytest.mark.parametrize("op", DELETING)
def test_what_carries_another_stacks_mark_is_never_deleted(op: str) -> None:
    change = _change("vpc", op)

    stopped = _judge([change], {"vpc": Outcome.KEEP}, mark=Mark.OTHER, allow=(change.urn,))

    assert _codes(stopped) == [Code.NOT_OURS]
    assert "formerr-infra/other" in stopped.stops[0].reason


def test_what_was_taken_in_and_not_made_here_goes_only_by_name() -> None:
    change = _change("nodePool", Op.REPLACE)

    stopped = _judge([change], {"nodePool": Outcome.KEEP}, mark=Mark.UNMARKED)
    assert _codes(stopped) == [Code.TAKEN_IN]
    assert _judge([change], {"nodePool": Outcome.KEEP}, mark=Mark.UNMARKED, allow=(change.urn,)).stops == ()
    assert _judge([change], {"nodePool": Outcome.KEEP}, mark=Mark.OURS).stops == ()


@pytest.mark.parametrize(
    ("outcome", "op"),
    [
        (Outcome.ADOPT, Op.UPDATE),
        (Outcome.ADOPT, Op.CREATE),
        (Outcome.ADOPT, Op.IMPORT),
        (Outcome.RELEASE, Op.UPDATE),
        (Outcome.KEEP, Op.CREATE),
        (Outcome.KEEP, Op.IMPORT),
        (Outcome.KEEP, Op.READ),
        (Outcome.KEEP, Op.DELETE),
        (Outcome.CREATE, Op.IMPORT),
        (Outcome.CREATE, Op.UPDATE),
        (Outcome.RECREATE, Op.READ),
        (Outcome.IMPORT, Op.CREATE),
        (Outcome.IMPORT, Op.UPDATE),
        (Outcome.OMIT, Op.CREATE),
    ],
)
def test_a_step_that_is_not_what_was_decided_stops_and_no_name_lets_it_pass(
    outcome: Outcome, op: str
) -> None:
    change = _change("vpc", op)

    stopped = _judge([change], {"vpc": outcome}, allow=(change.urn,))

    assert _codes(stopped) == [Code.AGAINST_DECISION]
    assert stopped.unused == (change.urn,)


def test_an_import_that_would_write_stops() -> None:
    assert _codes(_judge([_change("vpc", Op.IMPORT, keys=("name",))], {"vpc": Outcome.IMPORT})) == [
        Code.AGAINST_DECISION
    ]


def test_an_import_of_what_was_adopted_is_a_replacement_by_name_only() -> None:
    steps = [
        _change("vpc", op, external=True) for op in (Op.IMPORT_REPLACEMENT, Op.REPLACE, Op.DISCARD_REPLACED)
    ]

    assert _judge(steps, {"vpc": Outcome.IMPORT}, stack="production") == Verdict()
    told = [steps[0], _change("vpc", Op.REPLACE, external=True, keys=("id",)), steps[2]]
    assert _judge(told, {"vpc": Outcome.IMPORT}, stack="production") == Verdict(), (
        "only the import would write"
    )
    held = [_change("vpc", op) for op in (Op.IMPORT_REPLACEMENT, Op.REPLACE)]
    assert _judge(held, {"vpc": Outcome.IMPORT}, stack="production") == Verdict()
    deleted = [*steps, _change("vpc", Op.DELETE_REPLACED)]
    assert _judge(deleted, {"vpc": Outcome.IMPORT}, stack="production").stops


@given(st.text(min_size=1).filter(lambda op: op not in list(Op)))
def test_an_operation_that_the_guard_does_not_know_stops(op: str) -> None:
    assert _codes(_judge([_change("vpc", op)])) == [Code.UNKNOWN_OPERATION]


def test_a_replacement_of_several_steps_is_one_stop() -> None:
    steps = [_change("registry", op) for op in (Op.CREATE_REPLACEMENT, Op.REPLACE, Op.DELETE_REPLACED)]

    assert len(_judge(steps).stops) == 1


def test_who_names_the_cluster_names_what_stands_on_it_and_nothing_else() -> None:
    cluster = _change("cluster", Op.REPLACE)
    claim = _object("claim", "kubernetes:core/v1:PersistentVolumeClaim", Op.DELETE_REPLACED)
    registry = _change("registry", Op.REPLACE)

    verdict = _judge([cluster, claim, registry], allow=(cluster.urn,))

    assert set(verdict.allowed) == {cluster.urn, claim.urn}
    assert [one.urn for one in verdict.stops] == [registry.urn]
    assert _codes(_judge([claim], allow=(cluster.urn,))) == [Code.PROTECTED_KIND]
    others = _judge([cluster, claim, registry], allow=(registry.urn,))
    assert {one.urn for one in others.stops} == {cluster.urn, claim.urn}
    assert others.allowed == (registry.urn,)


def test_nodes_go_with_a_cluster_that_was_named_and_what_is_not_ours_with_nothing() -> None:
    cluster, pool = _change("cluster", Op.REPLACE), _change("nodePool", Op.REPLACE)
    claim = _object("claim", "kubernetes:core/v1:PersistentVolumeClaim", Op.DELETE)
    theirs = Change(claim.urn, claim.type, claim.name, claim.op, id=claim.id, external=True)

    assert _judge([cluster, pool], stack="production", allow=(cluster.urn,)).stops == ()
    assert _codes(_judge([pool], stack="production", allow=(cluster.urn,))) == [Code.PRODUCTION]
    verdict = _judge([cluster, theirs], allow=(cluster.urn, theirs.urn))
    assert _codes(verdict) == [Code.NOT_OURS]
    assert (verdict.allowed, verdict.unused) == ((cluster.urn,), (theirs.urn,))


def test_what_the_engine_keeps_for_itself_is_none_of_the_guards_business() -> None:
    changes = [
        Change("urn::a", "formerr:network:Network", "network", Op.DELETE),
        Change("urn::b", "pulumi:providers:digitalocean", "default", Op.REPLACE),
    ]

    assert _judge(changes, stack="production") == Verdict()


def test_a_stop_says_what_would_be_lost_and_what_settles_it() -> None:
    stopped = _judge([_change("registry", Op.REPLACE, replaces=("name",))])

    with pytest.raises(GuardStopped) as raised:
        stopped.require()
    for words in (
        "would replace 'id-of-registry'",
        "every image",
        "name cannot be changed in place",
        "--allow-replace",
    ):
        assert words in str(raised.value)
    assert "would delete 'id-of-registry'" in _judge([_change("registry", Op.DELETE)]).stops[0].reason
    assert raised.value.exit_code == 3
