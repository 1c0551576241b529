"""What is going to be made, and what is said about it: values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a finding does to the run: an error stops it, the others are shown."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the user should know before the first write.

    Attributes:
        severity: see `Severity`.
        code: stable, for programs and documentation.
        message: what was found and what settles it.
        key: the setting it is about; empty where none is.
    """

    severity: Severity
    code: str
    message: str
    key: str = ""

    def __str__(self) -> str:
        return f"{self.severity}: {self.code}: {self.message}"


@dataclass(frozen=True, slots=True)
class VpcDemand:
    """A VPC to be made; ip_range None lets DigitalOcean choose one."""

    name: str
    ip_range: str | None = None


@dataclass(frozen=True, slots=True)
class PoolDemand:
    """Nodes to be made: a new pool, or what an existing one is to grow by.

    Attributes:
        size: slug of the droplets.
        nodes: at once.
        most: with everything that autoscaling may add; never below `nodes`.
        size_key, nodes_key: the settings that say so.
    """

    size: str
    nodes: int
    most: int
    size_key: str = "nodeSize"
    nodes_key: str = "nodeCount"


@dataclass(frozen=True, slots=True)
class ClusterDemand:
    """A cluster to be made; its pools stand in `Demand.pools`.

    Attributes:
        version: exact slug or minor, as the settings have it.
        subnets: setting to IP range, of its own subnets, as pairs.
    """

    version: str
    subnets: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RegistryDemand:
    """A registry to be made."""

    name: str
    tier: str


@dataclass(frozen=True, slots=True)
class Demand:
    """What is going to be made; what is kept, adopted or imported needs no room and is not in here.

    Attributes:
        region: where.
        surge: whether node upgrades add nodes first.
    """

    region: str
    vpc: VpcDemand | None = None
    cluster: ClusterDemand | None = None
    pools: tuple[PoolDemand, ...] = ()
    registry: RegistryDemand | None = None
    load_balancer: bool = False
    surge: bool = True

    @property
    def nothing(self) -> bool:
        """Whether nothing is going to be made."""
        return not (self.vpc or self.cluster or self.pools or self.registry or self.load_balancer)
