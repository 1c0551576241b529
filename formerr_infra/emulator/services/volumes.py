"""Volumes and their snapshots, as far as a cluster leaves them behind: made by the control plane, listed, deleted.

`cluster_id` marks one as made by that cluster. Snapshots are seen only as associated resources of their cluster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.emulator import catalog
from formerr_infra.emulator.errors import NotFound
from formerr_infra.emulator.routing import Answer, Call, Routes
from formerr_infra.emulator.services import projects
from formerr_infra.emulator.store import Account, Json, World, public

if TYPE_CHECKING:
    from collections.abc import Callable

ROUTES = Routes()
KIND = "volumes"
SNAPSHOTS = "volume_snapshots"


def build(world: World, account: Account, fields: Json) -> Json:
    """A volume, without any check."""
    volume = _base(world, KIND, fields)
    defaults: Json = {
        "size_gigabytes": 10,
        "droplet_ids": [],
        "region": "nyc3",
        "filesystem_type": "ext4",
        "filesystem_label": "",
    }
    projects.assign(world, account, f"do:volume:{volume['id']}")
    return account[KIND].put(volume["id"], {**defaults, **volume})


def view(_world: World, _account: Account, volume: Json) -> Json:
    """The volume with its region written out."""
    return {**public(volume), "region": catalog.region(volume["region"])}


def drop(_world: World, account: Account, volume: Json) -> None:
    """Take a volume away."""
    account[KIND].remove(volume["id"])
    projects.unassign(account, f"do:volume:{volume['id']}")


def build_snapshot(world: World, account: Account, fields: Json) -> Json:
    """A volume snapshot, without any check."""
    snapshot = _base(world, SNAPSHOTS, fields)
    return account[SNAPSHOTS].put(snapshot["id"], snapshot)


def view_snapshot(_world: World, _account: Account, snapshot: Json) -> Json:
    """The snapshot as it is kept."""
    return public(snapshot)


def drop_snapshot(_world: World, account: Account, snapshot: Json) -> None:
    """Take a snapshot away."""
    account[SNAPSHOTS].remove(snapshot["id"])


DROPS: dict[str, Callable[[World, Account, Json], None]] = {KIND: drop, SNAPSHOTS: drop_snapshot}


def _base(world: World, kind: str, fields: Json) -> Json:
    cluster = fields.pop("cluster_id", None)
    key = fields.get("id") or world.uuid(kind)
    made = {
        "id": key,
        "name": f"pvc-{key}",
        "description": "",
        "created_at": world.timestamp(),
        "tags": [],
        **fields,
    }
    return {**made, "_cluster": cluster} if cluster else made


def _find(call: Call) -> Json:
    volume = call.account[KIND].get(call.params[0])
    if volume is None:
        raise NotFound()
    call.touched[:] = [volume["id"], volume["name"]]
    return volume


@ROUTES.on("GET", "/v2/volumes", "block_storage:read")
def list_volumes(call: Call) -> Answer:
    """All volumes; `name` and `region` narrow it."""
    name, region = call.query.get("name"), call.query.get("region")
    found = [
        volume
        for volume in call.account[KIND]
        if (not name or volume["name"] == name) and (not region or volume["region"] == region)
    ]
    return call.page(KIND, found, lambda volume: view(call.world, call.account, volume))


@ROUTES.on("GET", "/v2/volumes/{volume_id}", "block_storage:read")
def get_volume(call: Call) -> Answer:
    """One volume."""
    return Answer(200, {"volume": view(call.world, call.account, _find(call))})


@ROUTES.on("DELETE", "/v2/volumes/{volume_id}", "block_storage:delete")
def delete_volume(call: Call) -> Answer:
    """Delete a volume."""
    drop(call.world, call.account, _find(call))
    return Answer(204)
