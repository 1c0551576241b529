"""The usual four troubles, read off what would be decided: what exists already, the state, the registry, the cluster. Pure.

Every refusal belongs to one of them; its own words say what was found, and what settles it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.doctor.model import Finding, Level
from formerr_infra.model import Code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from formerr_infra.detect import Assessment
    from formerr_infra.model import Decision

EXISTS, STATE, REGISTRY, CLUSTER, OTHER = (
    "resource-exists",
    "state-conflict",
    "registry-access",
    "cluster-connection",
    "decisions",
)
#: Refusals because of what stands in the account without being this stack's.
_THERE = frozenset(
    {
        Code.EXISTS,
        Code.OWNED_BY_OTHER,
        Code.AMBIGUOUS,
        Code.IMPORT_WOULD_WRITE,
        Code.DOES_NOT_FIT,
        Code.NOT_FOUND,
    }
)
_OF_CLUSTER = frozenset({"cluster", "nodePool"})
_WELL = {
    EXISTS: "nothing stands in the way of what would be made",
    STATE: "the state and the account agree",
    REGISTRY: "the registry can be used, or made; whether a new name is free in all accounts is asked by the update alone",
}


def topic(decision: Decision) -> str:
    """Which trouble a refusal is."""
    if decision.slot == "registry":
        return REGISTRY
    if decision.slot in _OF_CLUSTER and decision.code is Code.UNKNOWN:
        return CLUSTER
    if decision.code in _THERE:
        return EXISTS
    if "/" in decision.slot and decision.code is Code.UNKNOWN:
        return CLUSTER  # an object on the cluster, which could not be asked
    return STATE


def troubles(assessed: Assessment, stack: str) -> list[Finding]:
    """What would stop a run, each under its trouble; a trouble that is not there is said too."""
    found = [*_refusals(assessed, stack), *_preflight(assessed, stack)]
    found += [
        Finding(name, Level.OK, well, "", stack)
        for name, well in _WELL.items()
        if not any(one.topic == name for one in found)
    ]
    return found


def _refusals(assessed: Assessment, stack: str) -> Iterator[Finding]:
    unknown = 0
    for one in assessed.refused:
        name = topic(one)
        if name == CLUSTER and "/" in one.slot:
            unknown += 1
            if unknown > 1:
                continue  # of each object of the application the same
        level = Level.UNKNOWN if one.code is Code.UNKNOWN else Level.STOPS
        yield Finding(name, level, f"{one.slot}: {one.reason}", one.settle, stack)


def _preflight(assessed: Assessment, stack: str) -> Iterator[Finding]:
    for one in assessed.findings:
        name = REGISTRY if one.code.startswith("registry") else OTHER
        level = Level.STOPS if one.severity == "error" else Level.WARNING
        yield Finding(
            name, level, f"{one.code}: {one.message}", f"see the key {one.key}" if one.key else "", stack
        )
