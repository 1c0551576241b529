"""The kinds around the cluster: found by id and by name, gone and never unknown for it, and unknown whatever goes wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.inventory import DatabaseParts, Limits, Question, Rule, database_authority, look
from formerr_infra.inventory.facts import Unknown
from formerr_infra.inventory.kinds import KINDS
from formerr_infra.model import Found, Mark
from tests.inventory.liar import CLOUD, HASTY, TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.emulator.client import ControlClient
    from formerr_infra.inventory import Access, Inventory

    See = Callable[..., Inventory]

ZONE = "some.example"
CHECK = "6c3f2d0e-0000-4000-8000-000000000001"
SERVICES = tuple(kind for kind in KINDS if kind not in CLOUD)
#: What the emulator calls them, how one is put there, its name, and what it is a part of.
THERE: dict[str, tuple[str, dict[str, Any], str, str | None]] = {
    "database": ("databases", {"name": "data"}, "data", None),
    "volume": ("volumes", {"name": "pvc-1"}, "pvc-1", None),
    "domain": ("domains", {"name": ZONE}, ZONE, None),
    "record": ("domain_records", {"domain": ZONE, "name": "api", "data": "192.0.2.1"}, "api", ZONE),
    "certificate": ("certificates", {"name": "own"}, "own", None),
    "uptime_check": ("uptime_checks", {"name": "check", "id": CHECK}, "check", None),
    "uptime_alert": ("uptime_alerts", {"check_id": CHECK, "name": "down"}, "down", CHECK),
    "alert_policy": ("alert_policies", {"description": "CPU [pulumi:formerr-infra:staging]"}, "CPU", None),
}
FAULTS: dict[str, dict[str, Any]] = {
    "forbidden": {"status": 403},
    "server error": {"status": 500},
    "hang": {"hang": True},
    "dropped": {"drop": "before"},
    "half the JSON": {"body": "truncated"},
    "HTML as 404": {"body": "html", "status": 404},
}
SHORT = Limits(budget=3.0, connect=1.0, read=0.3, retries=0, pause=0.01)


@pytest.fixture
def there(control: ControlClient) -> Callable[[str], str]:
    """Put one of a kind there, and what it is a part of; gives its id."""

    def there(kind: str) -> str:
        collection, fields, _, within = THERE[kind]
        for around in ("domain", "uptime_check"):
            if within is not None and THERE[around][1].get("id", THERE[around][2]) == within:
                control.put(THERE[around][0], token=TOKEN, **THERE[around][1])
        made = control.put(collection, token=TOKEN, **fields)
        return str(made[KINDS[kind].id_key])

    return there


def named(kind: str) -> Question:
    """The question for everything of the name."""
    *_, name, within = THERE[kind]
    return Question("slot", kind, (), name, within)


def by_id(kind: str, identity: str) -> Question:
    """The question for one."""
    return Question("slot", kind, (identity,), None, THERE[kind][3])


@pytest.mark.parametrize("kind", SERVICES)
def test_one_is_found_by_name_and_by_id_with_the_same_facts(
    kind: str, there: Callable[[str], str], see: See
) -> None:
    identity = there(kind)
    (listed,) = see(named(kind)).sightings["slot"].named or ()
    got = see(by_id(kind, identity)).sightings["slot"].by_id[identity]
    assert isinstance(got, Found)
    assert (got, got.id, got.name) == (listed, identity, THERE[kind][2])


@pytest.mark.parametrize("kind", SERVICES)
def test_one_that_is_not_there_is_gone_and_not_unknown(kind: str, see: See) -> None:
    """Nor is what it would be a part of."""
    identity = "6c3f2d0e-0000-4000-8000-00000000dead" if kind != "record" else "12"
    assert see(by_id(kind, identity)).sightings["slot"].by_id == {identity: None}
    sighting = see(named(kind)).sightings["slot"]
    assert (sighting.named, sighting.unknown) == ((), ())


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", SERVICES)
def test_whatever_goes_wrong_is_unknown_and_never_absent(
    kind: str, fault: str, control: ControlClient, there: Callable[[str], str], see: See
) -> None:
    identity = there(kind)
    control.fault("GET", f"^{re.escape(KINDS[kind].at(THERE[kind][3]))}", **FAULTS[fault])
    for question in (named(kind), by_id(kind, identity)):
        sighting = see(question, limits=SHORT).sightings["slot"]
        assert sighting.unknown, question
        assert sighting.named is None
        assert sighting.by_id == {}


def test_a_certificate_is_found_by_its_uuid_too_and_known_by_its_name(
    control: ControlClient, see: See
) -> None:
    """Its UUID changes on each renewal."""
    uuid = control.put("certificates", token=TOKEN, name="own")["id"]
    found = see(Question("slot", "certificate", (uuid,))).sightings["slot"].by_id[uuid]
    assert found is not None
    assert found.id == "own"


def test_records_beside_an_address_are_no_addresses(control: ControlClient, see: See) -> None:
    """At the apex there are NS records at least, which have the same name."""
    control.put("domains", token=TOKEN, name=ZONE, ip_address="192.0.2.7")
    control.put("domain_records", token=TOKEN, domain=ZONE, type="TXT", name="@", data="words")
    sighting = see(Question("slot", "record", (), "@", ZONE)).sightings["slot"]
    assert [found.facts["value"] for found in sighting.named or ()] == ["192.0.2.7"]


@pytest.mark.parametrize(
    ("collection", "kind", "name", "fields"),
    [
        ("certificates", "certificate", "formerr-staging-tls", {"type": "lets_encrypt"}),
        ("uptime_checks", "uptime_check", "formerr-staging-uptime", {}),
    ],
)
def test_the_stacks_own_name_is_a_mark_where_there_is_room_for_no_other(
    control: ControlClient, see: See, collection: str, kind: str, name: str, fields: dict[str, Any]
) -> None:
    for each in (name, "other"):
        control.put(collection, token=TOKEN, name=each, **fields)
    marks = {}
    for each in (name, "other"):
        (found,) = see(Question("slot", kind, (), each)).sightings["slot"].named or ()
        marks[each] = found.mark
    assert marks == {name: Mark.OURS, "other": Mark.UNMARKABLE}


def test_a_custom_certificate_of_the_stacks_name_is_not_taken_for_its_own(
    control: ControlClient, see: See
) -> None:
    control.put("certificates", token=TOKEN, name="formerr-staging-tls", type="custom")
    (found,) = see(Question("slot", "certificate", (), "formerr-staging-tls")).sightings["slot"].named or ()
    assert found.mark is Mark.UNMARKABLE


def test_a_database_is_asked_for_its_sources_and_its_authority(
    control: ControlClient, access: Access
) -> None:
    rules = [{"type": "ip_addr", "value": "192.0.2.1"}, {"type": "tag", "value": "web"}]
    identity = control.put("databases", token=TOKEN, name="data", rules=rules)["id"]
    seen = look(access, [], stack="staging", with_account=False, databases=[identity], limits=HASTY)
    parts = seen.databases[identity]
    assert parts.rules == (Rule("ip_addr", "192.0.2.1"), Rule("tag", "web"))
    assert isinstance(parts.authority, str)
    assert parts.authority.startswith("-----BEGIN CERTIFICATE-----")
    assert database_authority(access, identity) == parts.authority
    assert seen.calls == 2


@pytest.mark.parametrize("fault", FAULTS)
def test_sources_that_cannot_be_read_are_unknown_and_not_none(
    control: ControlClient, access: Access, fault: str
) -> None:
    identity = control.put("databases", token=TOKEN, name="data")["id"]
    control.fault("GET", f"^/v2/databases/{identity}/", **FAULTS[fault])
    seen = look(access, [], stack="staging", with_account=False, databases=[identity], limits=SHORT)
    parts = seen.databases[identity]
    assert isinstance(parts, DatabaseParts)
    assert isinstance(parts.rules, Unknown)
    assert isinstance(parts.authority, Unknown)


@pytest.mark.parametrize("identity", ["..", ".", "../vpcs", "a/b", "a?b", ""])
def test_what_could_lead_elsewhere_is_never_asked_for(identity: str, see: See) -> None:
    inventory = see(Question("one", "domain", (identity,)), Question("other", "record", (), "@", identity))
    assert inventory.calls == 0
    assert all(sighting.unknown for sighting in inventory.sightings.values())
