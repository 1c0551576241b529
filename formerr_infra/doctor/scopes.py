"""The smallest set of scopes that a token needs, by part of a stack and by what is done; pure.

The sets are measured: `tests/engine/test_scopes.py` starts with a token that may do nothing and grants what each
failing run is refused, until the whole deployment, a change and a destroy pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from formerr_infra.settings.schema import Settings


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a stack.

    Attributes:
        name: for people.
        deploy: what bringing it up needs.
        change: what changing it needs besides.
        destroy: what taking it down needs besides.
    """

    name: str
    deploy: frozenset[str]
    change: frozenset[str] = frozenset()
    destroy: frozenset[str] = frozenset()

    @property
    def all(self) -> frozenset[str]:
        """Everything."""
        return self.deploy | self.change | self.destroy


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


CLOUD = Part(
    "the cloud: VPC, cluster, registry, load balancer",
    deploy=_set(
        "account:read droplet:read vpc:read vpc:create kubernetes:read kubernetes:create kubernetes:update "
        "kubernetes:access_cluster registry:read registry:create load_balancer:read load_balancer:create"
    ),
    change=_set("vpc:update registry:update load_balancer:update"),
    # What a cluster's controllers have made and what hangs in a project is looked for whatever the stack has.
    destroy=_set(
        "vpc:delete kubernetes:delete registry:delete load_balancer:delete project:read block_storage:read"
    ),
)
APPLICATION = Part(
    "the application: the registry's pull credentials, what the cluster's controllers made",
    deploy=_set("registry:update"),
    destroy=_set("block_storage:delete"),
)
DATABASE = Part(
    "a managed database",
    deploy=_set("database:read database:create database:update"),
    destroy=_set("database:delete"),
)
DOMAIN = Part(
    "domain, DNS records, certificate",
    deploy=_set("domain:read domain:create certificate:read certificate:create"),
    change=_set("domain:update"),
    destroy=_set("domain:delete certificate:delete"),
)
ALERTS = Part(
    "uptime check and alerts",
    deploy=_set("uptime:read uptime:create uptime:update monitoring:read monitoring:create"),
    change=_set("monitoring:update"),
    destroy=_set("uptime:delete monitoring:delete"),
)
GROUPING = Part(
    "a DigitalOcean project",
    deploy=_set("project:read project:create project:assign_resource"),
    change=_set("project:update"),
    destroy=_set("project:delete"),
)
PARTS = (CLOUD, APPLICATION, DATABASE, DOMAIN, ALERTS, GROUPING)

#: What DigitalOcean adds by itself to a token with any of these scopes (its page of each scope, "Required Scopes").
IMPLIED = _set("actions:read image:read regions:read sizes:read tag:read")


def parts(settings: Settings) -> tuple[Part, ...]:
    """The parts that a stack has."""
    has = {
        APPLICATION: settings.deploy_application,
        DATABASE: settings.managed_database,
        DOMAIN: settings.services and (settings.domain is not None or _certificate(settings)),
        ALERTS: settings.alerts,
        GROUPING: settings.project_name is not None or settings.project_id is not None,
    }
    return tuple(part for part in PARTS if has.get(part, True))


def _certificate(settings: Settings) -> bool:
    return settings.certificate_name is not None or settings.certificate_id is not None


def needed(settings: Settings) -> frozenset[str]:
    """All that any run of a stack needs."""
    return frozenset().union(*(part.all for part in parts(settings)))


def reads(settings: Settings) -> frozenset[str]:
    """What of it can be asked for without writing."""
    return frozenset(scope for scope in needed(settings) if scope.endswith(":read"))
