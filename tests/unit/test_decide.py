"""The decision table, exhaustively: every world of small value sets, against a second telling of the design's rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formerr_infra.decide import Case, decide, misfits
from formerr_infra.decide.published import AFTERWARDS, published
from formerr_infra.decide.table import ROWS
from formerr_infra.model import (
    MAKES,
    Code,
    Decision,
    Found,
    Held,
    Holding,
    Mark,
    Outcome,
    Policy,
    Sighting,
    Wanted,
    Wish,
)
from formerr_infra.settings import check
from formerr_infra.slots import SLOTS
from tests.unit.worlds import (
    BEGAN,
    DEAD,
    ELSEWHERE,
    FIRST,
    HELD,
    NEW,
    OTHER,
    OURS,
    PLAIN,
    World,
    expected,
    worlds,
)


@cache
def everything() -> tuple[tuple[World, Decision], ...]:
    return tuple((world, decide(world.case())) for world in worlds())


@cache
def plain() -> tuple[World, ...]:
    """One world of each, whatever fits or is allowed: for what these cannot change."""
    return tuple(
        world
        for world, _ in everything()
        if world.fit == "fits" and not (world.take_over or world.recreate or world.allow_replace)
    )


def test_the_table_says_what_the_design_says_in_every_world() -> None:
    different = []
    for world, decision in everything():
        answer = expected(world)
        # A refusal names ids in its words; which one it carries besides is no part of the table.
        target = answer.id if answer.outcome is not Outcome.REFUSE else None
        got = decision.id if decision.outcome is not Outcome.REFUSE else None
        if (decision.row, decision.outcome, got, decision.code) != (
            answer.row,
            answer.outcome,
            target,
            answer.code,
        ):
            different.append((world, answer, decision.row, decision.outcome, decision.id, decision.code))
    assert different[:3] == []


def test_every_row_decides_some_world() -> None:
    met = {decision.row for _, decision in everything()} | {"1", "17b"}  # 1 and 17b: see their own tests
    assert {row.number for row in ROWS} - met == set()


def test_whatever_the_world_unknown_is_refused_as_unknown() -> None:
    for world in plain():
        decision = decide(replace(world, unknown=True).case())
        assert (decision.row, decision.outcome, decision.code) == ("1", Outcome.REFUSE, Code.UNKNOWN)


def test_what_was_never_asked_for_is_not_absent() -> None:
    for world in plain():
        case = world.case()
        unasked = decide(replace(case, sighting=Sighting(by_id=case.sighting.by_id, named=None)))
        assert unasked.outcome not in MAKES
        if case.held.id or case.wish.pin:
            assert decide(replace(case, sighting=Sighting(named=case.sighting.named))).code is Code.UNKNOWN


def test_a_managed_id_that_is_alive_is_kept_released_or_refused_and_never_another_taken_for_it() -> None:
    for world, decision in everything():
        if world.holding is Holding.MANAGED and world.alive is not None:
            assert decision.outcome in (Outcome.KEEP, Outcome.RELEASE, Outcome.REFUSE), world
            assert decision.outcome is Outcome.REFUSE or decision.id == HELD, world


def test_nothing_is_made_while_one_that_could_be_meant_is_alive() -> None:
    for world, decision in everything():
        if decision.outcome in MAKES:
            assert not world.named, world
            assert world.alive is None, world
            assert world.pin is None, world


def test_another_stacks_resource_is_imported_only_with_take_over_and_the_policy_import() -> None:
    for world, decision in everything():
        if decision.outcome is Outcome.IMPORT and world.lives[decision.id or ""].mark is Mark.OTHER:
            assert world.take_over, world
            assert world.policy is Policy.IMPORT, world


def test_a_foreign_resource_is_managed_only_where_the_user_says_import_or_it_is_proven_ours() -> None:
    for world, decision in everything():
        if decision.outcome is not Outcome.IMPORT or world.policy is Policy.IMPORT:
            continue
        live = world.lives[decision.id or ""]
        proven = (world.holding is Holding.DROPPED and decision.id == HELD) or (
            world.holding is Holding.INTERRUPTED and live == NEW and decision.id != ELSEWHERE
        )
        assert proven or live.mark is Mark.OURS, world


def test_what_is_taken_is_alive_and_fits() -> None:
    for world, decision in everything():
        if decision.outcome in (Outcome.ADOPT, Outcome.IMPORT, Outcome.RELEASE):
            assert decision.id in world.lives, world
            assert decision.target is not None, world
            assert world.fit == "fits", world


def test_a_kept_one_is_replaced_only_where_the_user_allows_it() -> None:
    for world, decision in everything():
        assert decision.replaces == (
            decision.outcome is Outcome.KEEP and world.fit == "fixed" and world.allow_replace
        ), world


def test_a_replacement_never_leaves_a_pin_on_what_it_deletes() -> None:
    for world, decision in everything():
        assert not (decision.replaces and world.pin), world
        if decision.row == "3b":
            assert ("theId" in decision.settle) == bool(world.pin == HELD and world.allow_replace), world


def test_a_decision_carries_everything_that_was_looked_at_once() -> None:
    """What was previewed is told from what is applied by it."""
    for world in plain():
        case = world.case()
        seen = {found.id for found in (*case.sighting.by_id.values(), *(case.sighting.named or ())) if found}
        assert sorted(found.id for found in decide(case).found) == sorted(seen), world


def test_a_pin_by_name_does_not_stand_in_the_way_of_a_replacement() -> None:
    """The id of a registry is its name: the new one has the same."""
    world = World(Holding.MANAGED, PLAIN, (), HELD, PLAIN, Policy.AUTO, "fixed", False, False, True)
    case = world.case()
    named = {HELD: replace(case.alive, name=HELD)} if case.alive else {}
    decision = decide(replace(case, sighting=replace(case.sighting, by_id=named)))
    assert decision.replaces


def test_every_refusal_says_what_settles_it() -> None:
    keys = ("thePolicy", "theId", "theName", "recreateMissing", "regionKey", "sizeKey", "run again")
    for world, decision in everything():
        assert (decision.outcome is Outcome.REFUSE) == (decision.code is not None), world
        if decision.code is not None:
            assert any(key in decision.settle for key in keys), (world, decision.settle)


def test_a_refusal_names_every_id_it_is_about() -> None:
    ids = {
        Code.AMBIGUOUS: {FIRST, "second"},
        Code.REPLACED_BEHIND_US: {HELD},
        Code.IDENTITY_CHANGED: {HELD},
        Code.PIN_CONFLICT: {HELD},
        Code.ADOPTED_GONE: {HELD},
        Code.GONE: {HELD},
        Code.PINNED_MISSING: {DEAD},
    }
    for world, decision in everything():
        if decision.code is None:
            continue
        named = ids.get(decision.code, set())
        if decision.code is Code.REPLACED_BEHIND_US and not world.named:
            named = named | {world.pin or ""}
        if decision.code is Code.PINNED_MISSING:
            named = {world.pin or ""}
        assert all(identity in decision.reason + decision.settle for identity in named), (
            world,
            decision.reason,
        )
        if decision.code is Code.OWNED_BY_OTHER:
            assert "p/them" in decision.reason


def test_a_run_that_did_what_was_decided_decides_nothing_new_in_the_next() -> None:
    """Convergence: with the outcome in the state, the same wish ends in keep or adopt of the same thing."""
    for world, decision in everything():
        if decision.outcome in (Outcome.REFUSE, *MAKES) or decision.replaces:
            continue
        owned = decision.outcome in (Outcome.KEEP, Outcome.IMPORT)
        case = world.case()
        held = Held(Holding.MANAGED if owned else Holding.ADOPTED, decision.id)
        by_id = {**case.sighting.by_id, (decision.id or ""): decision.target}
        again = decide(replace(case, held=held, sighting=replace(case.sighting, by_id=by_id)))
        assert (again.outcome, again.id) == (Outcome.KEEP if owned else Outcome.ADOPT, decision.id), world


@given(st.data())
def test_the_decision_is_total_and_the_same_every_time(data: st.DataObject) -> None:
    """Beyond the enumerated worlds: any holding with or without id, ids asked for or not, any number of live ones."""
    ids = st.sampled_from(["a", "b", "c", None])
    lives = st.sampled_from([PLAIN, OTHER, NEW])
    base = World(Holding.NONE, None, (PLAIN,), None, PLAIN, Policy.AUTO, "fits", False, False, False).case()
    found = base.sighting.named or ()
    one = st.builds(
        lambda identity, live: replace(found[0], id=identity, mark=live.mark, owner=None),
        st.sampled_from(["a", "b", "c", "d"]),
        lives,
    )
    case = Case(
        "thing",
        Held(data.draw(st.sampled_from(Holding)), data.draw(ids)),
        Sighting(
            data.draw(st.dictionaries(st.sampled_from(["a", "b", "c"]), st.none() | one)),
            data.draw(st.none() | st.lists(one, max_size=4).map(tuple)),
            data.draw(st.sampled_from([(), ("why",)])),
        ),
        Wish(
            data.draw(st.sampled_from(Policy)),
            "name",
            data.draw(ids),
            take_over=data.draw(st.booleans()),
            recreate=data.draw(st.booleans()),
        ),
    )
    decision = decide(case)
    assert decide(case) == decision
    assert decision.outcome is not Outcome.OMIT


def test_no_refusal_speaks_of_nothing_or_asks_for_a_pin_that_is_there() -> None:
    for world, decision in everything():
        if decision.outcome is not Outcome.REFUSE:
            continue
        assert ": ." not in decision.reason, (world, decision.reason)
        if decision.code is Code.IDENTITY_CHANGED:
            pinned = world.pin is not None and world.case().pinned is not None
            assert decision.settle.startswith("set theId to") is not pinned, (world, decision)


def test_what_is_only_ever_read_is_never_made_and_absent_it_is_left_out() -> None:
    for world in plain():
        case = world.case()
        decision = decide(replace(case, wish=replace(case.wish, only_read=True)))
        usual = decide(case)
        if usual.outcome is Outcome.CREATE and world.policy is Policy.AUTO:
            assert (decision.outcome, decision.row) == (Outcome.OMIT, "17b"), world
        else:
            assert decision == usual, world


def test_a_slot_without_the_usual_settings_says_what_settles_it_instead() -> None:
    for world in plain():
        case = world.case()
        decision = decide(replace(case, wish=replace(case.wish, otherwise="do something else")))
        if decision.code not in (
            None, Code.PINNED_MISSING, Code.PIN_CONFLICT, Code.OWNED_BY_OTHER, Code.GONE, Code.WOULD_REPLACE,
        ):  # fmt: skip
            assert "do something else" in decision.settle, world


def test_a_field_that_only_this_run_will_make_fits_nothing_alive() -> None:
    world = World(Holding.NONE, None, (PLAIN,), None, PLAIN, Policy.AUTO, "fits", False, False, False)
    case = world.case()
    wish = replace(case.wish, fields={"region": Wanted("nyc3", "vpcId", new=True, fixed=True)})
    assert decide(replace(case, wish=wish)).code is Code.DOES_NOT_FIT


def test_a_name_is_held_against_what_is_wanted_as_any_fact_is() -> None:
    found, wanted = Found("r-1", "one", facts={"region": "nyc3"}), Wanted("one", "registryName", fixed=True)
    assert misfits(found, {"name": wanted, "region": Wanted("nyc3", "region")}) == ()
    assert [one.field for one in misfits(replace(found, name="two"), {"name": wanted})] == ["name"]
    assert [one.field for one in misfits(found, {"version": Wanted("1", "version")})] == ["version"]


def test_a_kept_one_under_another_stacks_mark_is_kept_with_a_word() -> None:
    world = World(Holding.MANAGED, OTHER, (), None, PLAIN, Policy.AUTO, "fits", False, False, False)
    decision = decide(world.case())
    assert decision.outcome is Outcome.KEEP
    assert any("p/them" in note for note in decision.notes)


@pytest.mark.parametrize(
    ("mark", "row", "outcome"),
    [
        (Mark.UNMARKED, "21", Outcome.ADOPT),
        (Mark.OTHER, "20", Outcome.REFUSE),
        (Mark.UNMARKABLE, "15", Outcome.IMPORT),
        (Mark.OURS, "15", Outcome.IMPORT),
    ],
)
def test_only_what_has_no_room_for_a_mark_is_an_orphan_by_its_age(
    mark: Mark, row: str, outcome: Outcome
) -> None:
    """What this stack makes of a kind with room carries its mark from the start; without one it is somebody's."""
    world = World(Holding.INTERRUPTED, None, (NEW,), None, PLAIN, Policy.AUTO, "fits", False, False, False)
    case = world.case()
    found = replace((case.sighting.named or ())[0], mark=mark, owner=None)
    decision = decide(replace(case, sighting=Sighting(named=(found,))))
    assert (decision.row, decision.outcome) == (row, outcome)


