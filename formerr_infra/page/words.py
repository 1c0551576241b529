"""What slots are called for people, what each needs, and what stands behind each word of the report."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from formerr_infra.model import READ_ONLY, Outcome
from formerr_infra.monitors import MONITORS
from formerr_infra.objects import APPLICATION

if TYPE_CHECKING:
    from collections.abc import Mapping


class Standing(StrEnum):
    """Whose something is, once the decisions are carried out; each has a colour, a sign and a word."""

    OWNED = "owned"
    NEW = "new"
    ADOPTED = "adopted"
    FOREIGN = "foreign"
    REFUSED = "refused"
    LEFT_OUT = "left out"


MEANING: Mapping[Standing, str] = MappingProxyType(
    {
        Standing.OWNED: "this stack made it or took it in, and manages it",
        Standing.NEW: "the next update makes it",
        Standing.ADOPTED: "it was there before: used, read, never written to",
        Standing.FOREIGN: "somebody else's, in the same account: never touched",
        Standing.REFUSED: "the decision table stops the run here, before any write",
        Standing.LEFT_OUT: "nothing is declared",
    }
)

LABELS: Mapping[str, str] = MappingProxyType(
    {
        "vpc": "VPC",
        "cluster": "Kubernetes cluster",
        "nodePool": "Worker pool",
        "registry": "Container registry",
        "loadBalancer": "Load balancer",
        "project": "Project",
        "database": "PostgreSQL",
        "databaseFirewall": "Trusted sources",
        "domain": "DNS zone",
        "certificate": "Certificate",
        "frontendRecord": "Record of the frontend",
        "backendRecord": "Record of the backend",
        "uptimeCheck": "Uptime check",
        "downAlert": "Alert: not reachable",
        "tlsAlert": "Alert: certificate ends",
        APPLICATION: "Application",
        **{one.slot: f"Alert: {one.text}" for one in MONITORS},
    }
)

#: Slot -> the slots that it cannot do without.
NEEDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "cluster": ("vpc",),
        "nodePool": ("cluster",),
        "loadBalancer": ("vpc", "nodePool", "certificate"),
        "database": ("vpc",),
        "databaseFirewall": ("database", "cluster"),
        "certificate": ("domain",),
        "frontendRecord": ("domain", "loadBalancer"),
        "backendRecord": ("domain", "loadBalancer"),
        "uptimeCheck": ("frontendRecord", "loadBalancer"),
        "downAlert": ("uptimeCheck",),
        "tlsAlert": ("uptimeCheck",),
        APPLICATION: ("cluster", "registry", "database", "loadBalancer"),
        **{one.slot: ("cluster",) if one.nodes else ("loadBalancer",) for one in MONITORS},
    }
)


def standing(outcome: Outcome) -> Standing:
    """How something stands by its decision."""
    match outcome:
        case Outcome.REFUSE:
            return Standing.REFUSED
        case Outcome.OMIT:
            return Standing.LEFT_OUT
        case Outcome.CREATE | Outcome.RECREATE:
            return Standing.NEW
        case _:
            return Standing.ADOPTED if outcome in READ_ONLY else Standing.OWNED
