"""What the application's Kubernetes objects depend on: one frozen value, complete and checked.

Everything that can be known before a run is here as it is. What must not be written down (passwords, keys) or is
only known while the run goes on (the host of a database that the same run makes) occurs by name only: see
`Hidden` in `manifest`. Nothing here reads settings, files or the environment.

The figures are those of the application: its ports, probes and resources belong to it, not to the cluster.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

_TAGGED = re.compile(
    r"(?P<repository>[a-z0-9][a-z0-9._/:-]*?)(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@sha256:[0-9a-f]{64})?"
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Environment(StrEnum):
    """The two environments; the application is told by `ENVIRONMENT`."""

    STAGING = "staging"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class Amount:
    """CPU in thousandths of a core, memory and ephemeral storage in MiB."""

    cpu: int
    memory: int
    storage: int

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.cpu + other.cpu, self.memory + other.memory, self.storage + other.storage)

    def __mul__(self, times: int) -> Amount:
        return Amount(self.cpu * times, self.memory * times, self.storage * times)


@dataclass(frozen=True, slots=True)
class Resources:
    """What a container asks for, and what it may take at most."""

    requests: Amount
    limits: Amount


#: The application's own containers, by environment.
APPLICATION_RESOURCES = {
    Environment.STAGING: Resources(Amount(125, 128, 128), Amount(250, 256, 512)),
    Environment.PRODUCTION: Resources(Amount(250, 256, 128), Amount(500, 512, 512)),
}


@dataclass(frozen=True, slots=True)
class Workload:
    """One of the two deployments.

    Attributes:
        image: a full reference with a tag (never `latest`) or a digest.
        replicas: how many run at least.
        replicas_max: how many the autoscaler may make of them.
        resources: of each pod.
    """

    image: str
    replicas: int
    replicas_max: int
    resources: Resources

    def __post_init__(self) -> None:
        require_pinned(self.image)
        if not 1 <= self.replicas <= self.replicas_max:
            raise ValueError(f"replicas ({self.replicas}) must be 1 to replicas_max ({self.replicas_max})")


@dataclass(frozen=True, slots=True)
class Hosts:
    """The two names that the ingress answers to."""

    frontend: str
    backend: str

    def __post_init__(self) -> None:
        if self.frontend == self.backend:
            raise ValueError(f"frontend and backend cannot both be {self.frontend}")


@dataclass(frozen=True, slots=True)
class Backups:
    """The nightly dump of the database in the cluster.

    Attributes:
        schedule: as cron has it, in UTC.
        keep: how many dumps stay.
        volume_gib: size of the volume that they stand on.
    """

    schedule: str = "17 2 * * *"
    keep: int = 14
    volume_gib: int = 5


@dataclass(frozen=True, slots=True)
class ClusterDatabase:
    """PostgreSQL in the cluster: one pod, one volume. Its name, user and password are the secret's."""

    image: str = "docker.io/library/postgres:15.19-bookworm"
    volume_gib: int = 5
    storage_class: str = "do-block-storage"
    resources: Resources = Resources(Amount(100, 256, 64), Amount(500, 512, 256))
    backups: Backups = field(default_factory=Backups)

    def __post_init__(self) -> None:
        require_pinned(self.image)


@dataclass(frozen=True, slots=True)
class ManagedDatabase:
    """A managed PostgreSQL: where it may be reached. How to log in is the secret's.

    Attributes:
        port: its port.
        verified: whether its certificate authority is known (the hidden value `DB_CA`), so that TLS is verified
            against it; otherwise the connection is encrypted and whoever answers is believed.
        ranges: the ranges that it can be in: the VPC's. Empty where it is not known, which opens the port
            to every address outside of the cluster.
    """

    port: int = 25060
    ranges: tuple[str, ...] = ()
    verified: bool = True


Database: TypeAlias = ClusterDatabase | ManagedDatabase


@dataclass(frozen=True, slots=True)
class Edge:
    """The ingress controller behind the load balancer.

    Attributes:
        namespace: of its own.
        image: Traefik 3.
        node_port: where every node answers, and what the load balancer forwards to.
        replicas: how many run.
        trusted: ranges whose X-Forwarded-* are believed: those that the load balancer can come from.
        resources: of each pod.
        requests_per_second: how many a client may make on average, twice as many at once; None for no bound.
        api_servers: where the API server can be. DOKS does not say: it is outside of the cluster.
    """

    trusted: tuple[str, ...]
    namespace: str = "formerr-edge"
    image: str = "docker.io/library/traefik:v3.7.9"
    node_port: int = 30080
    replicas: int = 2
    resources: Resources = Resources(Amount(100, 64, 32), Amount(500, 256, 128))
    requests_per_second: int | None = None
    api_servers: tuple[str, ...] = ("0.0.0.0/0",)

    def __post_init__(self) -> None:
        require_pinned(self.image)
        if self.replicas < 1:
            raise ValueError("the ingress controller needs a replica")


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that the manifests depend on.

    Attributes:
        project, stack: whose the objects are; in the mark on each of them.
        environment: see `Environment`.
        hosts: see `Hosts`.
        tls: whether the load balancer ends TLS, so that addresses are https and browsers are told to stay there.
        backend, frontend: see `Workload`.
        database: see `ClusterDatabase` and `ManagedDatabase`.
        edge: see `Edge`.
        namespace: the application's.
        prefix: what the names of objects that stand in no namespace begin with, so that two stacks fit on one cluster.
        expires: when the environment may be destroyed, as it stands in the settings; None: never by itself.
        kubernetes_minor: which Pod Security standard holds, such as `1.34`.
        success_path, error_path: where the backend sends a browser after the login, on the frontend's host.
        metrics_server: whether to declare one; a cluster that has one already must not get another.
        delete_data: whether the database's volume goes when the database in the cluster does.
    """

    project: str
    stack: str
    environment: Environment
    hosts: Hosts
    tls: bool
    backend: Workload
    frontend: Workload
    database: Database
    edge: Edge
    namespace: str = "formerr"
    prefix: str = ""
    expires: str | None = None
    kubernetes_minor: str = "1.34"
    success_path: str = "/auth/success"
    error_path: str = "/auth/error"
    metrics_server: bool = False
    delete_data: bool = False

    def __post_init__(self) -> None:
        if self.namespace == self.edge.namespace:
            raise ValueError(f"the ingress controller needs a namespace of its own, not {self.namespace}")

    def named(self, name: str) -> str:
        """The name of an object of which a cluster has one."""
        return f"{self.prefix}{name}"

    def url(self, host: str, path: str = "") -> str:
        """An address as a browser has it."""
        return f"{'https' if self.tls else 'http'}://{host}{path}"


def require_pinned(image: str) -> None:
    """Refuse an image that may be another one tomorrow: no tag and no digest, or `latest`."""
    match = _TAGGED.fullmatch(image)
    if match is None:
        raise ValueError(f"{image!r} is not an image reference")
    if "@" not in image and (match["tag"] is None or match["tag"] == "latest"):
        raise ValueError(f"{image!r} needs a tag other than latest, or a digest")


def image_reference(registry: str, name: str, tag: str) -> str:
    """The image of the application with that tag or `sha256:` digest, in a DigitalOcean registry."""
    separator = "@" if _DIGEST.fullmatch(tag) else ":"
    return f"registry.digitalocean.com/{registry}/{name}{separator}{tag}"
