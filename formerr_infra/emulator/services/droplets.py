"""Droplets: those made by hand and those behind Kubernetes nodes; all count against the droplet limit.

Nothing runs. Images, snapshots, backups and power actions are not emulated.
"""

from __future__ import annotations

from formerr_infra.emulator import catalog
from formerr_infra.emulator.errors import NotFound, Unprocessable
from formerr_infra.emulator.routing import Answer, Call, Routes
from formerr_infra.emulator.services import actions, projects, tags, vpcs
from formerr_infra.emulator.store import Account, Json, World, public

ROUTES = Routes()
KIND = "droplets"
_FIRST_ID = 400_000_000


def build(world: World, account: Account, fields: Json) -> Json:
    """A droplet, without any check."""
    key = fields.get("id") or world.number(KIND, _FIRST_ID)
    region = fields.get("region", "nyc3")
    vpc_uuid = fields.get("vpc_uuid") or vpcs.default_vpc(account, region)
    droplet: Json = {
        "id": key,
        "name": f"droplet-{key}",
        "size_slug": "s-1vcpu-2gb",
        "status": "active",
        "created_at": world.timestamp(),
        "tags": [],
        "region": region,
        "vpc_uuid": vpc_uuid,
        "_image": "ubuntu-24-04-x64",
        "_public": world.address("address"),
        "_private": vpcs.private_address(account, vpc_uuid, key),
        **fields,
    }
    tags.ensure(world, account, droplet["tags"])
    account[KIND].put(key, droplet)
    if not any(tag == "k8s" for tag in droplet["tags"]):
        projects.assign(world, account, f"do:droplet:{key}")
    return droplet


def view(_world: World, _account: Account, droplet: Json) -> Json:
    """The droplet with size, image, networks and region written out."""
    size = catalog.size(droplet["size_slug"])
    network = {"netmask": "255.255.240.0", "gateway": "198.18.0.1"}
    return {
        **public(droplet),
        "memory": size["memory"],
        "vcpus": size["vcpus"],
        "disk": size["disk"],
        "locked": False,
        "kernel": {"id": 0, "name": "", "version": ""},
        "features": ["private_networking"],
        "backup_ids": [],
        "next_backup_window": None,
        "snapshot_ids": [],
        "image": _image(droplet),
        "volume_ids": [],
        "size": size,
        "networks": {
            "v4": [
                {"ip_address": droplet["_private"], "type": "private", **network},
                {"ip_address": droplet["_public"], "type": "public", **network},
            ],
            "v6": [],
        },
        "region": catalog.region(droplet["region"]),
    }


def drop(_world: World, account: Account, droplet: Json) -> None:
    """Take a droplet away."""
    account[KIND].remove(droplet["id"])
    projects.unassign(account, f"do:droplet:{droplet['id']}")


def check_limit(account: Account, more: int) -> None:
    """422 if that many more droplets would exceed the account's limit."""
    if more > 0 and len(account[KIND]) + more > account.settings.droplet_limit:
        raise Unprocessable("creating this/these droplet(s) will exceed your droplet limit")


def tagged(account: Account, tag: str) -> list[int]:
    """Ids of the droplets that carry a tag."""
    return [int(d["id"]) for d in account[KIND] if tag in d["tags"]]


def _image(droplet: Json) -> Json:
    return {
        "id": 155_133_621,
        "name": "24.04 (LTS) x64",
        "type": "base",
        "distribution": "Ubuntu",
        "slug": droplet["_image"],
        "public": True,
        "regions": list(catalog.REGION_NAMES),
        "created_at": "2024-04-25T00:00:00Z",
        "min_disk_size": 7,
        "size_gigabytes": 0.6,
        "description": "Ubuntu 24.04 (LTS) x64",
        "tags": [],
        "status": "available",
    }


