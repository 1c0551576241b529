"""What opens a registry for a container engine, asked of DigitalOcean by whichever of its two paths is there.

The newer path names the registry; an API or an account without it has the older one, for its only registry.
"""

from __future__ import annotations

from typing import Any

from formerr_infra import credential


def auths(endpoint: str, token: str, registry: str, *, seconds: int, write: bool) -> dict[str, Any]:
    """The `auths` of a Docker configuration. Reads, so that each is repeated where that can help.

    Args:
        endpoint: base address of DigitalOcean's API.
        token: for it.
        registry: name.
        seconds: how long they are good for.
        write: whether they are for a push.

    Raises:
        NoCredentialError: there are none, and why.
    """
    query = f"expiry_seconds={seconds}&read_write={'true' if write else 'false'}"
    path = f"/v2/registries/{registry}/docker-credentials"
    status, answer = credential.repeated(endpoint, f"{path}?{query}", token)
    if status in credential.NOT_OFFERED and _is_the_only_one(endpoint, token, registry):
        path = "/v2/registry/docker-credentials"
        status, answer = credential.repeated(endpoint, f"{path}?{query}", token)
    found = answer.get("auths") if isinstance(answer, dict) else None
    if isinstance(found, dict) and found:
        return found
    said = f"DigitalOcean answered {status} to GET {path}"
    if status in (401, 403):
        raise credential.NoCredentialError(f"{said} (the token needs registry:read and registry:update)")
    if status == 200:
        raise credential.NoCredentialError(f"{said} without credentials in it")
    raise credential.NoCredentialError(said)


def _is_the_only_one(endpoint: str, token: str, registry: str) -> bool:
    status, answer = credential.repeated(endpoint, "/v2/registry", token)
    one = answer.get("registry") if status == 200 and isinstance(answer, dict) else None
    return isinstance(one, dict) and one.get("name") == registry
