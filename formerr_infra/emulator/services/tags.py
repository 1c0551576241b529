"""Tags: names, and what carries them (droplets, images, volumes, snapshots, databases).

A tag comes into being when a resource is made with it. Clusters and VPCs are not tagged resources of this service;
a cluster's tags reach its droplets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.emulator.errors import NotFound, Unprocessable
from formerr_infra.emulator.fields import TAG
from formerr_infra.emulator.routing import Answer, Call, Routes

if TYPE_CHECKING:
    from formerr_infra.emulator.store import Account, Json, World

ROUTES = Routes()
KIND = "tags"
_TAGGED = {
    "droplet": "droplets",
    "image": "images",
    "volume": "volumes",
    "volume_snapshot": "volume_snapshots",
    "database": "databases",
}


def build(_world: World, account: Account, fields: Json) -> Json:
    """A tag, without any check."""
    return account[KIND].put(fields["name"], {"name": fields["name"]})


def view(_world: World, account: Account, tag: Json) -> Json:
    """The tag with counts of what carries it."""
    kinds = {kind: _usage(account, kind, tag["name"]) for kind in _TAGGED.values()}
    last = next((u["last_tagged_uri"] for u in kinds.values() if "last_tagged_uri" in u), None)
    total: Json = {"count": sum(u["count"] for u in kinds.values())}
    if last:
        total["last_tagged_uri"] = last
    return {"name": tag["name"], "resources": {**total, **kinds}}


def drop(_world: World, account: Account, tag: Json) -> None:
    """Take a tag away from everything that carries it."""
    account[KIND].remove(tag["name"])
    for kind in _TAGGED.values():
        for item in account[kind]:
            if tag["name"] in item.get("tags", []):
                item["tags"].remove(tag["name"])
                account[kind].changed()


def ensure(world: World, account: Account, names: list[str]) -> None:
    """Make the tags that do not exist yet."""
    for name in names:
        if name not in account[KIND]:
            build(world, account, {"name": name})


def _usage(account: Account, kind: str, name: str) -> Json:
    carrying = [item for item in account[kind] if name in item.get("tags", [])]
    usage: Json = {"count": len(carrying)}
    if carrying:
        usage["last_tagged_uri"] = f"https://api.digitalocean.com/v2/{kind}/{carrying[-1]['id']}"
    return usage


def _find(call: Call) -> Json:
    tag = call.account[KIND].get(call.params[0])
    if tag is None:
        raise NotFound()
    call.touched[:] = [tag["name"], tag["name"]]
    return tag


@ROUTES.on("GET", "/v2/tags", "tag:read")
def list_tags(call: Call) -> Answer:
    """All tags."""
    return call.page(KIND, call.account[KIND].values(), lambda tag: view(call.world, call.account, tag))


@ROUTES.on("POST", "/v2/tags", "tag:create")
def create_tag(call: Call) -> Answer:
    """A tag; one that exists is answered as it is."""
    name = call.body.text("name", pattern=TAG.pattern)
    if name not in call.account[KIND]:
        build(call.world, call.account, {"name": name})
    call.touched[:] = [name, name]
    return Answer(201, {"tag": view(call.world, call.account, {"name": name})})


@ROUTES.on("GET", "/v2/tags/{tag_id}", "tag:read")
def get_tag(call: Call) -> Answer:
    """One tag."""
    return Answer(200, {"tag": view(call.world, call.account, _find(call))})


@ROUTES.on("DELETE", "/v2/tags/{tag_id}", "tag:delete")
def delete_tag(call: Call) -> Answer:
    """Delete a tag and untag everything."""
    drop(call.world, call.account, _find(call))
    return Answer(204)


@ROUTES.on("POST", "/v2/tags/{tag_id}/resources", "tag:create")
def tag_resources(call: Call) -> Answer:
    """Put the tag on resources; all of them must exist."""
    tag = _find(call)
    for kind, item in _resources(call):
        if tag["name"] not in item.setdefault("tags", []):
            item["tags"].append(tag["name"])
            call.account[kind].changed()
    return Answer(204)


@ROUTES.on("DELETE", "/v2/tags/{tag_id}/resources", "tag:delete")
def untag_resources(call: Call) -> Answer:
    """Take the tag off resources; all of them must exist."""
    tag = _find(call)
    for kind, item in _resources(call):
        if tag["name"] in item.get("tags", []):
            item["tags"].remove(tag["name"])
            call.account[kind].changed()
    return Answer(204)


def _resources(call: Call) -> list[tuple[str, Json]]:
    found = []
    for entry in call.body.children("resources"):
        kind = _TAGGED[entry.text("resource_type", choices=_TAGGED)]
        item = call.account[kind].get(entry.text("resource_id"))
        if item is None:
            raise NotFound()
        found.append((kind, item))
    if not found:
        raise Unprocessable("resources: can't be blank")
    return found
