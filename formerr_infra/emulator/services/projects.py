"""Projects and what is assigned to them.

Every account has a default project; a new resource goes there unless its request names another. A project can be
deleted only when nothing is assigned to it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from formerr_infra.emulator.errors import Conflict, NotFound, PreconditionFailed, Unprocessable
from formerr_infra.emulator.routing import Answer, Call, Routes
from formerr_infra.emulator.store import Account, Json, World, public

if TYPE_CHECKING:
    from formerr_infra.emulator.fields import Fields

ROUTES = Routes()
KIND = "projects"
ENVIRONMENTS = ("Development", "Staging", "Production")

_URN = re.compile(
    r"do:(dbaas|domain|droplet|floatingip|loadbalancer|space|volume|kubernetes|vpc):([A-Za-z0-9._-]{1,255})"
)
_KIND_OF = {
    "dbaas": "databases",
    "domain": "domains",
    "droplet": "droplets",
    "loadbalancer": "load_balancers",
    "kubernetes": "kubernetes_clusters",
    "vpc": "vpcs",
    "volume": "volumes",
}
_PATH_OF = {"kubernetes_clusters": "kubernetes/clusters"}


def build(world: World, account: Account, fields: Json) -> Json:
    """A project, without any check."""
    now = world.timestamp()
    project: Json = {
        "id": world.uuid(KIND),
        "owner_uuid": account.uuid,
        "owner_id": 1,
        "name": f"project-{len(account[KIND]) + 1}",
        "description": "",
        "purpose": "Web Application",
        "is_default": False,
        "created_at": now,
        "updated_at": now,
        "_resources": {},
        **fields,
    }
    return account[KIND].put(project["id"], project)


def view(_world: World, _account: Account, project: Json) -> Json:
    """The project as the API answers it."""
    return public(project)


def default_project(account: Account) -> Json | None:
    """The default project of the account."""
    return next((p for p in account[KIND] if p["is_default"]), None)


def assign(world: World, account: Account, urn: str, project_id: str = "") -> None:
    """Put a resource into a project, the default one unless named, and take it out of any other."""
    project = account[KIND].get(project_id) if project_id else default_project(account)
    if project is None:
        return
    unassign(account, urn)
    project["_resources"][urn] = world.timestamp()
    account[KIND].changed()


def unassign(account: Account, urn: str) -> None:
    """Take a resource out of whatever project it is in."""
    for project in account[KIND]:
        if project["_resources"].pop(urn, None) is not None:
            account[KIND].changed()


def project_of(account: Account, urn: str) -> str:
    """Id of the project a resource is in, or nothing."""
    return next((str(p["id"]) for p in account[KIND] if urn in p["_resources"]), "")


def check_project(account: Account, project_id: str) -> str:
    """The id itself; 422 if the account has no such project."""
    if project_id and project_id not in account[KIND]:
        raise Unprocessable("project not found")
    return project_id


def drop(world: World, account: Account, project: Json) -> None:
    """Take a project away; what was in it goes to the default one."""
    account[KIND].remove(project["id"])
    for urn in project["_resources"]:
        assign(world, account, urn)


def _find(call: Call) -> Json:
    name = call.params[0] if call.params else "default"
    project = default_project(call.account) if name == "default" else call.account[KIND].get(name)
    if project is None:
        raise NotFound("project not found")
    call.touched[:] = [str(project["id"]), str(project["name"])]
    return project


def _check_name(account: Account, name: str, own_id: str = "") -> None:
    if any(p["name"] == name and p["id"] != own_id for p in account[KIND]):
        raise Conflict("name is already in use")


def _read(body: Fields, current: Json | None = None) -> Json:
    known = current or {}
    fields: Json = {
        "name": body.text("name", known.get("name"), longest=175),
        "purpose": body.text("purpose", known.get("purpose"), longest=255),
        "description": body.text("description", known.get("description", ""), longest=255, empty=True),
    }
    # Without one there is no key: the providers would take any default for drift.
    environment = body.text("environment", known.get("environment", ""), choices=ENVIRONMENTS)
    return {**fields, "environment": environment} if environment else fields


@ROUTES.on("GET", "/v2/projects", "project:read")
def list_projects(call: Call) -> Answer:
    """All projects."""
    return call.page_stored(call.account[KIND])


@ROUTES.on("POST", "/v2/projects", "project:create")
def create_project(call: Call) -> Answer:
    """A new project; its name must be free."""
    fields = _read(call.body)
    _check_name(call.account, fields["name"])
    project = build(call.world, call.account, fields)
    call.touched[:] = [project["id"], project["name"]]
    return Answer(201, {"project": public(project)})


@ROUTES.on("GET", "/v2/projects/default", "project:read")
@ROUTES.on("GET", "/v2/projects/{project_id}", "project:read")
def get_project(call: Call) -> Answer:
    """One project, or the default one."""
    return Answer(200, {"project": public(_find(call))})


@ROUTES.on("PUT", "/v2/projects/default", "project:update")
@ROUTES.on("PATCH", "/v2/projects/default", "project:update")
@ROUTES.on("PUT", "/v2/projects/{project_id}", "project:update")
@ROUTES.on("PATCH", "/v2/projects/{project_id}", "project:update")
def update_project(call: Call) -> Answer:
    """Change a project; making it the default one takes that from the other."""
    project = _find(call)
    body = call.body
    fields = _read(body, project)
    _check_name(call.account, fields["name"], project["id"])
    is_default = body.flag("is_default", default=project["is_default"])
    if is_default and not project["is_default"]:
        for other in call.account[KIND]:
            other["is_default"] = False
    project.update(fields, is_default=is_default or project["is_default"], updated_at=call.world.timestamp())
    call.account[KIND].changed()
    return Answer(200, {"project": public(project)})


@ROUTES.on("DELETE", "/v2/projects/{project_id}", "project:delete")
def delete_project(call: Call) -> Answer:
    """Delete an empty project that is not the default one."""
    project = _find(call)
    if project["is_default"]:
        raise PreconditionFailed("cannot delete the default project")
    if project["_resources"]:
        raise PreconditionFailed("cannot delete a project with resources. move or remove the resources first")
    call.account[KIND].remove(project["id"])
    return Answer(204)


@ROUTES.on("GET", "/v2/projects/default/resources", "project:read")
@ROUTES.on("GET", "/v2/projects/{project_id}/resources", "project:read")
def list_resources(call: Call) -> Answer:
    """What is assigned to a project."""
    project = _find(call)
    return call.page(
        "resources",
        [_resource(call, urn, at, "ok") for urn, at in project["_resources"].items()],
    )


@ROUTES.on("POST", "/v2/projects/default/resources", "project:assign_resource")
@ROUTES.on("POST", "/v2/projects/{project_id}/resources", "project:assign_resource")
def assign_resources(call: Call) -> Answer:
    """Assign resources by their URNs. One that does not exist is answered as not found, and the others are assigned:
    the providers hand in what they deleted a moment ago."""
    project = _find(call)
    urns = call.body.strings("resources")
    known = {urn: _exists(call.account, urn) for urn in urns}
    shown = []
    for urn, exists in known.items():
        if not exists:
            shown.append(_resource(call, urn, call.world.timestamp(), "not_found"))
            continue
        status = "already_assigned" if urn in project["_resources"] else "assigned"
        if status == "assigned":
            assign(call.world, call.account, urn, project["id"])
        shown.append(_resource(call, urn, project["_resources"][urn], status))
    return Answer(200, {"resources": shown})


def _exists(account: Account, urn: str) -> bool:
    match = _URN.fullmatch(urn)
    if match is None:
        raise Unprocessable(f"{urn!r} is not a valid URN")
    kind = _KIND_OF.get(match[1])
    return kind is None or match[2] in account[kind]


def _resource(call: Call, urn: str, assigned_at: str, status: str) -> Json:
    _, scheme, key = urn.split(":", 2)
    kind = _KIND_OF.get(scheme, scheme)
    return {
        "urn": urn,
        "assigned_at": assigned_at,
        "links": {"self": f"{call.base_url}/v2/{_PATH_OF.get(kind, kind)}/{key}"},
        "status": status,
    }
