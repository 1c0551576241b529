"""What the engine reports as changed and is no drift, each with its reason; pure.

The engine asks the provider what an update would do about what a refresh found, with what the program said to ignore left
out (the number of pods that an autoscaler sets, the registry's tier). What remains here is what no run of the program
would change back either, or what was asked for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from formerr_infra.drift.values import at, is_empty, same_set, set_around, steps
from formerr_infra.holdings import CLUSTER, NODE_POOL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.holdings import Resource

#: What the cloud says of a thing and nobody declares; the engine names them where a provider tells no paths.
_TOLD = frozenset(
    {
        "actualNodeCount", "createdAt", "dropletIds", "endpoint", "ip", "ipv6", "ipv4Address", "kubeConfigs", "nodes",
        "notAfter", "sha1Fingerprint", "state", "status", "storageUsageBytes", "updatedAt", "uuid",
    }
)  # fmt: skip
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)-do\.(\d+)")


def noise(resource: Resource, path: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    """Why a difference is no drift; None where it is one.

    Args:
        resource: as the state has it.
        path: of the property.
        was, now: the outputs recorded, and those read.
    """
    before, after = at(was, path), at(now, path)
    top = str(steps(path)[0]) if path else ""
    if before == after and before is not None and not resource.on_cluster:
        return "the value is the same; only how the provider writes it down has changed"
    if not resource.on_cluster and is_empty(before) and is_empty(after):
        return "empty and missing are one to DigitalOcean"
    if (around := set_around(path)) and same_set(at(was, around), at(now, around)):
        return "the order of a set, which DigitalOcean does not keep"
    if not resource.on_cluster and top in _TOLD and top not in resource.inputs:
        return "what the cloud says of it; nobody declares it"
    upgrades = resource.type == CLUSTER and path == "version" and resource.inputs.get("autoUpgrade") is True
    if upgrades and _upgraded(str(before), str(after)):
        return "DOKS upgrades the cluster by itself, because autoUpgrade is set"
    if resource.type == NODE_POOL and path == "nodeCount" and resource.inputs.get("autoScale") is True:
        low, high = resource.inputs.get("minNodes"), resource.inputs.get("maxNodes")
        if isinstance(after, int | float) and low is not None and high is not None and low <= after <= high:
            return f"DOKS scales the pool by itself, between {low:g} and {high:g} nodes"
    return None


def _upgraded(before: str, after: str) -> bool:
    """Whether a version is a later patch of the same minor, which is all that auto-upgrade does."""
    old, new = _VERSION.fullmatch(before), _VERSION.fullmatch(after)
    if old is None or new is None:
        return False
    return old.groups()[:2] == new.groups()[:2] and tuple(map(int, new.groups())) > tuple(
        map(int, old.groups())
    )
