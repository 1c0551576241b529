"""Who pulls images cannot push them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model import ResourceRule

if TYPE_CHECKING:
    from policy.model import Found, Resource

CREDENTIALS = (
    "digitalocean:index/containerRegistryDockerCredentials:ContainerRegistryDockerCredentials",
    "digitalocean:index/containerRegistriesDockerCredentials:ContainerRegistriesDockerCredentials",
)


def _read_only(resource: Resource, found: Found) -> None:
    if resource.type in CREDENTIALS and resource["write"].value is True:
        found.breaks(resource["write"], "credentials of the cluster only pull; leave it out")


REGISTRY_CREDENTIALS_ARE_READ_ONLY = ResourceRule(
    name="registry-credentials-are-read-only",
    title="Credentials of the registry cannot push",
    means="`ContainerRegistryDockerCredentials` without `write`.",
    check=_read_only,
)
