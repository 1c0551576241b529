"""Stacks that break a rule each, and one that breaks none, as data: judged directly, and declared on the real engine."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from formerr_infra.naming import LABEL_STACK, mark_text, stack_label
from policy.model import STACK_TYPE, Resource

PROJECT, STACK = "standin-test", "dev"
MARK = mark_text(PROJECT, STACK)
LABELS = {LABEL_STACK: stack_label(PROJECT, STACK)}
_AFTER = "@after"


@dataclass(frozen=True, slots=True)
class Declared:
    """A resource: token, logical name, properties.

    Attributes:
        type, name, properties: as `pulumi.CustomResource` takes them.
        protect: as the option.
        uses: property -> logical name of the resource whose id it is.
    """

    type: str
    name: str
    properties: dict[str, Any]
    protect: bool = True
    uses: dict[str, str] = field(default_factory=dict)

    @property
    def is_component(self) -> bool:
        return self.type.startswith("formerr:")

    @property
    def is_the_stack(self) -> bool:
        return self.type == STACK_TYPE


def after(resource: str, value: str) -> dict[str, str]:
    """A value that is known only once a resource is there."""
    return {_AFTER: resource, "value": value}


def urn(declared: Declared) -> str:
    """Its URN in the test's stack."""
    return f"urn:pulumi:{STACK}::{PROJECT}::{declared.type}::{declared.name}"


def resources(stack: tuple[Declared, ...]) -> dict[str, Resource]:
    """What a policy sees of a stack whose update is done: ids are known."""
    by_name = {one.name: one for one in stack}
    return {
        urn(one): Resource(
            type=one.type,
            urn=urn(one),
            properties=one.properties
            | {"id": one.name}
            | {key: by_name[name].name for key, name in one.uses.items()},
            protect=one.protect,
            made_from={key: (urn(by_name[name]),) for key, name in one.uses.items()},
        )
        for one in stack
    }


def program(stack: tuple[Declared, ...], folder: str) -> str:
    """The program that declares a stack; its cluster is a folder of files, so that none is needed."""
    lines = [
        "import json",
        f"AFTER = {_AFTER!r}",
        f"cluster = pulumi.ProviderResource('kubernetes', 'offline', {{'renderYamlToDirectory': {folder!r}}})",
        "class Component(pulumi.ComponentResource):",
        "    def __init__(self, token, name, outputs):",
        "        super().__init__(token, name)",
        "        self.register_outputs(outputs)",
        "made = {}",
        "def filled(value):",
        "    if isinstance(value, dict) and AFTER in value:",
        "        return made[value[AFTER]].id.apply(lambda _: value['value'])",
        "    if isinstance(value, dict):",
        "        return {key: filled(below) for key, below in value.items()}",
        "    return [filled(below) for below in value] if isinstance(value, list) else value",
    ]
    for one in stack:
        told = f"filled(json.loads({json.dumps(one.properties)!r}))"
        if one.is_the_stack:
            lines.append(f"for key, value in {told}.items():\n    pulumi.export(key, value)")
            continue
        if one.is_component:
            lines.append(f"Component({one.type!r}, {one.name!r}, {told})")
            continue
        used = ", ".join(f"{key!r}: made[{name!r}].id" for key, name in one.uses.items())
        provider = ", provider=cluster" if one.type.startswith("kubernetes:") else ""
        lines.append(
            f"made[{one.name!r}] = pulumi.CustomResource({one.type!r}, {one.name!r}, {{**{told}, {used}}}, "
            f"pulumi.ResourceOptions(protect={one.protect}{provider}))"
        )
    return "\n".join(lines) + "\n"


# -- what breaks nothing -------------------------------------------------------------------------------------

VPC = Declared(
    "digitalocean:index/vpc:Vpc",
    "vpc",
    {"name": "vpc", "region": "nyc3", "ipRange": "10.10.0.0/16", "description": f"of a test [{MARK}]"},
)
CLUSTER = Declared(
    "digitalocean:index/kubernetesCluster:KubernetesCluster",
    "cluster",
    {
        "name": "cluster",
        "region": "nyc3",
        "version": "1.35.1-do.0",
        "tags": [MARK],
        "nodePool": {"name": "system", "size": "s-2vcpu-4gb", "nodeCount": 1},
    },
    uses={"vpcUuid": "vpc"},
)
BALANCER = Declared(
    "digitalocean:index/loadBalancer:LoadBalancer",
    "balancer",
    {
        "name": "balancer",
        "region": "nyc3",
        "dropletTag": "nodes",
        "redirectHttpToHttps": True,
        "forwardingRules": [
            {"entryProtocol": "http", "entryPort": 80, "targetProtocol": "http", "targetPort": 30080},
            {
                "entryProtocol": "https",
                "entryPort": 443,
                "targetProtocol": "http",
                "targetPort": 30080,
                "certificateName": "certificate",
            },
        ],
    },
    uses={"vpcUuid": "vpc"},
)
DATABASE = Declared(
    "digitalocean:index/databaseCluster:DatabaseCluster",
    "database",
    {
        "name": "database",
        "engine": "pg",
        "version": "16",
        "size": "db-s-1vcpu-1gb",
        "region": "nyc3",
        "nodeCount": 1,
        "tags": [MARK],
    },
)
FIREWALL = Declared(
    "digitalocean:index/databaseFirewall:DatabaseFirewall",
    "firewall",
    {"rules": [{"type": "ip_addr", "value": "192.0.2.7"}]},
    uses={"clusterId": "database"},
)
REGISTRY = Declared(
    "digitalocean:index/containerRegistry:ContainerRegistry",
    "registry",
    {"name": "formerr-try", "subscriptionTierSlug": "basic", "region": "nyc3"},
)
CREDENTIALS = Declared(
    "digitalocean:index/containerRegistryDockerCredentials:ContainerRegistryDockerCredentials",
    "credentials",
    {},
    protect=False,
    uses={"registryName": "registry"},
)
TOP = f"{PROJECT}-{STACK}"
SLOT = Declared(
    "formerr:network:Network",
    "network",
    {"held": {"vpc": {"id": "x", "ownership": "managed", "retained": True}}},
    protect=False,
)


def kubernetes(kind: str, name: str, api: str = "v1", **more: Any) -> Declared:
    """An object of the cluster with the stack's label."""
    group = f"core/{api}" if "/" not in api else api
    metadata = {"name": name, "namespace": "formerr", "labels": LABELS}
    manifest = {"apiVersion": api, "kind": kind, "metadata": metadata, **more}
    return Declared(f"kubernetes:{group}:{kind}", name, manifest, protect=False)


def pod_of(container: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """The specification of a pod that may do nothing, with changes."""
    calm: dict[str, Any] = {
        "name": "app",
        "image": "registry.example:5000/formerr/app:1f2e3d4",
        "env": [
            {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "DB_PASSWORD"}}},
            {"name": "DATABASE_URL", "value": "postgresql://app:$(DB_PASSWORD)@db:5432/app"},
            {"name": "TOKEN_TTL_SECONDS", "value": "60"},
        ],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    return {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [calm | (container or {})],
        **more,
    }


def deployment(pod: dict[str, Any]) -> Declared:
    """A deployment of pods."""
    spec = {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "app"}},
        "template": {"metadata": {"labels": {"app": "app"}}, "spec": pod},
    }
    return kubernetes("Deployment", "app", "apps/v1", spec=spec)


APP = deployment(pod_of())
SERVICE = kubernetes(
    "Service", "db", spec={"type": "ClusterIP", "ports": [{"port": 5432}], "selector": {"app": "db"}}
)
EDGE = kubernetes(
    "Service",
    "edge",
    spec={"type": "NodePort", "ports": [{"port": 80, "nodePort": 30080}], "selector": {"app": "edge"}},
)
SECRET = kubernetes(
    "Secret",
    "login",
    stringData={"DATABASE_URL": "postgresql://app:word@db.example.com:25060/app?sslmode=verify-full"},
)
SETTINGS = kubernetes("ConfigMap", "settings", data={"LOG_LEVEL": "info", "SECRET_FILE": "/run/secret"})

GOOD = (
    VPC,
    CLUSTER,
    BALANCER,
    DATABASE,
    FIREWALL,
    REGISTRY,
    CREDENTIALS,
    SLOT,
    APP,
    SERVICE,
    EDGE,
    SECRET,
    SETTINGS,
)


# -- what breaks a rule each ---------------------------------------------------------------------------------


