"""ContainerRegistryDockerCredentials.

Credentials are asked for at once and again when they have expired. The official plugin revokes them on delete, at a
fixed address of the real service; this one sends nothing there, and they end with their time.
"""

# ruff: noqa: ARG001 - every kind answers the same five calls, whether it needs all they bring or not

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from formerr_infra.local.standin.errors import ApiError, InitFailed, StandinError
from formerr_infra.local.standin.fields import OUTPUT, REQUIRED, Props, flag, text, whole
from formerr_infra.local.standin.resource import Cloud, Made, Resource, changed

LONGEST_SECONDS = 1_576_800_000


def _ask(cloud: Cloud, planned: Props) -> Props:
    seconds = int(planned.get("expirySeconds", LONGEST_SECONDS))
    write = bool(planned.get("write", False))
    try:
        given = cloud.api.get(
            f"/v2/registries/{planned['registryName']}/docker-credentials",
            read_write=str(write).lower(),
            expiry_seconds=seconds,
        )
    except ApiError as error:
        raise StandinError(f"Error retrieving docker credentials: {error}") from None
    return {
        "dockerCredentials": json.dumps(given, separators=(",", ":")),
        "credentialExpirationTime": f"{datetime.now(UTC) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}",
    }


def _registry_exists(cloud: Cloud, name: str) -> bool:
    try:
        return cloud.api.find(f"/v2/registries/{name}", "registry") is not None
    except ApiError as error:
        raise StandinError(f'registry "{name}" not found: {error}') from None


def create(cloud: Cloud, planned: Props) -> Made:
    """Credentials for a registry that is there; the id is the registry's name."""
    name = str(planned["registryName"])
    if not _registry_exists(cloud, name):
        raise StandinError(f'registry "{name}" not found')
    return Made(name, _ask(cloud, planned), complete=True)


def read(cloud: Cloud, ident: str, known: Props) -> Props | None:
    """The credentials as they are known, or new ones where theirs have expired.

    An import knows no registry: it finds none, officially too.
    """
    name = str(known.get("registryName", ""))
    if not _registry_exists(cloud, name):
        return None
    expires = known.get("credentialExpirationTime")
    if expires and datetime.fromisoformat(str(expires)) >= datetime.now(UTC):
        return {}
    return {"registryName": name, **_ask(cloud, {**known, "registryName": name})}


def update(cloud: Cloud, ident: str, olds: Props, planned: Props) -> Props | None:
    """New credentials where the time or the right to write has changed."""
    if not changed(olds, planned, "expirySeconds", "write"):
        return None
    try:
        return _ask(cloud, planned)
    except StandinError as error:
        raise InitFailed(ident, str(error)) from None


def delete(cloud: Cloud, ident: str, olds: Props) -> None:
    """Nothing is sent: see above."""


DOCKER_CREDENTIALS = Resource(
    module="containerRegistryDockerCredentials",
    name="ContainerRegistryDockerCredentials",
    fields=(
        text("credentialExpirationTime", OUTPUT),
        text("dockerCredentials", OUTPUT, secret=True),
        whole("expirySeconds", default=LONGEST_SECONDS),
        text("registryName", REQUIRED, replaces=True),
        flag("write", default=False),
    ),
    create=create,
    read=read,
    update=update,
    delete=delete,
    reads_again=False,
)
