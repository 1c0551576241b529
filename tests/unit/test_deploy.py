"""What a deployment compares, repairs and refuses, without an engine."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra import expected
from formerr_infra.deploy import registry, repair, world
from formerr_infra.deploy.run import unforeseen
from formerr_infra.detect import Assessment
from formerr_infra.engine.events import Change, Op, Preview, Result
from formerr_infra.errors import Refused, SettingsError
from formerr_infra.ledger import EMPTY
from formerr_infra.model import Decision, Found, Held, Holding, Mark, Outcome
from formerr_infra.settings import check
from formerr_infra.settings.secrets import NAMES
from formerr_infra.settings.sources import ENDPOINT_VARIABLE, TOKEN_VARIABLES
from formerr_infra.tokens import LOCAL, OF_STACK

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CLUSTER = "urn:pulumi:staging::formerr-infra::formerr:cluster:Cluster$digitalocean:index/kubernetesCluster:KubernetesCluster::cluster"
DECISION = Decision(
    "cluster",
    Outcome.KEEP,
    "3",
    "alive",
    id="c1",
    held=Held(Holding.MANAGED, "c1"),
    target=Found("c1", "formerr", Mark.OURS, facts=MappingProxyType({"region": "nyc3", "status": "running"})),
)


def _assessment(**decisions: Decision) -> Assessment:
    return Assessment("staging", check({}, "staging"), EMPTY, MappingProxyType(decisions))


def _with(**fields: Any) -> Decision:
    assert DECISION.target is not None
    return replace(DECISION, target=replace(DECISION.target, **fields))


def _with_fact(**facts: str) -> Decision:
    assert DECISION.target is not None
    return _with(facts={**DECISION.target.facts, **facts})


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(DECISION, outcome=Outcome.RECREATE), id="outcome"),
        pytest.param(replace(DECISION, row="4"), id="row"),
        pytest.param(replace(DECISION, id="c2"), id="id"),
        pytest.param(replace(DECISION, replaces=True), id="replaces"),
        pytest.param(replace(DECISION, held=Held(Holding.ADOPTED, "c1")), id="held"),
        pytest.param(replace(DECISION, held=Held(Holding.MANAGED, "c2")), id="held-id"),
        pytest.param(replace(DECISION, found=(Found("c9", "another"),)), id="found"),
        pytest.param(replace(DECISION, target=None), id="target"),
        pytest.param(_with(id="c2"), id="target-id"),
        pytest.param(_with(mark=Mark.OTHER), id="mark"),
        pytest.param(_with(owner="formerr-infra/production"), id="owner"),
        pytest.param(_with_fact(region="fra1"), id="fact"),
    ],
)
def test_whatever_is_decided_or_seen_otherwise_is_another_digest(other: Decision) -> None:
    assert expected.digest(_assessment(cluster=DECISION)) != expected.digest(_assessment(cluster=other))


def test_an_object_or_a_version_that_is_decided_otherwise_is_another_digest() -> None:
    before = replace(_assessment(cluster=DECISION), version="1.34.1-do.0", objects={"secret/a/b": DECISION})
    for other in (
        replace(before, version="1.34.2-do.0"),
        replace(before, objects={}),
        replace(before, objects={"secret/a/b": replace(DECISION, outcome=Outcome.IMPORT)}),
    ):
        assert expected.digest(other) != expected.digest(before)


def test_facts_that_have_changed_places_are_another_digest() -> None:
    once, again = _with_fact(region="x", version="y"), _with_fact(region="y", version="x")
    assert expected.digest(_assessment(cluster=once)) != expected.digest(_assessment(cluster=again))


def test_the_order_in_which_things_were_found_is_the_same_world() -> None:
    both = {"cluster": DECISION, "vpc": replace(DECISION, slot="vpc", id="v1")}
    one, other = _assessment(**both), _assessment(**dict(reversed(both.items())))
    assert expected.digest(one) == expected.digest(other)
    found = (Found("a", "one"), Found("b", "two"))
    once, again = (replace(DECISION, found=many) for many in (found, found[::-1]))
    assert expected.digest(_assessment(cluster=once)) == expected.digest(_assessment(cluster=again))


def test_a_status_that_passes_is_the_same_world() -> None:
    passing = _with_fact(status="upgrading")

    assert expected.digest(_assessment(cluster=DECISION)) == expected.digest(_assessment(cluster=passing))


def test_only_another_expectation_stops() -> None:
    assessment = _assessment(cluster=DECISION)

    expected.require(assessment, {})
    expected.require(assessment, {expected.VARIABLE: expected.digest(assessment)})
    with pytest.raises(expected.WorldMoved, match=expected.MOVED):
        expected.require(assessment, {expected.VARIABLE: expected.digest(_assessment())})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "formerr_infra").mkdir()
    for name in ("Pulumi.yaml", "Pulumi.staging.yaml", "Pulumi.production.yaml", "__main__.py"):
        (tmp_path / name).write_text("config:\n")
    (tmp_path / "formerr_infra" / "program.py").write_text("run = 1\n")
    return tmp_path


def _look(folder: Path, environ: dict[str, str] | None = None, export: Any = None) -> world.World:
    return world.look(folder, "staging", environ or {}, export or {}, _assessment(cluster=DECISION))


STATE = {"deployment": {"manifest": {"time": "now"}, "resources": [{"urn": "a"}]}}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: (folder / "Pulumi.staging.yaml").write_text("config: {}\n"), "the configuration"),
        (lambda folder: (folder / "Pulumi.yaml").write_text("config: {}\n"), "the configuration"),
        (lambda folder: (folder / "__main__.py").write_text("run()\n"), "the program"),
        (lambda folder: (folder / "formerr_infra" / "program.py").write_text("run = 2\n"), "the program"),
        (lambda folder: (folder / "formerr_infra" / "more.py").write_text(""), "the program"),
    ],
)
def test_a_file_that_a_run_reads_moves_the_world(
    folder: Path, change: Callable[[Path], object], said: str
) -> None:
    before = _look(folder)
    change(folder)

    assert before.moved(_look(folder)) == (said,)


def test_what_no_run_reads_does_not_move_the_world(folder: Path) -> None:
    before = _look(folder, {"HOME": "/a", "FORMERR_VERBOSE": ""}, STATE)
    (folder / "Pulumi.production.yaml").write_text("config: {}\n")
    (folder / "Pulumi.staging.yaml").write_text("config:\nencryptionsalt: v1:abc\n")
    (folder / "formerr_infra" / "program.pyc").write_bytes(b"")
    later = {"deployment": {**STATE["deployment"], "manifest": {"time": "later"}}}

    assert before.moved(_look(folder, {"HOME": "/b", "FORMERR_VERBOSE": "1"}, later)) == ()


def test_a_rotated_secret_and_another_state_move_the_world_and_no_value_is_kept(folder: Path) -> None:
    before = _look(folder, {"JWT_SECRET": "old-value"}, STATE)
    after = _look(folder, {"JWT_SECRET": "new-value"}, {"deployment": {"resources": []}})

    assert before.moved(after) == ("the state", "the configuration")
    assert "value" not in repr((before, after))


@pytest.mark.parametrize("name", [*NAMES, *TOKEN_VARIABLES, ENDPOINT_VARIABLE, LOCAL, f"{OF_STACK}STAGING"])
def test_whatever_the_settings_read_of_the_environment_moves_the_world(folder: Path, name: str) -> None:
    assert _look(folder).moved(_look(folder, {name: "x"})) == ("the configuration",)


def test_a_digest_of_one_process_says_nothing_to_another(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a short secret it could be guessed otherwise."""
    before = _look(folder, {"JWT_SECRET": "short"})
    monkeypatch.setattr(world, "_KEY", b"of another process")
    after = _look(folder, {"JWT_SECRET": "short"})

    assert before.configuration != after.configuration
    assert before.state != after.state


