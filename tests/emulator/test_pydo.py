"""pydo works on the emulator unchanged, but for the endpoint and its refusal of tokens over plain HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pydo
import pytest
from azure.core.exceptions import HttpResponseError

from formerr_infra.emulator.store import DEFAULT_TOKEN
from tests.emulator import things

if TYPE_CHECKING:
    from formerr_infra.emulator.client import ControlClient
    from formerr_infra.emulator.server import EmulatorServer


class Plain:
    """A pydo client whose operations take the token over plain HTTP, on loopback."""

    def __init__(self, endpoint: str) -> None:
        self._client = pydo.Client(token=DEFAULT_TOKEN, endpoint=endpoint, retry_total=0)

    def __getattr__(self, group: str) -> Any:
        return _Group(getattr(self._client, group))


class _Group:
    def __init__(self, group: Any) -> None:
        self._group = group

    def __getattr__(self, operation: str) -> Any:
        method = getattr(self._group, operation)
        return lambda *args, **kwargs: method(*args, enforce_https=False, **kwargs)


@pytest.fixture
def do(server: EmulatorServer, control: ControlClient) -> Plain:
    return Plain(server.endpoint)


def test_what_is_on_offer(do: Plain) -> None:
    assert do.account.get()["account"]["droplet_limit"] == 25
    assert {region["slug"] for region in do.regions.list(per_page=200)["regions"]} >= {"nyc3", "fra1"}
    assert do.sizes.list()["sizes"]
    options = do.kubernetes.list_options()["options"]
    assert options["versions"][0]["slug"].startswith("1.35.")
    assert do.registry.get_options()["options"]["subscription_tiers"]
    assert "pg" in do.databases.list_options()["options"]


def test_vpcs_from_create_to_delete(do: Plain) -> None:
    made = do.vpcs.create(body=things.vpc(ip_range="10.10.0.0/16"))["vpc"]
    assert do.vpcs.get(vpc_id=made["id"])["vpc"] == made
    assert made in do.vpcs.list(per_page=200, page=1)["vpcs"]
    do.vpcs.update(vpc_id=made["id"], body={"name": "w", "description": "d"})
    do.vpcs.patch(vpc_id=made["id"], body={"name": "v"})
    assert do.vpcs.list_members(vpc_id=made["id"])["members"] == []
    do.vpcs.delete(vpc_id=made["id"])
    assert do.vpcs.get(vpc_id=made["id"])["id"] == "not_found"


def test_clusters_and_pools_from_create_to_delete(do: Plain) -> None:
    body = things.cluster(version="1.34.1-do.3")
    key = do.kubernetes.create_cluster(body=body)["kubernetes_cluster"]["id"]
    assert do.kubernetes.get_cluster(cluster_id=key)["kubernetes_cluster"]["status"]["state"] == "running"
    assert do.kubernetes.list_clusters(per_page=200)["meta"]["total"] == 1
    do.kubernetes.update_cluster(cluster_id=key, body={"name": "c", "tags": ["own"]})
    upgrades = do.kubernetes.get_available_upgrades(cluster_id=key)["available_upgrade_versions"]
    do.kubernetes.upgrade_cluster(cluster_id=key, body={"version": upgrades[0]["slug"]})
    pool = do.kubernetes.add_node_pool(cluster_id=key, body=things.pool("more"))["node_pool"]["id"]
    do.kubernetes.update_node_pool(cluster_id=key, node_pool_id=pool, body={"name": "more", "count": 2})
    assert len(do.kubernetes.list_node_pools(cluster_id=key)["node_pools"]) == 2
    assert do.kubernetes.get_node_pool(cluster_id=key, node_pool_id=pool)["node_pool"]["count"] == 2
    assert do.kubernetes.get_credentials(cluster_id=key, expiry_seconds=60)["token"]
    assert do.kubernetes.list_associated_resources(cluster_id=key)["load_balancers"] == []
    assert do.droplets.list(tag_name=f"k8s:{key}")["meta"]["total"] == 3
    do.kubernetes.delete_node_pool(cluster_id=key, node_pool_id=pool)
    do.kubernetes.destroy_associated_resources_selective(cluster_id=key, body={"load_balancers": []})
    other = do.kubernetes.create_cluster(body=things.cluster("d"))["kubernetes_cluster"]["id"]
    do.kubernetes.delete_cluster(cluster_id=other)
    assert do.kubernetes.get_cluster(cluster_id=key)["id"] == "not_found"


def test_registries_from_create_to_delete(do: Plain) -> None:
    with pytest.raises(HttpResponseError):
        do.registry.get()
    with pytest.raises(HttpResponseError):
        do.registry.get_subscription()
    do.registry.validate_name(body={"name": "reg"})
    do.registry.create(body={"name": "reg", "subscription_tier_slug": "basic", "region": "nyc3"})
    assert do.registry.get()["registry"]["name"] == "reg"
    assert [r["name"] for r in do.registries.list()["registries"]] == ["reg"]
    do.registries.update_subscription(body={"tier_slug": "professional"})
    assert do.registries.get_subscription()["subscription"]["tier"]["slug"] == "professional"
    assert do.registries.get_docker_credentials("reg")["auths"]
    assert do.registry.get_docker_credentials(expiry_seconds=60, read_write=True)["auths"]
    assert do.registries.list_repositories_v2("reg")["repositories"] == []
    do.registries.create(body={"name": "reg2", "subscription_tier_slug": "professional"})
    do.registries.delete("reg2")
    do.registry.delete()
    assert do.registries.get("reg")["id"] == "not_found"


def test_load_balancers_and_projects_from_create_to_delete(do: Plain) -> None:
    made = do.load_balancers.create(body=things.balancer(tag="web"))["load_balancer"]
    assert do.load_balancers.get(lb_id=made["id"])["load_balancer"]["status"] == "active"
    do.load_balancers.update(lb_id=made["id"], body=things.balancer("lb2", tag="web"))
    assert do.load_balancers.list()["load_balancers"][0]["name"] == "lb2"
    project = do.projects.create(body={"name": "p", "purpose": "x"})["project"]["id"]
    urn = f"do:loadbalancer:{made['id']}"
    do.projects.assign_resources(project_id=project, body={"resources": [urn]})
    assert do.projects.list_resources(project_id=project)["resources"][0]["urn"] == urn
    assert do.projects.get_default()["project"]["is_default"]
    do.load_balancers.delete(lb_id=made["id"])
    do.projects.patch(project_id=project, body={"description": "d"})
    do.projects.delete(project_id=project)
    assert do.projects.list()["meta"]["total"] == 1


def test_databases_from_create_to_delete(do: Plain) -> None:
    key = do.databases.create_cluster(body=things.database(tags=["own"]))["database"]["id"]
    assert do.databases.get_cluster(database_cluster_uuid=key)["database"]["status"] == "online"
    assert len(do.databases.list_clusters(tag_name="own")["databases"]) == 1
    assert do.databases.get_ca(database_cluster_uuid=key)["ca"]["certificate"]
    do.databases.add(database_cluster_uuid=key, body={"name": "app"})
    do.databases.add_user(database_cluster_uuid=key, body={"name": "app"})
    assert do.databases.get_user(database_cluster_uuid=key, username="app")["user"]["role"] == "normal"
    rules = {"rules": [{"type": "ip_addr", "value": "192.0.2.1"}]}
    do.databases.update_firewall_rules(database_cluster_uuid=key, body=rules)
    assert len(do.databases.list_firewall_rules(database_cluster_uuid=key)["rules"]) == 1
    do.databases.delete_user(database_cluster_uuid=key, username="app")
    do.databases.delete(database_cluster_uuid=key, database_name="app")
    do.databases.destroy_cluster(database_cluster_uuid=key)
    assert do.databases.list_clusters()["databases"] == []


def test_domains_certificates_firewalls_and_tags_from_create_to_delete(do: Plain) -> None:
    do.domains.create(body={"name": "some.example"})
    body = {"type": "A", "name": "www", "data": "192.0.2.1"}
    record = do.domains.create_record(domain_name="some.example", body=body)["domain_record"]["id"]
    do.domains.update_record(
        domain_name="some.example", domain_record_id=record, body={"type": "A", "ttl": 60}
    )
    assert do.domains.list_records(domain_name="some.example", type="A")["meta"]["total"] == 1
    lets = {"name": "le", "type": "lets_encrypt", "dns_names": ["www.some.example"]}
    certificate = do.certificates.create(body=lets)["certificate"]["id"]
    assert do.certificates.get(certificate_id=certificate)["certificate"]["state"] == "verified"
    do.certificates.delete(certificate_id=certificate)
    do.domains.delete_record(domain_name="some.example", domain_record_id=record)
    do.domains.delete(domain_name="some.example")
    do.tags.create(body={"name": "web"})
    rule = {"protocol": "tcp", "ports": "80", "sources": {"addresses": ["0.0.0.0/0"]}}
    firewall = do.firewalls.create(body={"name": "fw", "inbound_rules": [rule], "tags": ["web"]})["firewall"]
    assert do.firewalls.get(firewall_id=firewall["id"])["firewall"] == firewall
    do.firewalls.delete(firewall_id=firewall["id"])
    do.tags.delete(tag_id="web")
    assert do.tags.list()["meta"]["total"] == 0


def test_a_refusal_is_raised_with_status_and_message(do: Plain) -> None:
    do.vpcs.create(body=things.vpc())
    with pytest.raises(HttpResponseError) as caught:
        do.vpcs.create(body=things.vpc())
    assert caught.value.status_code == 422
    assert "unique" in str(caught.value.response.text())  # type: ignore[union-attr]  # an answer is there
