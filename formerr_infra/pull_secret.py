"""The cluster's right to pull images: read-only credentials of the registry, renewed before they expire.

They are read from DigitalOcean in the run that needs them and kept in the state as a secret; when they expire stands
beside them in the open. Until two thirds of their time are over, nothing is asked for and nothing changes.

`digitalocean.ContainerRegistryDockerCredentials` is not used: its destroy posts to a fixed address of the real service,
whatever endpoint is configured.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from formerr_infra import credential, docker_credentials
from formerr_infra.errors import FormerrError
from formerr_infra.model import Decision, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

#: When they expire and for which registry they are, as annotations of the secret.
EXPIRES = "formerr.tech/expires"
REGISTRY = "formerr.tech/registry"
LASTS = timedelta(days=90)
RENEW_BEFORE = LASTS / 3


class NoPullCredentials(FormerrError):
    """The registry's credentials could not be read; what was made before stays."""

    exit_code = 4


@dataclass(frozen=True, slots=True)
class PullSecret:
    """What is done with the pull secret in this run.

    Attributes:
        registry: for which one.
        expires: what its annotation says, UTC.
        keep: whether the state's data stays.
        data: the live object's data, for an import that changes nothing.
    """

    registry: str
    expires: str
    keep: bool = False
    data: Mapping[str, str] | None = field(default=None, repr=False)

    @property
    def annotations(self) -> dict[str, str]:
        """What stands beside the credentials, in the open."""
        return {EXPIRES: self.expires, REGISTRY: self.registry}

    @property
    def due(self) -> bool:
        """Whether new credentials are to be read."""
        return not self.keep and self.data is None


def pull_secret(decision: Decision, inputs: Mapping[str, Any], registry: str, now: datetime) -> PullSecret:
    """Whether the credentials that are there still do.

    Args:
        decision: what is done with the secret.
        inputs: what the state has recorded for it.
        registry: name of the registry that the images are pulled from.
        now: UTC.
    """
    if decision.outcome is Outcome.KEEP and (until := _good_until(inputs, registry, now)):
        return PullSecret(registry, until, keep=True)
    if decision.outcome is Outcome.IMPORT and decision.target is not None:
        live = decision.target.details
        data = live.get("data")
        if isinstance(data, dict) and data and (until := _good_until(live, registry, now)):
            return PullSecret(registry, until, data=data)
    return PullSecret(registry, (now + LASTS).isoformat(timespec="seconds"))


def _good_until(manifest: Mapping[str, Any], registry: str, now: datetime) -> str | None:
    annotations = (manifest.get("metadata") or {}).get("annotations") or {}
    text = str(annotations.get(EXPIRES))
    try:
        left = datetime.fromisoformat(text).astimezone(UTC) - now
    except (OverflowError, ValueError):
        return None
    return text if annotations.get(REGISTRY) == registry and RENEW_BEFORE < left <= LASTS else None


def docker_config(endpoint: str, token: str, registry: str) -> str:
    """Read-only credentials of a registry, as a Docker configuration.

    Args:
        endpoint: base address of DigitalOcean's API.
        token: for it.
        registry: name.

    Raises:
        NoPullCredentials: they could not be read.
    """
    seconds = int(LASTS.total_seconds())
    try:
        auths = docker_credentials.auths(endpoint, token, registry, seconds=seconds, write=False)
    except credential.NoCredentialError as error:
        raise NoPullCredentials(
            f"the pull credentials of registry {registry} could not be read: {error}; run again"
        ) from None
    return json.dumps({"auths": auths}, sort_keys=True)