def test_a_stack_without_a_file_of_its_own_has_a_world_too_and_its_file_moves_it(folder: Path) -> None:
    (folder / "Pulumi.staging.yaml").unlink()
    before = _look(folder)
    (folder / "Pulumi.staging.yaml").write_text("config:\n")

    assert before.moved(_look(folder)) == ("the configuration",)


def test_an_operation_that_was_noted_since_moves_the_world(folder: Path) -> None:
    noted = {"deployment": {**STATE["deployment"], "pending_operations": [{"type": "creating"}]}}
    assert _look(folder, None, STATE).moved(_look(folder, None, noted)) == ("the state",)


def test_what_is_decided_otherwise_is_named_whether_it_came_went_or_changed(folder: Path) -> None:
    def decided(**decisions: Decision) -> world.World:
        return world.look(folder, "staging", {}, {}, _assessment(**decisions))

    before = decided(cluster=DECISION, vpc=DECISION)
    after = decided(cluster=replace(DECISION, row="4"), registry=DECISION)
    (said,) = before.moved(after)
    assert "(cluster, registry, vpc)" in said
    assert before.moved(before) == ()


@pytest.mark.parametrize(
    ("operation", "outcome", "held", "way"),
    [
        ("creating", Outcome.IMPORT, False, repair.Way.TAKE_IN),
        ("creating", Outcome.CREATE, False, repair.Way.CLEAR),
        ("creating", Outcome.RECREATE, False, repair.Way.CLEAR),
        ("creating", Outcome.ADOPT, False, repair.Way.CLEAR),
        ("creating", Outcome.OMIT, False, repair.Way.CLEAR),
        ("creating", Outcome.REFUSE, False, repair.Way.NONE),
        ("creating", Outcome.KEEP, False, repair.Way.NONE),
        ("creating", Outcome.RELEASE, False, repair.Way.NONE),
        ("creating", Outcome.KEEP, True, repair.Way.CLEAR),
        ("updating", Outcome.KEEP, True, repair.Way.CLEAR),
        ("deleting", Outcome.KEEP, True, repair.Way.CLEAR),
        ("deleting", Outcome.REFUSE, False, repair.Way.CLEAR),
    ],
)
def test_each_noted_operation_gets_the_repair_that_fits(
    operation: str, outcome: Outcome, held: bool, way: repair.Way
) -> None:
    export = {
        "deployment": {
            "resources": [{"urn": CLUSTER}] if held else [],
            "pending_operations": [{"type": operation, "resource": {"urn": CLUSTER}}],
        }
    }

    (found,) = repair.repairs(export, _assessment(cluster=replace(DECISION, outcome=outcome)))

    assert found.way is way
    assert found.id == (DECISION.id if way is repair.Way.TAKE_IN else None)
    assert found.name == "cluster"
    with pytest.raises(repair.OperationsPending):
        repair.require((found,), "staging", repair=False)
    if way is repair.Way.NONE:
        with pytest.raises(repair.OperationsPending, match="look after these yourself"):
            repair.require((found,), "staging", repair=True)
    else:
        repair.require((found,), "staging", repair=True)


