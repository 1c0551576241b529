"""The ledger: what a checkpoint says of each slot, in every form a checkpoint can have; otherwise unreadable, said so."""

from __future__ import annotations

import copy
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formerr_infra.components.base import journal
from formerr_infra.errors import LedgerUnreadable
from formerr_infra.export import Export
from formerr_infra.ledger import EMPTY, UNKNOWN, Ledger, read
from formerr_infra.model import Decision, Held, Holding, Outcome
from formerr_infra.slots import SLOTS

if TYPE_CHECKING:
    from pathlib import Path

VPC = "urn:pulumi:staging::formerr-infra::formerr:network:Network$digitalocean:index/vpc:Vpc::vpc"
NETWORK = "urn:pulumi:staging::formerr-infra::formerr:network:Network::network"


def resource(urn: str = VPC, identity: str = "v-1", **more: Any) -> dict[str, Any]:
    return {"urn": urn, "custom": True, "id": identity, "type": "digitalocean:index/vpc:Vpc", **more}


def component(noted: dict[str, Any] | None = None, noting: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "urn": NETWORK,
        "custom": False,
        "type": "formerr:network:Network",
        "inputs": {"journal": {"vpc": noting} if noting else {}},
        "outputs": {"held": {"vpc": noted} if noted else {}},
    }


def export(*resources: dict[str, Any], pending: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    deployment: dict[str, Any] = {
        "manifest": {"time": "2026-03-01T13:00:00.123456789+01:00", "magic": "x", "version": "v3.259.0"},
        "secrets_providers": {"type": "passphrase"},
        "resources": list(resources),
        "metadata": {},
    }
    if pending is not None:
        deployment["pending_operations"] = pending
    return {"version": 3, "deployment": deployment}


def creating(urn: str = VPC) -> dict[str, Any]:
    return {"resource": {"urn": urn, "custom": True, "type": "t", "inputs": {}}, "type": "creating"}


def vpc(exported: dict[str, Any]) -> Held:
    return read(exported).held["vpc"]


# -- forms of an export --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "exported",
    [
        export(),
        {"version": 3, "deployment": {"manifest": {"time": "0001-01-01T00:00:00Z"}, "metadata": {}}},
        {"version": 3, "deployment": {"manifest": None, "resources": None, "pending_operations": None}},
        {"version": 3, "deployment": {}},
        {"version": 3, "deployment": None},
    ],
    ids=["empty", "never deployed", "nulls", "nothing", "no deployment"],
)
def test_a_stack_without_resources_holds_nothing(exported: dict[str, Any]) -> None:
    ledger = read(exported)
    assert set(ledger.held) == {slot.key for slot in SLOTS}
    assert {held.holding for held in ledger.held.values()} == {Holding.NONE}
    assert ledger.exists


def test_managed_and_adopted_are_told_apart_by_external() -> None:
    assert vpc(export(resource())) == Held(Holding.MANAGED, "v-1")
    assert vpc(export(resource(external=True))) == Held(Holding.ADOPTED, "v-1")


def test_a_resource_is_known_by_type_and_name_whatever_it_stands_in() -> None:
    for urn in (
        "urn:pulumi:staging::formerr-infra::digitalocean:index/vpc:Vpc::vpc",
        "urn:pulumi:staging::formerr-infra::a:b:C$formerr:network:Network$digitalocean:index/vpc:Vpc::vpc",
    ):
        assert vpc(export(resource(urn))).holding is Holding.MANAGED
    for name in ("another", "another::vpc", "vpc::another"):
        other = f"urn:pulumi:staging::formerr-infra::digitalocean:index/vpc:Vpc::{name}"
        assert vpc(export(resource(other))).holding is Holding.NONE


def test_of_two_of_the_same_type_and_name_the_one_on_the_slots_own_urn_is_the_slots() -> None:
    by_hand = resource("urn:pulumi:staging::formerr-infra::digitalocean:index/vpc:Vpc::vpc", "by-hand")
    for both in ((by_hand, resource()), (resource(), by_hand)):
        ledger = read(export(*both))
        assert ledger.held["vpc"].id == "v-1"
        assert sorted(one.id for one in ledger.standing) == ["by-hand", "v-1"]


def test_what_is_marked_for_replacement_says_so_and_what_is_read_stands_nowhere() -> None:
    assert vpc(export(resource(taint=True))).tainted == VPC
    assert vpc(export(resource())).tainted is None
    assert read(export(resource(external=True))).standing == ()


