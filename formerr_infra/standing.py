"""What the state knows of, as it is live: by id in the account, by name on the cluster. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra import holdings, inventory
from formerr_infra.inventory.facts import Access, Limits, Question, Unknown
from formerr_infra.model import Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from formerr_infra.holdings import Resource
    from formerr_infra.model import Sighting

#: Under which kind node pools and objects are noted, which no list of the account has.
NODE_POOL, OBJECT = "node_pool", "object"


def alive(
    access: Access, resources: Iterable[Resource], stack: str, *, limits: Limits | None = None
) -> dict[tuple[str, str], Found | Unknown | None]:
    """Kind and id of each resource that the inventory can see -> how it is; node pools are read off their clusters."""
    known = list(resources)
    seen = [one for one in known if one.kind is not None]
    pools = [one for one in known if one.type == holdings.NODE_POOL]
    # By URN and id: what was replaced and still waits for its deletion has the URN of what replaced it.
    questions = [
        Question(f"{one.urn} {one.id}", one.kind or "", ids=(one.id,), within=one.within) for one in seen
    ]
    # By what the pools say, as the state need not hold their clusters: not asked for, they would seem gone.
    clusters = sorted({cluster for one in pools if (cluster := _cluster_of(one))})
    questions += [Question(cluster, "cluster", ids=(cluster,)) for cluster in clusters]
    looked = inventory.look(access, questions, stack=stack, with_account=False, limits=limits)
    live = {(one.kind or "", one.id): _one(looked.sightings[f"{one.urn} {one.id}"], one.id) for one in seen}
    around = {cluster: _one(looked.sightings[cluster], cluster) for cluster in clusters}
    return live | {(NODE_POOL, pool.id): _pool(pool, around) for pool in pools}


def _one(sighting: Sighting, identity: str) -> Found | Unknown | None:
    """What was answered about one that was asked for by its id."""
    return Unknown("; ".join(sighting.unknown)) if sighting.unknown else sighting.by_id.get(identity)


def _cluster_of(pool: Resource) -> str:
    """The id of a pool's cluster; empty where neither its inputs nor its outputs tell."""
    told = pool.inputs.get("clusterId") or pool.outputs.get("clusterId")
    return told if isinstance(told, str) else ""


def _pool(pool: Resource, clusters: Mapping[str, Found | Unknown | None]) -> Found | Unknown | None:
    cluster = clusters.get(_cluster_of(pool), Unknown(f"the state tells no cluster of {pool.label}"))
    if cluster is None or isinstance(cluster, Unknown):
        return cluster
    pools = cluster.details.get("node_pools")
    if not isinstance(pools, list):
        return Unknown(f"cluster {cluster.id} does not tell its node pools")
    raw = next((one for one in pools if isinstance(one, dict) and one.get("id") == pool.id), None)
    return None if raw is None else Found(pool.id, str(raw.get("name") or ""), details=raw)


def objects(
    access: Access, wanted: Sequence[Resource], cluster_id: str
) -> dict[tuple[str, str], Found | Unknown | None]:
    """Name of each object -> how it is on a cluster that is there."""
    from formerr_infra.application.kinds import Reference
    from formerr_infra.kubernetes import reading

    if not wanted:
        return {}
    opened = reading.reach(access, cluster_id)
    if isinstance(opened, Unknown):
        return {(OBJECT, one.name): opened for one in wanted}
    asked = [(one, Reference.of(one.inputs)) for one in wanted]
    answers = reading.read(opened, [reference for _, reference in asked])
    found: dict[tuple[str, str], Found | Unknown | None] = {}
    for one, reference in asked:
        answer = answers[reference]
        if answer is None or isinstance(answer, Unknown):
            found[OBJECT, one.name] = answer
        elif (answer.get("metadata") or {}).get("deletionTimestamp"):
            found[OBJECT, one.name] = None
        else:
            found[OBJECT, one.name] = Found(one.id, one.name, details=answer)
    return found