def test_one_that_only_waits_for_its_deletion_is_no_proof_that_the_new_one_is_in_the_state() -> None:
    """A replacement whose new half was interrupted: the old half is still in the state, under the same URN."""
    noted = [{"type": "creating", "resource": {"urn": CLUSTER}}]
    export = {"deployment": {"resources": [{"urn": CLUSTER, "delete": True}], "pending_operations": noted}}

    (found,) = repair.repairs(export, _assessment(cluster=replace(DECISION, outcome=Outcome.IMPORT)))

    assert (found.way, found.id) == (repair.Way.TAKE_IN, "c1")


def test_an_object_that_was_being_made_is_known_by_its_key() -> None:
    urn = "urn:pulumi:staging::p::formerr:application:Application$kubernetes:core/v1:Secret::secret/a/b"
    export = {"deployment": {"pending_operations": [{"type": "creating", "resource": {"urn": urn}}]}}
    decided = replace(_assessment(), objects={"secret/a/b": replace(DECISION, outcome=Outcome.IMPORT)})

    assert [one.way for one in repair.repairs(export, decided)] == [repair.Way.TAKE_IN]


def test_one_operation_without_a_repair_stops_those_that_have_one() -> None:
    clear, none = (
        repair.Repair("urn:x", "creating", way, "why") for way in (repair.Way.CLEAR, repair.Way.NONE)
    )

    for both in ((clear, none), (none, clear)):
        with pytest.raises(repair.OperationsPending, match="look after these yourself"):
            repair.require(both, "staging", repair=True)


def test_nothing_is_claimed_of_what_is_none_of_the_slots() -> None:
    export = {
        "deployment": {
            "pending_operations": [{"type": "creating", "resource": {"urn": "urn:pulumi:s::p::aws:x/y:Z::z"}}]
        }
    }

    (found,) = repair.repairs(export, _assessment())

    assert found.way is repair.Way.NONE


def test_nothing_pending_stops_nothing() -> None:
    assert repair.repairs({"deployment": None}, _assessment()) == ()
    repair.require((), "staging", repair=False)


def test_a_registry_that_was_named_must_be_the_configured_and_the_decided_one() -> None:
    settings = check({"registryName": "one"}, "staging")
    registry.require_configured("", "staging", settings)
    registry.require_configured("one", "staging", settings)
    with pytest.raises(SettingsError, match="registryName"):
        registry.require_configured("two", "staging", settings)
    with pytest.raises(SettingsError, match="registryId"):
        registry.require_configured("one", "staging", check({"registryId": "three"}, "staging"))

    decided = _assessment(registry=replace(DECISION, slot="registry", id="two"))
    registry.require_decided("two", decided)
    registry.require_decided("", decided)
    with pytest.raises(Refused, match="'two'"):
        registry.require_decided("one", decided)


def test_a_step_that_was_not_previewed_is_said() -> None:
    seen = Change("urn::a", "t", "a", Op.CREATE)
    other = Change("urn::b", "t", "b", Op.UPDATE)

    assert unforeseen(Preview((seen,)), Result((seen,))) == ()
    assert unforeseen(Preview((seen,)), Result((seen, other, other))) == ("b: update",)