@pytest.mark.parametrize("policy", [Policy.AUTO, Policy.ADOPT, Policy.IMPORT])
def test_where_an_id_is_pinned_nobody_needs_to_ask_for_the_name(policy: Policy) -> None:
    world = World(Holding.NONE, None, (PLAIN,), FIRST, PLAIN, policy, "fits", False, False, False)
    case = world.case()
    assert decide(replace(case, sighting=replace(case.sighting, named=None))) == decide(case)


def test_the_kept_one_is_no_other_of_its_name() -> None:
    for world, decision in everything():
        if decision.outcome is Outcome.KEEP:
            told = any("others of the same name" in note for note in decision.notes)
            assert told is bool(world.named), world
            assert decision.replaces is any("allowReplace" in note for note in decision.notes), world


@pytest.mark.parametrize("seconds", [-59, 0, 3600])
def test_clocks_that_differ_by_less_than_a_minute_lose_no_orphan(seconds: int) -> None:
    world = World(Holding.INTERRUPTED, None, (NEW,), None, PLAIN, Policy.AUTO, "fits", False, False, False)
    case = world.case()
    began = case.held.began
    assert began is not None
    found = replace((case.sighting.named or ())[0], created_at=began + timedelta(seconds=seconds))
    decision = decide(replace(case, sighting=Sighting(named=(found,))))
    assert (decision.row, decision.outcome) == ("15", Outcome.IMPORT)


