"""The application as Kubernetes objects: a pure function of a plan.

It says what is wanted and nothing more. It reads no cluster, decides nothing about what is there already, and knows
no engine; `manifests` gives plain values in the order in which they can be made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.application.availability import availability, priorities
from formerr_infra.application.backups import backups
from formerr_infra.application.bounds import bounds
from formerr_infra.application.configuration import configuration
from formerr_infra.application.database import database, database_host
from formerr_infra.application.defaults import complete
from formerr_infra.application.edge import HEALTH_PATH, edge, routes
from formerr_infra.application.manifest import Digest, Hidden, Manifest, hidden_values, key, logical_name
from formerr_infra.application.metrics import metrics
from formerr_infra.application.namespaces import namespaces
from formerr_infra.application.plan import (
    APPLICATION_RESOURCES,
    Amount,
    Backups,
    ClusterDatabase,
    Database,
    Edge,
    Environment,
    Hosts,
    ManagedDatabase,
    Plan,
    Resources,
    Workload,
    image_reference,
)
from formerr_infra.application.traffic import traffic
from formerr_infra.application.workloads import backend, frontend

if TYPE_CHECKING:
    from collections.abc import Callable

#: Policies stand before the pods that they are about: no pod is ever without them.
_PARTS: tuple[Callable[[Plan], tuple[Manifest, ...]], ...] = (
    namespaces,
    priorities,
    bounds,
    traffic,
    configuration,
    database,
    backups,
    backend,
    frontend,
    edge,
    routes,
    metrics,
    availability,
)

__all__ = (
    "APPLICATION_RESOURCES",
    "HEALTH_PATH",
    "Amount",
    "Backups",
    "ClusterDatabase",
    "Database",
    "Digest",
    "Edge",
    "Environment",
    "Hidden",
    "Hosts",
    "ManagedDatabase",
    "Manifest",
    "Plan",
    "Resources",
    "Workload",
    "database_host",
    "hidden_values",
    "image_reference",
    "key",
    "logical_name",
    "manifests",
)


def manifests(plan: Plan) -> tuple[Manifest, ...]:
    """Every object of the application, each after what it needs."""
    return tuple(complete(made) for part in _PARTS for made in part(plan))
