"""The backend and the frontend: what runs, how it is asked whether it is well, and how it is rolled.

What is demanded of the images: they run as any user, write to /tmp only (the frontend to its `.next/cache` too),
and listen on 8000 and 3000.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from formerr_infra.application.configuration import (
    APP_SECRET,
    BACKEND,
    CA_KEY,
    DB_KEYS,
    DB_SECRET,
    FRONTEND,
    PULL_SECRET,
    backend_digest,
    backend_settings,
    frontend_settings,
    settings_digest,
    verifies,
)
from formerr_infra.application.manifest import (
    SECRETS_DIGEST,
    SETTINGS_DIGEST,
    Manifest,
    labels,
    manifest,
    selector,
)
from formerr_infra.application.plan import ManagedDatabase
from formerr_infra.application.pods import container, pod, scratch, service_account

if TYPE_CHECKING:
    from formerr_infra.application.plan import Plan

BACKEND_PORT = 8000
FRONTEND_PORT = 3000

#: The load balancer of a Service learns late that a pod goes: it answers a little longer than it is asked to.
LINGER = 10
#: What a request that began may still take after that.
GRACE = 20

#: Ready is what /health says, not how it answers: it answers 200 when the database is down. The program is the
#: backend's own, so that the image needs nothing more than what runs the backend.
_READY = """\
import http.client, json, sys
connection = http.client.HTTPConnection("127.0.0.1", {port}, timeout=4)
connection.request("GET", "/health")
answer = connection.getresponse()
health = json.load(answer)
sys.exit(0 if answer.status == 200 and health.get("status") != "unhealthy" else 1)
"""
#: Alive is whoever answers at all. /health is not asked: it waits for the database, and a restart repairs none.
_ALIVE = """\
import http.client
connection = http.client.HTTPConnection("127.0.0.1", {port}, timeout=4)
connection.request("GET", "/livez")
connection.getresponse()
"""
#: Where libpq and the drivers built like it look for the authority of a managed database.
CA_FOLDER = "/etc/formerr/database"


def probe_command(script: str, port: int = BACKEND_PORT) -> list[str]:
    """A probe's command: isolated, without `site`, because it starts every few seconds."""
    return ["python3", "-I", "-S", "-c", script.format(port=port)]


def readiness_command(port: int = BACKEND_PORT) -> list[str]:
    """Ends with 0 where the backend says that it is well."""
    return probe_command(_READY, port)


def liveness_command(port: int = BACKEND_PORT) -> list[str]:
    """Ends with 0 where the backend answers anything."""
    return probe_command(_ALIVE, port)


def backend(plan: Plan) -> tuple[Manifest, ...]:
    """Service account, Deployment and Service of the backend."""
    volumes = [scratch("tmp", 64)]
    environment = [
        *(_from_secret(name, APP_SECRET) for name in ("GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET")),
        *(_from_secret(name, APP_SECRET) for name in ("JWT_SECRET", "SESSION_SECRET")),
        *(_from_secret(name, DB_SECRET) for name in DB_KEYS),
    ]
    mounts: list[dict[str, Any]] = []
    if isinstance(plan.database, ManagedDatabase) and not plan.database.verified:
        environment.append({"name": "PGSSLMODE", "value": "require"})
    if verifies(plan):
        # libpq's own variables: they hold for whatever the address of the database does not say.
        environment += [
            {"name": "PGSSLMODE", "value": "verify-full"},
            {"name": "PGSSLROOTCERT", "value": f"{CA_FOLDER}/{CA_KEY}"},
        ]
        volumes.append(
            {"name": "ca", "secret": {"secretName": DB_SECRET, "items": [{"key": CA_KEY, "path": CA_KEY}]}}
        )
        mounts.append({"name": "ca", "mountPath": CA_FOLDER, "readOnly": True})
    main = container(
        "backend",
        plan.backend.image,
        plan.backend.resources,
        writable={"/tmp": "tmp"},  # noqa: S108 - the container's own
        ports=[{"name": "http", "containerPort": BACKEND_PORT, "protocol": "TCP"}],
        envFrom=[{"configMapRef": {"name": BACKEND}}],
        env=environment,
        volumeMounts=mounts,
        readinessProbe={
            "exec": {"command": readiness_command()},
            "initialDelaySeconds": 5,
            "periodSeconds": 5,
            "timeoutSeconds": 5,
            "failureThreshold": 3,
        },
        livenessProbe={
            "exec": {"command": liveness_command()},
            "initialDelaySeconds": 30,
            "periodSeconds": 10,
            "timeoutSeconds": 5,
            "failureThreshold": 3,
        },
        lifecycle=_linger(),
    )
    annotations = {
        SECRETS_DIGEST: backend_digest(plan),
        SETTINGS_DIGEST: settings_digest(backend_settings(plan)),
    }
    return (
        service_account(plan, BACKEND, plan.namespace),
        _deployment(plan, BACKEND, main, volumes, annotations),
        _service(plan, BACKEND, BACKEND_PORT),
    )