def changed(one: Declared, **properties: Any) -> Declared:
    """The same with other properties; None takes one away."""
    merged = one.properties | properties
    return replace(one, properties={key: value for key, value in merged.items() if value is not None})


@dataclass(frozen=True, slots=True)
class Breaking:
    """A stack that breaks one rule and no other.

    Attributes:
        rule: the rule's name.
        culprit: logical name of the resource that breaks it.
        stack: all of it.
        quick: whether judging it directly is enough, because a like one runs on the engine.
    """

    rule: str
    culprit: str
    stack: tuple[Declared, ...]
    quick: bool = False

    def __str__(self) -> str:
        return f"{self.rule}-{self.culprit}"


def _one(rule: str, culprit: Declared, *others: Declared, quick: bool = True) -> Breaking:
    return Breaking(rule, culprit.name, (*others, culprit), quick)


_HTTP_ONLY = BALANCER.properties["forwardingRules"][:1]
_NO_CERTIFICATE = [{**BALANCER.properties["forwardingRules"][1], "certificateName": ""}]
_ROOT = {"securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}


def _context(**more: Any) -> dict[str, Any]:
    return {"securityContext": _ROOT["securityContext"] | more}


def _decided(slot: str) -> Declared:
    """The stack itself, whose program adopted one slot."""
    decisions = {slot: {"ownership": "adopted", "found": ["one"]}, "vpc": {"ownership": "adopted"}}
    return Declared(STACK_TYPE, TOP, {"decisions": decisions}, protect=False)


BREAKING: tuple[Breaking, ...] = (
    # a database for everybody
    _one(
        "no-public-database",
        changed(FIREWALL, rules=[{"type": "ip_addr", "value": "0.0.0.0/0"}]),
        DATABASE,
        quick=False,
    ),
    _one("no-public-database", changed(FIREWALL, rules=[{"type": "ip_addr", "value": "::/0"}]), DATABASE),
    _one(
        "no-public-database", changed(FIREWALL, rules=[{"type": "ip_addr", "value": "128.0.0.0/1"}]), DATABASE
    ),
    _one("no-public-database", changed(FIREWALL, rules=[]), DATABASE),
    _one("no-public-database", changed(SERVICE, spec={"type": "NodePort", "ports": [{"port": 5432}]})),
    _one(
        "no-public-database",
        changed(SERVICE, spec={"externalIPs": ["192.0.2.1"], "ports": [{"port": 80, "targetPort": 5432}]}),
    ),
    _one("database-has-a-firewall", DATABASE, quick=False),
    _one("database-has-a-firewall", DATABASE, replace(FIREWALL, uses={"clusterId": "vpc"}), VPC),
    # privileged pods
    _one(
        "no-privileged-pod",
        deployment(pod_of(_context(privileged=True))),
        quick=False,
    ),
    *(
        _one("no-privileged-pod", deployment(pod_of(None, **{key: True})))
        for key in ("hostNetwork", "hostPID", "hostIPC")
    ),
    _one(
        "no-privileged-pod",
        deployment(pod_of(None, volumes=[{"name": "v", "hostPath": {"path": "/var/run"}}])),
    ),
    _one("no-privileged-pod", deployment(pod_of(_context(runAsUser=0)))),
    _one("no-privileged-pod", deployment(pod_of(_context(runAsNonRoot=False)))),
    _one("no-privileged-pod", deployment(pod_of(_context(allowPrivilegeEscalation=True)))),
    _one("no-privileged-pod", deployment(pod_of(_context(allowPrivilegeEscalation=None)))),
    _one(
        "no-privileged-pod",
        deployment(pod_of(_context(capabilities={"drop": ["ALL"], "add": ["NET_ADMIN"]}))),
    ),
    _one("no-privileged-pod", deployment(pod_of(_context(capabilities={"drop": ["KILL"]})))),
    _one("no-privileged-pod", deployment(pod_of(_context(seccompProfile={"type": "Unconfined"})))),
    _one("no-privileged-pod", deployment(pod_of({"ports": [{"containerPort": 80, "hostPort": 80}]}))),
    _one("no-privileged-pod", deployment(pod_of(None, securityContext={"runAsNonRoot": True}))),
    _one(
        "no-privileged-pod",
        deployment(pod_of(None, securityContext={"seccompProfile": {"type": "RuntimeDefault"}})),
    ),
    # images
    _one("no-latest-image", deployment(pod_of({"image": "nginx:latest"})), quick=False),
    _one("no-latest-image", deployment(pod_of({"image": "registry.example:5000/nginx"}))),
    _one(
        "no-latest-image",
        deployment(pod_of(None, initContainers=[pod_of({"image": "nginx"})["containers"][0]])),
    ),
    _one(
        "no-latest-image",
        kubernetes(
            "CronJob",
            "dump",
            "batch/v1",
            spec={
                "schedule": "0 1 * * *",
                "jobTemplate": {"spec": {"template": {"spec": pod_of({"image": "dump"})}}},
            },
        ),
    ),
    # production
    _one("protected-in-production", replace(REGISTRY, protect=False), quick=False),
    _one(
        "retained-in-production",
        changed(SLOT, held={"vpc": {"id": "x", "ownership": "managed", "retained": False}}),
        quick=False,
    ),
    _one(
        "tls-in-production",
        changed(BALANCER, forwardingRules=_HTTP_ONLY, redirectHttpToHttps=True),
        VPC,
        quick=False,
    ),
    _one("tls-in-production", changed(BALANCER, redirectHttpToHttps=False), VPC),
    _one("tls-in-production", changed(BALANCER, forwardingRules=_NO_CERTIFICATE), VPC),
    _one(
        "database-tls-in-production",
        changed(
            SECRET,
            stringData={"DATABASE_URL": "postgresql://app:word@db.example.com:25060/app?sslmode=require"},
        ),
        quick=False,
    ),
    _one(
        "database-tls-in-production",
        changed(
            SECRET,
            stringData=None,
            data={
                "URL": "cG9zdGdyZXM6Ly9hcHA6d29yZEBkYi5leGFtcGxlLmNvbTo1NDMyL2FwcA==",
            },
        ),
    ),
    _one("database-tls-in-production", changed(SETTINGS, data={"DB_SSLMODE": "prefer"})),
    # marks
    _one("marked-for-its-stack", changed(VPC, description="nobody's"), quick=False),
    _one("marked-for-its-stack", changed(VPC, description=f"[{MARK}] [pulumi:other:dev]")),
    _one("marked-for-its-stack", changed(CLUSTER, tags=["pulumi:standin-test:other"]), VPC),
    _one("marked-for-its-stack", changed(DATABASE, tags=[]), FIREWALL),
    _one(
        "labelled-for-its-stack",
        changed(SETTINGS, metadata={"name": "settings", "namespace": "formerr", "labels": {}}),
        quick=False,
    ),
    _one(
        "labelled-for-its-stack",
        changed(SETTINGS, metadata={"name": "settings", "labels": {LABEL_STACK: "standin-test.other"}}),
    ),
    # load balancers made by the cluster
    _one(
        "no-load-balancer-service",
        changed(EDGE, spec={"type": "LoadBalancer", "ports": [{"port": 80}], "selector": {"app": "edge"}}),
        quick=False,
    ),
    _one(
        "no-load-balancer-service",
        kubernetes(
            "Gateway",
            "gateway",
            "gateway.networking.k8s.io/v1",
            spec={"gatewayClassName": "cilium", "listeners": []},
        ),
    ),
    # secrets
    _one("no-plain-secret", changed(SETTINGS, data={"JWT_SECRET": "swordfish"}), quick=False),
    _one("no-plain-secret", changed(SETTINGS, data={"settings.ini": "url=redis://a:swordfish@cache:6379"})),
    _one("no-plain-secret", changed(SETTINGS, data={"githubClientSecret": "swordfish"})),
    _one("no-plain-secret", deployment(pod_of({"env": [{"name": "DB_PASSWORD", "value": "swordfish"}]}))),
    _one("no-plain-secret", deployment(pod_of({"args": ["--key", "-----BEGIN RSA PRIVATE KEY-----"]}))),
    # the registry
    _one("registry-credentials-are-read-only", changed(CREDENTIALS, write=True), REGISTRY, quick=False),
    # what is only adopted
    _one("adopted-database", _decided("database"), quick=False),
    _one("adopted-load-balancer", _decided("loadBalancer"), quick=False),
)
