"""What an account is like after each step of a client, without what differs from run to run: ids, times, passwords.

The steps are the same by pydo, by doctl and by terraform: one of each kind made, looked at, changed, taken away.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from formerr_infra.emulator.client import ControlClient

Json = dict[str, Any]
#: Of each kind, what a client says of it; the rest is the emulator's own, and of no client.
SAID: dict[str, tuple[str, ...]] = {
    "vpcs": ("name", "region", "ip_range", "description"),
    "kubernetes_clusters": ("name", "region", "version", "tags", "auto_upgrade", "surge_upgrade", "ha"),
    "registries": ("name", "region"),
    "load_balancers": (
        "name",
        "region",
        "tag",
        "forwarding_rules",
        "health_check",
        "redirect_http_to_https",
        "size_unit",
    ),
    "projects": ("name", "description", "purpose", "environment"),
    "domains": ("name",),
    "domain_records": ("type", "name", "data", "ttl"),
    "certificates": ("name", "type", "dns_names"),
    "firewalls": ("name", "inbound_rules", "outbound_rules"),
    "databases": ("name", "engine", "version", "size", "region", "num_nodes", "tags"),
    "uptime_checks": ("name", "type", "target", "regions", "enabled"),
    "uptime_alerts": ("name", "type", "threshold", "comparison", "period", "notifications"),
    "alert_policies": (
        "description",
        "type",
        "compare",
        "value",
        "window",
        "tags",
        "entities",
        "alerts",
        "enabled",
    ),
}
POOL = ("name", "size", "count", "tags", "labels")
#: What all of them make.
VERSION, ZONE, MAIL = "1.34.4-do.0", "formerr-try.example", "who@formerr-try.example"


def steady(value: Any) -> Any:
    """Without ids, and without what is empty; lists in one order."""
    if isinstance(value, dict):
        return {
            key: shown
            for key, item in sorted(value.items())
            if (shown := steady(item)) not in (None, "", [], {}, False)
        }
    if isinstance(value, list):
        return sorted((steady(item) for item in value), key=json.dumps)
    if isinstance(value, str):
        return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", value)
    return value


def account(control: ControlClient) -> Json:
    """The account as a client would have it."""
    found: Json = {}
    for kind, fields in SAID.items():
        things = [
            _thing(kind, one, fields)
            for one in control.list(kind)
            if not one.get("default") and not one.get("is_default")
        ]
        found[kind] = steady([one for one in things if one.get("type") not in ("NS", "SOA")])
    return found


def _thing(kind: str, one: Json, fields: tuple[str, ...]) -> Json:
    shown: Json = {name: one.get(name) for name in fields}
    if isinstance(shown.get("region"), dict):
        shown["region"] = shown["region"]["slug"]
    if kind == "kubernetes_clusters":
        shown["tags"] = _own(one["tags"])
        shown["pools"] = [
            {**{name: pool.get(name) for name in POOL}, "tags": _own(pool["tags"])}
            for pool in one["node_pools"]
        ]
    if kind == "load_balancers":
        shown["forwarding_rules"] = [
            {key: value for key, value in rule.items() if key != "certificate_id"}
            for rule in one["forwarding_rules"]
        ]
    if kind == "databases":
        shown["dbs"] = [db if isinstance(db, str) else db["name"] for db in one.get("db_names") or []]
        shown["people"] = [user["name"] for user in one.get("users") or []]
        shown["rules"] = [{"type": rule["type"], "value": rule["value"]} for rule in one.get("rules") or []]
    return shown


def _own(tags: list[str]) -> list[str]:
    """Tags that neither DOKS nor terraform's provider puts on by itself."""
    return [tag for tag in tags if not tag.startswith(("k8s", "terraform:"))]
