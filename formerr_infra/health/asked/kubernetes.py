"""The cluster is asked itself: its API server, its nodes, and what of the application the state holds there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from formerr_infra.application.database import POSTGRES
from formerr_infra.application.manifest import selector
from formerr_infra.health import cluster as judged
from formerr_infra.health.asked.results import NO_APPLICATION, Results, absent, every
from formerr_infra.health.model import State
from formerr_infra.inventory.facts import Unknown
from formerr_infra.kubernetes import reading
from formerr_infra.loopback import is_loopback
from formerr_infra.model import Found
from formerr_infra.settings.application import DatabaseMode

if TYPE_CHECKING:
    from formerr_infra.health.looked import Looked
    from formerr_infra.settings.schema import Settings

_NOT_ASKED = (State.UNKNOWN, "the cluster cannot be asked")
_NOTHING_BEHIND = (
    State.SKIPPED,
    "no Kubernetes runs behind this cluster of the local DigitalOcean (`make up` starts one)",
)


def names(looked: Looked) -> tuple[str, ...]:
    """Of the checks."""
    workloads = [f"workload:{key}" for key in judged.references(looked.ledger)] or ["workload"]
    database = ("database",) if in_cluster(looked.settings) else ()
    return ("cluster", "nodes", *workloads, *database)


def in_cluster(settings: Settings) -> bool:
    """Whether the application's database runs on the cluster."""
    return settings.deploy_application and settings.database_mode is DatabaseMode.CLUSTER


def ask(looked: Looked, timeout: float) -> Results:
    """The checks."""
    every_name = names(looked)
    there = looked.slots["cluster"]
    if not isinstance(there, Found):
        first = absent(there)
        return every(every_name, first, first if first[0] is State.UNKNOWN else _NOT_ASKED)
    if (settled := judged.status(there)) is not None:
        return every(every_name, settled, _NOT_ASKED)
    if looked.access.local and not is_loopback(str(there.details.get("endpoint") or "")):
        return every(every_name, _NOTHING_BEHIND)
    opened = reading.reach(looked.access, there.id)
    if isinstance(opened, Unknown):
        return every(every_name, (State.UNKNOWN, opened.reason))
    readiness = reading.get(opened, judged.READY, timeout=timeout)
    first = judged.answers(there, readiness)
    if isinstance(readiness, Unknown) or readiness[0] != 200:
        return every(every_name, first, _NOT_ASKED)
    return [
        ("cluster", *first),
        ("nodes", *judged.nodes(there, reading.get(opened, judged.NODES, timeout=timeout))),
        *_workloads(looked, opened),
        *_database(looked, opened, timeout),
    ]


def _workloads(looked: Looked, opened: reading.Cluster) -> Results:
    wanted = judged.references(looked.ledger)
    if not wanted:
        missing = (State.FAILED, "the state holds no Deployment: the application was not brought up")
        return [("workload", *(missing if looked.settings.deploy_application else NO_APPLICATION))]
    live = reading.read(opened, wanted.values())
    return [(f"workload:{key}", *judged.workload(live[one])) for key, one in wanted.items()]


def _database(looked: Looked, opened: reading.Cluster, timeout: float) -> Results:
    if not in_cluster(looked.settings):
        return []
    chosen = ",".join(f"{name}={value}" for name, value in selector(POSTGRES).items())
    path = (
        f"/api/v1/namespaces/{quote(looked.settings.namespace)}/pods?labelSelector={quote(chosen, safe='')}"
    )
    answer = reading.get(opened, path, timeout=timeout)
    return [("database", *judged.pods(answer, "PostgreSQL in the cluster"))]
