"""Vpc."""

# ruff: noqa: ARG001 - every kind answers the same five calls, whether it needs all they bring or not

from __future__ import annotations

import threading
import time

from formerr_infra.local.standin.errors import ApiError, InitFailed, StandinError
from formerr_infra.local.standin.fields import OUTPUT, REQUIRED, SETTLED, Props, flag, name_field, text
from formerr_infra.local.standin.resource import Cloud, Resource, changed, stamp

DELETE_SECONDS = 120.0
"""How long a delete is repeated while members are still there (403, 409)."""

_creating = threading.Lock()


def create(cloud: Cloud, planned: Props) -> str:
    """POST /v2/vpcs; one at a time, so that two do not get the same range."""
    body = {"name": planned["name"], "region": planned["region"]}
    if planned.get("description"):
        body["description"] = planned["description"]
    if planned.get("ipRange"):
        body["ip_range"] = planned["ipRange"]
    with _creating:
        try:
            return str(cloud.api.post("/v2/vpcs", body)["vpc"]["id"])
        except ApiError as error:
            raise StandinError(f"Error creating VPC: {error}") from None


def read(cloud: Cloud, ident: str, known: Props) -> Props | None:
    """GET /v2/vpcs/ID."""
    try:
        vpc = cloud.api.find(f"/v2/vpcs/{ident}", "vpc")
    except ApiError as error:
        raise StandinError(f"Error reading VPC: {error}") from None
    if vpc is None:
        return None
    return {
        "name": vpc.get("name"),
        "region": vpc.get("region"),
        "description": vpc.get("description") or "",
        "ipRange": vpc.get("ip_range"),
        "vpcUrn": vpc.get("urn"),
        "default": bool(vpc.get("default")),
        "createdAt": stamp(vpc.get("created_at")),
    }


def update(cloud: Cloud, ident: str, olds: Props, planned: Props) -> None:
    """PUT /v2/vpcs/ID with name, description and whether it is the default, as it was."""
    if not changed(olds, planned, "name", "description"):
        return
    body = {
        "name": planned["name"],
        "description": planned.get("description", ""),
        "default": planned.get("default", False),
    }
    try:
        cloud.api.put(f"/v2/vpcs/{ident}", body)
    except ApiError as error:
        raise InitFailed(ident, f"Error updating VPC : {error}") from None


def delete(cloud: Cloud, ident: str, olds: Props) -> None:
    """DELETE /v2/vpcs/ID, repeated while members go; one that is gone already is an error, officially too."""
    until = time.monotonic() + DELETE_SECONDS
    pause = cloud.poll_seconds
    while True:
        try:
            cloud.api.delete(f"/v2/vpcs/{ident}")
            return
        except ApiError as error:
            if error.status not in (403, 409):
                raise StandinError(f"Error deleting VPC: {error}") from None
            if time.monotonic() >= until:
                raise StandinError(str(error)) from None
        if cloud.stopping.wait(pause):
            raise StandinError("cancelled while deleting the VPC")
        pause = min(10.0, pause * 2)


VPC = Resource(
    module="vpc",
    name="Vpc",
    fields=(
        text("createdAt", OUTPUT),
        flag("default", OUTPUT),
        text("description"),
        text("ipRange", SETTLED, replaces=True),
        name_field(),
        text("region", REQUIRED, replaces=True),
        text("vpcUrn", OUTPUT),
    ),
    create=create,
    read=read,
    update=update,
    delete=delete,
)
