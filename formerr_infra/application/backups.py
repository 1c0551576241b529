"""The nightly dump of the database in the cluster, and the way back.

A dump stands on a volume of its own: it survives the loss of the database's volume and of its data, not the loss of
the region. The restore is declared as a job that never starts by itself, so that on the day it is needed nobody has
to write one; `docs/restore.md` says how it is started.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from formerr_infra.application.database import PORT, POSTGRES, claim_spec, from_secret
from formerr_infra.application.manifest import Manifest, labels, manifest
from formerr_infra.application.plan import Amount, ClusterDatabase, Resources
from formerr_infra.application.pods import container, pod, scratch, service_account

if TYPE_CHECKING:
    from formerr_infra.application.plan import Plan

DUMP = "formerr-postgres-dump"
RESTORE = "formerr-postgres-restore"
#: The claim that the dumps stand on.
CLAIM = "formerr-postgres-dumps"

_FOLDER = "/dumps"
RESOURCES = Resources(Amount(50, 64, 32), Amount(500, 256, 128))

#: A dump counts once it was read back whole; only then do the oldest go.
DUMP_SCRIPT = """\
set -eu
umask 077
partial="$DUMPS/.partial"
trap 'rm -f "$partial"' EXIT
pg_dump --format=custom --no-owner --no-privileges --file="$partial"
pg_restore --file=/dev/null "$partial"
dump="$DUMPS/formerr-$(date -u +%Y%m%dT%H%M%SZ).dump"
mv "$partial" "$dump"
ls -1 "$DUMPS"/formerr-*.dump | sort -r | tail -n "+$((KEEP + 1))" | while IFS= read -r old; do
  rm -f "$old"
done
echo "dumped: $dump"
"""
#: Into a new database first; the names change hands when it is whole. What was there stays, under another name.
RESTORE_SCRIPT = """\
set -eu
dump="${DUMP:-$(ls -1 "$DUMPS" | grep "^formerr-.*[.]dump$" | sort | tail -n 1)}"
dump="$DUMPS/${dump##*/}"
[ -f "$dump" ] || { echo "no dump: $dump" >&2; exit 1; }
stamp="$(date -u +%Y%m%dT%H%M%SZ)"
export fresh="${PGDATABASE}_restored_$stamp" before="${PGDATABASE}_before_$stamp"
undo() {
  dropdb --if-exists --maintenance-db=postgres "$fresh"
  psql -X -q -d postgres >/dev/null <<'SQL'
\\getenv current PGDATABASE
ALTER DATABASE :"current" ALLOW_CONNECTIONS true;
SQL
}
trap undo EXIT
createdb --maintenance-db=postgres --template=template0 "$fresh"
pg_restore --exit-on-error --single-transaction --no-owner --no-privileges --dbname="$fresh" "$dump"
psql -X -q -v ON_ERROR_STOP=1 -d postgres >/dev/null <<'SQL'
\\getenv current PGDATABASE
\\getenv fresh fresh
\\getenv before before
ALTER DATABASE :"current" ALLOW_CONNECTIONS false;
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = :'current';
BEGIN;
ALTER DATABASE :"current" RENAME TO :"before";
ALTER DATABASE :"fresh" RENAME TO :"current";
COMMIT;
ALTER DATABASE :"before" ALLOW_CONNECTIONS true;
SQL
trap - EXIT
echo "restored: $dump; what was there before is the database $before"
"""


def backups(plan: Plan) -> tuple[Manifest, ...]:
    """Volume, nightly dump, and the restore that waits to be started."""
    wanted = plan.database
    if not isinstance(wanted, ClusterDatabase):
        return ()
    return (
        service_account(plan, DUMP, plan.namespace),
        manifest(
            plan,
            "v1",
            "PersistentVolumeClaim",
            CLAIM,
            namespace=plan.namespace,
            label=DUMP,
            spec=claim_spec(wanted.storage_class, wanted.backups.volume_gib),
        ),
        _job(plan, wanted, DUMP, DUMP_SCRIPT, schedule=wanted.backups.schedule, suspend=False),
        _job(plan, wanted, RESTORE, RESTORE_SCRIPT, schedule="@yearly", suspend=True),
    )


def _job(
    plan: Plan, wanted: ClusterDatabase, name: str, script: str, *, schedule: str, suspend: bool
) -> Manifest:
    environment: list[dict[str, Any]] = [
        {"name": "PGHOST", "value": POSTGRES},
        {"name": "PGPORT", "value": str(PORT)},
        from_secret("PGUSER", "DB_USER"),
        from_secret("PGPASSWORD", "DB_PASSWORD"),
        from_secret("PGDATABASE", "DB_NAME"),
        {"name": "DUMPS", "value": _FOLDER},
        {"name": "KEEP", "value": str(wanted.backups.keep)},
    ]
    main = container(
        "postgres",
        wanted.image,
        RESOURCES,
        writable={_FOLDER: "dumps", "/tmp": "tmp"},  # noqa: S108 - the container's own
        command=["sh", "-c", script],
        env=environment,
    )
    return manifest(
        plan,
        "batch/v1",
        "CronJob",
        name,
        namespace=plan.namespace,
        spec={
            "schedule": schedule,
            "timeZone": "Etc/UTC",
            "suspend": suspend,
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": 3600,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {
                "metadata": {"labels": labels(plan, name)},
                "spec": {
                    "activeDeadlineSeconds": 3600,
                    "backoffLimit": 0 if suspend else 2,
                    "template": {
                        "metadata": {"labels": labels(plan, name)},
                        "spec": pod(
                            DUMP,
                            [main],
                            volumes=[
                                {"name": "dumps", "persistentVolumeClaim": {"claimName": CLAIM}},
                                scratch("tmp", 64),
                            ],
                            restartPolicy="Never",
                        ),
                    },
                },
            },
        },
    )
