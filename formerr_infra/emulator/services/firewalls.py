"""Cloud firewalls: rules, and the droplets and tags they hold for. Nothing is filtered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from formerr_infra.emulator.errors import Conflict, NotFound, Unprocessable
from formerr_infra.emulator.routing import Answer, Call, Routes
from formerr_infra.emulator.services import droplets, tags
from formerr_infra.emulator.store import Account, Json, World, public

if TYPE_CHECKING:
    from formerr_infra.emulator.fields import Fields

ROUTES = Routes()
KIND = "firewalls"
NAME = r"[a-zA-Z0-9][a-zA-Z0-9.\-]+"
_PORTS = re.compile(r"\d{1,5}(-\d{1,5})?")
_DIRECTIONS = {"inbound_rules": "sources", "outbound_rules": "destinations"}
_TARGETS = ("addresses", "droplet_ids", "load_balancer_uids", "kubernetes_ids", "tags")


def build(world: World, account: Account, fields: Json) -> Json:
    """A firewall, without any check."""
    key = fields.get("id") or world.uuid(KIND)
    firewall: Json = {
        "id": key,
        "name": f"firewall-{len(account[KIND]) + 1}",
        "status": "succeeded",
        "created_at": world.timestamp(),
        "pending_changes": [],
        "inbound_rules": [],
        "outbound_rules": [],
        "droplet_ids": [],
        "tags": [],
        **fields,
    }
    return account[KIND].put(key, firewall)


def view(_world: World, _account: Account, firewall: Json) -> Json:
    """The firewall as the API answers it."""
    return public(firewall)


def drop(_world: World, account: Account, firewall: Json) -> None:
    """Take a firewall away."""
    account[KIND].remove(firewall["id"])


def _read_ports(entry: Fields, protocol: str) -> str:
    value = entry.data.get("ports")
    text = "0" if value is None or protocol == "icmp" else str(value)
    if text in ("all", "0"):
        return "0"
    if not _PORTS.fullmatch(text) or any(not 0 < int(part) <= 65535 for part in text.split("-")):
        raise Unprocessable(f"ports: {text!r} is neither a port, a range, nor 'all'")
    return text


def _read_rules(body: Fields, direction: str) -> list[Json]:
    rules = []
    for entry in body.children(direction):
        protocol = entry.text("protocol", choices=("tcp", "udp", "icmp"))
        target = entry.child(_DIRECTIONS[direction])
        where: Json = {}
        for name in _TARGETS:
            values: list[str] | list[int] = (
                target.numbers(name) if name == "droplet_ids" else target.strings(name)
            )
            if values:
                where[name] = values
        if not where:
            raise Unprocessable(f"{direction}: a rule needs {_DIRECTIONS[direction]}")
        ports = _read_ports(entry, protocol)
        rules.append({"protocol": protocol, "ports": ports, _DIRECTIONS[direction]: where})
    return rules


def _read_droplets(account: Account, body: Fields) -> list[int]:
    ids = body.numbers("droplet_ids")
    unknown = [key for key in ids if key not in account[droplets.KIND]]
    if unknown:
        raise Unprocessable(f"droplet_ids: droplet {unknown[0]} not found")
    return ids


def _read_tags(account: Account, body: Fields) -> list[str]:
    names = body.tags()
    unknown = [name for name in names if name not in account[tags.KIND]]
    if unknown:
        raise Unprocessable(f"tags: tag {unknown[0]} not found")
    return names


def _read(call: Call) -> Json:
    body, account = call.body, call.account
    fields: Json = {
        "name": body.text("name", pattern=NAME, longest=255),
        **{direction: _read_rules(body, direction) for direction in _DIRECTIONS},
        "droplet_ids": _read_droplets(account, body),
        "tags": _read_tags(account, body),
    }
    if not fields["inbound_rules"] and not fields["outbound_rules"]:
        raise Unprocessable("a firewall needs at least one rule")
    return fields


def _check_name(account: Account, name: str, own_id: str = "") -> None:
    if any(f["name"] == name and f["id"] != own_id for f in account[KIND]):
        raise Conflict("duplicate name")


def _find(call: Call) -> Json:
    firewall = call.account[KIND].get(call.params[0])
    if firewall is None:
        raise NotFound("firewall not found")
    call.touched[:] = [firewall["id"], firewall["name"]]
    return firewall


@ROUTES.on("GET", "/v2/firewalls", "firewall:read")
def list_firewalls(call: Call) -> Answer:
    """All firewalls."""
    return call.page_stored(call.account[KIND])


@ROUTES.on("POST", "/v2/firewalls", "firewall:create")
def create_firewall(call: Call) -> Answer:
    """A new firewall; its name must be free."""
    fields = _read(call)
    _check_name(call.account, fields["name"])
    firewall = build(call.world, call.account, fields)
    call.touched[:] = [firewall["id"], firewall["name"]]
    return Answer(202, {"firewall": public(firewall)})


@ROUTES.on("GET", "/v2/firewalls/{firewall_id}", "firewall:read")
def get_firewall(call: Call) -> Answer:
    """One firewall."""
    return Answer(200, {"firewall": public(_find(call))})


@ROUTES.on("PUT", "/v2/firewalls/{firewall_id}", "firewall:update")
def update_firewall(call: Call) -> Answer:
    """Replace a firewall's configuration."""
    firewall = _find(call)
    fields = _read(call)
    _check_name(call.account, fields["name"], firewall["id"])
    firewall.update(fields)
    call.account[KIND].changed()
    return Answer(200, {"firewall": public(firewall)})


