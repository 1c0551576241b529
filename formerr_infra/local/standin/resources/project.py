"""Project and ProjectResources."""

# ruff: noqa: ARG001 - every kind answers the same five calls, whether it needs all they bring or not

from __future__ import annotations

from typing import Any

from formerr_infra.local.standin.errors import ApiError, InitFailed, StandinError
from formerr_infra.local.standin.fields import (
    OUTPUT,
    REQUIRED,
    SETTLED,
    Props,
    Shape,
    flag,
    name_field,
    text,
    whole,
)
from formerr_infra.local.standin.resource import Cloud, Resource, compact

PATH = "/v2/projects"
DELETE_SECONDS = 180.0
STAGES = ("development", "staging", "production")


def _urns(cloud: Cloud, ident: str) -> list[str]:
    try:
        return [str(item["urn"]) for item in cloud.api.pages(f"{PATH}/{ident}/resources", "resources")]
    except ApiError as error:
        raise StandinError(f"Error loading project resources: {error}") from None


def _assign(cloud: Cloud, ident: str, urns: list[str]) -> None:
    try:
        cloud.api.post(f"{PATH}/{ident}/resources", {"resources": [urn for urn in urns if urn]})
    except ApiError as error:
        raise StandinError(f"Error assigning resources: {error}") from None


def _give_back(cloud: Cloud, urns: list[str]) -> None:
    """A resource always belongs to a project: what leaves one goes to the default one."""
    try:
        default = cloud.api.get(f"{PATH}/default")["project"]["id"]
    except ApiError as error:
        raise StandinError(f"Error locating default project {error}") from None
    _assign(cloud, default, urns)


def create(cloud: Cloud, planned: Props) -> str:
    """POST the project, then give it its resources; a project that could not get them is deleted again."""
    body = {
        "name": planned["name"],
        "purpose": planned.get("purpose", ""),
        "description": planned.get("description", ""),
        **compact({"environment": planned.get("environment")}),
    }
    try:
        project = cloud.api.post(PATH, body)["project"]
    except ApiError as error:
        raise StandinError(f"Error creating Project: {error}") from None
    ident = str(project["id"])
    if planned.get("resources"):
        try:
            _assign(cloud, ident, planned["resources"])
        except StandinError as error:
            _delete_again(cloud, ident)
            raise StandinError(f"Error creating Project: {error}") from None
    if planned.get("isDefault"):
        try:
            cloud.api.patch(f"{PATH}/{ident}", _body(planned, is_default=True))
        except ApiError as error:
            raise StandinError(f"Error setting project as default: {error}") from None
    return ident


def _delete_again(cloud: Cloud, ident: str) -> None:
    try:
        cloud.api.delete(f"{PATH}/{ident}")
    except ApiError:
        return


def read(cloud: Cloud, ident: str, known: Props) -> Props | None:
    """GET the project and the list of its resources."""
    try:
        project = cloud.api.find(f"{PATH}/{ident}", "project")
    except ApiError as error:
        raise StandinError(f"Error reading Project: {error}") from None
    if project is None:
        return None
    try:
        resources = _urns(cloud, ident)
    except StandinError as error:
        raise StandinError(f"Error reading Project: {error}") from None
    return {
        "name": project["name"],
        "purpose": str(project.get("purpose") or "").removeprefix("Other: "),
        "description": project.get("description") or "",
        "environment": project.get("environment") or "",
        "isDefault": bool(project.get("is_default")),
        "ownerUuid": project.get("owner_uuid") or "",
        "ownerId": project.get("owner_id") or 0,
        "createdAt": project.get("created_at") or "",
        "updatedAt": project.get("updated_at") or "",
        "resources": resources,
    }


def update(cloud: Cloud, ident: str, olds: Props, planned: Props) -> None:
    """PATCH the project; resources that leave it go to the default project."""
    try:
        cloud.api.patch(f"{PATH}/{ident}", _body(planned, is_default=bool(planned.get("isDefault", False))))
        old, new = olds.get("resources", []), planned.get("resources", [])
        if gone := [urn for urn in old if urn not in new]:
            _give_back(cloud, gone)
        if come := [urn for urn in new if urn not in old]:
            _assign(cloud, ident, come)
    except StandinError as error:
        raise InitFailed(ident, f"Error updating Project: {error}") from None


