"""What an adopted resource was when the last run read it, against how it is now; pure.

The stack neither owns nor repairs it: a difference is something that its owner did, or that nobody wanted. Compared is
what a person would call the thing itself; what the cloud says of it (addresses of nodes, times, sizes of storage) is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from formerr_infra.drift.model import Difference, Finding, Item
from formerr_infra.drift.values import SETS, is_empty, same_set, shown
from formerr_infra.holdings import is_secret
from formerr_infra.inventory.facts import Unknown
from formerr_infra.naming import own_tags

if TYPE_CHECKING:
    from formerr_infra.holdings import Resource
    from formerr_infra.model import Found

Raw = Mapping[str, Any]


def _field(name: str) -> Callable[[Raw], Any]:
    return lambda raw: raw.get(name)


def _region(raw: Raw) -> Any:
    """A slug, or an object with one."""
    region = raw.get("region")
    return region.get("slug") if isinstance(region, dict) else region


def _tags(raw: Raw) -> Any:
    """Without those that DOKS and the provider add and hide."""
    return own_tags(raw.get("tags"))


def _rules(raw: Raw) -> Any:
    return [
        {
            "entryProtocol": one.get("entry_protocol"),
            "entryPort": one.get("entry_port"),
            "targetProtocol": one.get("target_protocol"),
            "targetPort": one.get("target_port"),
        }
        for one in raw.get("forwarding_rules") or []
    ]


#: Kind of the inventory -> property of the state -> how the API's object says it. Named as the provider names them.
COMPARED: Mapping[str, Mapping[str, Callable[[Raw], Any]]] = {
    "vpc": {
        "name": _field("name"),
        "region": _region,
        "ipRange": _field("ip_range"),
        "description": _field("description"),
        "default": _field("default"),
    },
    "cluster": {
        "name": _field("name"),
        "region": _region,
        "version": _field("version"),
        "vpcUuid": _field("vpc_uuid"),
        "ha": _field("ha"),
        "autoUpgrade": _field("auto_upgrade"),
        "surgeUpgrade": _field("surge_upgrade"),
        "tags": _tags,
    },
    "node_pool": {
        "name": _field("name"),
        "size": _field("size"),
        "autoScale": _field("auto_scale"),
        "minNodes": _field("min_nodes"),
        "maxNodes": _field("max_nodes"),
        "tags": _tags,
    },
    "registry": {"name": _field("name"), "region": _region},
    "load_balancer": {
        "name": _field("name"),
        "region": _region,
        "vpcUuid": _field("vpc_uuid"),
        "ip": _field("ip"),
        "dropletTag": _field("tag"),
        "redirectHttpToHttps": _field("redirect_http_to_https"),
        "forwardingRules": _rules,
    },
    "project": {
        "name": _field("name"),
        "description": _field("description"),
        "environment": _field("environment"),
        "purpose": _field("purpose"),
    },
    "database": {
        "name": _field("name"),
        "engine": _field("engine"),
        "version": _field("version"),
        "size": _field("size"),
        "region": _field("region"),
        "nodeCount": _field("num_nodes"),
        "privateNetworkUuid": _field("private_network_uuid"),
        "tags": _tags,
    },
    "domain": {"name": _field("name")},
    "record": {
        "name": _field("name"),
        "type": _field("type"),
        "value": _field("data"),
        "ttl": _field("ttl"),
    },
    "certificate": {"name": _field("name"), "type": _field("type")},
    "uptime_check": {
        "name": _field("name"),
        "target": _field("target"),
        "type": _field("type"),
        "enabled": _field("enabled"),
    },
    "uptime_alert": {"name": _field("name"), "type": _field("type")},
    "alert_policy": {
        "description": _field("description"),
        "type": _field("type"),
        "enabled": _field("enabled"),
        "value": _field("value"),
    },
}


def adopted(resource: Resource, kind: str, live: Found | Unknown | None) -> Item:
    """How an adopted resource stands.

    Args:
        resource: as the state has it.
        kind: of `COMPARED`.
        live: how it is now.
    """

    def item(finding: Finding, differences: tuple[Difference, ...] = (), reason: str = "") -> Item:
        return Item(
            resource.urn, resource.type, resource.id, resource.label, owned=False, finding=finding,
            differences=differences, reason=reason,
        )  # fmt: skip

    if isinstance(live, Unknown):
        return item(Finding.UNKNOWN, reason=live.reason)
    if live is None:
        return item(Finding.GONE, reason="DigitalOcean answers that it is not there")
    found = tuple(
        Difference(path, shown(was, path), shown(now, path))
        for path, read in COMPARED.get(kind, {}).items()
        if path in resource.outputs
        and not is_secret(was := resource.outputs[path])
        and not _same(path, was := _plain(path, was), now := read(live.details))
    )
    return item(Finding.CHANGED if found else Finding.CLEAN, found)


def _plain(path: str, value: Any) -> Any:
    """A value of the state in the form that the comparison has."""
    if path == "forwardingRules" and isinstance(value, list):
        keys = ("entryProtocol", "entryPort", "targetProtocol", "targetPort")
        return [{key: one.get(key) for key in keys} for one in value if isinstance(one, dict)]
    if path == "tags" and isinstance(value, list):
        return own_tags(value)
    return value


def _same(path: str, was: Any, now: Any) -> bool:
    if was == now or (is_empty(was) and is_empty(now)):
        return True
    if path in ("environment", "type", "ipRange", "region"):
        return str(was).lower() == str(now).lower()
    return path in SETS and same_set(was, now)