@pytest.mark.parametrize(("name", "hours"), [("other-name", 0), ("name", 3)])
def test_what_an_interrupted_run_cannot_have_made_is_only_read(name: str, hours: int) -> None:
    """Another stack's registry, pinned because the plan allows one; one that somebody made hours later."""
    world = World(Holding.INTERRUPTED, None, (NEW,), FIRST, PLAIN, Policy.AUTO, "fits", False, False, False)
    case = world.case()
    made = BEGAN + timedelta(hours=hours)
    found = replace((case.sighting.named or ())[0], name=name, created_at=made)
    decision = decide(replace(case, sighting=Sighting(by_id={FIRST: found}, named=(found,))))
    assert (decision.row, decision.outcome) == ("21", Outcome.ADOPT)


def test_an_interrupted_replacement_names_the_command_that_forgets_the_old_one() -> None:
    """A refresh does not drop it, and a pin would not help: the engine would delete what is gone in every later run."""
    world = World(Holding.MANAGED, None, (OURS,), None, PLAIN, Policy.AUTO, "fits", False, False, False)
    case = world.case()
    decision = decide(replace(case, held=replace(case.held, replacing="urn:of:it")))
    assert (decision.row, decision.code) == ("7", Code.REPLACED_BEHIND_US)
    assert "pulumi state delete --target-dependents --yes 'urn:of:it'" in decision.settle
    assert FIRST in decision.reason


