"""Every resource of a state, as it is held: what decides whether it may be deleted is read as the engine wrote it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formerr_infra import holdings
from formerr_infra.errors import LedgerUnreadable
from formerr_infra.holdings import DATABASE, MEMBERS, NODE_POOL, TRUSTED_SOURCES, Pending, Resource
from formerr_infra.slots import SLOTS

VPC = "digitalocean:index/vpc:Vpc"
RECORD = "digitalocean:index/dnsRecord:DnsRecord"
FLAGS = {"external": "external", "protect": "protect", "retainOnDelete": "retain", "delete": "doomed"}


def entry(kind: str = VPC, name: str = "vpc", **more: Any) -> dict[str, Any]:
    urn = f"urn:pulumi:staging::formerr-infra::formerr:network:Network${kind}::{name}"
    return {"urn": urn, "type": kind, "custom": True, "id": f"id-of-{name}", **more}


def held(*entries: dict[str, Any], pending: list[dict[str, Any]] | None = None) -> holdings.State:
    return holdings.read({"deployment": {"resources": list(entries), "pending_operations": pending}})


@given(st.dictionaries(st.sampled_from(sorted(FLAGS)), st.sampled_from([True, False, None])))
def test_each_flag_of_a_resource_is_read_and_none_is_taken_for_another(flags: dict[str, bool | None]) -> None:
    (one,) = held(entry(inputs={"a": 1}, outputs={"b": 2}) | flags).resources
    assert {name: getattr(one, field) for name, field in FLAGS.items()} == {
        name: bool(flags.get(name)) for name in FLAGS
    }
    assert (one.type, one.name, one.id) == (VPC, "vpc", "id-of-vpc")
    assert (dict(one.inputs), dict(one.outputs)) == ({"a": 1}, {"b": 2})


def test_components_and_providers_are_no_resources_and_everything_else_is() -> None:
    component = entry("formerr:network:Network", "network") | {"custom": False}
    provider = entry("pulumi:providers:digitalocean", "default")
    state = held(component, provider, entry(), entry(MEMBERS, "members"))
    assert [one.name for one in state.resources] == ["vpc", "members"]
    assert state.ids == {"id-of-vpc", "id-of-members"}


@pytest.mark.parametrize("identity", [None, "", 7, ["x"]])
def test_a_resource_without_an_id_makes_the_whole_state_unreadable(identity: object) -> None:
    with pytest.raises(LedgerUnreadable, match="has no id"):
        held(entry() | {"id": identity})


def test_every_operation_that_was_begun_is_read() -> None:
    noted = [
        {"resource": {"urn": f"urn:{kind}"}, "type": kind} for kind in ("creating", "importing", "deleting")
    ]
    assert held(pending=noted).pending == tuple(
        Pending(f"urn:{kind}", kind) for kind in ("creating", "importing", "deleting")
    )


@pytest.mark.parametrize("slot", SLOTS, ids=lambda slot: slot.key)
def test_each_slots_resource_can_be_looked_at_by_its_id_but_those_that_are_a_part_of_another(
    slot: Any,
) -> None:
    one = Resource("urn", slot.engine_type, slot.name, "id")
    assert one.kind == (None if slot.engine_type in (NODE_POOL, TRUSTED_SOURCES) else slot.kind)


def test_what_a_thing_is_a_part_of_is_known_from_its_inputs_or_its_outputs_and_never_from_a_secret() -> None:
    assert Resource("u", RECORD, "r", "1", inputs={"domain": "a"}, outputs={"domain": "b"}).within == "a"
    assert Resource("u", RECORD, "r", "1", outputs={"domain": "b"}).within == "b"
    assert Resource("u", RECORD, "r", "1", inputs={"domain": {"secret": 1}}).within is None
    assert Resource("u", VPC, "v", "1", inputs={"domain": "a"}).within is None


def test_a_state_is_told_by_slot_and_one_that_was_replaced_after_the_one_that_replaced_it() -> None:
    state = held(entry(delete=True) | {"id": "old"}, entry(DATABASE, "database"), entry())
    order = [slot.engine_type for slot in SLOTS]
    told = [(one.type, one.doomed) for one in state.in_order]
    assert told == sorted(told, key=lambda one: (order.index(one[0]), one[1]))
    assert [one.id for one in state.of(VPC)] == ["old", "id-of-vpc"]


def test_a_secret_is_known_by_the_engines_own_envelope_alone() -> None:
    assert holdings.is_secret({holdings.SIGNATURE: holdings.SECRET, "ciphertext": "x"})
    for other in ({holdings.SIGNATURE: "another"}, {"ciphertext": "x"}, {}, "text", None, [holdings.SECRET]):
        assert not holdings.is_secret(other)
