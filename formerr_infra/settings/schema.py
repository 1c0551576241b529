"""What a stack can be told: every key of the namespace `formerr-infra`, its type, its range and its default.

Nothing here reads a file or the environment; `sources` does. Defaults that depend on the stack are filled in by
`for_stack`, so that a printed `Settings` always shows what is in force.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    model_validator,
)

from formerr_infra.model import Policy
from formerr_infra.naming import default_name, slug
from formerr_infra.settings.application import application_defaults
from formerr_infra.settings.kinds import Flag, Keys, Moment, Nodes, flag, items
from formerr_infra.settings.services import ServiceKeys, service_defaults
from formerr_infra.slots import SLOTS

if TYPE_CHECKING:
    from collections.abc import Mapping

IPv4 = ipaddress.IPv4Network

#: Ranges that DigitalOcean keeps for itself; a VPC may not overlap them
#: (DigitalOcean's VPC documentation, "Create a VPC").
RESERVED = tuple(IPv4(text) for text in ("10.244.0.0/16", "10.245.0.0/16", "10.246.0.0/24", "10.229.0.0/16"))
PRIVATE = tuple(IPv4(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))

SLOT_KEYS = tuple(slot.key for slot in SLOTS)


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


def _slot(name: str) -> str:
    if name not in SLOT_KEYS:
        raise ValueError(f"there is no slot {name!r}; the slots are {', '.join(SLOT_KEYS)}")
    return name


def _not_ours(tag: str) -> str:
    if tag.startswith(("k8s", "terraform:", "pulumi:")):
        raise ValueError(
            f"{tag!r} begins with a prefix that belongs to DOKS, the provider or the marks of this project"
        )
    return tag


Name = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9.-]*$", max_length=255)]
ClusterName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=63)]
RegistryName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=63)]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$", max_length=63), AfterValidator(str.lower)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$", max_length=63)]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{3}[0-9]$")]
Version = Annotated[str, StringConstraints(pattern=r"^1\.[0-9]{1,2}(\.[0-9]{1,3}-do\.[0-9]{1,3})?$")]
Range = Annotated[str, AfterValidator(_range)]
VpcRange = Annotated[str, AfterValidator(_vpc_range)]
Tag = Annotated[
    str, StringConstraints(pattern=r"^[a-zA-Z0-9_:-]+$", max_length=255), AfterValidator(_not_ours)
]
SlotKey = Annotated[str, AfterValidator(_slot), Field(json_schema_extra={"enum": list(SLOT_KEYS)})]
Slots = Annotated[tuple[SlotKey, ...], BeforeValidator(items)]


class CloudKeys(Keys):
    """What the slots are told."""

    region: Region = Field("nyc3", description="Region of everything.")
    vpc_policy: Policy = Field(
        Policy.AUTO,
        description="What to do about the VPC: decide by what is there, always make, only read, or manage what exists.",
    )
    vpc_id: Id | None = Field(None, description="UUID of the VPC to use; settles which one is meant.")
    vpc_name: Name = Field("", description="Name of the VPC: looked for, and created under.")
    vpc_cidr: VpcRange | None = Field(
        None,
        description="Range of the VPC, /16 to /28, private; an existing VPC must have it. Not said: DigitalOcean chooses.",
    )
    cluster_policy: Policy = Field(
        Policy.AUTO, description="As vpcPolicy, for the cluster and its worker pool."
    )
    cluster_id: Id | None = Field(None, description="UUID of the cluster to use.")
    cluster_name: ClusterName = Field("", description="Name of the cluster.")
    cluster_subnet: Range | None = Field(
        None, description="Range of the pods of a new cluster; together with serviceSubnet."
    )
    service_subnet: Range | None = Field(
        None, description="Range of the services of a new cluster; together with clusterSubnet."
    )
    kubernetes_version: Version = Field(
        "1.34", description="Minor (1.34) or exact slug (1.34.1-do.0), in quotes; never lowered."
    )
    highly_available: Flag = Field(
        default=False, description="A highly available control plane; cannot be switched off again."
    )
    auto_upgrade: Flag = Field(default=True, description="Whether DOKS installs patch releases by itself.")
    surge_upgrade: Flag = Field(
        default=True, description="Whether upgrades add nodes before they take some; needs spare droplets."
    )
    node_size: Slug = Field(
        "s-2vcpu-4gb", description="Size slug of the worker nodes; another size replaces the worker pool."
    )
    node_count: Nodes | None = Field(
        None, description="A fixed number of worker nodes; excludes nodeMin and nodeMax."
    )
    node_min: Nodes | None = Field(None, description="Fewest worker nodes under autoscaling.")
    node_max: Nodes | None = Field(None, description="Most worker nodes under autoscaling.")
    system_node_size: Slug = Field(
        "s-2vcpu-4gb", description="Size slug of the small default pool; fixed once the cluster lives."
    )
    system_node_count: Nodes = Field(1, description="Nodes of the default pool.")
    registry_policy: Policy = Field(Policy.AUTO, description="As vpcPolicy, for the container registry.")
    registry_id: RegistryName | None = Field(
        None, description="The registry to use; a registry's id is its name."
    )
    registry_name: RegistryName = Field("", description="Name of the registry; global across all accounts.")
    registry_tier: Literal["starter", "basic", "professional"] = Field(
        "basic", description="Subscription tier of the account's registries; a higher one is left as it is."
    )
    registry_region: Region | None = Field(
        None, description="Region of the registry. Not said: DigitalOcean chooses."
    )
    load_balancer_policy: Policy = Field(Policy.AUTO, description="As vpcPolicy, for the load balancer.")
    load_balancer_id: Id | None = Field(None, description="UUID of the load balancer to use.")
    load_balancer_name: Name = Field("", description="Name of the load balancer.")
    project_name: Annotated[str, StringConstraints(min_length=1, max_length=175)] | None = Field(
        None, description="Name of a DigitalOcean project to group what the stack owns. Not said: none."
    )
    project_policy: Policy = Field(Policy.AUTO, description="As vpcPolicy, for the project.")
    project_id: Id | None = Field(None, description="UUID of the project to use.")
    tags: Annotated[tuple[Tag, ...], BeforeValidator(items)] = Field(
        (), description="Further tags of the cluster and its pools."
    )
    protect: Flag = Field(
        default=False, description="Whether the engine refuses to delete what the stack owns."
    )
    retain_on_delete: Flag = Field(
        default=False, description="Whether a destroy only forgets what the stack owns."
    )
    recreate_missing: Flag = Field(
        default=True, description="Whether what was this stack's and is gone is made again."
    )
    take_over: Slots = Field(
        (), description="Slots to import although another stack marks them as its own (policy import)."
    )
    allow_replace: Slots = Field(
        (), description="Slots that may be deleted and made again where a field cannot be changed in place."
    )
    expires_at: Moment | None = Field(
        None,
        description="When the environment may be destroyed (UTC, in quotes); from then on `formerr env sweep` does. Never for "
        "staging and production.",
    )
    use_existing_vpc: Flag | None = Field(
        None, description="Short for vpcPolicy: true is adopt, false is create."
    )
    use_existing_cluster: Flag | None = Field(
        None, description="Short for clusterPolicy: true is adopt, false is create."
    )
    use_existing_loadbalancer: Flag | None = Field(
        None, description="Short for loadBalancerPolicy: true is adopt, false is create."
    )
    create_registry: Flag | None = Field(
        None, description="Short for registryPolicy: true is create, false is adopt."
    )

    @model_validator(mode="after")
    def _nodes_agree(self) -> CloudKeys:
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
    def _ranges_are_apart(self) -> CloudKeys:
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


class Settings(ServiceKeys, CloudKeys):
    """All settings of one stack, typed and checked.

    `None` means "not said": the decision table, the account or the stack's default decides.
    """


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
        other than `auto` contradict each other.
    """
    spelled, findings = dict(values), []
    for short, (key, if_true, if_false) in _SHORTHANDS.items():
        said_so = flag(values.get(short))
        if said_so is None:
            continue
        policy = if_true if said_so else if_false
        if str(values.get(key, Policy.AUTO)) not in (Policy.AUTO, policy):
            findings.append(
                (
                    short,
                    f"{short}={str(said_so).lower()} means {key}={policy.value}, but {key} is {values[key]!r}",
                )
            )
        spelled[key] = policy.value
    return spelled, findings


def stack_defaults(stack: str) -> dict[str, Any]:
    """What a stack gets where its file says nothing; production is careful by default."""
    careful = stack == "production"
    short = slug(stack)
    return {
        "vpcName": default_name(short, "vpc"),
        "clusterName": default_name(short, "cluster"),
        "registryName": f"formerr-{short}",
        "loadBalancerName": default_name(short, "lb"),
        "protect": careful,
        "retainOnDelete": careful,
        "recreateMissing": not careful,
        **application_defaults(stack, short),
        **service_defaults(short),
    }


#: Keys that are as good as missing with `null` or an empty text: those without a default of the schema's own.
OPTIONAL = frozenset(
    info.alias or name for name, info in Settings.model_fields.items() if info.default in (None, "", ())
)


def said(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is really said: optional keys with nothing in them left out."""
    return {
        key: value for key, value in values.items() if key not in OPTIONAL or value not in (None, "", "null")
    }
