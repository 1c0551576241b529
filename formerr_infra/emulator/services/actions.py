"""Actions: the log of what was done to droplets. Each one is finished the moment it is written."""

from __future__ import annotations

from formerr_infra.emulator import catalog
from formerr_infra.emulator.errors import NotFound
from formerr_infra.emulator.routing import Answer, Call, Routes
from formerr_infra.emulator.store import Account, Json, World, public

ROUTES = Routes()
KIND = "actions"


def add(world: World, account: Account, what: str, droplet: Json) -> Json:
    """Write down that something was done to a droplet."""
    key = world.number(KIND, 1_700_000_000)
    now = world.timestamp()
    action: Json = {
        "id": key,
        "status": "completed",
        "type": what,
        "started_at": now,
        "completed_at": now,
        "resource_id": droplet["id"],
        "resource_type": "droplet",
        "region_slug": droplet["region"],
    }
    return account[KIND].put(key, action)


def view(_world: World, _account: Account, action: Json) -> Json:
    """The action with its region written out."""
    return {**public(action), "region": catalog.region(action["region_slug"])}


def find(call: Call, key: str) -> Json:
    """An action by id."""
    action = call.account[KIND].get(key)
    if action is None:
        raise NotFound()
    return action


@ROUTES.on("GET", "/v2/actions", "actions:read")
def list_actions(call: Call) -> Answer:
    """All actions, newest first."""
    newest_first = call.account[KIND].values()[::-1]
    return call.page(KIND, newest_first, lambda action: view(call.world, call.account, action))


@ROUTES.on("GET", "/v2/actions/{action_id}", "actions:read")
def get_action(call: Call) -> Answer:
    """One action."""
    return Answer(200, {"action": view(call.world, call.account, find(call, call.params[0]))})
