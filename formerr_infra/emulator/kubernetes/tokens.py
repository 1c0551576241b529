"""The short-lived tokens that open a cluster's API server: made here, asked about by the API server, never kept.

A cluster remembers of each only a digest, whose it is and when it ends by the emulator's clock; so the state file and
the record of requests hold none, and a saved state still knows which are good. The API server keeps a good answer for
up to ten seconds (`tokencache` in its own source); a token that was in use may work that much longer.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from formerr_infra.emulator.store import Json

GROUP = "k8saas:authenticated"
"""The group DOKS puts every user of a cluster in; it may do everything there."""
KEPT = "_tokens"


def issue(cluster: Json, user: Json, expires: int, now: float) -> str:
    """A new token for a cluster; those that have ended are forgotten."""
    token = f"local-{secrets.token_hex(32)}"
    known: Json = {key: kept for key, kept in cluster.get(KEPT, {}).items() if kept["expires"] > now}
    known[_digest(token)] = {"expires": expires, **user}
    cluster[KEPT] = known
    return token


def review(cluster: Json, asked: Json, now: float) -> Json:
    """The answer to a TokenReview: who a token stands for, or that it stands for nobody."""
    token = asked.get("spec", {}).get("token")
    found: Json | None = cluster.get(KEPT, {}).get(_digest(token)) if isinstance(token, str) else None
    status: Json = {"authenticated": False}
    if found is not None and found["expires"] > now:
        user = {"username": found["username"], "uid": found["uid"], "groups": [GROUP]}
        status = {"authenticated": True, "user": user}
    return {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status}


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
