"""The pack under the real engine: what breaks a rule fails a preview that writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policy.model import Level, StackRule
from policy.rules import RULES
from tests.policy.stacks import BREAKING, GOOD, VPC, Breaking, after, deployment, pod_of

if TYPE_CHECKING:
    from tests.policy.conftest import Checked

pytestmark = pytest.mark.engine


ADVISORY = {rule.name for rule in RULES if isinstance(rule, StackRule) and rule.level is Level.ADVISORY}
ON_THE_ENGINE = [case for case in BREAKING if not case.quick]


@pytest.mark.parametrize("case", [case for case in ON_THE_ENGINE if case.rule not in ADVISORY], ids=str)
def test_a_stack_that_breaks_a_rule_is_stopped_in_the_preview(checked: Checked, case: Breaking) -> None:
    checked.declare(case.stack)
    ran, told = checked.preview()
    assert ran.code != 0, ran.out
    broken = {(one.rule, one.resource) for one in told if one.level == "mandatory"}
    assert broken == {(case.rule, case.culprit)}, ran.out


@pytest.mark.parametrize("case", [case for case in ON_THE_ENGINE if case.rule in ADVISORY], ids=str)
def test_what_the_stack_cannot_change_is_warned_of_and_stops_nothing(
    checked: Checked, case: Breaking
) -> None:
    checked.declare(case.stack)
    ran, told = checked.preview()
    assert ran.code == 0, ran.out
    assert [(one.level, one.rule, one.resource) for one in told] == [("advisory", case.rule, case.culprit)]


def test_a_stack_that_breaks_none_is_previewed_and_brought_up(checked: Checked) -> None:
    checked.cloud.put("certificate", name="certificate", type="custom")
    checked.declare(GOOD)
    for ran, told in (checked.preview(), checked.up(), checked.preview()):
        assert ran.code == 0, ran.out
        assert told == [], ran.out


def test_what_is_not_known_in_the_preview_is_checked_before_it_is_made(checked: Checked) -> None:
    checked.declare((VPC, deployment(pod_of({"image": after("vpc", "nginx:latest")}))))
    ran, told = checked.preview()
    assert ran.code == 0, ran.out
    assert [(one.level, one.rule) for one in told] == [("advisory", "no-latest-image")]
    assert "image" in told[0].text
    ran, told = checked.up()
    assert ran.code != 0, ran.out
    assert [(one.level, one.rule, one.resource) for one in told] == [("mandatory", "no-latest-image", "app")]
    assert [one["name"] for one in checked.cloud.list("vpc") if not one.get("default")] == ["vpc"]
    assert list(checked.files.rglob("*deployment*")) == []
