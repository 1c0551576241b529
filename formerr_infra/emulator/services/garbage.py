"""Garbage collections of a registry: they free what deleted manifests took up.

One at a time. How long one takes is a transition (`collection_seconds`); what it frees is settled when it starts. That the
registry takes no pushes meanwhile is left out.
"""

from __future__ import annotations

from formerr_infra.emulator.errors import Conflict, NotFound
from formerr_infra.emulator.routing import Answer, Call, Routes
from formerr_infra.emulator.services import registries, repositories
from formerr_infra.emulator.store import Json, World, public

ROUTES = Routes()
_ROOTS = ("/v2/registry/{registry_name}", "/v2/registries/{registry_name}")
_UNTAGGED = ("untagged manifests only", "untagged manifests and unreferenced blobs")
_BLOBS = ("unreferenced blobs only", "untagged manifests and unreferenced blobs")


def active(world: World, registry: Json) -> Json | None:
    """The collection that is running, if one is."""
    held = registry.get("_collections", [])
    return next((one for one in held if one["_ends"] > world.now() and one["status"] == "requested"), None)


def _shown(world: World, collection: Json) -> Json:
    shown = public(collection)
    if collection["status"] == "requested" and collection["_ends"] <= world.now():
        shown.update(status="succeeded", updated_at=world.timestamp(collection["_ends"]))
        shown.update(blobs_deleted=collection["_blobs"], freed_bytes=collection["_bytes"])
    return shown


def start(call: Call) -> Answer:
    """Start one; 409 if one runs."""
    registry = registries.find(call)
    if active(call.world, registry) is not None:
        raise Conflict("a garbage collection is already in progress")
    kind = call.optional_body.text("type", _BLOBS[0], choices=(*_BLOBS, _UNTAGGED[0]))
    sizes = _collect(call, registry, kind)
    now = call.world.timestamp()
    collection: Json = {
        "uuid": call.world.uuid("garbage collection"),
        "registry_name": registry["name"],
        "status": "requested",
        "created_at": now,
        "updated_at": now,
        "blobs_deleted": 0,
        "freed_bytes": 0,
        "_ends": call.world.now() + call.world.transitions.collection_seconds,
        "_blobs": len(sizes),
        "_bytes": sum(sizes),
    }
    registry.setdefault("_collections", []).insert(0, collection)
    call.account[registries.KIND].changed()
    return Answer(201, {"garbage_collection": public(collection)})


def _collect(call: Call, registry: Json, kind: str) -> list[int]:
    """Take away what a collection of that kind takes; the sizes of the blobs that go."""
    if kind in _UNTAGGED:
        for repository in call.account[repositories.KIND]:
            if repository["registry_name"] == registry["name"]:
                for manifest in repositories.untagged(repository):
                    repositories.leave_blobs(registry, manifest["size_bytes"])
                repositories.untagged(repository).clear()
    if kind not in _BLOBS:
        return []
    sizes: list[int] = registry.pop("_unreferenced", [])
    registry["storage_usage_bytes"] = max(0, registry["storage_usage_bytes"] - sum(sizes))
    return sizes


def get_active(call: Call) -> Answer:
    """The one that is running; 404 if none is."""
    found = active(call.world, registries.find(call))
    if found is None:
        raise NotFound("no active garbage collection")
    return Answer(200, {"garbage_collection": public(found)})


def list_all(call: Call) -> Answer:
    """All of a registry, newest first."""
    held = registries.find(call).get("_collections", [])
    return call.page("garbage_collections", held, lambda one: _shown(call.world, one))


def cancel(call: Call) -> Answer:
    """Cancel the one that is running."""
    found = active(call.world, registries.find(call))
    if found is None or found["uuid"] != call.params[1]:
        raise NotFound("no active garbage collection")
    if call.body.flag("cancel"):
        found.update(status="cancelled", updated_at=call.world.timestamp())
        call.account[registries.KIND].changed()
    return Answer(200, {"garbage_collection": public(found)})


for _root in _ROOTS:
    ROUTES.on("GET", f"{_root}/garbage-collection", "registry:read")(get_active)
    ROUTES.on("POST", f"{_root}/garbage-collection", "registry:update")(start)
    ROUTES.on("GET", f"{_root}/garbage-collections", "registry:read")(list_all)
    ROUTES.on("PUT", f"{_root}/garbage-collection/{{garbage_collection_uuid}}", "registry:update")(cancel)
