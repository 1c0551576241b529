"""What a stack can be told: every key of the namespace `formerr-infra`, its type, its range and its default.

Nothing here reads a file or the environment; `sources` does. Defaults that depend on the stack are filled in by
`for_stack`, so that a printed `Settings` always shows what is in force.
"""

from __future__ import annotations

import ipaddress
import json
import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic.alias_generators import to_camel

from formerr_infra.model import Policy
from formerr_infra.naming import default_name

IPv4 = ipaddress.IPv4Network

#: Ranges that DigitalOcean keeps for itself; a VPC may not overlap them
#: (DigitalOcean's VPC documentation, "Create a VPC").
RESERVED = tuple(IPv4(text) for text in ("10.244.0.0/16", "10.245.0.0/16", "10.246.0.0/24", "10.229.0.0/16"))
PRIVATE = tuple(IPv4(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))

SlotName = Literal["vpc", "cluster", "nodePool", "registry", "loadBalancer", "project"]


def _range(text: str) -> str:
    try:
        network = ipaddress.ip_network(text, strict=True)
    except ValueError as error:
        raise ValueError(f"{text!r} is not an IP range: {error}") from None
    if not isinstance(network, IPv4):
        raise ValueError(f"{text!r} is not an IPv4 range")  # noqa: TRY004 - a value of the right type, but the wrong kind
    if not any(network.subnet_of(private) for private in PRIVATE):
        raise ValueError(
            f"{text!r} is not inside a private range (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16)"
        )
    return str(network)


def _vpc_range(text: str) -> str:
    network = IPv4(_range(text))
    if not 16 <= network.prefixlen <= 28:
        raise ValueError(f"{text!r} has the size /{network.prefixlen}; a VPC takes /16 to /28")
    for reserved in RESERVED:
        if network.overlaps(reserved):
            raise ValueError(f"{text!r} overlaps {reserved}, which DigitalOcean keeps for itself")
    return str(network)


def _tags(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError('a list is expected, such as ["one", "two"]') from None
    return value


def _not_ours(tag: str) -> str:
    if tag.startswith(("k8s", "terraform:", "pulumi:")):
        raise ValueError(
            f"{tag!r} begins with a prefix that belongs to DOKS, the provider or the marks of this project"
        )
    return tag


Name = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9.-]*$", max_length=255)]
ClusterName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=63)]
RegistryName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=63)]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$", max_length=63)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$", max_length=63)]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{3}[0-9]$")]
Version = Annotated[str, StringConstraints(pattern=r"^1\.[0-9]{1,2}(\.[0-9]{1,3}-do\.[0-9]{1,3})?$")]
Range = Annotated[str, AfterValidator(_range)]
VpcRange = Annotated[str, AfterValidator(_vpc_range)]
Tag = Annotated[
    str, StringConstraints(pattern=r"^[a-zA-Z0-9_:-]+$", max_length=255), AfterValidator(_not_ours)
]
Nodes = Annotated[int, Field(ge=1, le=512)]


