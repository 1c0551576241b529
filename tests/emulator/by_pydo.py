"""The sequence of `clients` by pydo, which says exactly what is to be."""

from __future__ import annotations

from typing import Any

from formerr_infra.emulator.store import DEFAULT_TOKEN
from tests.emulator.clients import MAIL, VERSION, ZONE

Json = dict[str, Any]


class Pydo:
    """The sequence by pydo."""

    def __init__(self, endpoint: str) -> None:
        from azure.core.rest import HttpRequest
        from pydo import Client

        self._request = HttpRequest
        self._client = Client(DEFAULT_TOKEN, endpoint=endpoint)
        self.ids: Json = {}

    def _ask(self, method: str, path: str, body: Json | None = None) -> Json:
        response = self._client.send_request(self._request(method, path, json=body), enforce_https=False)
        assert 200 <= response.status_code < 300, f"{method} {path}: {response.status_code} {response.text()}"
        return dict(response.json()) if response.content else {}

    def _post(self, path: str, body: Json) -> Json:
        """The one thing that is made."""
        made: Json = next(iter(self._ask("POST", path, body).values()))
        return made

    def _put(self, path: str, body: Json) -> None:
        self._ask("PUT", path, body)

    def make(self) -> None:
        """One of each."""
        ids, post = self.ids, self._post
        ids["vpc"] = post(
            "/v2/vpcs", {"name": "v", "region": "nyc3", "ip_range": "10.10.0.0/16", "description": "one"}
        )["id"]
        pool = {"name": "system", "size": "s-2vcpu-4gb", "count": 1}
        ids["cluster"] = post("/v2/kubernetes/clusters", {
            "name": "c", "region": "nyc3", "version": VERSION, "vpc_uuid": ids["vpc"], "tags": ["a"], "node_pools": [pool],
            "surge_upgrade": True,
        })["id"]  # fmt: skip
        work = {"name": "work", "size": "s-2vcpu-4gb", "count": 2, "tags": ["x"], "labels": {"a": "b"}}
        ids["pool"] = post(f"/v2/kubernetes/clusters/{ids['cluster']}/node_pools", work)["id"]
        post("/v2/registry", {"name": "formerr-try", "subscription_tier_slug": "basic", "region": "nyc3"})
        ids["balancer"] = post("/v2/load_balancers", self._balancer(30080))["id"]
        project = {"name": "p", "purpose": "Web Application", "environment": "Staging", "description": "one"}
        ids["project"] = post("/v2/projects", project)["id"]
        self._ask(
            "POST",
            f"/v2/projects/{ids['project']}/resources",
            {"resources": [f"do:loadbalancer:{ids['balancer']}"]},
        )
        post("/v2/domains", {"name": ZONE})
        record = {"type": "A", "name": "www", "data": "192.0.2.1", "ttl": 300}
        ids["record"] = post(f"/v2/domains/{ZONE}/records", record)["id"]
        ids["certificate"] = post(
            "/v2/certificates", {"name": "t", "type": "lets_encrypt", "dns_names": [ZONE]}
        )["id"]
        ids["firewall"] = post("/v2/firewalls", self._firewall("22"))["id"]
        ids["database"] = post("/v2/databases", {
            "name": "data", "engine": "pg", "version": "16", "size": "db-s-1vcpu-1gb", "region": "nyc3", "num_nodes": 1,
            "private_network_uuid": ids["vpc"], "tags": ["a"],
        })["id"]  # fmt: skip
        base = f"/v2/databases/{ids['database']}"
        post(f"{base}/dbs", {"name": "app"})
        post(f"{base}/users", {"name": "worker"})
        self._ask("PUT", f"{base}/firewall", {"rules": [{"type": "ip_addr", "value": "192.0.2.3"}]})
        ids["check"] = post("/v2/uptime/checks", self._check("http://192.0.2.5"))["id"]
        ids["alert"] = post(f"/v2/uptime/checks/{ids['check']}/alerts", self._alert("2m"))["id"]
        ids["policy"] = post("/v2/monitoring/alerts", self._policy(90))["uuid"]

    def look(self) -> list[str]:
        """The names that lists and gets have."""
        ids = self.ids
        seen = [
            self._ask("GET", path)
            for path in (
                f"/v2/vpcs/{ids['vpc']}", f"/v2/kubernetes/clusters/{ids['cluster']}", "/v2/registry",
                f"/v2/load_balancers/{ids['balancer']}", f"/v2/projects/{ids['project']}", f"/v2/domains/{ZONE}",
                f"/v2/certificates/{ids['certificate']}", f"/v2/firewalls/{ids['firewall']}", f"/v2/databases/{ids['database']}",
                f"/v2/uptime/checks/{ids['check']}",
            )
        ]  # fmt: skip
        return [str(next(iter(one.values()))["name"]) for one in seen]

    def change(self) -> None:
        """What can be changed in place."""
        ids, put = self.ids, self._put
        put(f"/v2/vpcs/{ids['vpc']}", {"name": "v2", "description": "two"})
        put(f"/v2/kubernetes/clusters/{ids['cluster']}", {"name": "c2", "tags": ["b"], "auto_upgrade": True})
        work = {"name": "work", "count": 3, "tags": ["x"], "labels": {"a": "b"}}
        put(f"/v2/kubernetes/clusters/{ids['cluster']}/node_pools/{ids['pool']}", work)
        put(f"/v2/load_balancers/{ids['balancer']}", self._balancer(30090))
        body = {"name": "p2", "purpose": "Web Application", "environment": "Production", "description": "two"}
        put(f"/v2/projects/{ids['project']}", body | {"is_default": False})
        put(
            f"/v2/domains/{ZONE}/records/{ids['record']}",
            {"type": "A", "name": "www", "data": "192.0.2.2", "ttl": 600},
        )
        put(f"/v2/firewalls/{ids['firewall']}", self._firewall("2222"))
        put(f"/v2/databases/{ids['database']}/resize", {"size": "db-s-1vcpu-1gb", "num_nodes": 2})
        put(
            f"/v2/databases/{ids['database']}/firewall",
            {"rules": [{"type": "ip_addr", "value": "192.0.2.4"}]},
        )
        put(f"/v2/uptime/checks/{ids['check']}", self._check("http://192.0.2.6"))
        put(f"/v2/uptime/checks/{ids['check']}/alerts/{ids['alert']}", self._alert("5m"))
        put(f"/v2/monitoring/alerts/{ids['policy']}", self._policy(80))

    def unmake(self) -> None:
        """All of it."""
        ids = self.ids
        for path in (
            f"/v2/monitoring/alerts/{ids['policy']}",
            f"/v2/uptime/checks/{ids['check']}/alerts/{ids['alert']}",
            f"/v2/uptime/checks/{ids['check']}",
            f"/v2/databases/{ids['database']}/users/worker",
            f"/v2/databases/{ids['database']}/dbs/app",
            f"/v2/databases/{ids['database']}",
            f"/v2/firewalls/{ids['firewall']}",
            f"/v2/certificates/{ids['certificate']}",
            f"/v2/domains/{ZONE}/records/{ids['record']}",
            f"/v2/domains/{ZONE}",
            f"/v2/load_balancers/{ids['balancer']}",
            f"/v2/projects/{ids['project']}",
            "/v2/registry",
            f"/v2/kubernetes/clusters/{ids['cluster']}/node_pools/{ids['pool']}",
            f"/v2/kubernetes/clusters/{ids['cluster']}",
            f"/v2/vpcs/{ids['vpc']}",
        ):
            self._ask("DELETE", path)

    def _balancer(self, port: int) -> Json:
        rule = {"entry_protocol": "http", "entry_port": 80, "target_protocol": "http", "target_port": port}
        check = {
            "protocol": "tcp", "port": port, "check_interval_seconds": 10, "response_timeout_seconds": 5,
            "healthy_threshold": 5, "unhealthy_threshold": 3,
        }  # fmt: skip
        where = {
            "name": "lb",
            "region": "nyc3",
            "vpc_uuid": self.ids["vpc"],
            "tag": f"k8s:{self.ids['cluster']}",
        }
        return {**where, "forwarding_rules": [rule], "health_check": check, "size_unit": 1}

    @staticmethod
    def _firewall(port: str) -> Json:
        everybody = {"addresses": ["0.0.0.0/0"]}
        return {
            "name": "wall",
            "inbound_rules": [{"protocol": "tcp", "ports": port, "sources": everybody}],
            "outbound_rules": [{"protocol": "icmp", "destinations": everybody}],
        }

    @staticmethod
    def _check(target: str) -> Json:
        return {
            "name": "u",
            "type": "http",
            "target": target,
            "regions": ["us_east", "eu_west"],
            "enabled": True,
        }

    @staticmethod
    def _alert(period: str) -> Json:
        told = {"email": [MAIL], "slack": []}
        return {
            "name": "a", "type": "ssl_expiry", "threshold": 14, "comparison": "less_than", "period": period,
            "notifications": told,
        }  # fmt: skip

    @staticmethod
    def _policy(value: int) -> Json:
        return {
            "description": "CPU", "type": "v1/insights/droplet/cpu", "compare": "GreaterThan", "value": value, "window": "10m",
            "tags": ["k8s"], "entities": [], "alerts": {"email": [MAIL], "slack": []}, "enabled": True,
        }  # fmt: skip