def _body(planned: Props, *, is_default: bool) -> dict[str, Any]:
    return {
        "name": planned["name"],
        "description": planned.get("description", ""),
        "purpose": planned.get("purpose", ""),
        "environment": planned.get("environment", ""),
        "is_default": is_default,
    }


def delete(cloud: Cloud, ident: str, olds: Props) -> None:
    """Give the resources back, then DELETE, repeated while the API still sees some in it (412)."""
    if olds.get("resources"):
        try:
            _give_back(cloud, olds["resources"])
        except StandinError as error:
            raise StandinError(f"Error assigning resource to default project: {error}") from None

    def gone() -> bool:
        try:
            cloud.api.delete(f"{PATH}/{ident}")
        except ApiError as error:
            if error.status == 412 and "cannot delete a project with resources" in error.message:
                return False
            raise StandinError(f"Error deleting project ({ident}): {error}") from None
        return True

    cloud.wait(gone, seconds=DELETE_SECONDS, what="the project to be empty")


def assign(cloud: Cloud, planned: Props) -> str:
    """ProjectResources has no life of its own: creating it assigns; its id is the project's."""
    ident = str(planned["project"])
    _reassign(cloud, ident, [], planned["resources"])
    return ident


def reassign(cloud: Cloud, ident: str, olds: Props, planned: Props) -> None:
    """Assign what is new, give back what is no longer declared."""
    try:
        _reassign(cloud, ident, olds.get("resources", []), planned["resources"])
    except StandinError as error:
        raise InitFailed(ident, str(error)) from None


def _exists(cloud: Cloud, ident: str) -> bool:
    try:
        return cloud.api.find(f"{PATH}/{ident}", "project") is not None
    except ApiError as error:
        raise StandinError(f"Error while retrieving project {ident}: {error}") from None


def _reassign(cloud: Cloud, ident: str, old: list[str], new: list[str]) -> None:
    if not _exists(cloud, ident):
        raise StandinError(f"project {ident} does not exist")
    if gone := [urn for urn in old if urn not in new]:
        _give_back(cloud, gone)
    if come := [urn for urn in new if urn not in old]:
        _assign(cloud, ident, come)


def read_resources(cloud: Cloud, ident: str, known: Props) -> Props | None:
    """Of the resources that are known, those still in the project; others in it are not looked at."""
    if not _exists(cloud, ident):
        return None
    live = set(_urns(cloud, ident))
    return {"project": ident, "resources": [urn for urn in known.get("resources", []) if urn in live]}


def release(cloud: Cloud, ident: str, olds: Props) -> None:
    """Give the resources back, unless the project is gone."""
    project = str(olds.get("project", ident))
    if _exists(cloud, project) and olds.get("resources"):
        _give_back(cloud, olds["resources"])


def _same_stage(olds: Props, news: Props) -> bool:
    return bool(str(olds.get("environment", "")).lower() == str(news.get("environment", "")).lower())


PROJECT = Resource(
    module="project",
    name="Project",
    fields=(
        text("createdAt", OUTPUT),
        text("description", default=""),
        text("environment", same=_same_stage, oneof=STAGES),
        flag("isDefault", default=False),
        name_field(),
        whole("ownerId", OUTPUT),
        text("ownerUuid", OUTPUT),
        text("purpose", default="Web Application"),
        text("resources", SETTLED, shape=Shape.SET),
        text("updatedAt", OUTPUT),
    ),
    create=create,
    read=read,
    update=update,
    delete=delete,
)

PROJECT_RESOURCES = Resource(
    module="projectResources",
    name="ProjectResources",
    fields=(text("project", REQUIRED, replaces=True), text("resources", REQUIRED, shape=Shape.SET)),
    create=assign,
    read=read_resources,
    update=reassign,
    delete=release,
    importer=None,
)
