"""What is left after a destroy, and whether it should be; pure.

Every id that was to go is looked for, everything with the stack's mark, and every volume with the cluster's. What could
not be looked at is never taken for gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.destroy.model import ENDS, Fate, Left, Outcome, Plan
from formerr_infra.holdings import NODE_POOL as POOL
from formerr_infra.inventory.facts import Unknown
from formerr_infra.standing import NODE_POOL, OBJECT

if TYPE_CHECKING:
    from formerr_infra.destroy.model import Account, Piece, Trace
    from formerr_infra.holdings import Resource
    from formerr_infra.model import Found


def looked_for(resource: Resource) -> tuple[str, str] | None:
    """Under which key of `Account.live` a resource is noted; None for what is no thing of its own."""
    if resource.on_cluster:
        return OBJECT, resource.name
    if resource.type == POOL:
        return NODE_POOL, resource.id
    return (resource.kind, resource.id) if resource.kind is not None else None


def verify(plan: Plan, after: Account) -> Outcome:
    """Hold the account against what was to go.

    Args:
        plan: what the destroy was to do.
        after: the account, looked at again.
    """
    left: list[Left] = []
    unknown: list[str] = list(after.unknown)
    confirmed = 0
    for piece in plan.pieces:
        found, gone = _piece(piece, after, unknown)
        left += found
        confirmed += gone
    for trace in plan.traces:
        found, gone = _trace(trace, after, unknown)
        left += found
        confirmed += gone
    known = {(one.kind, one.id) for one in left}
    left += [one for one in _strays(plan, after) if (one.kind, one.id) not in known]
    if isinstance(after.volumes, Unknown):
        # An API that has no volumes has none of this cluster.
        unheard = plan.cluster_id is not None and not after.volumes.missing
        unknown += [f"volumes of cluster {plan.cluster_id}: {after.volumes.reason}"] if unheard else []
    else:
        left += _volumes(plan, after.volumes)
    return Outcome(tuple(left), tuple(dict.fromkeys(unknown)), confirmed)


def _piece(piece: Piece, after: Account, unknown: list[str]) -> tuple[list[Left], int]:
    resource = piece.resource
    key = looked_for(resource)
    if key is None or key not in after.live:
        return [], 0
    live = after.live[key]
    if isinstance(live, Unknown):
        if piece.fate in ENDS:
            unknown.append(f"{resource.label}: {live.reason}")
        return [], 0
    if piece.fate in ENDS:
        if live is None:
            return [], 1
        reason = "it was to go and is there: the engine's words above say why, and the next run tries again"
        return [Left(key[0], resource.id, resource.label, reason, expected=False)], 0
    if live is None:
        return [], 0
    expected = piece.fate in (Fate.ADOPTED, Fate.RETAINED)
    return [Left(key[0], resource.id, resource.label, piece.reason, expected)], 0


def _trace(trace: Trace, after: Account, unknown: list[str]) -> tuple[list[Left], int]:
    thing = trace.thing
    many = {"load_balancers": after.balancers, "volumes": after.volumes}.get(thing.kind, ())
    kind = {"load_balancers": "load_balancer", "volumes": "volume"}.get(thing.kind, thing.kind)
    if isinstance(many, Unknown):
        unknown.append(f"{kind} {thing.name} {thing.id}: {many.reason}")
        return [], 0
    # No list has the snapshots of volumes: they were there, and nothing here takes them.
    there = any(one.id == thing.id for one in many) or thing.kind not in ("load_balancers", "volumes")
    if not there:
        return [], int(trace.goes)
    if trace.goes:
        reason = "it was to go with the cluster and is there; DigitalOcean may still be at it: run again"
        return [Left(kind, thing.id, thing.name, reason, expected=False)], 0
    return [Left(kind, thing.id, thing.name, trace.reason, trace.expected)], 0


def _strays(plan: Plan, after: Account) -> list[Left]:
    """What carries the mark and is no resource that stays."""
    stays = {one.resource.id for one in plan.pieces if one.fate not in ENDS}
    reason = "it carries the stack's mark and was not in the state; a deploy takes it in, and a destroy after that takes it"
    return [
        Left(kind, one.id, one.name, reason, expected=False)
        for kind, many in after.marked.items()
        for one in many
        if one.id not in stays
    ]


def _volumes(plan: Plan, volumes: tuple[Found, ...]) -> list[Left]:
    """Volumes with the tag of the cluster that is gone."""
    if plan.cluster_id is None:
        return []
    known = {one.thing.id for one in plan.traces}
    return [
        Left("volume", one.id, one.name, _data(one), expected=not plan.delete_data)
        for one in volumes
        if one.facts.get("cluster") == plan.cluster_id and one.id not in known
    ]


def _data(volume: Found) -> str:
    return (
        f"data ({volume.facts.get('size_gigabytes')} GiB) of a claim of the cluster; "
        f"`doctl compute volume delete {volume.id}` deletes it"
    )
