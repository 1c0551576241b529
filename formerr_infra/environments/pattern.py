"""What an environment's stack file says that staging's does not, and what it leaves out. Pure.

An environment has staging's pattern (versions, sizes, switches) and nothing of staging's own: no id, no host, no data, no
secret. What it makes it makes new (policy create), so that it never takes something of that name for its own; what it
shares it only reads (policy adopt).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from formerr_infra.naming import default_name
from formerr_infra.settings.secrets import KEYS
from formerr_infra.settings.slack import KEY as SLACK_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.settings import Settings

#: What no environment takes over from staging: ids, projects, databases, certificates, alerts, shorthands, one-run words.
_NEVER = re.compile(
    r"(vpc|cluster|registry|loadBalancer)Id|project.*|database.*|certificate.*|alert.*|useExisting.*|createRegistry|takeOver"
    r"|allowReplace|namespacePolicy|applicationPolicy|dnsPolicy"
)
#: What a cluster that is only read is not told.
_OF_A_CLUSTER = re.compile(
    r"vpcCidr|clusterSubnet|serviceSubnet|node(Size|Count|Min|Max)|systemNode.*|highlyAvailable|autoUpgrade|surgeUpgrade"
)
_IMAGES = frozenset({"imageTag", "backendImageTag", "frontendImageTag"})


@dataclass(frozen=True, slots=True)
class Choice:
    """What was asked for and allocated.

    Attributes:
        name: of the environment.
        expires: as settings have it.
        vpc_range: of its own VPC; None where it shares staging's.
        subnets: of its cluster's pods and services, where staging names its own.
        node_port: where its ingress listens on staging's nodes; None where it has nodes of its own.
        image_tag: of both images; None: staging's.
    """

    name: str
    expires: str
    vpc_range: str | None = None
    subnets: tuple[str, str] | None = None
    node_port: int | None = None
    image_tag: str | None = None

    @property
    def shared(self) -> bool:
        """Whether it stands on staging's cluster."""
        return self.vpc_range is None


@dataclass(frozen=True, slots=True)
class Entry:
    """A key that the environment's file has, with what explains it."""

    value: Any
    comment: str = ""


def entries(staging: Settings, choice: Choice) -> dict[str, Entry]:
    """The keys that are the environment's own, without their namespace."""
    name = choice.name
    host = _host(staging, name)
    made = {
        "expiresAt": Entry(choice.expires, "`formerr env extend` moves it, `formerr env sweep` obeys it."),
        "namespacePrefix": Entry(name, "Before the names of namespaces and of what a cluster has one of."),
        **(_on_the_cluster(staging, choice) if choice.shared else _of_its_own(choice)),
        "registryPolicy": Entry("adopt", "Staging's registry, only read: most accounts may have one."),
        "registryName": Entry(staging.registry_id or staging.registry_name),
        "loadBalancerPolicy": Entry("create"),
        "loadBalancerName": Entry(default_name(name, "lb")),
        "frontendHost": Entry(host),
        "backendHost": Entry(f"api.{host}"),
        "databaseMode": Entry("cluster", "Data of its own, which goes with it."),
        "deleteData": Entry(value=True),
        "namePrefix": Entry(f"formerr-{name}"),
        "protect": Entry(value=False, comment="It is there to go: nothing is protected, nothing retained."),
        "retainOnDelete": Entry(value=False),
        "recreateMissing": Entry(value=True),
    }
    if choice.image_tag is not None:
        made["imageTag"] = Entry(choice.image_tag)
    return made


def _of_its_own(choice: Choice) -> dict[str, Entry]:
    name = choice.name
    made = {
        "vpcPolicy": Entry("create", "Made new, never adopted: what has the name already stops the run."),
        "vpcName": Entry(default_name(name, "vpc")),
        "vpcCidr": Entry(choice.vpc_range, "Free in the account and in every stack file when it was chosen."),
        "clusterPolicy": Entry("create"),
        "clusterName": Entry(default_name(name, "cluster")),
    }
    if choice.subnets is not None:
        made |= {"clusterSubnet": Entry(choice.subnets[0]), "serviceSubnet": Entry(choice.subnets[1])}
    return made


def _on_the_cluster(staging: Settings, choice: Choice) -> dict[str, Entry]:
    made = {
        "vpcPolicy": Entry("adopt", "Staging's VPC and cluster, only read; on it, namespaces of its own."),
        "vpcName": Entry(staging.vpc_name),
        "clusterPolicy": Entry("adopt"),
        "clusterName": Entry(staging.cluster_name),
        "ingressNodePort": Entry(
            choice.node_port, "Of its own on staging's nodes; its load balancer sends there."
        ),
        "backendReplicas": Entry(1, "Little of it: the nodes are staging's."),
        "frontendReplicas": Entry(1),
        "replicasMax": Entry(2),
        "metricsServer": Entry(value=False, comment="A cluster has one of it."),
    }
    if staging.vpc_id is not None:
        made["vpcId"] = Entry(staging.vpc_id)
    if staging.cluster_id is not None:
        made["clusterId"] = Entry(staging.cluster_id)
    return made


def left_out(key: str, value: object, own: Mapping[str, Entry], choice: Choice) -> bool:
    """Whether a key of staging's file stays out of the environment's.

    Args:
        key: without its namespace, of this project.
        value: as read.
        own: see `entries`.
        choice: what was asked for.
    """
    if is_secret(key, value):
        return True
    if key in own:
        return False
    if key in _IMAGES:
        return choice.image_tag is not None
    return bool(_NEVER.fullmatch(key) or (choice.shared and _OF_A_CLUSTER.fullmatch(key)))


def is_secret(key: str, value: object) -> bool:
    """Whether a key holds a secret; a stack cannot read what another one has encrypted."""
    return key in KEYS or key == SLACK_KEY or (isinstance(value, dict) and "secure" in value)


def _host(staging: Settings, name: str) -> str:
    """In the domain where there is one, so that records can be made; else beside staging's host."""
    if staging.domain is not None:
        return f"{name}.{staging.domain}"
    first, _, rest = staging.frontend_host.partition(".")
    return f"{name}.{rest}" if "." in rest else f"{name}.{first}.{rest}"
