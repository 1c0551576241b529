"""`formerr health` on a deployed stack: the real API server's word for nodes, workloads and the database."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from formerr_infra.local.paths import CHECKOUT
from tests.application_engine.conftest import TAG
from tests.support.live import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.emulator.client import ControlClient
    from tests.support.live import Live
    from tests.support.stack import Stack


def health(stack: Stack) -> tuple[int, dict[str, dict[str, Any]]]:
    """Exit code, and each check by its name."""
    command = [sys.executable, "-m", "formerr_infra.cli.app", "health", "staging", "--json", "--timeout", "5"]
    done = subprocess.run(
        [*command, "--cwd", str(stack.project)],
        env=stack.environment | {"PYTHONPATH": f"{CHECKOUT}:{stack.environment['PYTHONPATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, {one["name"]: one for one in json.loads(done.stdout)["checks"]}


def test_health_follows_what_happens_on_the_cluster(
    deployed: Stack, cloud: ControlClient, live: Callable[[], Live]
) -> None:
    code, checks = health(deployed)
    missing = {name for name, one in checks.items() if one["state"] == "failed"}
    assert (code, missing) == (8, {"image:formerr-backend", "image:formerr-frontend"})
    for name in ("formerr-backend", "formerr-frontend"):
        cloud.put("repositories", registry_name="formerr-staging", name=name, tags=[TAG])
    code, checks = health(deployed)
    assert code == 0
    for name in ("cluster", "nodes", "database", "workload:deployment/formerr/formerr-backend"):
        assert checks[name]["state"] == "ok", checks[name]
    assert checks["workload:deployment/formerr/formerr-backend"]["message"] == "2 of 2 pods are available"

    seen = live()
    seen.change("Deployment", "formerr-frontend", {"spec": {"replicas": 0}})
    eventually(lambda: seen.available("formerr-frontend") == 0)
    seen.change("StatefulSet", "formerr-postgres", {"spec": {"replicas": 0}})
    eventually(lambda: not seen.there("StatefulSet", "formerr-postgres")["status"].get("replicas"))
    code, checks = health(deployed)
    assert code == 8
    failed = {name for name, one in checks.items() if one["state"] == "failed"}
    assert failed == {
        "database",
        "workload:deployment/formerr/formerr-frontend",
        "workload:statefulset/formerr/formerr-postgres",
    }

    (cluster,) = cloud.list("kubernetes_clusters")
    cloud.stop_kubernetes(cluster["id"])
    code, checks = health(deployed)
    assert (code, checks["cluster"]["state"], checks["nodes"]["state"]) == (8, "failed", "unknown")
    assert "cannot be reached" in checks["cluster"]["message"]

    scopes = ["kubernetes:read", "registry:read", "load_balancer:read"]
    cloud.account(scopes=scopes)
    code, checks = health(deployed)
    assert (code, checks["cluster"]["state"]) == (4, "unknown")
    assert "kubernetes:access_cluster" in checks["cluster"]["message"]
