"""The emulator is held to the published specification: what it answers, and what it says it answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from formerr_infra.emulator.authority import CA_PEM
from formerr_infra.emulator.coverage import render
from formerr_infra.emulator.engine import operations
from formerr_infra.emulator.routing import Router
from tests.emulator import specification, things

if TYPE_CHECKING:
    import httpx

    from formerr_infra.emulator.client import ControlClient

OLD_SCOPES = {"api:read", "api:write"}
"""Scopes from before there were finer ones; the specification has them left beside those, on volumes."""


class Visits:
    """Sends requests that must succeed and remembers which operations they were."""

    def __init__(self, api: httpx.Client) -> None:
        self._api = api
        self._router = Router(operations())
        self.seen: set[tuple[str, str]] = set()

    def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        response = self._api.request(method, path, json=body, params=query or None)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        operation = self._router.find(path)[0][method]
        self.seen.add((operation.method, operation.path))
        if not response.content or "json" not in response.headers["content-type"]:
            return response.text
        return response.json()


def test_every_emulated_operation_succeeds_as_specified(api: httpx.Client, control: ControlClient) -> None:
    control.account(droplet_limit=100)
    control.transitions(collection_seconds=60)
    visit = Visits(api)
    _visit_basics(visit)
    network = visit("POST", "/v2/vpcs", things.vpc(ip_range="10.10.0.0/16"))["vpc"]["id"]
    _visit_vpcs(visit, network)
    _visit_droplets(visit, network)
    _visit_registries(visit, control)
    _visit_kubernetes(visit, control, network)
    _visit_domains(visit)
    _visit_balancers(visit)
    _visit_firewalls(visit)
    _visit_databases(visit)
    _visit_projects(visit)
    _visit_monitoring(visit)
    volume = control.put("volumes")["id"]
    visit("GET", "/v2/volumes", region="nyc3")
    visit("GET", f"/v2/volumes/{volume}")
    visit("DELETE", f"/v2/volumes/{volume}")
    visit("DELETE", f"/v2/vpcs/{network}")
    expected = {(operation.method, operation.path) for operation in operations()}
    assert visit.seen == expected


def _visit_basics(visit: Visits) -> None:
    for path in ("account", "regions", "sizes", "vpcs", "droplets", "actions", "tags", "kubernetes/options"):
        visit("GET", f"/v2/{path}")


def _visit_vpcs(visit: Visits, key: str) -> None:
    visit("GET", f"/v2/vpcs/{key}")
    visit("PUT", f"/v2/vpcs/{key}", {"name": "v2", "description": "said"})
    visit("PATCH", f"/v2/vpcs/{key}", {"name": "v"})
    visit("GET", f"/v2/vpcs/{key}/members")


def _visit_droplets(visit: Visits, network: str) -> None:
    body = {
        "name": "d",
        "size": "s-1vcpu-1gb",
        "image": "ubuntu-24-04-x64",
        "region": "nyc3",
        "tags": ["web"],
    }
    key = visit("POST", "/v2/droplets", {**body, "vpc_uuid": network})["droplet"]["id"]
    visit("GET", "/v2/droplets", tag_name="web")
    visit("GET", f"/v2/droplets/{key}")
    action = visit("GET", f"/v2/droplets/{key}/actions")["actions"][0]["id"]
    visit("GET", f"/v2/droplets/{key}/actions/{action}")
    visit("GET", f"/v2/actions/{action}")
    visit("POST", "/v2/tags", {"name": "extra"})
    tagged = {"resources": [{"resource_id": str(key), "resource_type": "droplet"}]}
    visit("POST", "/v2/tags/extra/resources", tagged)
    assert visit("GET", "/v2/tags/extra")["tag"]["resources"]["droplets"]["count"] == 1
    visit("DELETE", "/v2/tags/extra/resources", tagged)
    visit("DELETE", "/v2/tags/extra")
    visit("DELETE", f"/v2/droplets/{key}")
    visit("POST", "/v2/droplets", {**body, "names": ["e", "f"]})
    visit("DELETE", "/v2/droplets", tag_name="web")


def _visit_registries(visit: Visits, control: ControlClient) -> None:
    visit("POST", "/v2/registry/validate-name", {"name": "reg"})
    visit("POST", "/v2/registries/validate-name", {"name": "reg"})
    visit("POST", "/v2/registry", {"name": "reg", "subscription_tier_slug": "basic", "region": "nyc3"})
    for root in ("registry", "registries"):
        visit("GET", f"/v2/{root}")
        visit("GET", f"/v2/{root}/subscription")
        visit("POST", f"/v2/{root}/subscription", {"tier_slug": "professional"})
        visit("GET", f"/v2/{root}/options")
    visit("GET", "/v2/registry/docker-credentials", read_write="true", expiry_seconds=60)
    visit("GET", "/v2/registries/reg")
    visit("GET", "/v2/registries/reg/docker-credentials")
    for root in ("registry/reg", "registries/reg"):
        for name in ("team/app", "other"):
            control.put("repositories", registry_name="reg", name=name, tags=["one", "two"])
        if root == "registry/reg":
            visit("GET", f"/v2/{root}/repositories")
        visit("GET", f"/v2/{root}/repositoriesV2")
        started = visit("POST", f"/v2/{root}/garbage-collection")["garbage_collection"]
        visit("GET", f"/v2/{root}/garbage-collection")
        visit("PUT", f"/v2/{root}/garbage-collection/{started['uuid']}", {"cancel": True})
        visit("GET", f"/v2/{root}/garbage-collections")
        visit("GET", f"/v2/{root}/repositories/team%2Fapp/tags")
        digests = visit("GET", f"/v2/{root}/repositories/team%2Fapp/digests")["manifests"]
        visit("DELETE", f"/v2/{root}/repositories/team%2Fapp/tags/one")
        visit("DELETE", f"/v2/{root}/repositories/team%2Fapp/digests/{digests[1]['digest']}")
    visit("DELETE", "/v2/registries/reg/repositories/other")


def _visit_kubernetes(visit: Visits, control: ControlClient, network: str) -> None:
    body = things.cluster(vpc_uuid=network, tags=["own"], node_pools=[things.pool(labels={"a": "b"})])
    made = visit("POST", "/v2/kubernetes/clusters", {**body, "version": "1.33.8-do.0"})["kubernetes_cluster"]
    one = f"/v2/kubernetes/clusters/{made['id']}"
    visit("GET", "/v2/kubernetes/clusters")
    visit("GET", one)
    visit(
        "PUT",
        one,
        {"name": "c2", "tags": ["other"], "maintenance_policy": {"day": "sunday", "start_time": "04:00"}},
    )
    version = visit("GET", f"{one}/upgrades")["available_upgrade_versions"][0]["slug"]
    visit("POST", f"{one}/upgrade", {"version": version})
    for path in ("credentials", "kubeconfig", "user", "status_messages", "node_pools"):
        visit("GET", f"{one}/{path}")
    for root in ("registry", "registries"):
        chosen = {"cluster_uuids": [made["id"]]}
        visit("POST", f"/v2/kubernetes/{root}", chosen)
        assert visit("GET", one)["kubernetes_cluster"]["registry_enabled"] is True
        visit("DELETE", f"/v2/kubernetes/{root}", chosen)
    visit("DELETE", "/v2/registry")
    visit("POST", "/v2/registries", {"name": "reg2", "subscription_tier_slug": "professional"})
    visit("DELETE", "/v2/registries/reg2")
    pool = visit(
        "POST",
        f"{one}/node_pools",
        things.pool("more", 2, taints=[{"key": "k", "value": "v", "effect": "NoExecute"}]),
    )
    at = f"{one}/node_pools/{pool['node_pool']['id']}"
    visit("GET", at)
    changed = visit("PUT", at, {"name": "more", "auto_scale": True, "min_nodes": 1, "max_nodes": 3})
    visit("POST", f"{at}/recycle", {"nodes": []})
    nodes = visit("GET", at)["node_pool"]["nodes"]
    assert {n["id"] for n in nodes}.isdisjoint(n["id"] for n in changed["node_pool"]["nodes"])
    visit("DELETE", f"{at}/nodes/{nodes[0]['id']}", skip_drain=1, replace=1)
    visit("DELETE", at)
    destroy = "destroy_with_associated_resources"
    visit("GET", f"{one}/{destroy}")
    visit("DELETE", f"{one}/{destroy}/selective", {"load_balancers": []})
    for name, ending in (("d", f"/{destroy}/dangerous"), ("e", "")):
        other = visit("POST", "/v2/kubernetes/clusters", things.cluster(name))["kubernetes_cluster"]["id"]
        visit("DELETE", f"/v2/kubernetes/clusters/{other}{ending}")


def _visit_domains(visit: Visits) -> None:
    visit("POST", "/v2/domains", {"name": "some.example", "ip_address": "192.0.2.1"})
    visit("GET", "/v2/domains")
    visit("GET", "/v2/domains/some.example")
    records = "/v2/domains/some.example/records"
    made = visit("POST", records, {"type": "MX", "name": "@", "data": "mail.some.example.", "priority": 10})
    visit("GET", records, type="MX")
    one = f"{records}/{made['domain_record']['id']}"
    visit("GET", one)
    visit("PUT", one, {"type": "MX", "priority": 20})
    visit("PATCH", one, {"type": "MX", "ttl": 60})
    visit("DELETE", one)


def _visit_balancers(visit: Visits) -> None:
    own = {"name": "own", "type": "custom", "private_key": "k", "leaf_certificate": CA_PEM}
    certificate = visit("POST", "/v2/certificates", own)["certificate"]["id"]
    visit("GET", "/v2/certificates")
    visit("GET", f"/v2/certificates/{certificate}")
    lets = {"name": "le", "type": "lets_encrypt", "dns_names": ["www.some.example"]}
    visit("DELETE", f"/v2/certificates/{visit('POST', '/v2/certificates', lets)['certificate']['id']}")
    tls = {**things.RULE, "entry_protocol": "https", "entry_port": 443, "certificate_id": certificate}
    one = (
        "/v2/load_balancers/" + visit("POST", "/v2/load_balancers", things.balancer())["load_balancer"]["id"]
    )
    visit("GET", "/v2/load_balancers")
    visit("GET", one)
    visit("PUT", one, things.balancer("lb2", forwarding_rules=[things.RULE, tls]))
    visit("POST", f"{one}/forwarding_rules", {"forwarding_rules": [{**things.RULE, "entry_port": 81}]})
    visit("DELETE", f"{one}/forwarding_rules", {"forwarding_rules": [{**things.RULE, "entry_port": 81}]})
    image = {"name": "t", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "nyc3"}
    droplet = visit("POST", "/v2/droplets", image)["droplet"]["id"]
    visit("POST", f"{one}/droplets", {"droplet_ids": [droplet]})
    visit("DELETE", f"{one}/droplets", {"droplet_ids": [droplet]})
    visit("DELETE", one)
    everywhere = visit("POST", "/v2/load_balancers", things.balancer("g", type="GLOBAL"))["load_balancer"][
        "id"
    ]
    visit("DELETE", f"/v2/load_balancers/{everywhere}/cache")


def _visit_firewalls(visit: Visits) -> None:
    rule = {"protocol": "tcp", "ports": "80", "sources": {"addresses": ["0.0.0.0/0"]}}
    body = {"name": "fw", "inbound_rules": [rule]}
    one = "/v2/firewalls/" + visit("POST", "/v2/firewalls", body)["firewall"]["id"]
    visit("GET", "/v2/firewalls")
    visit("GET", one)
    visit("PUT", one, {**body, "name": "fw2"})
    droplet = visit("GET", "/v2/droplets")["droplets"][0]["id"]
    visit("POST", "/v2/tags", {"name": "web"})
    more = {"protocol": "udp", "ports": "53", "sources": {"tags": ["web"]}}
    for part, change in (
        ("droplets", {"droplet_ids": [droplet]}),
        ("tags", {"tags": ["web"]}),
        ("rules", {"inbound_rules": [more]}),
    ):
        visit("POST", f"{one}/{part}", change)
        visit("GET", one)
        visit("DELETE", f"{one}/{part}", change)
    visit("DELETE", one)


def _visit_databases(visit: Visits) -> None:
    visit("GET", "/v2/databases/options")
    one = "/v2/databases/" + visit("POST", "/v2/databases", things.database(tags=["own"]))["database"]["id"]
    visit("GET", "/v2/databases", tag_name="own")
    for path in ("", "/ca", "/config", "/firewall", "/autoscale", "/dbs", "/users"):
        visit("GET", one + path)
    visit("PATCH", f"{one}/config", {"config": {"jit": True}})
    visit("PUT", f"{one}/resize", {"size": "db-s-1vcpu-2gb", "num_nodes": 2})
    visit("PUT", f"{one}/maintenance", {"day": "sunday", "hour": "02:00"})
    visit("PUT", f"{one}/upgrade", {"version": "17"})
    visit("PUT", f"{one}/firewall", {"rules": [{"type": "ip_addr", "value": "192.0.2.1"}]})
    visit(
        "PUT",
        f"{one}/autoscale",
        {"storage": {"enabled": True, "threshold_percent": 80, "increment_gib": 10}},
    )
    visit("PUT", f"{one}/migrate", {"region": "fra1"})
    visit("POST", f"{one}/dbs", {"name": "app"})
    visit("GET", f"{one}/dbs/app")
    visit("DELETE", f"{one}/dbs/app")
    visit("POST", f"{one}/users", {"name": "app"})
    visit("GET", f"{one}/users/app")
    visit("PUT", f"{one}/users/app", {"settings": {"pg_allow_replication": True}})
    visit("POST", f"{one}/users/app/reset_auth", {})
    visit("DELETE", f"{one}/users/app")
    visit("DELETE", one)
    for engine, part, value in (("mysql", "sql_mode", "ANSI"), ("valkey", "eviction_policy", "allkeys_lru")):
        body = things.database(engine, engine=engine, version="8")
        one = "/v2/databases/" + visit("POST", "/v2/databases", body)["database"]["id"]
        visit("PUT", f"{one}/{part}", {part: value})
        assert visit("GET", f"{one}/{part}") == {part: value}


def _visit_projects(visit: Visits) -> None:
    body = {
        "name": "p",
        "purpose": "Web Application",
        "description": "d",
        "environment": "Staging",
        "is_default": False,
    }
    one = "/v2/projects/" + visit("POST", "/v2/projects", body)["project"]["id"]
    visit("GET", "/v2/projects")
    for at in (one, "/v2/projects/default"):
        visit("GET", at)
        visit("PUT", at, {**visit("GET", at)["project"], "description": "other"})
        visit("PATCH", at, {"purpose": "IoT"})
        visit("POST", f"{at}/resources", {"resources": ["do:domain:some.example"]})
        visit("GET", f"{at}/resources")
    visit("DELETE", "/v2/domains/some.example")
    visit("DELETE", one)


def _visit_monitoring(visit: Visits) -> None:
    told = {
        "email": ["who@some.example"],
        "slack": [{"channel": "#ops", "url": "https://hooks.some.example/x"}],
    }
    body = {
        "name": "c",
        "type": "https",
        "target": "https://some.example",
        "regions": ["us_east"],
        "enabled": True,
    }
    one = "/v2/uptime/checks/" + visit("POST", "/v2/uptime/checks", body)["check"]["id"]
    visit("GET", "/v2/uptime/checks")
    visit("GET", one)
    visit("GET", f"{one}/state")
    visit("PUT", one, {"name": "d"})
    alert = {"name": "down", "type": "down", "notifications": told, "period": "2m"}
    below = f"{one}/alerts/" + visit("POST", f"{one}/alerts", alert)["alert"]["id"]
    visit("GET", f"{one}/alerts")
    visit("GET", below)
    visit("PUT", below, {"threshold": 5})
    visit("DELETE", below)
    visit("DELETE", one)
    policy = {
        "type": "v1/insights/droplet/cpu", "description": "CPU", "compare": "GreaterThan", "value": 90, "window": "5m",
        "entities": [], "tags": ["k8s:worker"], "alerts": told, "enabled": True,
    }  # fmt: skip
    one = "/v2/monitoring/alerts/" + visit("POST", "/v2/monitoring/alerts", policy)["policy"]["uuid"]
    visit("GET", "/v2/monitoring/alerts")
    visit("GET", one)
    visit("PUT", one, {**policy, "value": 80.5})
    visit("DELETE", one)


def test_every_emulated_operation_is_in_the_specification_with_its_scopes() -> None:
    paths = specification.document()["paths"]
    for operation in operations():
        specified = paths[operation.path][operation.method.lower()]
        scopes = [set(entry["bearer_auth"]) - OLD_SCOPES for entry in specified["security"]]
        assert set(operation.scopes) in scopes, f"{operation.method} {operation.path}"


def test_coverage_page_is_fresh() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "emulator.md"
    command = "python -m formerr_infra.emulator.coverage SPECIFICATION > docs/emulator.md"
    assert page.read_text() == render(specification.document()), f"stale; run: {command}"
