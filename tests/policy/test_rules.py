"""The rules as pure functions: each is broken by what it forbids and by nothing else, and none is wrong about what is not
known yet."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formerr_infra import docs
from policy.model import STACK_TYPE, Found, Resource, ResourceRule, Stack, StackRule
from policy.rules import RULES
from policy.rules.images import tag_of
from policy.rules.secrets import looks_secret, names_a_secret
from policy.values import UNKNOWN, Node, NotKnownYet
from tests.policy.stacks import (
    APP,
    BREAKING,
    GOOD,
    VPC,
    Breaking,
    changed,
    deployment,
    pod_of,
    resources,
    urn,
)

if TYPE_CHECKING:
    from policy.model import Rule


def judged(rule: Rule, one: Resource, stack: Stack) -> Found:
    """What a rule says of a resource in its stack."""
    match rule:
        case ResourceRule():
            return rule.judge(one)
        case StackRule():
            return rule.judge(one, stack)


def broken(stack: dict[str, Resource]) -> dict[str, set[str]]:
    """Rule -> logical names of the resources that break it."""
    found: dict[str, set[str]] = {}
    for rule in RULES:
        for one in stack.values():
            said = judged(rule, one, Stack(stack))
            assert said.unknown == [], (rule.name, said.unknown)
            if said.broken:
                found.setdefault(rule.name, set()).add(one.name)
    return found


def test_a_good_stack_breaks_nothing() -> None:
    assert broken(resources(GOOD)) == {}


@pytest.mark.parametrize("case", BREAKING, ids=str)
def test_what_a_rule_forbids_breaks_that_rule_alone(case: Breaking) -> None:
    assert broken(resources(case.stack)) == {case.rule: {case.culprit}}


def test_every_rule_has_a_stack_that_breaks_it_on_the_engine() -> None:
    assert {case.rule for case in BREAKING if not case.quick} == {rule.name for rule in RULES}


# -- what is not known yet -----------------------------------------------------------------------------------


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [at] if at else []
    if isinstance(value, dict):
        for key, below in value.items():
            found += _places(below, (*at, key))
    elif isinstance(value, list):
        for number, below in enumerate(value):
            found += _places(below, (*at, number))
    return found


def _without(value: Any, places: list[tuple[Any, ...]]) -> Any:
    """The same with these places unknown."""
    value = copy.deepcopy(value)
    for *above, last in places:
        place = value
        for step in above:
            place = UNKNOWN if place is UNKNOWN else place[step]
        if place is not UNKNOWN:
            place[last] = UNKNOWN
    return value


_CASES = [(rule, case) for rule in RULES for case in BREAKING if case.rule == rule.name]


@given(drawn=st.data())
def test_an_unknown_value_neither_breaks_a_rule_nor_lets_it_pass(drawn: st.DataObject) -> None:
    rule, case = drawn.draw(st.sampled_from(_CASES), label="case")
    stack = resources(case.stack)
    one = next(resource for resource in stack.values() if resource.name == case.culprit)
    known = {key: value for key, value in one.properties.items() if key != "id"}
    hidden = drawn.draw(st.lists(st.sampled_from(_places(known)), min_size=1, max_size=3), label="unknown")
    dim = Resource(
        type=one.type,
        urn=one.urn,
        properties=_without(known, hidden) | {"id": one.name},
        protect=one.protect,
        made_from=one.made_from,
    )
    told, sure = judged(rule, dim, Stack(stack | {one.urn: dim})), judged(rule, one, Stack(stack))
    assert set(told.broken) <= set(sure.broken), "broken by what nobody knows"
    assert told.broken or told.unknown, "passed by what nobody knows"


@given(drawn=st.data())
def test_what_is_fine_stays_fine_or_undecided_whatever_is_unknown(drawn: st.DataObject) -> None:
    stack = resources(GOOD)
    one = drawn.draw(st.sampled_from(list(stack.values())), label="resource")
    known = {key: value for key, value in one.properties.items() if key != "id"}
    hidden = drawn.draw(st.lists(st.sampled_from(_places(known)), min_size=1, max_size=4), label="unknown")
    dim = Resource(
        one.type, one.urn, _without(known, hidden) | {"id": one.name}, one.protect, made_from=one.made_from
    )
    for rule in RULES:
        assert judged(rule, dim, Stack(stack | {one.urn: dim})).broken == [], rule.name


def test_the_unknown_is_neither_true_nor_false() -> None:
    with pytest.raises(TypeError):
        bool(UNKNOWN)
    place = Node({"a": UNKNOWN})["a"]["b"]["c"]
    for look in (lambda: place.value, lambda: place.text, place.items, place.entries):
        with pytest.raises(NotKnownYet, match=r"^a$"):
            look()
    assert Node({})["a"]["b"].value is None


# -- adopted, imported ---------------------------------------------------------------------------------------


def _importing(outcome: str, held: str) -> dict[str, Resource]:
    vpc = changed(VPC, description="as it was found")
    component = "urn:pulumi:dev::standin-test::formerr:network:Network::network"
    top = f"urn:pulumi:dev::standin-test::{STACK_TYPE}::standin-test-dev"
    return {
        urn(vpc): Resource(
            vpc.type, urn(vpc), vpc.properties | {"id": "one"}, protect=True, parent=component
        ),
        component: Resource(
            "formerr:network:Network", component, {"held": {"vpc": {"id": held, "retained": True}}}
        ),
        top: Resource(STACK_TYPE, top, {"decisions": {"vpc": {"outcome": outcome}}}),
    }


def test_what_is_being_imported_has_no_mark_yet() -> None:
    assert broken(_importing("import", "one")) == {}


@pytest.mark.parametrize(("outcome", "held"), [("keep", "one"), ("create", "one"), ("import", "another")])
def test_what_is_not_being_imported_has_one(outcome: str, held: str) -> None:
    assert broken(_importing(outcome, held)) == {"marked-for-its-stack": {"vpc"}}


def test_a_patch_says_no_more_than_what_it_changes() -> None:
    def patch(pod: dict[str, Any]) -> Resource:
        of = deployment(pod)
        return Resource(of.type + "Patch", urn(of), {**of.properties, "metadata": {"name": "theirs"}})

    assert broken({"p": patch({"containers": [{"name": "app"}]})}) == {}
    privileged = patch({"containers": [{"name": "app", "securityContext": {"privileged": True}}]})
    assert broken({"p": privileged}) == {"no-privileged-pod": {APP.name}}


def test_a_list_hides_nothing() -> None:
    pod = pod_of({"image": "nginx"})
    metadata = APP.properties["metadata"]
    listed = Resource(
        "kubernetes:core/v1:PodList",
        "urn:pulumi:dev::standin-test::kubernetes:core/v1:PodList::pods",
        {"items": [{"metadata": metadata, "spec": pod}, {"metadata": {}, "spec": pod_of()}]},
    )
    assert broken({"l": listed}) == {"no-latest-image": {"pods"}, "labelled-for-its-stack": {"pods"}}


# -- words ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ("nginx", None),
        ("nginx:", None),
        ("nginx:1.29", "1.29"),
        ("host:5000/nginx", None),
        ("host:5000/nginx:1", "1"),
        ("host/nginx@sha256:00", "sha256:00"),
        ("nginx:latest@sha256:00", "sha256:00"),
    ],
)
def test_a_port_is_no_tag_and_a_digest_is_one(image: str, tag: str | None) -> None:
    assert tag_of(image) == tag


@pytest.mark.parametrize(
    "name", ["DB_PASSWORD", "jwtSecret", "API_KEY", "github.token", "PGPASSWORD_OLD_PASS"]
)
def test_a_name_tells_a_secret(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "GITHUB_CLIENT_ID",
        "DB_PASSWORD_FILE",
        "SECRET_NAME",
        "MAX_TOKENS",
        "TOKEN_TTL_SECONDS",
        "BYPASS",
        "KEYBOARD",
    ],
)
def test_a_name_that_is_about_a_secret_is_none(name: str) -> None:
    assert not names_a_secret(name)


@pytest.mark.parametrize(
    "text",
    ["https://formerr.tech/a:b@c", "postgresql://app:$(DB_PASSWORD)@db/app", "http://a@b/", "12:30 a@b"],
)
def test_what_holds_no_password_does_not_look_secret(text: str) -> None:
    assert looks_secret(text) is None


def test_no_message_holds_the_secret() -> None:
    for case in BREAKING:
        stack = Stack(resources(case.stack))
        for rule in RULES:
            for one in stack.resources.values():
                assert "swordfish" not in " ".join(judged(rule, one, stack).broken)


def test_the_page_has_every_rule() -> None:
    page = docs.policy()
    assert all(f"| `{rule.name}` |" in page for rule in RULES)
