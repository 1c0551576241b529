"""What the engine does with every decision, over all states: the fake engine runs the whole table.

The invariants are of the plan, not of the decision: what is owned and alive is not deleted, nothing is made beside
what exists, and what is not ours is never managed without a word.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING

import pytest

from formerr_infra.decide import Case, decide
from formerr_infra.model import Found, Held, Holding, Mark, Outcome, Policy, Sighting, Wanted, Wish
from tests.support.fake_engine import Declared, Plan, State, declared, plan, state_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from formerr_infra.model import Decision

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
HELD, ONE, TWO = "held", "one", "two"
MARKS = (Mark.OURS, Mark.OTHER, Mark.UNMARKED, Mark.UNMARKABLE)


@dataclass(frozen=True, slots=True)
class Run:
    """One state of the world, what is decided in it, and what the engine then does."""

    case: Case
    decision: Decision
    plan: Plan

    @property
    def live(self) -> set[str]:
        """Ids of everything that is alive."""
        seen = (*self.case.sighting.by_id.values(), *(self.case.sighting.named or ()))
        return {found.id for found in seen if found}


def _found(ident: str, mark: Mark, *, fits: bool = True, after: bool = True) -> Found:
    owner = {Mark.OURS: "formerr-infra/staging", Mark.OTHER: "formerr-infra/other"}.get(mark)
    made = BEGAN + timedelta(hours=1 if after else -1)
    return Found(ident, "thing", mark, owner, made, {"region": "nyc3" if fits else "sfo3"})


def _worlds() -> Iterator[tuple[Held, tuple[Found, ...]]]:
    """What is held, and everything live of the name."""
    for holding in Holding:
        ident = HELD if holding in (Holding.MANAGED, Holding.ADOPTED, Holding.DROPPED) else None
        began = BEGAN if holding is not Holding.NONE else None
        own: list[tuple[Found, ...]] = [()]
        if ident:
            own += [(_found(HELD, mark, fits=fits),) for mark in MARKS for fits in (True, False)]
        others: list[tuple[Found, ...]] = [(), (_found(ONE, Mark.OURS), _found(TWO, Mark.UNMARKED))]
        others += [
            (_found(ONE, mark, fits=fits, after=after),)
            for mark, fits, after in product(MARKS, (True, False), (True, False))
        ]
        for mine, other in product(own, others):
            yield Held(holding, ident, began), (*mine, *other)


def _runs() -> Iterator[Run]:
    """Every combination; those that are refused have no plan and are left out."""
    for (held, live), policy, pin, unknown in product(
        _worlds(), Policy, (None, HELD, ONE, "gone"), (False, True)
    ):
        by_id = {
            one: next((found for found in live if found.id == one), None)
            for one in (held.id, pin)
            if one is not None
        }
        sighting = Sighting(by_id=by_id, named=live, unknown=("403",) if unknown else ())
        switches = [(True, True, True)] if unknown else product((False, True), repeat=3)
        for recreate, take_over, allow in switches:
            wish = Wish(
                policy, "thing", pin, {"region": Wanted("nyc3", "region", fixed=True)},
                take_over=take_over, recreate=recreate, allow_replace=allow,
            )  # fmt: skip
            case = Case("thing", held, sighting, wish)
            decision = decide(case)
            if decision.outcome is not Outcome.REFUSE:
                alive = {found.id for found in live}
                did = plan(state_of(held), declared(decision), alive, replaces=decision.replaces)
                yield Run(case, decision, did)


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    """All that are allowed."""
    return list(_runs())


def test_every_holding_and_outcome_is_among_the_allowed_transitions(runs: list[Run]) -> None:
    assert {run.case.held.holding for run in runs} == set(Holding)
    assert {run.decision.outcome for run in runs} == set(Outcome) - {Outcome.REFUSE, Outcome.OMIT}


def test_what_is_owned_and_alive_is_never_deleted_but_by_an_allowed_replacement(runs: list[Run]) -> None:
    for run in runs:
        if run.plan.deleted is not None:
            assert run.decision.replaces, run
            assert run.case.wish.allow_replace, run
            assert run.plan.created, run


def test_what_is_not_the_stacks_is_never_deleted(runs: list[Run]) -> None:
    assert {run.plan.deleted for run in runs} <= {None, HELD}
    for run in runs:
        if run.plan.deleted:
            assert run.case.held.holding is Holding.MANAGED, run


def test_nothing_is_made_beside_a_live_one_of_its_name(runs: list[Run]) -> None:
    for run in runs:
        if run.plan.created and not run.decision.replaces:
            assert not run.live, run


def test_nothing_is_made_or_taken_while_anything_is_unknown(runs: list[Run]) -> None:
    assert not [run for run in runs if run.case.sighting.unknown]


def test_what_another_stack_marks_is_managed_only_with_take_over(runs: list[Run]) -> None:
    for run in runs:
        taken = next((found for found in run.decision.found if found.id == run.plan.after.id), None)
        newly = run.case.held.holding is not Holding.MANAGED and not run.plan.after.external
        if taken is not None and newly and taken.mark is Mark.OTHER:
            assert run.case.wish.take_over, run
            assert run.case.wish.policy is Policy.IMPORT, run


def test_what_is_taken_does_fit(runs: list[Run]) -> None:
    for run in runs:
        taken = next((found for found in run.decision.found if found.id == run.plan.after.id), None)
        if taken is not None and run.decision.outcome is not Outcome.KEEP:
            assert taken.facts["region"] == "nyc3", run


def test_what_is_managed_stays_so_unless_the_policy_says_adopt(runs: list[Run]) -> None:
    for run in runs:
        if run.case.held.holding is Holding.MANAGED and HELD in run.live and run.plan.after.external:
            assert run.case.wish.policy is Policy.ADOPT, run
            assert run.plan.after.id == HELD, run


def test_the_run_after_has_nothing_to_do(runs: list[Run]) -> None:
    """Convergence: the same wish on what the run left is neither refused nor a change.

    The exception is a pin on what the user lets be replaced: it names what is gone then.
    """
    for run in runs:
        if run.plan.deleted is not None and run.plan.deleted == run.case.wish.pin:
            continue
        after = run.plan.after
        holding = Holding.ADOPTED if after.external else Holding.MANAGED
        now = next(
            (found for found in run.decision.found if found.id == after.id), _found(str(after.id), Mark.OURS)
        )
        others = tuple(
            one for one in run.case.sighting.named or () if one.id not in (after.id, run.plan.deleted)
        )
        pinned = next((one for one in (now, *others) if one.id == run.case.wish.pin), None)
        by_id = {str(after.id): now} | ({run.case.wish.pin: pinned} if run.case.wish.pin else {})
        held = Held(holding, after.id, BEGAN)
        case = replace(run.case, held=held, sighting=Sighting(by_id, (now, *others)))
        again = decide(case)
        assert again.outcome is not Outcome.REFUSE, (run, again)
        did = plan(after, declared(again), {one.id for one in (now, *others)}, replaces=again.replaces)
        assert did == Plan(after=after), (run, again)


@pytest.mark.parametrize(
    ("state", "wanted", "expected"),
    [
        (State("a"), {"get": "a"}, Plan(after=State("a", external=True))),
        (State("a"), {"get": "b"}, Plan("a", after=State("b", external=True))),
        (State("a"), {}, Plan("a")),
        (State("a", external=True), {"new": True}, Plan(created=True, after=State("new"))),
        (State("a", external=True), {"new": True, "import_": "a"}, Plan(after=State("a"))),
        (State("a", external=True), {}, Plan()),
        (State("a"), {"new": True, "import_": "b"}, Plan("a", after=State("b"))),
        (State("a"), {"new": True, "import_": "a"}, Plan(after=State("a"))),
        (State("gone"), {"new": True}, Plan(created=True, after=State("new"))),
        (State("gone"), {"get": "b"}, Plan(after=State("b", external=True))),
    ],
)
def test_the_fake_engine_does_what_the_real_one_was_measured_to_do(
    state: State, wanted: dict[str, str | bool], expected: Plan
) -> None:
    assert plan(state, Declared(**wanted), {"a", "b"}) == expected  # type: ignore[arg-type]  # a table of keywords