def test_what_is_only_left_to_be_deleted_is_not_held() -> None:
    assert vpc(export(resource(identity="old", delete=True), resource(identity="new"))).id == "new"
    assert vpc(export(resource(delete=True))).holding is Holding.NONE


def test_one_that_was_deleted_for_a_replacement_that_never_came_is_held_and_says_so() -> None:
    held = vpc(export(resource(pendingReplacement=True)))
    assert (held.holding, held.id, held.replacing) == (Holding.MANAGED, "v-1", VPC)


def test_inputs_are_kept_for_what_must_not_be_lowered() -> None:
    assert read(export(resource(inputs={"name": "n"}))).inputs["vpc"] == {"name": "n"}
    assert "vpc" not in read(export()).inputs


# -- interrupted, and the journal ----------------------------------------------------------------------------


def test_a_pending_create_is_interrupted_since_the_checkpoint_was_written() -> None:
    ledger = read(export(pending=[creating()]))
    assert ledger.held["vpc"] == Held(Holding.INTERRUPTED, None, datetime(2026, 3, 1, 12, 0, 0, 123456, UTC))
    assert ledger.pending == (VPC,)


def test_the_journal_knows_better_when_the_interrupted_run_began() -> None:
    noting = {"began": "2026-03-01T11:00:00+00:00"}
    held = vpc(export(component(noting=noting), pending=[creating()]))
    assert held == Held(Holding.INTERRUPTED, None, datetime(2026, 3, 1, 11, tzinfo=UTC), noting)


def test_a_create_whose_answer_was_lost_leaves_only_the_journal() -> None:
    """The engine then keeps neither a resource nor a pending operation."""
    assert vpc(export(component(noting={"began": "2026-03-01T11:00:00Z"}))).holding is Holding.INTERRUPTED


def test_what_is_managed_beats_a_pending_operation_of_the_same_urn() -> None:
    ledger = read(export(resource(), pending=[creating()]))
    assert ledger.held["vpc"].holding is Holding.MANAGED
    assert ledger.pending == ()


def test_other_pending_operations_are_no_creates() -> None:
    for kind in ("updating", "deleting", "reading", "importing"):
        assert vpc(export(pending=[creating() | {"type": kind}])).holding is Holding.NONE


def test_what_a_refresh_dropped_is_remembered_with_its_id() -> None:
    noting = {"began": "2026-03-01T11:00:00Z"}
    held = vpc(export(component({"id": "v-1", "ownership": "managed"}, noting)))
    assert (held.holding, held.id) == (Holding.DROPPED, "v-1")


def test_what_was_adopted_and_dropped_is_adopted_still() -> None:
    held = vpc(export(component({"id": "v-1", "ownership": "adopted"})))
    assert (held.holding, held.id) == (Holding.ADOPTED, "v-1")


def test_what_a_run_was_told_to_leave_unmade_was_neither_there_nor_interrupted() -> None:
    """`pulumi refresh --run-program` and `--target`: otherwise what somebody makes in the next two hours is taken for ours."""
    noting = {"began": "2026-03-01T11:00:00Z", "instead_of": "v-0"}
    unmade = {"id": UNKNOWN, "ownership": "managed", "began": noting["began"]}
    assert vpc(export(component(unmade, noting))) == Held(journal=noting)
    later = noting | {"began": "2026-03-01T12:00:00Z"}
    assert vpc(export(component(unmade, later))).holding is Holding.INTERRUPTED
    assert vpc(export(component(unmade, noting), pending=[creating()])).holding is Holding.INTERRUPTED
    assert vpc(export(component({"id": UNKNOWN, "ownership": "managed"}, noting))).id is None


def test_a_run_killed_while_it_made_the_lost_one_again_is_interrupted_and_not_dropped() -> None:
    """The outputs are those of the run before: they name the one that the new one comes instead of."""
    noted = {"id": "v-1", "ownership": "managed"}
    noting = {"began": "2026-03-01T11:00:00Z", "instead_of": "v-1"}
    for pending in ([], [creating()]):
        held = vpc(export(component(noted, noting), pending=pending))
        assert (held.holding, held.id) == (Holding.INTERRUPTED, None)


def test_a_pending_operation_that_nobody_cleared_does_not_hide_what_was_lost_since() -> None:
    """Otherwise a production stack would make again, without a word, what somebody deleted."""
    noting = {"began": "2026-03-01T11:00:00Z"}
    held = vpc(export(component({"id": "v-1", "ownership": "managed"}, noting), pending=[creating()]))
    assert (held.holding, held.id) == (Holding.DROPPED, "v-1")


