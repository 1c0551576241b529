"""What the account has that an environment must keep clear of, and which environments have left a mark in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from formerr_infra.errors import UnknownIsNotAbsent
from formerr_infra.inventory.facts import Unknown
from formerr_infra.naming import PROJECT, read_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from formerr_infra.inventory.facts import Access
    from formerr_infra.model import Found


@dataclass(frozen=True, slots=True)
class Used:
    """What is in use.

    Attributes:
        ranges: of VPCs, and of the pods and services of clusters.
        ports: node ports that load balancers send to.
    """

    ranges: tuple[IPv4Network, ...] = ()
    ports: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Marks:
    """VPCs that carry an environment's mark.

    Attributes:
        until: name of the stack -> when it may go, as the mark says.
        vpcs: name of the stack -> id of its VPC.
        unknown: why that is not known; empty where it is.
    """

    until: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    vpcs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    unknown: str = ""


def used(access: Access) -> Used:
    """Ranges and ports in use.

    Raises:
        UnknownIsNotAbsent: some of it could not be learned; a range that is not known is not free.
        NotLoopback, SettingsError: the access is unusable.
    """
    from formerr_infra.inventory.whole import everything

    answers = everything(access, ("vpc", "cluster", "load_balancer"))
    unknown = [one.reason for one in answers.values() if isinstance(one, Unknown)]
    found = {kind: one for kind, one in answers.items() if not isinstance(one, Unknown)}
    ranges: list[IPv4Network] = []
    for network in found.get("vpc", ()):
        text = network.facts.get("ip_range")
        if (read := _range(text)) is not None:
            ranges.append(read)
        else:
            unknown.append(f"the range of the VPC {network.name!r} ({network.id}) could not be learned")
    for cluster in found.get("cluster", ()):
        for key in ("cluster_subnet", "service_subnet"):
            own = cluster.details.get(key)
            if own and (read := _range(own)) is not None:
                ranges.append(read)
            elif own:
                unknown.append(
                    f"{key} of the cluster {cluster.name!r} ({cluster.id}) is {own!r}, which is no range"
                )
    if unknown:
        raise UnknownIsNotAbsent(
            "no range can be chosen, because not all that are taken are known:\n  "
            + "\n  ".join(unknown)
            + "\n    to go on: run again, or give the token what it lacks (vpc:read, kubernetes:read, load_balancer:read)."
        )
    return Used(tuple(ranges), frozenset(_ports(found.get("load_balancer", ()))))


def marks(access: Access) -> Marks:
    """Which environments have a VPC in the account; nothing that the other side does raises.

    Raises:
        NotLoopback, SettingsError: the access is unusable.
    """
    from formerr_infra.inventory.whole import everything

    found = everything(access, ("vpc",))["vpc"]
    if isinstance(found, Unknown):
        return Marks(unknown=found.reason)
    until: dict[str, str] = {}
    vpcs: dict[str, str] = {}
    for one in found:
        moment = read_until(str(one.details.get("description") or ""))
        project, _, stack = (one.owner or "").partition("/")
        if moment is not None and project == PROJECT and stack:
            until[stack], vpcs[stack] = max(moment, until.get(stack, "")), one.id
    return Marks(MappingProxyType(until), MappingProxyType(vpcs))


def _ports(balancers: tuple[Found, ...]) -> Iterator[int]:
    for one in balancers:
        rules: Any = one.details.get("forwarding_rules")
        for rule in rules if isinstance(rules, list) else ():
            port = rule.get("target_port") if isinstance(rule, dict) else None
            if isinstance(port, int):
                yield port


def _range(text: object) -> IPv4Network | None:
    try:
        return IPv4Network(str(text), strict=False)
    except ValueError:
        return None
