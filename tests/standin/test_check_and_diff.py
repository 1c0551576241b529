"""Check and Diff as properties over every resource kind: what is declared and lives is never changed again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formerr_infra.local.standin.catalogue import RESOURCES
from formerr_infra.local.standin.check import DEFAULTS, Naming, check
from formerr_infra.local.standin.fields import UNKNOWN, Field, Kind, Props, Shape, Use
from formerr_infra.local.standin.operations import diff, preview_create
from formerr_infra.local.standin.plan import plan
from formerr_infra.local.standin.resources.cluster import CLUSTER
from formerr_infra.local.standin.resources.vpc import VPC

if TYPE_CHECKING:
    from formerr_infra.local.standin.resource import Resource

KINDS = [pytest.param(resource, id=resource.name) for resource in RESOURCES.values()]
QUICK = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
WORDS = st.text("abcdefghijk", min_size=1, max_size=6)


def one(field: Field) -> st.SearchStrategy[Any]:
    """A value of a field's type."""
    match field.kind:
        case Kind.OBJECT:
            return level(field.fields)
        case Kind.STRING:
            return st.sampled_from(field.oneof) if field.oneof else WORDS
        case Kind.BOOLEAN:
            return st.booleans()
        case Kind.INTEGER:
            return st.integers(1, 9)
        case Kind.NUMBER:
            return st.sampled_from((0.25, 0.5, 0.75))


def value(field: Field) -> st.SearchStrategy[Any]:
    """A value of a field's type and shape; never an empty one."""
    match field.shape:
        case Shape.ONE:
            return one(field)
        case Shape.LIST:
            return st.lists(one(field), min_size=1, max_size=3)
        case Shape.SET:
            return st.lists(one(field), min_size=1, max_size=3, unique_by=repr)
        case Shape.MAP:
            return st.dictionaries(WORDS, one(field), min_size=1, max_size=3)


def level(fields: tuple[Field, ...]) -> st.SearchStrategy[Props]:
    """What a program may declare: everything that is required, any of the rest."""
    return st.fixed_dictionaries(
        {f.name: value(f) for f in fields if f.use is Use.REQUIRED},
        optional={f.name: value(f) for f in fields if f.use in (Use.OPTIONAL, Use.SETTLED)},
    )


def checked(resource: Resource, news: Props, olds: Props | None = None) -> Props:
    """Completed inputs."""
    done = check(resource.fields, olds or {}, news, Naming("it", seed=b"0123456789abcdef"))
    assert done.failures == []
    return done.inputs


def live(resource: Resource, inputs: Props) -> Props:
    """The state after a create: what was declared, and something in everything that the API settles."""
    state = plan(resource.fields, inputs, {})
    for field in resource.fields:
        if field.name not in state and field.use in (Use.SETTLED, Use.OUTPUT):
            state[field.name] = {"text": "settled"} if field.kind is Kind.OBJECT else "settled"
    return state


@pytest.mark.parametrize("resource", KINDS)
class TestEveryKind:
    @QUICK
    @given(data=st.data())
    def test_what_is_declared_and_lives_is_not_changed_again(
        self, resource: Resource, data: st.DataObject
    ) -> None:
        inputs = checked(resource, data.draw(level(resource.fields)))
        state = live(resource, inputs)
        assert diff(resource, state, checked(resource, inputs, inputs)).differences == ()

    @QUICK
    @given(data=st.data())
    def test_it_is_replaced_exactly_when_an_immutable_property_changes(
        self, resource: Resource, data: st.DataObject
    ) -> None:
        news = data.draw(level(resource.fields))
        plain = [f for f in resource.fields if f.settable and f.same is None and f.name != "version"]
        field = data.draw(st.sampled_from([f for f in plain if f.kind is not Kind.OBJECT]))
        before, after = data.draw(
            st.tuples(value(field), value(field)).filter(lambda pair: differ(field, *pair))
        )
        state = live(resource, checked(resource, {**news, field.name: before}))
        found = diff(resource, state, checked(resource, {**news, field.name: after}))
        assert found.changed == [field.name]
        assert bool(found.replaces) is field.replaces

    @QUICK
    @given(data=st.data())
    def test_an_order_of_a_set_means_nothing(self, resource: Resource, data: st.DataObject) -> None:
        news = data.draw(level(resource.fields))
        state = live(resource, checked(resource, news))
        turned = {
            f.name: list(reversed(news[f.name]))
            for f in resource.fields
            if f.shape is Shape.SET and f.name in news
        }
        assert diff(resource, state, checked(resource, {**news, **turned})).differences == ()

    @QUICK
    @given(data=st.data())
    def test_an_ignored_change_is_none(self, resource: Resource, data: st.DataObject) -> None:
        news, other = data.draw(level(resource.fields)), data.draw(level(resource.fields))
        state = live(resource, checked(resource, news))
        names = [f.name for f in resource.fields]
        assert diff(resource, state, checked(resource, other), names).differences == ()

    def test_unknown_properties_are_refused(self, resource: Resource) -> None:
        found = check(resource.fields, {}, {"noSuchThing": 1}, Naming("it"))
        assert any(path == "noSuchThing" and "unknown key" in reason for path, reason in found.failures)

    def test_missing_properties_are_refused(self, resource: Resource) -> None:
        found = check(resource.fields, {}, {}, Naming("it"))
        missing = {path for path, reason in found.failures if "Missing required argument" in reason}
        assert missing == {f.name for f in resource.fields if f.use is Use.REQUIRED}

    def test_outputs_cannot_be_declared(self, resource: Resource) -> None:
        for field in resource.fields:
            if field.use is Use.OUTPUT:
                found = check(resource.fields, {}, {field.name: "x"}, Naming("it"))
                assert field.name in {path for path, _ in found.failures}

    @QUICK
    @given(data=st.data())
    def test_a_preview_of_a_create_tells_what_it_cannot_know(
        self, resource: Resource, data: st.DataObject
    ) -> None:
        inputs = checked(resource, data.draw(level(resource.fields)))
        outputs = preview_create(resource, inputs)
        for field in resource.fields:
            if field.use in (Use.OUTPUT, Use.SETTLED) and field.name not in inputs:
                assert outputs[field.name] is UNKNOWN


def differ(field: Field, one: Any, other: Any) -> bool:
    """Whether two values are a change of a field."""
    if field.canonical is not None and isinstance(one, str):
        return bool(field.canonical(one) != field.canonical(other))
    if field.shape is Shape.SET:
        return sorted(map(repr, one)) != sorted(map(repr, other))
    return bool(one != other) and not (not one and not other)


@pytest.mark.parametrize(
    ("old", "new", "replaced"),
    [
        ("1.34.1-do.0", "1.33.6-do.0", True),
        ("1.34.1-do.2", "1.34.1-do.1", True),
        ("1.34.1-do.2", "1.34.1-do.10", False),
        ("1.9.0-do.0", "1.10.0-do.0", False),
        ("1.34.1-do.0", "1.35.0-do.0", False),
    ],
)
def test_a_lowered_version_replaces_the_cluster(old: str, new: str, replaced: bool) -> None:
    pool = {"name": "system", "size": "s", "nodeCount": 1}
    declared = {"region": "nyc3", "nodePool": pool, "name": "it"}
    state = live(CLUSTER, checked(CLUSTER, {**declared, "version": old}))
    found = diff(CLUSTER, state, checked(CLUSTER, {**declared, "version": new}))
    assert found.changed == ["version"]
    assert found.replaces == (["version"] if replaced else [])


def test_the_default_pools_size_replaces_and_its_count_does_not() -> None:
    pool = {"name": "system", "size": "small", "nodeCount": 1}
    declared: Props = {"region": "nyc3", "version": "1.34.1-do.0", "nodePool": pool}
    state = live(CLUSTER, checked(CLUSTER, declared))
    grown = diff(CLUSTER, state, checked(CLUSTER, {**declared, "nodePool": {**pool, "nodeCount": 2}}))
    assert [d.path for d in grown.differences] == ["nodePool.nodeCount"]
    assert grown.replaces == []
    bigger = diff(CLUSTER, state, checked(CLUSTER, {**declared, "nodePool": {**pool, "size": "big"}}))
    assert [d.path for d in bigger.differences] == ["nodePool.size"]
    assert bigger.replaces == ["nodePool"]


def test_an_unknown_immutable_property_is_shown_as_a_replacement() -> None:
    state = live(VPC, checked(VPC, {"region": "nyc3"}))
    found = diff(VPC, state, checked(VPC, {"region": UNKNOWN}))
    assert found.replaces == ["region"]


def test_a_made_up_name_stays() -> None:
    first = check(VPC.fields, {}, {"region": "nyc3"}, Naming("it", seed=b"first")).inputs
    second = check(VPC.fields, first, {"region": "nyc3"}, Naming("it", seed=b"second")).inputs
    assert first["name"].startswith("it-")
    assert second["name"] == first["name"]
    assert "name" in second[DEFAULTS]


def test_a_name_of_ones_own_is_deleted_before_it_is_replaced() -> None:
    for news, first in (({"name": "mine"}, True), ({}, False)):
        state = live(VPC, checked(VPC, {"region": "nyc3", **news}))
        assert diff(VPC, state, checked(VPC, {"region": "ams3", **news})).delete_before_replace is first
