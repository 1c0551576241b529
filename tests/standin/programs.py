"""Programs that declare every resource kind the stand-in has."""

from __future__ import annotations

import re
from typing import Any

FIRST = """
vpc = do.Vpc("vpc", name="vpc", region="nyc3", ip_range="10.10.0.0/16", description="one")
cluster = do.KubernetesCluster("cluster", name="cluster", region="nyc3", version="1.35.1-do.0", vpc_uuid=vpc.id,
    tags=["a"], node_pool={"name": "system", "size": "s-2vcpu-4gb", "node_count": 1})
pool = do.KubernetesNodePool("pool", name="pool", cluster_id=cluster.id, size="s-2vcpu-4gb", node_count=2,
    tags=["x"], labels={"a": "b"})
registry = do.ContainerRegistry("registry", name="formerr-try", subscription_tier_slug="basic", region="nyc3")
balancer = do.LoadBalancer("balancer", name="balancer", region="nyc3", vpc_uuid=vpc.id,
    droplet_tag=cluster.id.apply(lambda i: f"k8s:{i}"),
    forwarding_rules=[
        {"entry_port": 80, "entry_protocol": "http", "target_port": 30080, "target_protocol": "http"},
        {"entry_port": 81, "entry_protocol": "http", "target_port": 30081, "target_protocol": "http"}],
    healthcheck={"port": 30080, "protocol": "tcp"})
project = do.Project("project", name="project", environment="Staging")
members = do.ProjectResources("members", project=project.id, resources=[balancer.load_balancer_urn])
domain = do.Domain("domain", name="formerr-try.example")
record = do.DnsRecord("record", domain=domain.name, type="A", name="www", value="192.0.2.1", ttl=300)
certificate = do.Certificate("certificate", name="certificate", type="lets_encrypt", domains=[domain.name])
firewall = do.Firewall("firewall", name="firewall",
    inbound_rules=[{"protocol": "tcp", "port_range": "22", "source_addresses": ["0.0.0.0/0"]}],
    outbound_rules=[{"protocol": "icmp", "destination_addresses": ["0.0.0.0/0"]}])
database = do.DatabaseCluster("database", name="database", engine="pg", version="16", size="db-s-1vcpu-1gb",
    region="nyc3", node_count=1, tags=["a"], private_network_uuid=vpc.id)
db = do.DatabaseDb("db", cluster_id=database.id, name="app")
user = do.DatabaseUser("user", cluster_id=database.id, name="worker")
rules = do.DatabaseFirewall("rules", cluster_id=database.id, rules=[{"type": "ip_addr", "value": "192.0.2.3"}])
check = do.UptimeCheck("check", name="check", type="http", target="http://192.0.2.5", regions=["us_east", "eu_west"])
alert = do.UptimeAlert("alert", check_id=check.id, name="down", type="down", period="2m",
    notifications=[{"emails": ["who@formerr-try.example"]}])
policy = do.MonitorAlert("policy", description="CPU", type="v1/insights/droplet/cpu", compare="GreaterThan", value=90,
    window="10m", tags=["k8s"], alerts={"slacks": [{"channel": "#ops", "url": "https://hooks.example/x"}]})
"""

PULL = """
pull = do.ContainerRegistryDockerCredentials("pull", registry_name=registry.name)
"""
"""Only for the stand-in: the official plugin would revoke these at a fixed address of the real service."""

CHANGES = {
    'description="one"': 'description="two"',
    'tags=["a"], node_pool': 'tags=["b"], auto_upgrade=True, node_pool',
    '"node_count": 1}': '"node_count": 2}',
    "node_count=2,": "node_count=3,",
    'subscription_tier_slug="basic"': 'subscription_tier_slug="professional"',
    '"target_port": 30080': '"target_port": 30090',
    'environment="Staging"': 'environment="Production"',
    "ttl=300": "ttl=600",
    '"port_range": "22"': '"port_range": "2222"',
    'node_count=1, tags=["a"]': 'node_count=2, tags=["a"]',
    '"192.0.2.3"': '"192.0.2.4"',
    "http://192.0.2.5": "http://192.0.2.6",
    'period="2m"': 'period="5m"',
    "value=90": "value=80.5",
    "registry_name=registry.name)": "registry_name=registry.name, write=True)",
}
CHANGED = {
    "vpc",
    "cluster",
    "pool",
    "registry",
    "balancer",
    "project",
    "record",
    "firewall",
    "database",
    "rules",
    "check",
    "alert",
    "policy",
    "pull",
}

REPLACEMENTS = {
    "1.35.1-do.0": "1.34.0-do.0",
    "formerr-try.example": "formerr-other.example",
    'name="formerr-try"': 'name="formerr-other"',
    'name="app"': 'name="app2"',
    'name="worker"': 'name="worker2"',
}
REPLACED = {"cluster", "pool", "registry", "domain", "record", "certificate", "db", "user"}
"""What those replace, the cluster for its lowered version alone."""

GOTTEN = """
vpc = do.Vpc.get("vpc", "{vpc}")
cluster = do.KubernetesCluster.get("cluster", "{cluster}", kubeconfig_expire_seconds=3600)
registry = do.ContainerRegistry.get("registry", "{registry}")
balancer = do.LoadBalancer.get("balancer", "{balancer}")
"""


def edited(program: str, edits: dict[str, str]) -> str:
    """A program with every edit that applies to it."""
    for old, new in edits.items():
        program = program.replace(old, new)
    return program


def import_ids(state: dict[str, Any]) -> dict[str, str]:
    """What each thing is imported by."""
    ids = {name: str(item["id"]) for name, item in state.items()}
    owner = ids["database"]
    ids |= {"record": f"formerr-try.example,{ids['record']}", "rules": owner}
    ids |= {"alert": f"{ids['check']},{ids['alert']}"}
    ids |= {"db": f"{owner},app", "user": f"{owner},worker"}
    return {name: ident for name, ident in ids.items() if name not in {"members", "pull"}}


def imported(program: str, ids: dict[str, str]) -> str:
    """A program in which every resource that has an id is imported."""
    for name, ident in ids.items():
        options = f'opts=pulumi.ResourceOptions(import_="{ident}"), '
        program = program.replace(f'("{name}", ', f'("{name}", {options}')
    return program


def looked_at(program: str, ids: dict[str, str]) -> str:
    """A program in which every resource that has an id is only looked at, and nothing else is."""
    kinds = re.findall(r'= do\.(\w+)\("(\w+)"', program)
    return "\n".join(f'do.{kind}.get("{name}", "{ids[name]}")' for kind, name in kinds if name in ids)


def gotten(program: str, ids: dict[str, str]) -> str:
    """A program in which the four main things are only looked at, and everything else is as it was."""
    looks = {line.split(" =")[0]: line for line in GOTTEN.format(**ids).strip().splitlines()}
    statements: list[str] = []
    for line in program.strip().splitlines():
        if line[:1].isspace():
            statements[-1] += f"\n{line}"
        else:
            statements.append(line)
    return "\n".join(looks.get(statement.split(" =")[0], statement) for statement in statements)
