"""One decision for every object of the application, by the same table as the slots; pure but for `look`.

What the state holds of an object whose cluster is kept is kept, and nothing is asked for it. What it does not hold is
asked for on the API server. An object that is there without a mark is never used as it is: what is only read would
never get a rotated secret. The one exception is the namespace.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from formerr_infra import naming
from formerr_infra.application import key
from formerr_infra.application.kinds import KEEPS_DATA, Reference, immutable
from formerr_infra.decide import Case, decide
from formerr_infra.decide.published import OMITTED
from formerr_infra.inventory.facts import Unknown
from formerr_infra.model import (
    Code,
    Decision,
    Found,
    Held,
    Holding,
    Mark,
    Outcome,
    Policy,
    Sighting,
    Wanted,
    Wish,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from formerr_infra.inventory.facts import Access
    from formerr_infra.kubernetes.reading import Live
    from formerr_infra.settings.schema import Settings

#: The row of the report that stands for all of them.
APPLICATION = "application"
ENFORCE = "pod-security.kubernetes.io/enforce"


@dataclass(frozen=True, slots=True)
class Looked:
    """What was asked of the API server.

    Attributes:
        live: key of an object -> how it is; only for those that were asked for.
        calls: requests sent to DigitalOcean for it.
    """

    live: Mapping[str, Live] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    calls: int = 0


def to_ask(
    manifests: Sequence[Mapping[str, Any]], held: Mapping[str, Held], cluster: Decision
) -> dict[str, Reference]:
    """The objects that have to be asked for: those that the state does not hold, on a cluster that is there.

    On one that is made anew there is nothing yet.
    """
    if cluster.outcome is Outcome.REFUSE or cluster.id is None or cluster.anew:
        return {}
    return {
        key(one): Reference.of(one)
        for one in manifests
        if held.get(key(one), Held()).holding is not Holding.MANAGED
    }


def look(access: Access, cluster: Decision, asked: Mapping[str, Reference]) -> Looked:
    """Ask the API server. Nothing that the other side does raises."""
    if not asked or cluster.id is None:
        return Looked()
    from formerr_infra.kubernetes import reading

    opened = reading.reach(access, cluster.id)
    if isinstance(opened, Unknown):
        return Looked(dict.fromkeys(asked, opened), calls=1)
    answers = reading.read(opened, asked.values())
    return Looked({name: answers[reference] for name, reference in asked.items()}, calls=1)


def decide_objects(
    manifests: Sequence[Mapping[str, Any]],
    held: Mapping[str, Held],
    cluster: Decision,
    looked: Looked,
    settings: Settings,
    stack: str,
) -> dict[str, Decision]:
    """Key of each object -> what is done with it; nothing where the cluster is refused."""
    if cluster.outcome is Outcome.REFUSE:
        return {}
    return {
        key(one): _decide(one, held.get(key(one), Held()), cluster, looked, settings, stack)
        for one in manifests
    }


def _decide(
    manifest: Mapping[str, Any],
    held: Held,
    cluster: Decision,
    looked: Looked,
    settings: Settings,
    stack: str,
) -> Decision:
    name, reference = key(manifest), Reference.of(manifest)
    wish = _wish(manifest, reference, settings)
    if cluster.anew:
        return decide(Case(name, Held(), Sighting(named=()), replace(wish, policy=Policy.AUTO, fields={})))
    if held.holding is Holding.MANAGED and held.id is not None:
        known = Found(held.id, name, Mark.OURS)
        policy = Policy.ADOPT if wish.policy is Policy.ADOPT else Policy.AUTO
        wish = replace(wish, policy=policy, fields={}, allow_replace=reference.kind not in KEEPS_DATA)
        decision = decide(Case(name, held, Sighting(by_id={held.id: known}), wish))
        return _with_the_way_out(decision, reference)
    sighting = _sighting(name, reference, looked.live.get(name, Unknown("nobody asked")), stack)
    if held.id is not None:
        found = (sighting.named or (None,))[0]
        sighting = replace(sighting, by_id={held.id: found})
    if sighting.named == () and wish.policy is Policy.IMPORT:
        wish = replace(wish, policy=Policy.AUTO)  # what is there is taken over; what is not is made
    decision = decide(Case(name, held, sighting, wish))
    return _with_the_way_out(decision, reference)


def _wish(manifest: Mapping[str, Any], reference: Reference, settings: Settings) -> Wish:
    if reference.kind == "Namespace":
        fields = {"phase": Wanted("Active", "namespaceName")}
        policy = settings.namespace_policy
        if policy is not Policy.IMPORT:  # an import sets the label
            fields["pod_security"] = Wanted("restricted", "namespacePolicy")
        if policy is Policy.ADOPT and reference.name != settings.namespace:
            policy = Policy.AUTO  # the key is about the application's namespace, not about the ingress's
        return Wish(
            policy,
            reference.name,
            fields=fields,
            take_over=APPLICATION in settings.take_over,
            recreate=True,
            policy_key="namespacePolicy",
            pin_key="namespaceName",
            name_key="namespaceName",
        )
    # Nothing unmarked is adopted: what is only read would never get a rotated secret.
    policy = Policy.CREATE if settings.application_policy is Policy.AUTO else settings.application_policy
    return Wish(
        policy,
        reference.name,
        fields={"phase": Wanted("Active", "namespaceName")}
        | {path: Wanted(value, "applicationPolicy") for path, value in immutable(manifest).items()},
        take_over=APPLICATION in settings.take_over,
        recreate=True,
        policy_key="applicationPolicy",
        pin_key="namespaceName",
        name_key="namespaceName",
    )


def _sighting(name: str, reference: Reference, live: Live, stack: str) -> Sighting:
    if isinstance(live, Unknown):
        return Sighting(unknown=(live.reason,))
    if live is None:
        return Sighting(named=())
    return Sighting(named=(_found(name, reference, live, stack),))


def _found(name: str, reference: Reference, live: Mapping[str, Any], stack: str) -> Found:
    metadata = live["metadata"]
    labels = metadata.get("labels") or {}
    mark, owner = naming.read_label(labels, naming.PROJECT, stack)
    facts: dict[str, str | None] = {
        **immutable(live),
        "phase": "Terminating" if metadata.get("deletionTimestamp") else "Active",
    }
    if reference.kind == "Namespace":
        facts["pod_security"] = labels.get(ENFORCE)
    return Found(reference.id, name, mark, owner, facts=facts, details=live)


def _with_the_way_out(decision: Decision, reference: Reference) -> Decision:
    """The words of the table are about slots; what settles a refused object is said here."""
    if decision.outcome is not Outcome.REFUSE:
        return decision
    where = f" in namespace {reference.namespace}" if reference.namespace else ""
    named = f"{reference.kind} {reference.name!r}{where}"
    match decision.code:
        case Code.EXISTS:
            policy = "namespacePolicy" if reference.kind == "Namespace" else "applicationPolicy"
            return replace(
                decision,
                reason=f"{named} is there without this stack's mark.",
                settle=f"set {policy}=import to take it over as it is declared here, delete it, or set namespaceName.",
            )
        case Code.DOES_NOT_FIT if any(map(_goes, decision.found)):
            return replace(
                decision, settle=f"{named} is being deleted: wait until it is gone, and run again."
            )
        case Code.DOES_NOT_FIT if reference.kind == "Namespace":
            return replace(
                decision,
                settle=f"kubectl label namespace {reference.name} {ENFORCE}=restricted, if what runs in it allows that; or "
                "set namespacePolicy=import, or namespaceName to another one.",
            )
        case Code.DOES_NOT_FIT:
            return replace(
                decision,
                settle=f"delete {named}: what differs is set once for its life, or set namespaceName.",
            )
        case Code.WOULD_REPLACE:
            return replace(
                decision,
                reason=f"{named} keeps data, or takes it along, and the state marks it for replacement (pulumi state taint).",
                settle=f"pulumi state untaint '{decision.held.tainted}'.",
            )
        case Code.OWNED_BY_OTHER:
            return replace(
                decision,
                reason=f"{named} carries the mark of another stack ({decision.found[0].owner if decision.found else '?'}).",
                settle="give this stack a namespace or a cluster of its own (namespaceName, clusterName).",
            )
        case _:
            return decision


def _goes(found: Found) -> bool:
    return found.facts.get("phase") == "Terminating"


def summary(objects: Mapping[str, Decision], cluster: Decision) -> Decision:
    """All of them as one row: counts by outcome, any refusal in full."""
    if not objects:
        return Decision(APPLICATION, Outcome.OMIT, OMITTED.number, "the cluster is refused")
    counts: dict[Outcome, int] = {}
    for one in objects.values():
        counts[one.outcome] = counts.get(one.outcome, 0) + 1
    refused = [one for one in objects.values() if one.outcome is Outcome.REFUSE]
    order = (Outcome.REFUSE, Outcome.CREATE, Outcome.RECREATE, Outcome.IMPORT, Outcome.KEEP, Outcome.ADOPT)
    outcome = next((one for one in order if one in counts), Outcome.KEEP)
    rows = sorted({one.row for one in objects.values()})
    held = sum(one.held.holding is Holding.MANAGED for one in objects.values())
    said = ", ".join(f"{number} {kind.value}" for kind, number in sorted(counts.items()))
    if tainted := sum(one.replaces for one in objects.values()):
        said += f"; {tainted} of them replaced, because the state marks them so (pulumi state taint)"
    return Decision(
        slot=APPLICATION,
        outcome=outcome,
        row=rows[0] if len(rows) == 1 else ",".join(rows),
        reason=f"{len(objects)} objects: {said}",
        id=cluster.id,
        code=refused[0].code if refused else None,
        held=Held(Holding.MANAGED, cluster.id) if held else Held(),
    )
