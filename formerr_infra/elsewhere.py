"""What the state manages under another URN than the program declares: imported or renamed by hand.

To the engine a resource is its URN. One that the program declares and the state has elsewhere would be made a second
time, or imported, and the one elsewhere, which nobody declares, deleted in the same run: it is the same resource. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra import naming
from formerr_infra.application import key
from formerr_infra.application.kinds import Reference
from formerr_infra.decide.published import OTHER_URN
from formerr_infra.model import Code, Decision, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from formerr_infra.application import Manifest
    from formerr_infra.ledger import Standing


def none_elsewhere(
    manifests: Sequence[Manifest], objects: Mapping[str, Decision], standing: Sequence[Standing]
) -> dict[str, Decision]:
    """The same for all objects on the cluster."""
    kinds = {key(one): Reference.of(one).engine_type for one in manifests}
    return {
        name: unless_elsewhere(
            decision, f"{naming.TYPE_APPLICATION}${kinds[name]}", name, standing, "applicationPolicy"
        )
        for name, decision in objects.items()
    }


def unless_elsewhere(
    decision: Decision, types: str, name: str, standing: Sequence[Standing], policy: str
) -> Decision:
    """The decision, or its refusal where the state has the same one elsewhere.

    Args:
        decision: of a slot or of an object.
        types, name: of the URN that the program declares it under.
        standing: what the state manages.
        policy: the setting that takes it in again.
    """
    if decision.outcome in (Outcome.OMIT, Outcome.REFUSE):
        return decision
    ids = {decision.id, decision.held.id} - {None}
    kind = types.rsplit("$", 1)[-1]
    other = next(
        (
            one
            for one in standing
            if one.kind == kind
            and (one.types, one.name) != (types, name)
            and (one.name == name or one.id in ids)
        ),
        None,
    )
    if other is None:
        return decision
    here = any((one.types, one.name) == (types, name) for one in standing)
    if other.types == types and not here:
        settle = f"pulumi state rename '{other.urn}' {name}"
    else:
        settle = (
            f"pulumi state delete '{other.urn}' (with --force where it is protected), which deletes nothing but the entry; "
            f"{policy}=import then manages it here"
        )
    return decision.refused(
        OTHER_URN.number,
        Code.OTHER_URN,
        f"the state manages {other.id!r} as {other.urn}, which this program does not declare: the engine would take the "
        "two for different resources, and delete that one.",
        f"{settle}.",
    )