class Settings(BaseModel):
    """All settings of one stack, typed and checked.

    `None` means "not said": the decision table, the account or the stack's default decides.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    region: Region = "nyc3"
    vpc_policy: Policy = Policy.AUTO
    vpc_id: Id | None = None
    vpc_name: Name = ""
    vpc_cidr: VpcRange | None = None
    cluster_policy: Policy = Policy.AUTO
    cluster_id: Id | None = None
    cluster_name: ClusterName = ""
    cluster_subnet: Range | None = None
    service_subnet: Range | None = None
    kubernetes_version: Version = "1.34"
    highly_available: bool = False
    auto_upgrade: bool = True
    surge_upgrade: bool = True
    node_size: Slug = "s-2vcpu-4gb"
    node_count: Nodes | None = None
    node_min: Nodes | None = None
    node_max: Nodes | None = None
    system_node_size: Slug = "s-2vcpu-4gb"
    system_node_count: Nodes = 1
    registry_policy: Policy = Policy.AUTO
    registry_id: RegistryName | None = None
    registry_name: RegistryName = ""
    registry_tier: Literal["starter", "basic", "professional"] = "basic"
    registry_region: Region | None = None
    load_balancer_policy: Policy = Policy.AUTO
    load_balancer_id: Id | None = None
    load_balancer_name: Name = ""
    project_name: Annotated[str, StringConstraints(min_length=1, max_length=175)] | None = None
    project_policy: Policy = Policy.AUTO
    project_id: Id | None = None
    tags: Annotated[tuple[Tag, ...], BeforeValidator(_tags)] = ()
    protect: bool = False
    retain_on_delete: bool = False
    recreate_missing: bool = True
    take_over: Annotated[tuple[SlotName, ...], BeforeValidator(_tags)] = ()
    allow_replace: Annotated[tuple[SlotName, ...], BeforeValidator(_tags)] = ()
    use_existing_vpc: bool | None = None
    use_existing_cluster: bool | None = None
    use_existing_loadbalancer: bool | None = None
    create_registry: bool | None = None

    @model_validator(mode="after")
    def _nodes_agree(self) -> Settings:
        bounds = (self.node_min, self.node_max)
        if self.node_count is not None and bounds != (None, None):
            raise ValueError(
                "nodeCount and nodeMin/nodeMax exclude each other: a fixed number of nodes, or bounds"
            )
        if (self.node_min is None) != (self.node_max is None):
            raise ValueError("nodeMin and nodeMax belong together: set both, or nodeCount")
        if self.node_min is not None and self.node_max is not None and self.node_min > self.node_max:
            raise ValueError(f"nodeMin ({self.node_min}) is above nodeMax ({self.node_max})")
        return self

    @model_validator(mode="after")
    def _ranges_are_apart(self) -> Settings:
        if (self.cluster_subnet is None) != (self.service_subnet is None):
            raise ValueError("clusterSubnet and serviceSubnet belong together: set both or neither")
        ranges = {
            key: IPv4(text)
            for key, text in (
                ("vpcCidr", self.vpc_cidr),
                ("clusterSubnet", self.cluster_subnet),
                ("serviceSubnet", self.service_subnet),
            )
            if text
        }
        keys = list(ranges)
        for index, one in enumerate(keys):
            for other in keys[index + 1 :]:
                if ranges[one].overlaps(ranges[other]):
                    raise ValueError(f"{one} ({ranges[one]}) overlaps {other} ({ranges[other]})")
        return self

    @property
    def autoscale(self) -> bool:
        """Whether the worker pool has bounds rather than a fixed number of nodes."""
        return self.node_min is not None

    @property
    def nodes_at_start(self) -> int:
        """Worker nodes that a new pool starts with."""
        return self.node_count or self.node_min or 1

    @property
    def nodes_at_most(self) -> int:
        """Worker nodes at the upper bound."""
        return self.node_count or self.node_max or 1


_SHORTHANDS = {
    "useExistingVpc": ("vpcPolicy", Policy.ADOPT, Policy.CREATE),
    "useExistingCluster": ("clusterPolicy", Policy.ADOPT, Policy.CREATE),
    "useExistingLoadbalancer": ("loadBalancerPolicy", Policy.ADOPT, Policy.CREATE),
    "createRegistry": ("registryPolicy", Policy.CREATE, Policy.ADOPT),
}


def shorthands(values: dict[str, Any]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Spell out the seed's control variables as policies.

    Args:
        values: key (without namespace) to value, as read.

    Returns:
        The values with the policies filled in, and findings as (key, message) where a shorthand and a policy
        contradict each other.
    """
    spelled, findings = dict(values), []
    for short, (key, if_true, if_false) in _SHORTHANDS.items():
        flag = _flag(values.get(short))
        if flag is None:
            continue
        policy = if_true if flag else if_false
        if key in values and str(values[key]) != policy.value:
            findings.append(
                (
                    short,
                    f"{short}={str(flag).lower()} means {key}={policy.value}, but {key} is {values[key]!r}",
                )
            )
        spelled[key] = policy.value
    return spelled, findings


def _flag(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    return None


def stack_defaults(stack: str) -> dict[str, Any]:
    """What a stack gets where its file says nothing; production is careful by default."""
    careful = stack == "production"
    slug = re.sub(r"[^a-z0-9-]+", "-", stack.lower()).strip("-") or "stack"
    return {
        "vpcName": default_name(slug, "vpc"),
        "clusterName": default_name(slug, "cluster"),
        "registryName": f"formerr-{slug}",
        "loadBalancerName": default_name(slug, "lb"),
        "protect": careful,
        "retainOnDelete": careful,
        "recreateMissing": not careful,
    }
