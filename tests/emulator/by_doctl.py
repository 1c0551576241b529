"""The sequence of `clients` by doctl."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

from formerr_infra.emulator.store import DEFAULT_TOKEN
from tests.emulator.clients import MAIL, VERSION, ZONE

if TYPE_CHECKING:
    from pathlib import Path


class Doctl:
    """The sequence by doctl."""

    def __init__(self, program: str, endpoint: str, home: Path) -> None:
        self._command = [program, "--api-url", endpoint, "--output", "json"]
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.fspath(home),
            "DIGITALOCEAN_ACCESS_TOKEN": DEFAULT_TOKEN,
        }
        self.ids: dict[str, Any] = {}

    def __call__(self, words: str, **flags: str) -> Any:
        """One command; what it prints."""
        given = [f"--{name.replace('_', '-')}={value}" for name, value in flags.items()]
        ended = subprocess.run(
            [*self._command, *words.split(), *given],
            env=self._environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, f"{words}: {ended.stdout}{ended.stderr}"
        try:
            found = json.loads(ended.stdout)
        except ValueError:
            return None
        return found[0] if isinstance(found, list) and found else found

    def make(self) -> None:
        """One of each."""
        ids = self.ids
        ids["vpc"] = self("vpcs create", name="v", region="nyc3", ip_range="10.10.0.0/16", description="one")[
            "id"
        ]
        pool = "name=system;size=s-2vcpu-4gb;count=1"
        self(
            "kubernetes cluster create c", region="nyc3", version=VERSION, vpc_uuid=ids["vpc"], tag="a", node_pool=pool,
            wait="false", update_kubeconfig="false", surge_upgrade="true", ha="false",
        )  # fmt: skip
        ids["cluster"] = self("kubernetes cluster get c")["id"]
        work = {"name": "work", "size": "s-2vcpu-4gb", "count": "2", "tag": "x", "label": "a=b"}
        ids["pool"] = self(f"kubernetes cluster node-pool create {ids['cluster']}", **work)["id"]
        self("registry create formerr-try", subscription_tier="basic", region="nyc3")
        ids["balancer"] = self("compute load-balancer create", **self._balancer("30080"))["id"]
        project = {"name": "p", "purpose": "Web Application", "environment": "Staging", "description": "one"}
        ids["project"] = self("projects create", **project)["id"]
        self(f"projects resources assign {ids['project']}", resource=f"do:loadbalancer:{ids['balancer']}")
        self(f"compute domain create {ZONE}")
        record = {"record_type": "A", "record_name": "www", "record_data": "192.0.2.1", "record_ttl": "300"}
        ids["record"] = self(f"compute domain records create {ZONE}", **record)["id"]
        ids["certificate"] = self(
            "compute certificate create", name="t", type="lets_encrypt", dns_names=ZONE
        )["id"]
        ids["firewall"] = self("compute firewall create", **self._firewall("22"))["id"]
        ids["database"] = self(
            "databases create data", engine="pg", version="16", size="db-s-1vcpu-1gb", region="nyc3", num_nodes="1",
            private_network_uuid=ids["vpc"], tag="a",
        )["id"]  # fmt: skip
        self(f"databases db create {ids['database']} app")
        self(f"databases user create {ids['database']} worker")
        self(f"databases firewalls replace {ids['database']}", rule="ip_addr:192.0.2.3")
        check = {"type": "http", "regions": "us_east,eu_west", "enabled": "true"}
        ids["check"] = self("monitoring uptime create u", target="http://192.0.2.5", **check)["id"]
        ids["alert"] = self(f"monitoring uptime alert create {ids['check']}", **self._alert("2m"))["id"]
        ids["policy"] = self("monitoring alert create", **self._policy("90"))["uuid"]

    def look(self) -> list[str]:
        """The names that gets have, and that lists have them too."""
        ids = self.ids
        kinds = {
            "vpcs": ids["vpc"], "kubernetes cluster": ids["cluster"], "registry": "", "compute load-balancer": ids["balancer"],
            "projects": ids["project"], "compute domain": ZONE, "compute certificate": ids["certificate"],
            "compute firewall": ids["firewall"], "databases": ids["database"], "monitoring uptime": ids["check"],
        }  # fmt: skip
        names = [str(self(f"{kind} get {identity}")["name"]) for kind, identity in kinds.items()]
        for kind in (
            *(kind for kind in kinds if kind != "registry"),
            f"databases db list {ids['database']}".removesuffix(" list"),
        ):
            if not kind.startswith("databases db"):
                assert self(f"{kind} list")
        return names

    def change(self) -> None:
        """What can be changed in place."""
        ids = self.ids
        self(f"vpcs update {ids['vpc']}", name="v2", description="two")
        self(
            f"kubernetes cluster update {ids['cluster']}", cluster_name="c2", tag="b", auto_upgrade="true",
            update_kubeconfig="false",
        )  # fmt: skip
        work = {"name": "work", "count": "3", "tag": "x", "label": "a=b"}
        self(f"kubernetes cluster node-pool update {ids['cluster']} {ids['pool']}", **work)
        self(f"compute load-balancer update {ids['balancer']}", **self._balancer("30090"))
        body = {"name": "p2", "purpose": "Web Application", "environment": "Production", "description": "two"}
        self(f"projects update {ids['project']}", **body)
        record = {"record_type": "A", "record_name": "www", "record_data": "192.0.2.2", "record_ttl": "600"}
        self(f"compute domain records update {ZONE}", record_id=str(ids["record"]), **record)
        self(f"compute firewall update {ids['firewall']}", **self._firewall("2222"))
        self(f"databases resize {ids['database']}", size="db-s-1vcpu-1gb", num_nodes="2")
        self(f"databases firewalls replace {ids['database']}", rule="ip_addr:192.0.2.4")
        check = {"name": "u", "type": "http", "regions": "us_east,eu_west"}
        self(f"monitoring uptime update {ids['check']}", target="http://192.0.2.6", **check)
        self(f"monitoring uptime alert update {ids['check']} {ids['alert']}", **self._alert("5m"))
        self(f"monitoring alert update {ids['policy']}", **self._policy("80"))

    def unmake(self) -> None:
        """All of it."""
        ids = self.ids
        for words in (
            f"monitoring alert delete {ids['policy']} -f",
            f"monitoring uptime alert delete {ids['check']} {ids['alert']}",
            f"monitoring uptime delete {ids['check']}",
            f"databases user delete {ids['database']} worker -f",
            f"databases db delete {ids['database']} app -f",
            f"databases delete {ids['database']} -f",
            f"compute firewall delete {ids['firewall']} -f",
            f"compute certificate delete {ids['certificate']} -f",
            f"compute domain records delete {ZONE} {ids['record']} -f",
            f"compute domain delete {ZONE} -f",
            f"compute load-balancer delete {ids['balancer']} -f",
            f"projects delete {ids['project']} -f",
            "registry delete -f",
            f"kubernetes cluster node-pool delete {ids['cluster']} {ids['pool']} -f",
            f"kubernetes cluster delete {ids['cluster']} -f --update-kubeconfig=false",
            f"vpcs delete {ids['vpc']} -f",
        ):
            self(words)

    def _balancer(self, port: str) -> dict[str, str]:
        return {
            "name": "lb", "region": "nyc3", "vpc_uuid": self.ids["vpc"], "tag_name": f"k8s:{self.ids['cluster']}",
            "forwarding_rules": f"entry_protocol:http,entry_port:80,target_protocol:http,target_port:{port}",
            "health_check": f"protocol:tcp,port:{port},check_interval_seconds:10,response_timeout_seconds:5,"
            "healthy_threshold:5,unhealthy_threshold:3",
        }  # fmt: skip

    @staticmethod
    def _firewall(port: str) -> dict[str, str]:
        return {
            "name": "wall",
            "inbound_rules": f"protocol:tcp,ports:{port},address:0.0.0.0/0",
            "outbound_rules": "protocol:icmp,address:0.0.0.0/0",
        }

    @staticmethod
    def _alert(period: str) -> dict[str, str]:
        return {
            "name": "a", "type": "ssl_expiry", "threshold": "14", "comparison": "less_than", "period": period, "emails": MAIL
        }  # fmt: skip

    @staticmethod
    def _policy(value: str) -> dict[str, str]:
        return {
            "description": "CPU", "type": "v1/insights/droplet/cpu", "compare": "GreaterThan", "value": value,
            "window": "10m", "tags": "k8s", "emails": MAIL, "enabled": "true",
        }  # fmt: skip