def _find(call: Call) -> Json:
    droplet = call.account[KIND].get(call.params[0])
    if droplet is None:
        raise NotFound()
    call.touched[:] = [str(droplet["id"]), droplet["name"]]
    return droplet


def _view(call: Call, droplet: Json) -> Json:
    return view(call.world, call.account, droplet)


@ROUTES.on("GET", "/v2/droplets", "droplet:read")
def list_droplets(call: Call) -> Answer:
    """All droplets; `tag_name` and `name` narrow it."""
    tag, name = call.query.get("tag_name"), call.query.get("name")
    found = [
        d for d in call.account[KIND] if (not tag or tag in d["tags"]) and (not name or d["name"] == name)
    ]
    if call.query.get("type") == "gpus":
        found = []
    return call.page(KIND, found, lambda droplet: _view(call, droplet))


@ROUTES.on("POST", "/v2/droplets", "droplet:create")
def create_droplets(call: Call) -> Answer:
    """One droplet by `name`, or several by `names`."""
    body = call.body
    names = body.strings("names") or [body.text("name")]
    image = body.data.get("image")
    if isinstance(image, bool) or not isinstance(image, int | str) or not image:
        raise Unprocessable("image: is required")
    region = catalog.check_region(body.text("region", "nyc3"))
    fields: Json = {
        "size_slug": catalog.check_size(body.text("size")),
        "region": region,
        "tags": body.tags(),
        "_image": str(image),
    }
    vpc = vpcs.resolve(call.world, call.account, body.text("vpc_uuid", ""), region)
    check_limit(call.account, len(names))
    fields["vpc_uuid"] = vpc or vpcs.ensure_default(call.world, call.account, region)
    made = [
        build(call.world, call.account, {**fields, "tags": list(fields["tags"]), "name": n}) for n in names
    ]
    links = [
        {"id": a["id"], "rel": "create", "href": f"{call.base_url}/v2/actions/{a['id']}"}
        for a in [actions.add(call.world, call.account, "create", droplet) for droplet in made]
    ]
    call.touched[:] = [str(made[0]["id"]), names[0]]
    shown = [{**_view(call, droplet), "status": "new"} for droplet in made]
    one = {"droplets": shown} if "names" in body else {"droplet": shown[0]}
    return Answer(202, {**one, "links": {"actions": links}})


@ROUTES.on("DELETE", "/v2/droplets", "droplet:delete")
def delete_by_tag(call: Call) -> Answer:
    """Delete all droplets that carry a tag."""
    tag = call.query.get("tag_name")
    if not tag:
        raise Unprocessable("tag_name: is required")
    for key in tagged(call.account, tag):
        droplet = call.account[KIND].get(key)
        if droplet is not None:
            drop(call.world, call.account, droplet)
    return Answer(204)


@ROUTES.on("GET", "/v2/droplets/{droplet_id}", "droplet:read")
def get_droplet(call: Call) -> Answer:
    """One droplet."""
    return Answer(200, {"droplet": _view(call, _find(call))})


@ROUTES.on("DELETE", "/v2/droplets/{droplet_id}", "droplet:delete")
def delete_droplet(call: Call) -> Answer:
    """Delete one droplet."""
    drop(call.world, call.account, _find(call))
    return Answer(204)


@ROUTES.on("GET", "/v2/droplets/{droplet_id}/actions", "droplet:read")
def list_droplet_actions(call: Call) -> Answer:
    """What was done to a droplet."""
    droplet = _find(call)
    found = [a for a in call.account[actions.KIND] if a["resource_id"] == droplet["id"]]
    return call.page("actions", found, lambda action: actions.view(call.world, call.account, action))


@ROUTES.on("GET", "/v2/droplets/{droplet_id}/actions/{action_id}", "droplet:read")
def get_droplet_action(call: Call) -> Answer:
    """One thing that was done to a droplet."""
    _find(call)
    action = actions.find(call, call.params[1])
    return Answer(200, {"action": actions.view(call.world, call.account, action)})
