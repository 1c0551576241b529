"""Firewall."""

# ruff: noqa: ARG001 - every kind answers the same five calls, whether it needs all they bring or not

from __future__ import annotations

from typing import Any

from formerr_infra.local.standin.errors import ApiError, InitFailed, StandinError
from formerr_infra.local.standin.fields import (
    OUTPUT,
    REQUIRED,
    Field,
    Props,
    Shape,
    flag,
    has_unknown,
    name_field,
    nested,
    text,
    whole,
)
from formerr_infra.local.standin.resource import Cloud, Resource, compact

PATH = "/v2/firewalls"
_ENDS = {
    "Addresses": "addresses",
    "DropletIds": "droplet_ids",
    "KubernetesIds": "kubernetes_ids",
    "LoadBalancerUids": "load_balancer_uids",
    "Tags": "tags",
}


def _rule_fields(prefix: str) -> tuple[Field, ...]:
    ends = tuple(
        (whole if end == "DropletIds" else text)(f"{prefix}{end}", shape=Shape.SET) for end in sorted(_ENDS)
    )
    return (text("portRange"), text("protocol", REQUIRED, oneof=("tcp", "udp", "icmp")), *ends)


def _rules(planned: Props, name: str, prefix: str, key: str) -> list[dict[str, Any]]:
    return [
        {
            **compact({"protocol": rule["protocol"], "ports": rule.get("portRange")}),
            key: compact({api: rule.get(f"{prefix}{end}") for end, api in _ENDS.items()}),
        }
        for rule in planned.get(name, [])
    ]


def _shown(rules: list[dict[str, Any]] | None, prefix: str, key: str) -> list[Props]:
    return [_shown_rule(rule, prefix, key) for rule in rules or []]


def _shown_rule(rule: dict[str, Any], prefix: str, key: str) -> Props:
    protocol, ports = rule["protocol"], rule.get("ports") or ""
    if ports == "0":
        ports = "" if protocol == "icmp" else "all"
    ends = {f"{prefix}{end}": list((rule.get(key) or {}).get(api) or []) for end, api in _ENDS.items()}
    return {"protocol": protocol, "portRange": ports, **ends}


def _body(planned: Props) -> dict[str, Any]:
    return {
        "name": planned["name"],
        "tags": planned.get("tags", []),
        "droplet_ids": planned.get("dropletIds", []),
        "inbound_rules": _rules(planned, "inboundRules", "source", "sources"),
        "outbound_rules": _rules(planned, "outboundRules", "destination", "destinations"),
    }


def create(cloud: Cloud, planned: Props) -> str:
    """POST the firewall."""
    try:
        return str(cloud.api.post(PATH, _body(planned))["firewall"]["id"])
    except ApiError as error:
        raise StandinError(f"Error creating firewall: {error}") from None


def read(cloud: Cloud, ident: str, known: Props) -> Props | None:
    """GET the firewall."""
    try:
        firewall = cloud.api.find(f"{PATH}/{ident}", "firewall")
    except ApiError as error:
        raise StandinError(f"Error retrieving firewall: {error}") from None
    if firewall is None:
        return None
    return {
        "name": firewall["name"],
        "status": firewall.get("status") or "",
        "createdAt": firewall.get("created_at") or "",
        "pendingChanges": [
            {
                "dropletId": change.get("droplet_id"),
                "removing": bool(change.get("removing")),
                "status": change.get("status"),
            }
            for change in firewall.get("pending_changes") or []
        ],
        "dropletIds": list(firewall.get("droplet_ids") or []),
        "inboundRules": _shown(firewall.get("inbound_rules"), "source", "sources"),
        "outboundRules": _shown(firewall.get("outbound_rules"), "destination", "destinations"),
        "tags": list(firewall.get("tags") or []),
    }


def update(cloud: Cloud, ident: str, olds: Props, planned: Props) -> None:
    """PUT the whole firewall."""
    try:
        cloud.api.put(f"{PATH}/{ident}", _body(planned))
    except ApiError as error:
        raise InitFailed(ident, f"Error updating firewall: {error}") from None


def delete(cloud: Cloud, ident: str, olds: Props) -> None:
    """DELETE the firewall; one that is gone already is an error."""
    try:
        cloud.api.delete(f"{PATH}/{ident}")
    except ApiError as error:
        raise StandinError(f"Error deleting firewall: {error}") from None


def validate(inputs: Props) -> list[tuple[str, str]]:
    """At least one rule; a range of ports for all but ICMP."""
    if not inputs.get("inboundRules") and not inputs.get("outboundRules"):
        return [("inboundRules", "At least one rule must be specified")]
    found = []
    for name, word in (("inboundRules", "inbound"), ("outboundRules", "outbound")):
        rules = inputs.get(name)
        for i, rule in enumerate(rules if isinstance(rules, list) and not has_unknown(rules) else []):
            if rule.get("protocol") != "icmp" and not rule.get("portRange"):
                told = f"`port_range` of {word} rules is required if protocol is `tcp` or `udp`"
                found.append((f"{name}[{i}].portRange", told))
    return found


FIREWALL = Resource(
    module="firewall",
    name="Firewall",
    fields=(
        text("createdAt", OUTPUT),
        whole("dropletIds", shape=Shape.SET),
        nested("inboundRules", "FirewallInboundRule", shape=Shape.SET, fields=_rule_fields("source")),
        name_field(),
        nested("outboundRules", "FirewallOutboundRule", shape=Shape.SET, fields=_rule_fields("destination")),
        nested(
            "pendingChanges",
            "FirewallPendingChange",
            OUTPUT,
            shape=Shape.LIST,
            fields=(whole("dropletId", OUTPUT), flag("removing", OUTPUT), text("status", OUTPUT)),
        ),
        text("status", OUTPUT),
        text("tags", shape=Shape.SET),
    ),
    create=create,
    read=read,
    update=update,
    delete=delete,
    validate=validate,
)
