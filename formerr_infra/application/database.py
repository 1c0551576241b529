"""PostgreSQL in the cluster: one pod on one volume, for an environment whose data may be lost for a night.

It is not highly available, and a drain of its node stops it for as long as the volume takes to follow. Where that is
too little, the database is a managed one and nothing of this is declared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from formerr_infra.application.configuration import DB_SECRET, settings_digest
from formerr_infra.application.manifest import (
    SECRETS_DIGEST,
    SETTINGS_DIGEST,
    Digest,
    Manifest,
    labels,
    manifest,
    selector,
)
from formerr_infra.application.plan import ClusterDatabase
from formerr_infra.application.pods import PRIORITY, container, pod, scratch, service_account

if TYPE_CHECKING:
    from formerr_infra.application.plan import Plan

POSTGRES = "formerr-postgres"
PORT = 5432
#: The claim that the StatefulSet makes of its template; the engine does not hold it, and a destroy leaves it unless told otherwise.
CLAIM = f"data-{POSTGRES}-0"

_DATA = "/var/lib/postgresql/data"
_ARGUMENTS = (
    "postgres",
    "-c",
    "shared_buffers=64MB",
    "-c",
    "max_connections=50",
    "-c",
    "log_min_duration_statement=1000",
)
#: The image sets a password only when it makes the data folder. The secret's is set on every start, so that a rotated
#: one arrives. It goes by the environment, not by an argument, and is in no log, whatever fails.
ON_START = """\
set -eu
export PGOPTIONS="-c log_statement=none -c log_min_error_statement=panic -c log_min_duration_statement=-1"
for _ in $(seq 1 60); do
  if psql -X -q -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres >/dev/null 2>&1 <<'SQL'
\\getenv role POSTGRES_USER
\\getenv password POSTGRES_PASSWORD
ALTER ROLE :"role" PASSWORD :'password';
SQL
  then exit 0; fi
  sleep 2
done
echo "the password could not be set" >&2
exit 1
"""
#: By address, not by socket: while the image makes the data folder its server listens on the socket only.
READY = 'exec pg_isready -q -h 127.0.0.1 -p "$PORT" -U "$POSTGRES_USER" -d "$POSTGRES_DB"'
#: Alive is also who refuses because he is still recovering (1); only no answer (2) is dead.
ALIVE = 'code=0; pg_isready -q -h 127.0.0.1 -p "$PORT" || code=$?; [ "$code" -lt 2 ]'


def database_host(plan: Plan) -> str:
    """The name under which the backend finds it."""
    return f"{POSTGRES}.{plan.namespace}.svc.cluster.local"


def database(plan: Plan) -> tuple[Manifest, ...]:
    """Service account, headless Service and StatefulSet; nothing where the database is a managed one."""
    if not isinstance(plan.database, ClusterDatabase):
        return ()
    return (
        service_account(plan, POSTGRES, plan.namespace),
        manifest(
            plan,
            "v1",
            "Service",
            POSTGRES,
            namespace=plan.namespace,
            spec={
                "type": "ClusterIP",
                "clusterIP": "None",
                "selector": selector(POSTGRES),
                "ports": [{"name": "postgres", "port": PORT, "targetPort": "postgres", "protocol": "TCP"}],
            },
        ),
        _stateful_set(plan, plan.database),
    )


def claim_spec(storage_class: str, gibibytes: int) -> dict[str, Any]:
    """A volume of DigitalOcean's, for one node at a time."""
    return {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": f"{gibibytes}Gi"}},
        "storageClassName": storage_class,
        "volumeMode": "Filesystem",
    }


def from_secret(variable: str, key: str) -> dict[str, Any]:
    """An environment variable of a key in the database's secret."""
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": DB_SECRET, "key": key}}}


def _stateful_set(plan: Plan, wanted: ClusterDatabase) -> Manifest:
    main = container(
        "postgres",
        wanted.image,
        wanted.resources,
        writable={_DATA: "data", "/var/run/postgresql": "run", "/tmp": "tmp"},  # noqa: S108 - the container's own
        args=list(_ARGUMENTS),
        ports=[{"name": "postgres", "containerPort": PORT, "protocol": "TCP"}],
        env=[
            from_secret("POSTGRES_USER", "DB_USER"),
            from_secret("POSTGRES_PASSWORD", "DB_PASSWORD"),
            from_secret("POSTGRES_DB", "DB_NAME"),
            {"name": "POSTGRES_INITDB_ARGS", "value": "--auth-host=scram-sha-256 --data-checksums"},
            # Below the mount: a fresh volume has a folder lost+found, and initdb wants none.
            {"name": "PGDATA", "value": f"{_DATA}/pgdata"},
            {"name": "PORT", "value": str(PORT)},
        ],
        startupProbe={
            "exec": {"command": ["sh", "-c", ALIVE]},
            "periodSeconds": 5,
            "timeoutSeconds": 5,
            "failureThreshold": 60,
        },
        readinessProbe={
            "exec": {"command": ["sh", "-c", READY]},
            "periodSeconds": 5,
            "timeoutSeconds": 5,
            "failureThreshold": 3,
        },
        livenessProbe={
            "exec": {"command": ["sh", "-c", ALIVE]},
            "periodSeconds": 10,
            "timeoutSeconds": 5,
            "failureThreshold": 6,
        },
        lifecycle={"postStart": {"exec": {"command": ["sh", "-c", ON_START]}}},
    )
    return manifest(
        plan,
        "apps/v1",
        "StatefulSet",
        POSTGRES,
        namespace=plan.namespace,
        spec={
            "replicas": 1,
            "serviceName": POSTGRES,
            "selector": {"matchLabels": selector(POSTGRES)},
            "podManagementPolicy": "OrderedReady",
            "revisionHistoryLimit": 5,
            "updateStrategy": {"type": "RollingUpdate"},
            "persistentVolumeClaimRetentionPolicy": {
                "whenDeleted": "Delete" if plan.delete_data else "Retain",
                "whenScaled": "Retain",
            },
            "template": {
                "metadata": {
                    "labels": labels(plan, POSTGRES),
                    "annotations": {
                        SECRETS_DIGEST: Digest(("DB_NAME", "DB_PASSWORD", "DB_USER")),
                        SETTINGS_DIGEST: settings_digest({"arguments": " ".join(_ARGUMENTS)}),
                    },
                },
                "spec": pod(
                    POSTGRES,
                    [main],
                    volumes=[scratch("run", 16), scratch("tmp", 64)],
                    priorityClassName=plan.named(PRIORITY),
                    terminationGracePeriodSeconds=60,
                ),
            },
            "volumeClaimTemplates": [
                {
                    "apiVersion": "v1",
                    "kind": "PersistentVolumeClaim",
                    "metadata": {"name": "data", "labels": labels(plan, POSTGRES)},
                    "spec": claim_spec(wanted.storage_class, wanted.volume_gib),
                }
            ],
        },
    )
