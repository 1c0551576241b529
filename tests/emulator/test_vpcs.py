"""VPCs: names, ranges, defaults, members."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest

from tests.emulator import things

if TYPE_CHECKING:
    import httpx

    from formerr_infra.emulator.client import ControlClient


def refused(response: httpx.Response, status: int, about: str) -> None:
    assert response.status_code == status, response.text
    assert about in response.json()["message"]


def test_a_name_is_unique(api: httpx.Client) -> None:
    things.made(api.post("/v2/vpcs", json=things.vpc()))
    refused(api.post("/v2/vpcs", json=things.vpc()), 422, "unique")
    other = things.made(api.post("/v2/vpcs", json=things.vpc("other")))
    refused(api.put(f"/v2/vpcs/{other['id']}", json={"name": "v"}), 422, "unique")


@pytest.mark.parametrize("second", ["10.10.0.0/16", "10.10.4.0/24", "10.10.255.240/28"])
def test_ranges_do_not_overlap_whatever_the_region(api: httpx.Client, second: str) -> None:
    things.made(api.post("/v2/vpcs", json=things.vpc(ip_range="10.10.0.0/16")))
    body = {**things.vpc("w", ip_range=second), "region": "fra1"}
    refused(api.post("/v2/vpcs", json=body), 422, "overlaps")


@pytest.mark.parametrize(
    "ip_range", ["8.8.8.0/24", "10.10.0.1/16", "10.0.0.0/8", "10.10.0.0/29", "10.244.0.0/20", "nonsense"]
)
def test_a_range_the_service_would_not_take_is_refused(api: httpx.Client, ip_range: str) -> None:
    refused(api.post("/v2/vpcs", json=things.vpc(ip_range=ip_range)), 422, "ip_range")


def test_ranges_given_by_the_service_are_free(api: httpx.Client) -> None:
    made = [things.made(api.post("/v2/vpcs", json=things.vpc(f"v{n}"))) for n in range(5)]
    networks = [ip_network(v["ip_range"]) for v in api.get("/v2/vpcs").json()["vpcs"]]
    assert len({v["ip_range"] for v in made}) == 5
    assert not any(a.overlaps(b) for i, a in enumerate(networks) for b in networks[i + 1 :])


def test_the_first_vpc_of_a_region_without_a_default_becomes_it_and_stays(
    api: httpx.Client, control: ControlClient
) -> None:
    control.reset(default_vpcs=False)
    first = things.made(api.post("/v2/vpcs", json=things.vpc()))
    second = things.made(api.post("/v2/vpcs", json=things.vpc("w")))
    assert (first["default"], second["default"]) == (True, False)
    refused(api.delete(f"/v2/vpcs/{first['id']}"), 403, "default")
    things.made(api.patch(f"/v2/vpcs/{second['id']}", json={"default": True}))
    assert api.delete(f"/v2/vpcs/{first['id']}").status_code == 204


def test_a_vpc_with_members_stays_until_they_are_gone(api: httpx.Client) -> None:
    vpc = things.made(api.post("/v2/vpcs", json=things.vpc()))
    cluster = things.made(api.post("/v2/kubernetes/clusters", json=things.cluster(vpc_uuid=vpc["id"])))
    balancer = things.made(api.post("/v2/load_balancers", json=things.balancer(vpc_uuid=vpc["id"])))
    urns = {m["urn"] for m in api.get(f"/v2/vpcs/{vpc['id']}/members").json()["members"]}
    assert {f"do:kubernetes:{cluster['id']}", f"do:loadbalancer:{balancer['id']}"} <= urns
    refused(api.delete(f"/v2/vpcs/{vpc['id']}"), 409, "members")
    assert api.delete(f"/v2/kubernetes/clusters/{cluster['id']}").status_code == 204
    refused(api.delete(f"/v2/vpcs/{vpc['id']}"), 409, "members")
    assert api.delete(f"/v2/load_balancers/{balancer['id']}").status_code == 204
    assert api.delete(f"/v2/vpcs/{vpc['id']}").status_code == 204


def test_a_deleted_cluster_is_gone_at_once_but_lingers_in_its_vpc(
    api: httpx.Client, control: ControlClient
) -> None:
    control.transitions(membership_seconds=60)
    vpc = things.made(api.post("/v2/vpcs", json=things.vpc()))
    cluster = things.made(api.post("/v2/kubernetes/clusters", json=things.cluster(vpc_uuid=vpc["id"])))
    assert api.delete(f"/v2/kubernetes/clusters/{cluster['id']}").status_code == 204
    assert api.get(f"/v2/kubernetes/clusters/{cluster['id']}").status_code == 404
    assert api.get("/v2/kubernetes/clusters").json()["kubernetes_clusters"] == []
    refused(api.delete(f"/v2/vpcs/{vpc['id']}"), 409, "members")
    assert control.requests(writes=True)[-1].applied is False
    control.advance(61)
    assert api.delete(f"/v2/vpcs/{vpc['id']}").status_code == 204


def test_a_resource_goes_to_the_default_vpc_of_its_region_and_to_no_other_region(
    api: httpx.Client, control: ControlClient
) -> None:
    defaults = {v["region"]: v["id"] for v in control.list("vpcs")}
    assert things.made(api.post("/v2/load_balancers", json=things.balancer()))["vpc_uuid"] == defaults["nyc3"]
    elsewhere = things.balancer("other", vpc_uuid=defaults["fra1"])
    refused(api.post("/v2/load_balancers", json=elsewhere), 422, "region")
    refused(api.post("/v2/load_balancers", json=things.balancer(vpc_uuid="none")), 422, "not found")
