"""What becomes of each resource of the state, and of what the own cluster has made in the account; pure.

What is only read stays. What is kept by a setting is let go by `--unprotect`; what is kept for a reason of its own (a
default VPC, data) is not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from formerr_infra import holdings
from formerr_infra.destroy.model import Fate, Keeper, Piece, Plan
from formerr_infra.destroy.traces import Service, traces
from formerr_infra.destroy.verify import looked_for
from formerr_infra.model import Found

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.destroy.model import Account
    from formerr_infra.holdings import Resource, State

#: Objects whose deletion takes data with it; the components retain them until the settings say otherwise.
_CLAIM, _NAMESPACE = "kubernetes:core/v1:PersistentVolumeClaim", "kubernetes:core/v1:Namespace"


def plan(
    stack: str,
    state: State,
    account: Account,
    *,
    unprotect: bool = False,
    delete_data: bool = False,
    services: Mapping[str, Service] | None = None,
) -> Plan:
    """What a destroy would do.

    Args:
        stack: short name.
        state: what it holds.
        account: what is there.
        unprotect: the word that lifts `protect`, and `retainOnDelete` of the settings.
        delete_data: the word for volumes with data.
        services: id of a load balancer -> the Service on the own cluster that has it.
    """
    pieces = tuple(_piece(one, state, account, unprotect=unprotect) for one in state.in_order)
    pieces = tuple(_on_its_cluster(one, pieces) for one in pieces)
    cluster = own_cluster(pieces)
    word = delete_data or (cluster is not None and takes_all(cluster.resource))
    ids = state.ids
    strays = tuple(
        (kind, one)
        for kind, many in sorted(account.marked.items())
        for one in many
        if one.id not in ids and str(one.details.get("id")) not in ids
    )
    return Plan(
        stack=stack,
        pieces=pieces,
        traces=traces(account, cluster.resource.id if cluster else None, ids, services or {}, data=word),
        strays=strays,
        cluster_id=cluster.resource.id if cluster else None,
        delete_data=word,
    )


def own_cluster(pieces: tuple[Piece, ...]) -> Piece | None:
    """The cluster that goes, if one does."""
    return next(
        (one for one in pieces if one.resource.type == holdings.CLUSTER and one.fate is Fate.GOES), None
    )


def takes_all(cluster: Resource) -> bool:
    """Whether `deleteData` has arrived in the state: the provider would then take all that the cluster has made."""
    return cluster.inputs.get("destroyAllAssociatedResources") is True


def _piece(one: Resource, state: State, account: Account, *, unprotect: bool) -> Piece:
    if one.external:
        return Piece(one, Fate.ADOPTED, "it is only read: this stack never made it, and never deletes it")
    key = looked_for(one)
    if key is not None and account.live.get(key, one) is None:
        return Piece(one, Fate.GONE, "it is not there any more; the state forgets it")
    if one.protect and not unprotect:
        return Piece(one, Fate.PROTECTED, "protect is set for it: --unprotect lifts that", Keeper.SETTING)
    if not one.retain:
        return Piece(
            one, Fate.GOES, "this stack made it, or took it over", holds_data=one.type == holdings.DATABASE
        )
    return _retained(one, state, account, unprotect=unprotect)


def _retained(one: Resource, state: State, account: Account, *, unprotect: bool) -> Piece:
    if one.type == holdings.TRUSTED_SOURCES:
        # Deleted for itself it would open the database to everybody.
        (database,) = state.of(holdings.DATABASE)[:1] or (None,)
        if database is not None:
            goes = _piece(database, state, account, unprotect=unprotect).fate
            if goes in (Fate.GOES, Fate.GONE):
                return Piece(
                    one, Fate.WITH, "the list of trusted sources goes with its database", Keeper.PARENT
                )
        return Piece(one, Fate.RETAINED, "the list of trusted sources stays with its database", Keeper.PARENT)
    if one.type in (_CLAIM, _NAMESPACE):
        return Piece(
            one, Fate.RETAINED, "data: it stays on the cluster until deleteData: true has arrived by a deploy",
            Keeper.DATA,
        )  # fmt: skip
    if one.kind == "vpc":
        live = account.live.get(("vpc", one.id))
        if isinstance(live, Found):
            if live.facts.get("default") is True:
                reason = "it is the default VPC of its region, which DigitalOcean does not delete"
                return Piece(one, Fate.RETAINED, reason, Keeper.DEFAULT_VPC)
            if _alone_retained(state):
                reason = (
                    "this stack made it, expecting it to become the default VPC of its region; it is none"
                )
                return Piece(one, Fate.GOES, reason, Keeper.FORECAST)
    if unprotect:
        holds_data = one.type == holdings.DATABASE
        return Piece(
            one,
            Fate.GOES,
            "this stack made it, or took it over; --unprotect lifts retainOnDelete",
            Keeper.SETTING,
            holds_data,
        )
    reason = (
        "retainOnDelete is set for it, so that a destroy would only forget it; --unprotect has it deleted"
    )
    return Piece(one, Fate.PROTECTED, reason, Keeper.SETTING)


def _alone_retained(state: State) -> bool:
    """Whether no setting can have retained the VPC: that would hold for all that the stack manages."""
    return any(one.kind is not None and not one.external and not one.retain for one in state.resources)


def _on_its_cluster(piece: Piece, pieces: tuple[Piece, ...]) -> Piece:
    """An object goes with its cluster, whatever it was declared with."""
    if not piece.resource.on_cluster or piece.fate is Fate.ADOPTED:
        return piece
    cluster = next((one for one in pieces if one.resource.type == holdings.CLUSTER), None)
    if cluster is None:
        return piece
    if cluster.fate is Fate.GONE:
        return replace(piece, fate=Fate.GONE, reason="its cluster is not there any more")
    if cluster.fate is Fate.GOES and piece.fate is Fate.RETAINED:
        return replace(
            piece, fate=Fate.WITH, reason="it goes with its cluster; what is on its volume stays in the account"
            if piece.resource.type == _CLAIM else "it goes with its cluster",
        )  # fmt: skip
    return piece


def unlocked(
    export: Mapping[str, Any], plan: Plan, *, unprotect: bool
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The export with what need not, or with `--unprotect` must not, keep what goes, and the URNs that this changes.

    `retainOnDelete` goes from what the plan says goes, and with the word `protect` from everything.
    """
    goes = {one.resource.urn for one in plan.of(Fate.GOES)}
    changed: list[str] = []
    resources: list[dict[str, Any]] = []
    for one in export["deployment"].get("resources") or []:
        fresh = dict(one)
        if unprotect and fresh.get("protect"):
            del fresh["protect"]
        if fresh.get("retainOnDelete") and fresh["urn"] in goes:
            del fresh["retainOnDelete"]
        if fresh != one:
            changed.append(fresh["urn"])
        resources.append(fresh)
    document = {**export, "deployment": {**export["deployment"], "resources": resources}}
    return document, tuple(changed)
