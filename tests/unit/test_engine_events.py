"""The engine's events as they are read: no step is lost, no line breaks the reading, no refresh is taken for a change."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.automation.events import EngineEvent

from formerr_infra.engine.errors import EngineFailed
from formerr_infra.engine.event_log import parse
from formerr_infra.engine.events import Op, Phase, Result, collect, externals

URN = "urn:pulumi:staging::formerr-infra::formerr:network:Network$digitalocean:index/vpc:Vpc::vpc"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = (
    "resourcePreEvent",
    "resOutputsEvent",
    "resOpFailedEvent",
    "diagnosticEvent",
    "summaryEvent",
    "policyEvent",
)


def _line(key: str, op: str, **metadata: Any) -> str:
    return json.dumps(
        {"timestamp": 1, key: {"planning": True, "metadata": {"op": op, "urn": URN, "type": "t", **metadata}}}
    )


def _read(*lines: str, external: bool = False, done: bool = False) -> Result:
    events = [event for line in lines if (event := parse(line)) is not None]
    return collect(events, {URN: external}, ok=True, done=done)


@given(st.text() | JSON.map(json.dumps))
def test_no_line_breaks_the_reading(line: str) -> None:
    parse(line)


@given(st.sampled_from(KEYS), st.dictionaries(st.sampled_from(["op", "urn", "type"]), st.text(max_size=8)))
def test_an_event_without_most_of_its_fields_is_read(key: str, metadata: dict[str, str]) -> None:
    event = parse(json.dumps({key: {"metadata": metadata}}))

    assert event is not None


def test_an_operation_that_nobody_knows_yet_is_kept_where_the_automation_api_fails() -> None:
    line = _line("resourcePreEvent", "teleport")

    assert [one.op for one in _read(line).changes] == ["teleport"]
    with pytest.raises(ValueError, match="teleport"):
        EngineEvent.from_json(json.loads(line))


def test_a_refresh_that_finds_nothing_else_is_no_change_and_no_drift() -> None:
    state = {"id": "1", "outputs": {"name": "a"}}
    found = _read(
        _line("resourcePreEvent", "refresh", old=state, new=state),
        _line("resOutputsEvent", "refresh", old=state, new=state),
        _line("resourcePreEvent", "same", old=state, new=state),
        _line("resOutputsEvent", "same", old=state, new=state),
    )

    assert [one.op for one in found.changes] == [Op.SAME]
    assert found.loud == found.drift == ()


@pytest.mark.parametrize(
    ("new", "op", "keys"),
    [
        pytest.param({"id": "1", "outputs": {"name": "b"}}, Op.UPDATE, ("name",), id="different"),
        pytest.param(None, Op.DELETE, (), id="gone"),
    ],
)
def test_what_a_refresh_before_an_update_finds_is_drift(
    new: dict[str, Any] | None, op: str, keys: tuple[str, ...]
) -> None:
    old = {"id": "1", "outputs": {"name": "a"}}
    found = _read(
        _line("resourcePreEvent", "refresh", old=old, new=old),
        _line("resOutputsEvent", "refresh", old=old, new=new),
    )

    assert [(one.op, one.keys) for one in found.drift] == [(op, keys)]
    assert found.changes == ()


def test_what_a_plugin_keeps_for_itself_and_nothing_in_other_words_is_no_drift() -> None:
    """The official plugin's first refresh of a new pool: no labels become an empty set of them."""
    old = {"id": "1", "outputs": {"name": "a", "size": 1, "__meta": "{}"}}
    told = {
        "name": "a",
        "size": 1,
        "labels": {},
        "enabled": False,
        "__meta": "{1}",
        "__pulumi_raw_state_delta": {"a": 1},
    }
    found = _read(
        _line("resourcePreEvent", "refresh", old=old, new=old),
        _line("resOutputsEvent", "refresh", old=old, new={"id": "1", "outputs": told}),
    )
    assert [one.op for one in found.drift if one.op != Op.SAME] == []
    emptied = _read(
        _line("resourcePreEvent", "refresh", old=old, new=old),
        _line("resOutputsEvent", "refresh", old=old, new={"id": "1", "outputs": told | {"size": 0}}),
    )
    assert [(one.op, one.keys) for one in emptied.drift] == [(Op.UPDATE, ("size",))]


def test_the_id_of_a_change_is_what_is_there_and_external_comes_from_the_state() -> None:
    read = _read(
        _line("resourcePreEvent", "replace", old={"id": "1"}, new={"id": "2", "protect": True}), external=True
    )

    (change,) = read.changes
    assert (change.id, change.new_id, change.external, change.protect) == ("1", "2", True, False)


def test_of_an_update_the_steps_that_were_done_count_and_those_that_failed_are_apart() -> None:
    found = _read(
        _line("resourcePreEvent", "create"),
        _line("resOpFailedEvent", "create"),
        _line("resourcePreEvent", "update"),
        _line("resOutputsEvent", "update"),
        done=True,
    )

    assert [one.op for one in found.changes] == [Op.UPDATE]
    assert [one.op for one in found.failed] == [Op.CREATE]


def test_debug_messages_and_those_that_pass_by_are_not_kept() -> None:
    lines = [
        json.dumps({"diagnosticEvent": {"severity": "debug", "message": "a value"}}),
        json.dumps({"diagnosticEvent": {"severity": "info", "message": "waiting", "ephemeral": True}}),
        json.dumps({"diagnosticEvent": {"severity": "error", "message": "<{%reset%}>it broke", "urn": URN}}),
    ]

    found = _read(*lines)
    assert found.errors == ("vpc: it broke",)
    assert len(found.diagnostics) == 1


def test_what_the_state_holds_as_external_is_read_without_what_waits_to_be_deleted() -> None:
    export = {
        "deployment": {
            "resources": [
                {"urn": "a", "external": True},
                {"urn": "b"},
                {"urn": "b", "external": True, "delete": True},
            ]
        }
    }

    assert externals(export) == {"a": True, "b": False}
    assert externals({"deployment": None}) == {}


def test_a_summary_is_read() -> None:
    event = parse(json.dumps({"summaryEvent": {"durationSeconds": 3, "resourceChanges": {"create": 2}}}))

    assert event is not None
    assert (event.phase, event.seconds, dict(event.counts)) == (Phase.SUMMARY, 3.0, {"create": 2})


@pytest.mark.parametrize(
    "event",
    [
        {"resourcePreEvent": {"metadata": {"op": "delete", "urn": URN, "detailedDiff": ["ipRange"]}}},
        {"resourcePreEvent": {"metadata": {"op": "delete", "urn": URN, "old": "there"}}},
        {"resourcePreEvent": {"metadata": [1]}},
        {"resourcePreEvent": [1]},
        {"resOutputsEvent": {"metadata": {"keys": [1]}}},
        {"summaryEvent": {"resourceChanges": {"delete": "many"}}},
        {"summaryEvent": {}, "timestamp": "now"},
    ],
)
def test_a_step_in_a_form_that_is_not_known_stops_and_is_never_missed(event: dict[str, Any]) -> None:
    with pytest.raises(EngineFailed, match="unknown form"):
        parse(json.dumps(event))


@pytest.mark.parametrize(
    "export",
    [{"deployment": {"resources": [{"id": "x"}]}}, {"deployment": {"resources": [1]}}, {"deployment": [1]}],
)
def test_a_state_in_another_form_is_not_one_without_what_is_only_read(export: dict[str, Any]) -> None:
    with pytest.raises(EngineFailed, match="unknown form"):
        externals(export)
