"""The cluster: what DigitalOcean says of it, whether its API server answers, its nodes, its workloads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from formerr_infra.application.kinds import Reference
from formerr_infra.health.model import State
from formerr_infra.inventory.facts import Unknown
from formerr_infra.pools import raw_pools

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from formerr_infra.ledger import Ledger
    from formerr_infra.model import Found

Judged = tuple[State, str]

#: Of a cluster that its API server is expected to answer in.
_RUNS = frozenset({"running", "upgrading", "degraded"})
READY, NODES = "/readyz", "/api/v1/nodes"
#: Kind as it stands in a key of the ledger -> apiVersion and kind.
_WORKLOADS = {"deployment": ("apps/v1", "Deployment"), "statefulset": ("apps/v1", "StatefulSet")}


def status(cluster: Found) -> Judged | None:
    """What DigitalOcean says, where that settles it already."""
    said = str(cluster.facts.get("status") or "nothing")
    if said in _RUNS:
        return None
    return State.FAILED, f"cluster {cluster.id} is {said}, says DigitalOcean"


def answers(cluster: Found, asked: tuple[int, bytes] | Unknown) -> Judged:
    """Whether the API server is ready, and what DigitalOcean says of the cluster."""
    said = str(cluster.facts.get("status"))
    if isinstance(asked, Unknown):
        return State.FAILED, f"cluster {cluster.name} cannot be reached: {asked.reason}"
    code, _ = asked
    if code in (401, 403):
        return State.UNKNOWN, f"the API server of {cluster.name} answers, and refuses the credential ({code})"
    if code != 200:
        return State.FAILED, f"the API server of {cluster.name} says that it is not ready ({code})"
    if said == "degraded":
        return (
            State.FAILED,
            f"the API server of {cluster.name} is ready, and the cluster degraded, says DigitalOcean",
        )
    return State.OK, f"{cluster.name} is {said}, its API server ready"


def nodes(cluster: Found, asked: tuple[int, bytes] | Unknown) -> Judged:
    """Whether as many nodes are ready as the pools have."""
    items = _items(asked)
    if isinstance(items, Unknown):
        return State.UNKNOWN, items.reason
    wanted = sum(int(pool.get("count") or 0) for pool in raw_pools(cluster.details))
    tired = sorted(_name(one) for one in items if not _condition(one, "Ready"))
    ready = len(items) - len(tired)
    closed = sum(bool((one.get("spec") or {}).get("unschedulable")) for one in items)
    note = f", {closed} closed to new pods" if closed else ""
    if tired:
        return State.FAILED, f"{len(tired)} of {len(items)} nodes are not ready: {', '.join(tired)}{note}"
    if ready < max(wanted, 1):
        return State.FAILED, f"{ready} nodes are ready, the pools have {wanted}{note}"
    return State.OK, f"{ready} of {ready} nodes are ready{note}"


def references(ledger: Ledger) -> dict[str, Reference]:
    """Key of each workload in the state -> where it stands."""
    found = {}
    for key in ledger.objects:
        kind, _, rest = key.partition("/")
        namespace, _, name = rest.partition("/")
        if kind in _WORKLOADS and name:
            found[key] = Reference(*_WORKLOADS[kind], namespace, name)
    return found


def workload(live: Mapping[str, Any] | Unknown | None) -> Judged:
    """Whether a Deployment or StatefulSet has all the pods that it wants, available."""
    if isinstance(live, Unknown):
        return State.UNKNOWN, live.reason
    if live is None:
        return State.FAILED, "it is not on the cluster; the state holds it"
    spec, now = live.get("spec") or {}, live.get("status") or {}
    wanted = _count(spec.get("replicas"), 1)
    there = _count(now.get("availableReplicas"), 0)
    updated = _count(now.get("updatedReplicas"), 0)
    stuck = next((one for one in _conditions(live) if one.get("type") == "Progressing"), {})
    if stuck.get("status") == "False":
        return (
            State.FAILED,
            f"{there} of {wanted} pods are available; the roll is stuck ({stuck.get('reason')})",
        )
    if there < wanted:
        return State.FAILED, f"{there} of {wanted} pods are available"
    seen = _count(now.get("observedGeneration"), 0) >= _count(
        (live.get("metadata") or {}).get("generation"), 0
    )
    rolling = "" if seen and updated >= wanted else "; a roll is under way"
    if wanted == 0:
        return State.FAILED, f"it is scaled to no pod at all{rolling}"
    return State.OK, f"{there} of {wanted} pods are available{rolling}"


def pods(asked: tuple[int, bytes] | Unknown, what: str) -> Judged:
    """Whether every pod of a selection is ready."""
    items = _items(asked)
    if isinstance(items, Unknown):
        return State.UNKNOWN, items.reason
    if not items:
        return State.FAILED, f"there is no pod of {what}"
    tired = sorted(_name(one) for one in items if not _condition(one, "Ready"))
    if tired:
        return State.FAILED, f"{what} is not ready: {', '.join(tired)}"
    return State.OK, f"{what} is ready: {', '.join(sorted(map(_name, items)))}"


def _items(asked: tuple[int, bytes] | Unknown) -> Sequence[Mapping[str, Any]] | Unknown:
    """What a list of the API server holds."""
    if isinstance(asked, Unknown):
        return asked
    code, body = asked
    if code != 200:
        return Unknown(f"the API server answers {code} when it is asked for a list")
    try:
        document = json.loads(body)
    except (RecursionError, ValueError):
        document = None
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
        return Unknown("the API server's list is none")
    if (document.get("metadata") or {}).get("continue"):
        return Unknown("the API server's list is longer than what it answered")
    return items


def _conditions(one: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    found = (one.get("status") or {}).get("conditions")
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _condition(one: Mapping[str, Any], kind: str) -> bool:
    return any(entry.get("type") == kind and entry.get("status") == "True" for entry in _conditions(one))


def _name(one: Mapping[str, Any]) -> str:
    return str((one.get("metadata") or {}).get("name") or "?")


def _count(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise
