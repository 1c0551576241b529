"""Two stacks of one account beside each other: pure, from what their files say."""

from __future__ import annotations

import ipaddress
from itertools import product
from typing import TYPE_CHECKING, Any

from formerr_infra.naming import PROJECT
from formerr_infra.sync.own import is_own
from formerr_infra.validate.finding import Finding, Level

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from formerr_infra.settings import Settings

#: What may be there once in an account, or in the world.
NAMES = ("vpcName", "clusterName", "registryName", "loadBalancerName", "frontendHost", "backendHost")
RANGES = ("vpcCidr", "clusterSubnet", "serviceSubnet")


def collisions(
    one: tuple[str, Settings], other: tuple[str, Settings], line: Callable[[str, str], int]
) -> list[Finding]:
    """Names that are the same, ranges that overlap, versions that differ.

    Args:
        one, other: a stack file's name and what it comes to.
        line: of a key in a file; 0 where the file does not say it.
    """
    (first, left), (second, right) = one, other
    mine, theirs = left.model_dump(by_alias=True), right.model_dump(by_alias=True)
    found = [
        Finding(
            second,
            line(second, key),
            "same-name",
            f"{PROJECT}:{key}: {theirs[key]} is the name in {first} too",
        )
        for key in NAMES
        if mine[key] == theirs[key]
    ]
    for key, own in product(RANGES, RANGES):
        if mine[key] and theirs[own] and _overlap(mine[key], theirs[own]):
            words = f"{PROJECT}:{own}: {theirs[own]} overlaps {key} ({mine[key]}) of {first}"
            found.append(Finding(second, line(second, own), "ranges-collide", words))
    if left.kubernetes_version != right.kubernetes_version:
        key = "kubernetesVersion"
        words = f"{PROJECT}:{key}: {right.kubernetes_version} here, {left.kubernetes_version} in {first}"
        found.append(Finding(second, line(second, key), "versions-differ", words, Level.WARNING))
    return found


def missing(one: tuple[str, Mapping[str, Any]], other: tuple[str, Mapping[str, Any]]) -> list[Finding]:
    """Keys of the pattern that one of the two files has alone; what is a stack's own is no pattern."""
    return [
        Finding(without, 0, "missing-key", f"{key}: is missing; {name} has it", Level.WARNING)
        for (name, values), (without, others) in ((one, other), (other, one))
        for key, value in values.items()
        if key not in others and not is_own(key, value)
    ]


def _overlap(one: str, other: str) -> bool:
    return ipaddress.IPv4Network(one).overlaps(ipaddress.IPv4Network(other))