def test_many_candidates_are_counted_and_the_sentence_stays_readable() -> None:
    world = World(Holding.NONE, None, (PLAIN,), None, PLAIN, Policy.AUTO, "fits", False, False, False)
    case = world.case()
    first = (case.sighting.named or ())[0]
    many = tuple(replace(first, id=f"id-{number}", name="n" * 255) for number in range(500))
    decision = decide(replace(case, sighting=Sighting(named=many)))
    assert decision.code is Code.AMBIGUOUS
    assert "500" in decision.reason
    assert "id-9" in decision.reason
    assert "490 more" in decision.reason
    assert len(decision.reason) < 2000


@pytest.mark.parametrize("policy", [Policy.AUTO, Policy.CREATE, Policy.IMPORT])
def test_what_the_state_marks_for_replacement_is_replaced_only_where_the_user_allows_it(
    policy: Policy,
) -> None:
    """`pulumi state taint` of a VPC replaces what stands in it too; nothing of that is seen in the account."""
    found = Found("v-1", "name", Mark.OURS)
    held = Held(Holding.MANAGED, "v-1", tainted="urn:pulumi:s::p::t::vpc")
    case = Case("vpc", held, Sighting(by_id={"v-1": found}), Wish(policy, "name"))
    refused = decide(case)
    assert (refused.outcome, refused.code, refused.row) == (Outcome.REFUSE, Code.WOULD_REPLACE, "3b")
    assert "pulumi state taint" in refused.reason
    assert "pulumi state untaint 'urn:pulumi:s::p::t::vpc'" in refused.settle
    allowed = decide(replace(case, wish=replace(case.wish, allow_replace=True)))
    assert (allowed.outcome, allowed.replaces) == (Outcome.KEEP, True)
    differs = {"region": Wanted("nyc3", "region", fixed=True)}
    both = decide(replace(case, wish=replace(case.wish, fields=differs)))
    assert both.settle.startswith("find out why the API tells no region of v-1, pulumi state untaint")


