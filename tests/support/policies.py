"""Who may talk to whom, by the rules of NetworkPolicy (networking.k8s.io/v1), worked out from manifests.

A connection is allowed where the sender's side and the receiver's side both allow it. A side without a policy for
that pod and direction allows everything; with one or more, what any of them allows. Written from the API's reference,
independent of how the policies here are made. What it leaves out: port names and `endPort`, which raise.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.kube import matches, workloads

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from formerr_infra.application import Manifest


@dataclass(frozen=True)
class Party:
    """One end of a connection: a pod, or an address outside of the cluster (no namespace)."""

    name: str
    address: str
    namespace: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


class Network:
    """Namespaces with their labels, and the policies in them."""

    def __init__(self, manifests: Iterable[Manifest], namespaces: Mapping[str, Mapping[str, str]]) -> None:
        self._policies = [one for one in manifests if one["kind"] == "NetworkPolicy"]
        self._namespaces = namespaces

    def allows(self, sender: Party, receiver: Party, port: int, protocol: str = "TCP") -> bool:
        """Whether that connection comes about."""
        return self._side(sender, receiver, "Egress", "to", port, protocol) and self._side(
            receiver, sender, "Ingress", "from", port, protocol
        )

    def _side(self, own: Party, other: Party, kind: str, word: str, port: int, protocol: str) -> bool:
        if own.namespace is None:
            return True
        mine = [one["spec"] for one in self._policies if self._selects(one, own) and kind in _types(one)]
        if not mine:
            return True
        return any(
            self._peers(rule.get(word), other, own.namespace) and _ports(rule.get("ports"), port, protocol)
            for spec in mine
            for rule in spec.get(kind.lower(), [])
        )

    def _selects(self, policy: Manifest, party: Party) -> bool:
        return policy["metadata"]["namespace"] == party.namespace and matches(
            policy["spec"]["podSelector"], dict(party.labels)
        )

    def _peers(self, peers: list[dict[str, Any]] | None, other: Party, here: str) -> bool:
        """An absent or empty list is everyone; otherwise any of the peers."""
        return not peers or any(self._peer(peer, other, here) for peer in peers)

    def _peer(self, peer: dict[str, Any], other: Party, here: str) -> bool:
        match peer:
            case {"ipBlock": block}:
                address = ipaddress.ip_address(other.address)
                return address in ipaddress.ip_network(block["cidr"]) and not any(
                    address in ipaddress.ip_network(but) for but in block.get("except", [])
                )
            case {"namespaceSelector": spaces, **rest}:
                return (
                    other.namespace is not None
                    and matches(spaces, dict(self._namespaces[other.namespace]))
                    and matches(rest.get("podSelector", {}), dict(other.labels))
                )
            case {"podSelector": pods}:
                return other.namespace == here and matches(pods, dict(other.labels))
            case _:
                raise ValueError(f"not a peer: {peer}")


def _types(policy: Manifest) -> list[str]:
    """What a policy is about; not said, it is ingress, and egress if it has such rules."""
    spec = policy["spec"]
    found: list[str] = spec.get("policyTypes") or ["Ingress", *(["Egress"] if "egress" in spec else [])]
    return found


def _ports(ports: list[dict[str, Any]] | None, port: int, protocol: str) -> bool:
    if not ports:
        return True
    if any("endPort" in one or isinstance(one.get("port"), str) for one in ports):
        raise ValueError("named ports and ranges are not worked out here")
    return any(one.get("protocol", "TCP") == protocol and one.get("port", port) == port for one in ports)


def pods(manifests: Iterable[Manifest]) -> dict[str, Party]:
    """One pod of each workload, by its workload's name; addresses as DOKS gives them to pods."""
    return {
        manifest["metadata"]["name"]: Party(
            manifest["metadata"]["name"],
            f"10.244.0.{number}",
            manifest["metadata"]["namespace"],
            found["metadata"]["labels"],
        )
        for number, (manifest, found) in enumerate(workloads(manifests), start=10)
    }
