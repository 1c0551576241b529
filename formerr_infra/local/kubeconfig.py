"""A kubeconfig for a cluster of the local DigitalOcean, with the token that DOKS hands out.

The token ends after `EXPIRY_SECONDS`, and the file is only its owner's to read. It is fetched from the local
DigitalOcean and from nowhere else. JSON is YAML too, and every client reads it.
"""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from formerr_infra.errors import SetupError
from formerr_infra.local.demo import write_private
from formerr_infra.local.environment import TOKEN
from formerr_infra.loopback import require_loopback

if TYPE_CHECKING:
    from pathlib import Path

EXPIRY_SECONDS = 12 * 3600
_ANSWER_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Access:
    """What DOKS answers who may access a cluster.

    Attributes:
        server: https://127.0.0.1:PORT
        authority: the certificate to trust, in base64.
        token: opens the cluster until it expires.
        expires: when that is, as it was said.
    """

    server: str
    authority: str
    token: str
    expires: str


def fetch(endpoint: str, cluster: str) -> Access:
    """Access to a cluster.

    Raises:
        SetupError: there is none, or nothing runs behind the cluster.
        NotLoopback: the cluster is on another machine.
    """
    path = f"/v2/kubernetes/clusters/{cluster}/credentials?expiry_seconds={EXPIRY_SECONDS}"
    parts = urlsplit(require_loopback(endpoint, what="the local DigitalOcean's endpoint"))
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
        response = connection.getresponse()
        status, told = response.status, json.loads(response.read() or b"{}")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise SetupError(
            f"The local DigitalOcean gave no credentials of cluster {cluster}: {error}"
        ) from error
    finally:
        connection.close()
    if status == 404:
        raise SetupError(
            f"The local DigitalOcean has no cluster {cluster}, which the stack names. Bring it up: formerr local up"
        )
    try:
        found = Access(
            server=str(told["server"]),
            authority=str(told["certificate_authority_data"]),
            token=str(told["token"]),
            expires=str(told["expires_at"]),
        )
    except (KeyError, TypeError):
        why = told.get("message", "") if isinstance(told, dict) else ""
        raise SetupError(
            f"The local DigitalOcean gave no credentials of cluster {cluster} (answer {status}). {why}".rstrip()
        ) from None
    require_loopback(found.server, what=f"the API server of cluster {cluster}")
    return found


def document(access: Access, name: str) -> dict[str, Any]:
    """The kubeconfig."""
    cluster = {"server": access.server, "certificate-authority-data": access.authority}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": {"token": access.token}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }


def write(file: Path, access: Access, name: str) -> Path:
    """Put the kubeconfig into `file`, which only its owner can read; gives its path."""
    write_private(file, json.dumps(document(access, name), indent=2) + "\n")
    return file
