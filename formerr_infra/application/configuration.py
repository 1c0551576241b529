"""What the application is told: secrets by name, settings in the open.

What the secrets hold is not here. What a log line looks like is the application's: nothing says that it takes a
setting for it, so none is given.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from formerr_infra.application.manifest import Digest, Hidden, Manifest, manifest
from formerr_infra.application.plan import ManagedDatabase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.application.plan import Plan

BACKEND = "formerr-backend"
FRONTEND = "formerr-frontend"
APP_SECRET = "formerr-app-secret"  # noqa: S105 - the name of an object
DB_SECRET = "formerr-db-secret"  # noqa: S105 - likewise
PULL_SECRET = "formerr-registry"  # noqa: S105 - likewise

#: What the backend finds in its environment, from each secret.
APP_KEYS = ("GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET", "JWT_SECRET", "SESSION_SECRET")
DB_KEYS = ("DATABASE_URL", "DB_HOST", "DB_NAME", "DB_PASSWORD", "DB_PORT", "DB_USER")
#: The certificate authority of a managed database: a key of its secret, and the hidden value's name.
CA_KEY = "ca.crt"
CA_VALUE = "DB_CA"
#: A Docker configuration (JSON) that may read the registry.
PULL_VALUE = "REGISTRY_DOCKERCONFIG"

CALLBACK = "/auth/github/callback"


def verifies(plan: Plan) -> bool:
    """Whether the database's certificate is checked against an authority that is known."""
    return isinstance(plan.database, ManagedDatabase) and plan.database.verified


def backend_settings(plan: Plan) -> dict[str, str]:
    """The backend's settings."""
    return {
        "ALLOWED_ORIGINS": plan.url(plan.hosts.frontend),
        "ENVIRONMENT": plan.environment.value,
        "FRONTEND_ERROR_URL": plan.url(plan.hosts.frontend, plan.error_path),
        "FRONTEND_SUCCESS_URL": plan.url(plan.hosts.frontend, plan.success_path),
        "OAUTH_CALLBACK_URL": plan.url(plan.hosts.backend, CALLBACK),
    }


def frontend_settings(plan: Plan) -> dict[str, str]:
    """The frontend's settings.

    What runs in browsers has `NEXT_PUBLIC_API_URL` from the build of the image: nothing here reaches it. It is set
    for the part that runs on the server. `HOSTNAME` is what a Next.js server binds to, and would otherwise be the
    pod's name (Next.js documentation, "output: standalone").
    """
    return {
        "HOSTNAME": "0.0.0.0",  # noqa: S104 - the pod's own network, with policies around it
        "NEXT_PUBLIC_API_URL": plan.url(plan.hosts.backend),
        "NODE_ENV": "production",
        "PORT": "3000",
    }


def configuration(plan: Plan) -> tuple[Manifest, ...]:
    """The secrets and the config maps of the application's namespace."""
    database: dict[str, Hidden] = {name: Hidden(name) for name in DB_KEYS}
    if verifies(plan):
        database[CA_KEY] = Hidden(CA_VALUE)
    return (
        _secret(plan, APP_SECRET, {name: Hidden(name) for name in APP_KEYS}),
        _secret(plan, DB_SECRET, database),
        _secret(
            plan, PULL_SECRET, {".dockerconfigjson": Hidden(PULL_VALUE)}, "kubernetes.io/dockerconfigjson"
        ),
        _settings(plan, BACKEND, backend_settings(plan)),
        _settings(plan, FRONTEND, frontend_settings(plan)),
    )


def database_values(plan: Plan) -> tuple[str, ...]:
    """The hidden values of the database's secret."""
    return (*DB_KEYS, CA_VALUE) if verifies(plan) else DB_KEYS


def backend_digest(plan: Plan) -> Digest:
    """What rolls the backend: any value of its two secrets."""
    return Digest((*APP_KEYS, *database_values(plan)))


def settings_digest(settings: Mapping[str, str]) -> str:
    """What rolls pods when one of their settings changes."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]


def _secret(plan: Plan, name: str, values: Mapping[str, Hidden], kind: str = "Opaque") -> Manifest:
    return manifest(plan, "v1", "Secret", name, namespace=plan.namespace, type=kind, stringData=dict(values))


def _settings(plan: Plan, name: str, data: Mapping[str, str]) -> Manifest:
    return manifest(plan, "v1", "ConfigMap", name, namespace=plan.namespace, data=dict(data))
