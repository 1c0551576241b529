"""What of a preview comes into a report: every stop of the guard, every broken rule, and no step that changes nothing."""

from __future__ import annotations

from formerr_infra.cli.told import guarded, violations
from formerr_infra.detect import Assessment
from formerr_infra.engine.events import Change, Op, Preview, Violation
from formerr_infra.ledger import EMPTY
from formerr_infra.model import Outcome
from formerr_infra.settings import check
from tests.support.stories import NOW, decision

VPC = "digitalocean:index/vpc:Vpc"
URN = f"urn:pulumi:staging::formerr-infra::formerr:network:Network${VPC}::vpc"


def change(op: str, kind: str = VPC, name: str = "vpc") -> Change:
    return Change(URN, kind, name, op, id="vpc-id")


def assessed(outcome: Outcome) -> Assessment:
    return Assessment("staging", check({}, "staging"), EMPTY, {"vpc": decision("vpc", outcome)})


def test_a_stop_of_the_guard_comes_with_its_code_and_what_settles_it() -> None:
    found = guarded(Preview((change(Op.DELETE),)), assessed(Outcome.KEEP))
    (stop,) = found.stops
    assert stop.name == "vpc"
    assert stop.state == "against-decision"
    assert "To go on: " in stop.message
    assert found.steps == {"delete": 1}


def test_what_changes_nothing_and_what_exists_for_the_engine_alone_is_no_step() -> None:
    quiet = Preview((change(Op.SAME), change(Op.REFRESH), change(Op.UPDATE, "formerr:network:Network")))
    found = guarded(quiet, assessed(Outcome.KEEP))
    assert (found.stops, found.steps) == ((), {})


def test_every_broken_rule_is_told_with_its_level_and_its_resource() -> None:
    broken = Violation("no-latest-image", "formerr", "mandatory", "it is latest", URN)
    (told,) = violations(Preview(violations=(broken,)))
    assert (told.name, told.state) == ("no-latest-image", "mandatory")
    assert told.message == "it is latest (vpc)"
    assert violations(None) == ()


def test_a_stop_makes_the_comment_red() -> None:
    from formerr_infra.page import comment, tell

    stopped = guarded(Preview((change(Op.DELETE),)), assessed(Outcome.KEEP))
    passes = guarded(Preview(), assessed(Outcome.KEEP))
    assert "## 🔴" in comment(tell(assessed(Outcome.KEEP), NOW, guard=stopped))
    assert "## 🟢" in comment(tell(assessed(Outcome.KEEP), NOW, guard=passes))
