"""What is there is found, wherever it stands, with as few calls as it takes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from formerr_infra.inventory import Access, Inventory, Limits, Question
from formerr_infra.inventory.facts import AccountFacts, Unknown
from formerr_infra.model import Mark
from tests.inventory.liar import CLOUD, NAME, TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.emulator.client import ControlClient

    See = Callable[..., Inventory]
    Put = Callable[..., str]

ALL = CLOUD


@pytest.mark.parametrize("kind", ALL)
def test_a_resource_is_found_by_name_and_by_id_with_the_same_facts(kind: str, put: Put, see: See) -> None:
    put(kind, "another")
    identity = put(kind)
    by_name = see(Question("slot", kind, (), NAME)).sightings["slot"]
    by_id = see(Question("slot", kind, (identity,))).sightings["slot"]
    assert by_name.unknown == by_id.unknown == ()
    assert by_name.named is not None
    assert [found.id for found in by_name.named] == [identity]
    assert by_id.by_id[identity] == by_name.named[0]
    assert by_id.named is None


@pytest.mark.parametrize("kind", ALL)
def test_what_is_gone_is_none_and_not_unknown(kind: str, control: ControlClient, put: Put, see: See) -> None:
    identity = put(kind)
    control.remove(
        {"vpc": "vpcs", "cluster": "kubernetes_clusters"}.get(kind, f"{kind}s".replace("ys", "ies")),
        identity,
        token=TOKEN,
    )
    sighting = see(Question("slot", kind, (identity,), NAME)).sightings["slot"]
    assert sighting.by_id == {identity: None}
    assert sighting.named == ()
    assert sighting.unknown == ()


def test_names_are_compared_exactly_and_doubles_are_all_named(put: Put, see: See) -> None:
    first, second = put("load_balancer"), put("load_balancer")
    put("load_balancer", NAME + "-2")
    put("load_balancer", NAME.upper())
    sighting = see(Question("slot", "load_balancer", (), NAME)).sightings["slot"]
    assert sighting.named is not None
    assert {found.id for found in sighting.named} == {first, second}


def test_marks_say_whose_it_is(put: Put, see: See) -> None:
    put("vpc", description="for formerr [pulumi:formerr-infra:staging]", ip_range="10.77.0.0/20")
    put("cluster", tags=["pulumi:formerr-infra:production"])
    put("registry")
    put("load_balancer")
    put("project")
    seen = see(*(Question(kind, kind, (), NAME) for kind in ALL)).sightings
    marks = {}
    for kind, sighting in seen.items():
        assert sighting.named is not None
        (found,) = sighting.named
        marks[kind] = (found.mark, found.owner)
    assert marks == {
        "vpc": (Mark.OURS, "formerr-infra/staging"),
        "cluster": (Mark.OTHER, "formerr-infra/production"),
        "registry": (Mark.UNMARKABLE, None),
        "load_balancer": (Mark.UNMARKABLE, None),
        "project": (Mark.UNMARKED, None),
    }


def test_facts_are_what_the_program_compares(put: Put, see: See) -> None:
    vpc = put("vpc", ip_range="10.77.0.0/20")
    put("cluster", vpc_uuid=vpc)
    put("load_balancer", vpc_uuid=vpc)
    put("registry")
    seen = see(*(Question(kind, kind, (), NAME) for kind in ALL)).sightings
    facts = {}
    for kind, sighting in seen.items():
        for found in sighting.named or ():
            facts[kind] = dict(found.facts)
            assert found.created_at is not None
            assert found.created_at.tzinfo is UTC
            assert abs((datetime.now(UTC) - found.created_at).total_seconds()) < 600
            assert found.details["name"] == NAME
    version = facts["cluster"].pop("version")
    assert isinstance(version, str)
    assert facts["load_balancer"].pop("ip")
    assert facts == {
        "vpc": {"region": "nyc3", "ip_range": "10.77.0.0/20", "default": False},
        "cluster": {"region": "nyc3", "vpc_id": vpc, "status": "running"},
        "registry": {"region": "nyc3"},
        "load_balancer": {"region": "nyc3", "vpc_id": vpc, "status": "active"},
    }


def test_the_201st_cluster_is_found(control: ControlClient, put: Put, see: See) -> None:
    control.seed("kubernetes_clusters", 200, token=TOKEN, name="other-{n}", region="nyc3")
    identity = put("cluster")
    inventory = see(Question("slot", "cluster", (), NAME), limits=Limits())
    assert inventory.sightings["slot"].named is not None
    assert [found.id for found in inventory.sightings["slot"].named] == [identity]
    assert inventory.calls == 2


def test_one_of_ten_thousand_vpcs_is_found_and_every_page_is_read_once(
    control: ControlClient, put: Put, see: See
) -> None:
    control.seed("vpcs", 5000, token=TOKEN, name="other-{n}", region="nyc3")
    identity = put("vpc")
    control.seed("vpcs", 5000, token=TOKEN, name="further-{n}", region="nyc3")
    total = len(control.list("vpcs", token=TOKEN))
    control.mark()
    inventory = see(Question("slot", "vpc", (), NAME), limits=Limits())
    assert inventory.sightings["slot"].named is not None
    assert [found.id for found in inventory.sightings["slot"].named] == [identity]
    pages = [record.query["page"] for record in control.requests(since_mark=True)]
    assert sorted(map(int, pages)) == list(range(1, -(-total // 200) + 1))
    assert {record.query["per_page"] for record in control.requests(since_mark=True)} == {"200"}


def test_with_ids_nothing_is_listed_whatever_the_account_holds(
    control: ControlClient, put: Put, see: See
) -> None:
    ids = {kind: put(kind) for kind in ALL}
    control.seed("vpcs", 1000, token=TOKEN, name="other-{n}", region="nyc3")
    control.mark()
    inventory = see(*(Question(kind, kind, (identity,)) for kind, identity in ids.items()))
    assert inventory.calls == len(ALL)
    assert all(inventory.sightings[kind].by_id[identity] is not None for kind, identity in ids.items())
    assert all(record.path.endswith(tuple(ids.values())) for record in control.requests(since_mark=True))


def test_a_look_at_an_empty_account_with_all_its_facts_takes_eight_calls(
    control: ControlClient, access: Access, see: See
) -> None:
    slots = ("vpc", "cluster", "registry", "load_balancer")
    inventory = see(*(Question(kind, kind, (), NAME) for kind in slots), with_account=True)
    assert inventory.calls == len(control.requests()) == 8
    assert all(sighting.named == () for sighting in inventory.sightings.values())
    account = inventory.account
    assert account is not None
    assert not [name for name in AccountFacts.__slots__ if isinstance(getattr(account, name), Unknown)]
    assert account.droplet_limit == 25
    assert account.registry_tier is None
    assert account.registries == ()


def test_the_account_is_described_as_it_is(control: ControlClient, put: Put, see: See) -> None:
    vpc = put("vpc", ip_range="10.77.0.0/20")
    put("registry", "one")
    put("cluster")
    control.account(token=TOKEN, droplet_limit=7, status="warning")
    account = see(with_account=True).account
    assert account is not None
    assert account.droplet_limit == 7
    assert account.status == "warning"
    assert account.droplets == len(control.list("droplets", token=TOKEN))
    assert account.registries == ("one",)
    assert not isinstance(account.vpcs, Unknown)
    assert (vpc, "10.77.0.0/20", False) in {(one.id, one.ip_range, one.default) for one in account.vpcs}
    assert not isinstance(account.kubernetes, Unknown)
    assert account.kubernetes.regions is not None
    assert "nyc3" in account.kubernetes.regions


def test_an_account_with_the_older_registry_endpoint_only_is_read_through_it(
    control: ControlClient, put: Put, see: See
) -> None:
    identity = put("registry")
    control.fault("GET", "^/v2/registries", status=404)
    inventory = see(Question("slot", "registry", (identity,), NAME), with_account=True)
    sighting = inventory.sightings["slot"]
    assert sighting.unknown == ()
    assert sighting.by_id[identity] is not None
    assert sighting.named is not None
    assert [found.id for found in sighting.named] == [identity]


def test_an_unknown_kind_is_a_mistake_of_the_caller(see: See) -> None:
    with pytest.raises(KeyError):
        see(Question("slot", "reserved_ip", ("x",)))
