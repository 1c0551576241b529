"""Registries, load balancers, projects, certificates, domains, databases, firewalls: the rules of each."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from formerr_infra.emulator.authority import CA_PEM
from tests.emulator import things
from tests.emulator.conftest import bearer
from tests.emulator.test_vpcs import refused

if TYPE_CHECKING:
    import httpx

    from formerr_infra.emulator.client import ControlClient


def registry(name: str, tier: str = "basic") -> things.Json:
    return {"name": name, "subscription_tier_slug": tier, "region": "nyc3"}


@pytest.mark.parametrize("path", ["/v2/registry", "/v2/registries"])
def test_a_registry_name_is_taken_for_all_accounts(
    api: httpx.Client, control: ControlClient, path: str
) -> None:
    control.account(token="second", name="second")
    control.put("registry", token="second", name="wanted")
    refused(api.post(path, json=registry("wanted")), 409, "already exists")
    check = api.post("/v2/registries/validate-name", json={"name": "wanted"})
    assert check.status_code == 409
    control.remove("registry", "wanted", token="second")
    assert api.post(path, json=registry("wanted")).status_code == 201


def test_an_account_has_one_registry_below_the_professional_tier(api: httpx.Client) -> None:
    assert api.get("/v2/registry").status_code == 404
    assert api.get("/v2/registries/subscription").status_code == 404
    things.made(api.post("/v2/registry", json=registry("one")))
    assert api.get("/v2/registries/subscription").json()["subscription"]["tier"]["slug"] == "basic"
    refused(api.post("/v2/registries", json=registry("two")), 422, "already has a registry")
    things.made(api.post("/v2/registries", json=registry("two", "professional")))
    assert [r["name"] for r in api.get("/v2/registries").json()["registries"]] == ["one", "two"]
    refused(api.get("/v2/registry"), 412, "multiple registries")
    refused(api.delete("/v2/registry"), 412, "multiple registries")
    down = api.post("/v2/registries/subscription", json={"tier_slug": "basic"})
    refused(down, 412, "OverRegistryLimit")
    assert api.delete("/v2/registries/two").status_code == 204
    assert api.get("/v2/registry").json()["registry"]["name"] == "one"


def test_a_tier_that_does_not_hold_the_repositories_is_refused(
    api: httpx.Client, control: ControlClient
) -> None:
    things.made(api.post("/v2/registry", json=registry("reg")))
    for name in ("a", "b"):
        control.put("repositories", registry_name="reg", name=name)
    down = api.post("/v2/registry/subscription", json={"tier_slug": "starter"})
    refused(down, 412, "OverRepositoryLimit")
    options = api.get("/v2/registry/options").json()["options"]["subscription_tiers"]
    assert {tier["slug"]: tier["eligible"] for tier in options}["starter"] is False


def test_docker_credentials_are_never_the_api_token(api: httpx.Client) -> None:
    things.made(api.post("/v2/registry", json=registry("reg")))
    found = api.get("/v2/registries/reg/docker-credentials", params={"read_write": "true"}).json()
    user, _, password = (
        base64.b64decode(found["auths"]["registry.digitalocean.com"]["auth"]).decode().partition(":")
    )
    assert user == password != "local-token"


def test_load_balancer_names_are_not_unique(api: httpx.Client) -> None:
    first, second = (things.made(api.post("/v2/load_balancers", json=things.balancer())) for _ in range(2))
    assert first["id"] != second["id"]
    assert first["ip"] != second["ip"]


def test_a_load_balancer_has_its_address_only_when_it_is_active(
    api: httpx.Client, control: ControlClient
) -> None:
    control.transitions(load_balancer_seconds=60)
    made = things.made(api.post("/v2/load_balancers", json=things.balancer()))
    assert (made["status"], made["ip"]) == ("new", "")
    control.advance(61)
    shown = things.made(api.get(f"/v2/load_balancers/{made['id']}"))
    assert shown["status"] == "active"
    assert shown["ip"].count(".") == 3


def test_a_load_balancer_with_a_tag_targets_nodes_that_come_later(api: httpx.Client) -> None:
    cluster = things.made(api.post("/v2/kubernetes/clusters", json=things.cluster()))
    body = things.balancer(tag=f"k8s:{cluster['id']}")
    made = things.made(api.post("/v2/load_balancers", json=body))
    assert len(made["droplet_ids"]) == 1
    pool = f"/v2/kubernetes/clusters/{cluster['id']}/node_pools/{cluster['node_pools'][0]['id']}"
    scaled = things.made(api.put(pool, json={"name": "work", "count": 3}))
    shown = things.made(api.get(f"/v2/load_balancers/{made['id']}"))
    assert [str(key) for key in shown["droplet_ids"]] == [node["droplet_id"] for node in scaled["nodes"]]


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ({"forwarding_rules": []}, "forwarding_rules"),
        ({"forwarding_rules": [{**things.RULE, "entry_protocol": "https"}]}, "certificate"),
        ({"forwarding_rules": [{**things.RULE, "certificate_id": "none"}]}, "certificate"),
        ({"region": "mars1"}, "region"),
        ({"droplet_ids": [1]}, "droplet"),
        ({"tag": "a", "droplet_ids": [1]}, "both"),
    ],
)
def test_a_load_balancer_that_cannot_work_is_refused(
    api: httpx.Client, change: things.Json, about: str
) -> None:
    refused(api.post("/v2/load_balancers", json={**things.balancer(), **change}), 422, about)


def test_a_certificate_in_use_stays(api: httpx.Client, control: ControlClient) -> None:
    body = {"name": "own", "type": "custom", "private_key": "k", "leaf_certificate": CA_PEM}
    made = things.made(api.post("/v2/certificates", json=body))
    assert not {"private_key", "leaf_certificate"} & set(made)
    rule = {**things.RULE, "entry_protocol": "https", "certificate_id": made["id"]}
    lb = things.made(api.post("/v2/load_balancers", json=things.balancer(forwarding_rules=[rule])))
    refused(api.delete(f"/v2/certificates/{made['id']}"), 403, "in use")
    assert api.delete(f"/v2/load_balancers/{lb['id']}").status_code == 204
    assert api.delete(f"/v2/certificates/{made['id']}").status_code == 204


def test_lets_encrypt_asks_for_a_domain_of_the_account_and_takes_its_time(
    api: httpx.Client, control: ControlClient
) -> None:
    control.transitions(certificate_seconds=60)
    body = {"name": "le", "type": "lets_encrypt", "dns_names": ["www.some.example"]}
    refused(api.post("/v2/certificates", json=body), 422, "not managed")
    things.made(api.post("/v2/domains", json={"name": "some.example"}))
    made = things.made(api.post("/v2/certificates", json=body))
    assert made["state"] == "pending"
    control.advance(61)
    assert things.made(api.get(f"/v2/certificates/{made['id']}"))["state"] == "verified"


def test_a_project_with_resources_and_the_default_one_stay(api: httpx.Client) -> None:
    body = {"name": "p", "purpose": "x"}
    made = things.made(api.post("/v2/projects", json=body))
    refused(api.post("/v2/projects", json=body), 409, "in use")
    lb = things.made(api.post("/v2/load_balancers", json=things.balancer(project_id=made["id"])))
    assert lb["project_id"] == made["id"]
    refused(api.delete(f"/v2/projects/{made['id']}"), 412, "resources")
    default = things.made(api.get("/v2/projects/default"))
    refused(api.delete(f"/v2/projects/{default['id']}"), 412, "default")
    urns = {"resources": [f"do:loadbalancer:{lb['id']}"]}
    assert api.post("/v2/projects/default/resources", json=urns).status_code == 200
    assert things.made(api.get(f"/v2/load_balancers/{lb['id']}"))["project_id"] == default["id"]
    assert api.delete(f"/v2/projects/{made['id']}").status_code == 204


def test_a_resource_is_in_one_project_and_leaves_it_when_it_is_deleted(api: httpx.Client) -> None:
    cluster = things.made(api.post("/v2/kubernetes/clusters", json=things.cluster()))
    urn = f"do:kubernetes:{cluster['id']}"
    default = api.get("/v2/projects/default/resources").json()["resources"]
    assert urn in [entry["urn"] for entry in default]
    api.delete(f"/v2/kubernetes/clusters/{cluster['id']}")
    assert api.get("/v2/projects/default/resources").json()["resources"] == []
    assign = {"resources": [urn]}
    answer = api.post("/v2/projects/default/resources", json=assign).json()
    assert [entry["status"] for entry in answer["resources"]] == ["not_found"]
    assert api.get("/v2/projects/default/resources").json()["resources"] == []


def test_a_domain_belongs_to_one_account(api: httpx.Client, control: ControlClient) -> None:
    control.account(token="second", name="second")
    things.made(api.post("/v2/domains", json={"name": "some.example"}, headers=bearer("second")))
    refused(api.post("/v2/domains", json={"name": "some.example"}), 422, "already exists")


def test_host_names_end_with_a_dot_in_requests_only(api: httpx.Client) -> None:
    things.made(api.post("/v2/domains", json={"name": "some.example"}))
    records = "/v2/domains/some.example/records"
    body = {"type": "CNAME", "name": "www", "data": "some.example"}
    refused(api.post(records, json=body), 422, "dot")
    made = things.made(api.post(records, json={**body, "data": "some.example."}))
    assert made["data"] == "some.example"
    refused(api.post(records, json={"type": "A", "name": "www", "data": "192.0.2.1"}), 422, "CNAME")


def test_a_database_comes_up_and_is_found_by_its_tag(api: httpx.Client, control: ControlClient) -> None:
    control.transitions(database_seconds=60)
    made = things.made(api.post("/v2/databases", json=things.database(tags=["pulumi:formerr-infra:staging"])))
    assert made["status"] == "creating"
    control.advance(61)
    assert things.made(api.get(f"/v2/databases/{made['id']}"))["status"] == "online"
    for tag, found in (("pulumi:formerr-infra:staging", 1), ("other", 0)):
        assert len(api.get("/v2/databases", params={"tag_name": tag}).json()["databases"]) == found
    refused(api.post("/v2/databases", json=things.database()), 422, "not available")


def test_a_database_firewall_is_the_whole_list(api: httpx.Client) -> None:
    made = things.made(api.post("/v2/databases", json=things.database()))
    one = f"/v2/databases/{made['id']}/firewall"
    rules = [{"type": "ip_addr", "value": "192.0.2.1"}, {"type": "tag", "value": "web"}]
    assert api.put(one, json={"rules": rules}).status_code == 204
    first = api.get(one).json()["rules"]
    assert api.put(one, json={"rules": rules[:1]}).status_code == 204
    assert api.get(one).json()["rules"] == first[:1]
    unknown = {"rules": [{"type": "k8s", "value": "c2a1b6b8-0000-4000-8000-000000000000"}]}
    refused(api.put(one, json=unknown), 422, "not found")


def test_the_primary_database_user_stays(api: httpx.Client) -> None:
    made = things.made(api.post("/v2/databases", json=things.database()))
    users = f"/v2/databases/{made['id']}/users"
    assert api.delete(f"{users}/doadmin").status_code == 403
    first = things.made(api.post(users, json={"name": "app"}))
    refused(api.post(users, json={"name": "app"}), 422, "not available")
    reset = things.made(api.post(f"{users}/app/reset_auth", json={}))
    assert reset["password"] != first["password"]


def test_a_firewall_name_is_unique_and_all_ports_are_answered_as_zero(api: httpx.Client) -> None:
    rule = {"protocol": "tcp", "ports": "all", "sources": {"addresses": ["0.0.0.0/0"]}}
    body = {"name": "fw", "inbound_rules": [rule]}
    made = things.made(api.post("/v2/firewalls", json=body))
    assert made["inbound_rules"][0]["ports"] == "0"
    refused(api.post("/v2/firewalls", json=body), 409, "duplicate")
    refused(api.post("/v2/firewalls", json={"name": "empty"}), 422, "rule")