@pytest.mark.parametrize("outcome", Outcome)
def test_the_journal_says_before_a_create_what_it_comes_instead_of_and_is_carried_on_otherwise(
    outcome: Outcome,
) -> None:
    before = {"began": "2026-01-01T00:00:00Z", "instead_of": "v-0"}
    held = Held(Holding.DROPPED, "v-1", journal=before)
    noted = journal(Decision("vpc", outcome, "", "", held=held), "2026-03-01T00:00:00Z")
    if outcome in (Outcome.CREATE, Outcome.RECREATE):
        assert noted == {"began": "2026-03-01T00:00:00Z", "instead_of": "v-1"}
    else:
        assert noted == before


def test_the_journal_of_a_second_try_keeps_what_the_first_one_came_instead_of() -> None:
    held = Held(Holding.INTERRUPTED, None, journal={"began": "x", "instead_of": "v-0"})
    assert journal(Decision("vpc", Outcome.CREATE, "", "", held=held), "now") == {
        "began": "now",
        "instead_of": "v-0",
    }
    assert journal(Decision("vpc", Outcome.CREATE, "", ""), "now") == {"began": "now"}


def test_a_replacement_on_purpose_is_noted_like_a_create() -> None:
    decision = Decision("vpc", Outcome.KEEP, "3", "", replaces=True, held=Held(Holding.MANAGED, "v-1"))
    assert journal(decision, "now") == {"began": "now", "instead_of": "v-1"}


@given(st.lists(st.sampled_from(["finish", "kill early", "kill late", "lose"]), max_size=8))
def test_the_journal_never_takes_an_old_id_for_a_new_one(steps: list[str]) -> None:
    """Runs that finish, are killed before or after the create is applied, and losses in between, in any order."""
    state = export()
    made = 0
    alive: str | None = None
    orphan = False
    for step in steps:
        held = vpc(state)
        if step == "lose":
            # Gone in the cloud, and the refresh at the start of the next run takes it out of the state.
            alive = None
            rest = [one for one in state["deployment"]["resources"] if one["urn"] != VPC]
            state = export(*rest)
            continue
        if held.holding is Holding.MANAGED:
            assert held.id == alive
            continue
        if held.holding is Holding.DROPPED:
            assert alive is None
        note = journal(Decision("vpc", Outcome.CREATE, "", "", held=held), f"2026-03-01T11:00:{made:02}Z")
        noted = next(
            (
                one["outputs"]["held"].get("vpc")
                for one in state["deployment"]["resources"]
                if one["urn"] == NETWORK
            ),
            None,
        )
        if step == "finish":
            made += 1
            alive = f"v-{made}"
            orphan = False
            state = export(component({"id": alive, "ownership": "managed"}, note), resource(identity=alive))
        else:
            orphan = orphan or step == "kill late"
            state = export(component(noted, note), pending=[creating()])
            assert vpc(state).holding is Holding.INTERRUPTED


# -- objects on the cluster ----------------------------------------------------------------------------------

SECRET = "urn:pulumi:staging::formerr-infra::formerr:app:App$kubernetes:core/v1:Secret::secret/formerr/one"


def an_object(**more: Any) -> dict[str, Any]:
    return {"urn": SECRET, "custom": True, "id": "formerr/one", "type": "kubernetes:core/v1:Secret"} | more


def test_an_object_is_held_by_its_key_as_a_slot_is_by_its_own() -> None:
    def held(*resources: dict[str, Any], pending: list[dict[str, Any]] | None = None) -> dict[str, Held]:
        return dict(read(export(*resources, pending=pending)).objects)

    assert held(an_object(), resource()) == {"secret/formerr/one": Held(Holding.MANAGED, "formerr/one")}
    assert held(an_object(external=True))["secret/formerr/one"].holding is Holding.ADOPTED
    assert held(an_object(delete=True)) == {}
    assert held(pending=[creating(SECRET)])["secret/formerr/one"].holding is Holding.INTERRUPTED
    assert held(an_object(), pending=[creating(SECRET)])["secret/formerr/one"].holding is Holding.MANAGED
    assert held(resource()) == {}


def test_what_was_declared_of_an_object_is_kept_and_of_nothing_else() -> None:
    ledger = read(export(an_object(inputs={"type": "Opaque"}), resource(inputs={"name": "n"})))
    assert ledger.object_inputs == {"secret/formerr/one": {"type": "Opaque"}}