def frontend(plan: Plan) -> tuple[Manifest, ...]:
    """Service account, Deployment and Service of the frontend."""
    main = container(
        "frontend",
        plan.frontend.image,
        plan.frontend.resources,
        writable={"/tmp": "tmp", "/app/.next/cache": "cache"},  # noqa: S108 - the container's own
        ports=[{"name": "http", "containerPort": FRONTEND_PORT, "protocol": "TCP"}],
        envFrom=[{"configMapRef": {"name": FRONTEND}}],
        readinessProbe={
            "httpGet": {"path": "/", "port": "http"},
            "initialDelaySeconds": 5,
            "periodSeconds": 5,
            "timeoutSeconds": 5,
            "failureThreshold": 3,
        },
        # Not the page: it may need the backend, and a restart of the frontend would not bring that back.
        livenessProbe={
            "tcpSocket": {"port": "http"},
            "initialDelaySeconds": 30,
            "periodSeconds": 10,
            "timeoutSeconds": 5,
            "failureThreshold": 3,
        },
        lifecycle=_linger(),
    )
    volumes = [scratch("tmp", 64), scratch("cache", 256)]
    annotations = {SETTINGS_DIGEST: settings_digest(frontend_settings(plan))}
    return (
        service_account(plan, FRONTEND, plan.namespace),
        _deployment(plan, FRONTEND, main, volumes, annotations),
        _service(plan, FRONTEND, FRONTEND_PORT),
    )


def _deployment(
    plan: Plan,
    name: str,
    main: dict[str, Any],
    volumes: list[dict[str, Any]],
    annotations: dict[str, Any],
) -> Manifest:
    """No `replicas`: their number is the autoscaler's. Whoever registers it begins with the autoscaler's minimum."""
    return manifest(
        plan,
        "apps/v1",
        "Deployment",
        name,
        namespace=plan.namespace,
        spec={
            "selector": {"matchLabels": selector(name)},
            "minReadySeconds": 5,
            "progressDeadlineSeconds": 600,
            "revisionHistoryLimit": 5,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {
                "metadata": {"labels": labels(plan, name), "annotations": annotations},
                "spec": pod(
                    name,
                    [main],
                    volumes=volumes,
                    spread=name,
                    imagePullSecrets=[{"name": PULL_SECRET}],
                    terminationGracePeriodSeconds=LINGER + GRACE,
                ),
            },
        },
    )


def _service(plan: Plan, name: str, port: int) -> Manifest:
    return manifest(
        plan,
        "v1",
        "Service",
        name,
        namespace=plan.namespace,
        spec={
            "type": "ClusterIP",
            "selector": selector(name),
            "ports": [{"name": "http", "port": port, "targetPort": "http", "protocol": "TCP"}],
        },
    )


def _from_secret(name: str, secret: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": name}}}


def _linger() -> dict[str, Any]:
    """The kubelet's own sleep: in every cluster from 1.30 on, and it needs no program in the image."""
    return {"preStop": {"sleep": {"seconds": LINGER}}}
