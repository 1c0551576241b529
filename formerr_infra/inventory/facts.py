"""What is asked of an account and what is answered: values only, so that whoever uses them needs no client.

Deliberately holds no I/O and imports no client library: the preflight and the program read these without
paying for pydo.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from formerr_infra.model import Sighting

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Access:
    """Where the account is and what opens it.

    Attributes:
        endpoint: base address of the API; https, or plain http on loopback only.
        token: a DigitalOcean token; never printed.
        local: local mode, in which only loopback is allowed.
    """

    endpoint: str
    token: str = field(repr=False)
    local: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how hard the account may be asked; all times in seconds.

    Attributes:
        budget: for everything one call of this package does, waiting for a rate limit included.
        connect: for one connection.
        read: for one silence of the other side within an answer.
        retries: further attempts of a read after a dropped connection, a timeout, a 5xx or an unusable body.
        pause: before the first further attempt; doubled each time.
        at_once: requests under way at the same time.
    """

    budget: float = 20.0
    connect: float = 4.0
    read: float = 8.0
    retries: int = 2
    pause: float = 0.2
    at_once: int = 12


@dataclass(frozen=True, slots=True)
class Question:
    """What one slot wants to know.

    Attributes:
        slot: the slot's key; the answer stands under it.
        kind: see `kinds.KINDS`.
        ids: asked for one by one.
        name: everything of this name; None does not list.
        within: the id of what it is a part of (the domain of a record, the check of an alert).
    """

    slot: str
    kind: str
    ids: tuple[str, ...] = ()
    name: str | None = None
    within: str | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """A fact that could not be learned, and why. Never the same as absent.

    Attributes:
        reason: why.
        missing: the API was there and has no such answer to give, so that asking again does not help.
    """

    reason: str
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A trusted source of a managed database: type `k8s`, `tag`, `droplet`, `app` or `ip_addr`, and its value."""

    type: str
    value: str


@dataclass(frozen=True, slots=True)
class DatabaseParts:
    """What is asked of a managed database besides itself.

    Attributes:
        rules: its trusted sources; none admits everybody.
        authority: the certificate (PEM) by which its server is checked.
    """

    rules: tuple[Rule, ...] | Unknown
    authority: str | Unknown


@dataclass(frozen=True, slots=True)
class Network:
    """A VPC of the account; ip_range in CIDR notation, None where the API did not tell."""

    id: str
    name: str
    region: str | None
    ip_range: str | None
    default: bool


@dataclass(frozen=True, slots=True)
class KubernetesOptions:
    """What DOKS offers this account: slugs, in the API's order (versions newest first); None where it does not say."""

    versions: tuple[str, ...]
    regions: tuple[str, ...] | None
    sizes: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What the account allows and holds, as far as it could be learned.

    Attributes:
        status: `active`, `warning` or `locked`.
        droplet_limit: how many droplets the account may have.
        droplets: how many it has, the nodes of clusters included.
        kubernetes: what DOKS offers.
        registry_tier: slug of the registry subscription (`starter`, `basic`, `professional`), None without
            one.
        registries: names of all registries of the account.
        vpcs: all VPCs of the account.
        missing_scopes: scopes that the token was refused for by these reads, e.g. `vpc:read`.
    """

    status: str | Unknown
    droplet_limit: int | Unknown
    droplets: int | Unknown
    kubernetes: KubernetesOptions | Unknown
    registry_tier: str | Unknown | None
    registries: tuple[str, ...] | Unknown
    vpcs: tuple[Network, ...] | Unknown
    missing_scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prices:
    """What the API tells of prices, in dollars a month.

    Attributes:
        sizes: slug of a droplet size -> its price.
        plans: slug of a registry plan -> its price.
        subscription: the registry plan that the account has; None without one.
    """

    sizes: Mapping[str, Decimal] | Unknown
    plans: Mapping[str, Decimal] | Unknown
    subscription: str | Unknown | None


@dataclass(frozen=True, slots=True)
class Inventory:
    """What is live.

    Attributes:
        sightings: by slot.
        account: only where it was asked for.
        databases: by id, of those that were asked for.
        calls: requests that were sent, repeated ones included.
        seconds: how long it took.
    """

    sightings: Mapping[str, Sighting] = field(default_factory=lambda: MappingProxyType({}))
    account: AccountFacts | None = None
    databases: Mapping[str, DatabaseParts] = field(default_factory=lambda: MappingProxyType({}))
    calls: int = 0
    seconds: float = 0.0