# -- times ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T12:00:00Z", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T12:00:00.5Z", datetime(2026, 3, 1, 12, 0, 0, 500000, UTC)),
        ("2026-03-01T12:00:00.999999999Z", datetime(2026, 3, 1, 12, 0, 0, 999999, UTC)),
        ("2026-03-01T14:30:00.123456789+02:30", datetime(2026, 3, 1, 12, 0, 0, 123456, UTC)),
        ("2026-03-01T04:00:00.1234-08:00", datetime(2026, 3, 1, 12, 0, 0, 123400, UTC)),
        ("2026-03-01T12:00:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
    ],
)
def test_times_are_read_to_the_microsecond_in_utc(text: str, moment: datetime) -> None:
    assert vpc(export(component(noting={"began": text}))).began == moment


def test_a_time_without_a_zone_is_utc_wherever_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        began = vpc(export(component(noting={"began": "2026-03-01T12:00:00"}))).began
    finally:
        monkeypatch.undo()
        time.tzset()
    assert began == datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["yesterday", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", 7, ["x"]]
)
def test_a_time_that_is_none_is_said_to_be_unreadable(text: object) -> None:
    with pytest.raises(LedgerUnreadable, match="state could not be read"):
        vpc(export(component(noting={"began": text})))


# -- anything else -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "exported",
    [
        {},
        {"version": 3},
        [],
        "text",
        None,
        {"deployment": []},
        {"deployment": {"resources": {}}},
        {"deployment": {"resources": [7]}},
        {"deployment": {"resources": [{}]}},
        export({"urn": "nonsense"}),
        export({"urn": VPC}),
        export(resource(identity="")),
        export(resource(inputs=[])),
        export(resource() | {"id": None}),
        export({"urn": NETWORK, "inputs": []}),
        export({"urn": NETWORK, "inputs": {"journal": "text"}}),
        export(component({"id": ["v"]})),
        export(pending=[{"type": "creating"}]),
        export(pending=[{"resource": {"urn": VPC}}]),
    ],
)
def test_any_other_form_is_unreadable_and_says_so(exported: Any) -> None:
    with pytest.raises(LedgerUnreadable, match="state could not be read"):
        read(exported)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
def test_an_export_with_anything_anywhere_is_read_or_unreadable_and_nothing_else(data: st.DataObject) -> None:
    full = export(
        component(
            {"id": "v-1", "ownership": "managed"}, {"began": "2026-03-01T11:00:00Z", "instead_of": "x"}
        ),
        resource(external=True, inputs={"name": "n"}),
        pending=[creating()],
    )
    broken = copy.deepcopy(full)
    places = list(_places(broken))
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(places))
        holder[key] = data.draw(json_values)
    try:
        ledger = read(broken)
    except LedgerUnreadable:
        return
    assert set(ledger.held) == {slot.key for slot in SLOTS}
    for held in ledger.held.values():
        assert (held.id is not None) == (held.holding in (Holding.MANAGED, Holding.ADOPTED, Holding.DROPPED))


def _places(value: Any) -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield value, key
        yield from _places(inner)


# -- the command ---------------------------------------------------------------------------------------------


def _fake_pulumi(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "pulumi"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_an_export_of_the_command_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "state.json").write_text(json.dumps(export(resource())), encoding="utf-8")
    _fake_pulumi(tmp_path, f"cat {tmp_path}/state.json", monkeypatch)
    assert Export("staging", tmp_path).ledger().held["vpc"].id == "v-1"


def test_a_stack_that_does_not_exist_holds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fake_pulumi(tmp_path, "echo \"error: no stack named 'staging' found\" >&2; exit 255", monkeypatch)
    ledger = Export("staging", tmp_path).ledger()
    assert ledger == EMPTY
    assert isinstance(ledger, Ledger)
    assert not ledger.exists


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'error: incorrect passphrase' >&2; exit 255", "incorrect passphrase"),
        ("echo not json", "not JSON"),
        ("printf '[%.0s' $(seq 1 20000)", "not JSON"),
        ("echo '[]'", "unknown form"),
    ],
)
def test_an_export_that_fails_is_never_an_empty_state(
    script: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fake_pulumi(tmp_path, script, monkeypatch)
    with pytest.raises(LedgerUnreadable, match=said):
        Export("staging", tmp_path).ledger()


def test_without_pulumi_the_message_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(LedgerUnreadable, match="no `pulumi` on the PATH"):
        Export("staging", tmp_path)


def test_an_export_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("formerr_infra.export.EXPORT_SECONDS", 0.1)
    _fake_pulumi(tmp_path, "exec sleep 60", monkeypatch)
    with pytest.raises(LedgerUnreadable, match="gave no answer"):
        Export("staging", tmp_path).ledger()