@ROUTES.on("DELETE", "/v2/firewalls/{firewall_id}", "firewall:delete")
def delete_firewall(call: Call) -> Answer:
    """Delete a firewall."""
    drop(call.world, call.account, _find(call))
    return Answer(204)


def _edit(call: Call, changes: Json, *, add: bool) -> Answer:
    """Add entries to lists of a firewall, or take them out."""
    firewall = _find(call)
    if not any(changes.values()):
        raise Unprocessable("nothing to change was given")
    for name, values in changes.items():
        kept = [value for value in firewall[name] if value not in values]
        firewall[name] = kept + values if add else kept
    call.account[KIND].changed()
    return Answer(204)


@ROUTES.on("POST", "/v2/firewalls/{firewall_id}/droplets", "firewall:update")
def add_droplets(call: Call) -> Answer:
    """Put droplets behind a firewall."""
    return _edit(call, {"droplet_ids": _read_droplets(call.account, call.body)}, add=True)


@ROUTES.on("DELETE", "/v2/firewalls/{firewall_id}/droplets", "firewall:update")
def remove_droplets(call: Call) -> Answer:
    """Take droplets from behind a firewall."""
    return _edit(call, {"droplet_ids": call.body.numbers("droplet_ids")}, add=False)


@ROUTES.on("POST", "/v2/firewalls/{firewall_id}/tags", "firewall:update")
def add_tags(call: Call) -> Answer:
    """Put a tag's droplets behind a firewall."""
    return _edit(call, {"tags": _read_tags(call.account, call.body)}, add=True)


@ROUTES.on("DELETE", "/v2/firewalls/{firewall_id}/tags", "firewall:update")
def remove_tags(call: Call) -> Answer:
    """Take a tag's droplets from behind a firewall."""
    return _edit(call, {"tags": call.body.tags()}, add=False)


@ROUTES.on("POST", "/v2/firewalls/{firewall_id}/rules", "firewall:update")
def add_rules(call: Call) -> Answer:
    """Add rules."""
    return _edit(call, {name: _read_rules(call.body, name) for name in _DIRECTIONS}, add=True)


@ROUTES.on("DELETE", "/v2/firewalls/{firewall_id}/rules", "firewall:update")
def remove_rules(call: Call) -> Answer:
    """Take rules away."""
    return _edit(call, {name: _read_rules(call.body, name) for name in _DIRECTIONS}, add=False)