def test_a_released_one_is_not_replaced_whatever_the_state_marks() -> None:
    held = Held(Holding.MANAGED, "v-1", tainted="urn:pulumi:s::p::t::vpc")
    sighting = Sighting(by_id={"v-1": Found("v-1", "name", Mark.OURS)})
    assert decide(Case("vpc", held, sighting, Wish(Policy.ADOPT, "name"))).outcome is Outcome.RELEASE


def test_the_published_rows_are_all_rows_in_order_and_their_numbers_unique() -> None:
    numbers = [cells.number for cells in published()]
    assert len(set(numbers)) == len(numbers)
    assert [row.number for row in ROWS] == [
        number for number in numbers if number in {row.number for row in ROWS}
    ]
    assert {str(number) for number in range(1, 27)} <= set(numbers)
    assert {cells.number for cells in AFTERWARDS} == {"3b", "26", "26b", "27", "28", "29"}


def unfit(slot: str, holding: Holding = Holding.NONE, **facts: str | None) -> Decision:
    """What is decided about a cluster or a load balancer of the stack's name that fits but for these facts."""
    entry = next(one for one in SLOTS if one.key == slot)
    settings = check({"region": "nyc3"}, "staging")
    vpc = Decision("vpc", Outcome.KEEP, "", "", id="vpc-1")
    wish = entry.wish(settings, {"vpc": vpc})
    fits = {"region": "nyc3", "vpc_id": "vpc-1", "status": "running" if slot == "cluster" else "active"}
    found = Found("x-1", wish.name, facts={**fits, **facts})
    held = Held(holding, "x-1" if holding is Holding.MANAGED else None)
    return decide(Case(slot, held, Sighting(by_id={"x-1": found}, named=(found,)), wish))


@pytest.mark.parametrize("slot", ["cluster", "loadBalancer"])
@pytest.mark.parametrize("status", ["deleting", "error", None])
def test_a_state_is_waited_for_and_never_to_be_set(slot: str, status: str | None) -> None:
    decision = unfit(slot, status=status)
    assert decision.code is Code.DOES_NOT_FIT
    assert "so that" not in decision.settle
    assert "run again" in decision.settle
    assert f"{slot}Id" in decision.settle
    assert f"{slot}Name" in decision.settle


@pytest.mark.parametrize("slot", ["cluster", "loadBalancer"])
@pytest.mark.parametrize("holding", [Holding.NONE, Holding.MANAGED])
@pytest.mark.parametrize("field", ["region", "vpc_id"])
def test_nobody_is_told_to_set_anything_to_what_the_api_does_not_tell(
    slot: str, holding: Holding, field: str
) -> None:
    decision = unfit(slot, holding, **{field: None})
    assert decision.outcome is Outcome.REFUSE
    assert "None" not in decision.reason + decision.settle
    assert f"the API tells no {field}" in decision.reason
    assert f"the API tells no {field} of x-1" in decision.settle
    told = unfit(slot, holding, **{field: "other"})
    assert f"so that {field} is 'other'" in told.settle
