"""deploy-production.yml with the application, on a real API server: images built, scanned, deployed by digest, rolled back.

Building, pushing and scanning are played: a push puts images into the emulated registry, a scan says what the test wants.
Everything else is real.
"""

from __future__ import annotations

import json
import secrets as random
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.images import BACKEND, FRONTEND
from formerr_infra.images.pin import wanted
from tests.pipelines.runner import Runner, StepFailed
from tests.pipelines.test_runs import SECRETS, writes
from tests.support import planes
from tests.support.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient
    from tests.pipelines.runner import Run
    from tests.support.tools import Tools

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(900)]

REGISTRY = "formerr-registry"
emulator, cloud = planes.emulator, planes.cloud


class Production:
    """The stack, and a machine whose builds push and whose scans find what is wanted."""

    def __init__(self, folder: Path, tools: Tools, cloud: ControlClient) -> None:
        self.cloud = cloud
        self.stack = Stack(folder, tools, cloud, "production", application=True).init()
        self.stack.config(databasePolicy="create")
        self._checked_out = self.stack.file.read_text("utf-8")
        self.findings = False
        self.ill_after = ""
        self.well_after = ""
        self.builds = 0
        self.scanned: list[str] = []
        self.tags: dict[str, list[str]] = {}
        login = {"OAUTH_CLIENT_ID": f"Iv1.{random.token_hex(8)}", "OAUTH_CLIENT_SECRET": random.token_hex(20)}
        password = random.token_urlsafe(24)
        more = {
            "JWT_SECRET": random.token_urlsafe(36),
            "SESSION_SECRET": random.token_urlsafe(36),
            "DATABASE_URL": f"postgresql://formerr:{password}@private-db.example.invalid:25060/formerr",
        }
        self.secrets = SECRETS | login | more
        self._machine = Runner(
            self.stack,
            secrets=self.secrets,
            variables={
                "PULUMI_BACKEND_URL": self.stack.environment["PULUMI_BACKEND_URL"],
                "FORMERR_BACKUP_TO": str(folder / "backups"),
                "HEALTH_SECONDS": "1",
                "APPLICATION_REPOSITORY": "some/application",
                "APPLICATION_REF": "main",
                "NEXT_PUBLIC_API_URL": "https://api.formerr.tech",
            },
            played={
                "actions/checkout": self._checkout,
                "docker/build-push-action": self._push,
                "anchore/scan-action": self._scan,
            },
            after=self._after,
        )

    def deploy(self, **inputs: Any) -> Run:
        """One run of the workflow, by hand."""
        # A runner's checkout is new each time: nothing that a run wrote is in it.
        self.stack.file.write_text(self._checked_out, "utf-8")
        return self._machine.run("deploy-production", inputs=inputs)

    @property
    def running(self) -> dict[str, str]:
        """Repository to digest, as the state has it."""
        latest = json.loads(self.stack.checkpoint.read_text("utf-8"))["checkpoint"]["latest"]
        images = {}
        for one in latest["resources"]:
            if one["type"] == "kubernetes:apps/v1:Deployment":
                for container in one["inputs"]["spec"]["template"]["spec"]["containers"]:
                    name, at, digest = container["image"].rpartition("/")[2].partition("@")
                    if at:
                        images[name] = digest
        return images

    def _checkout(self, given: Mapping[str, str]) -> dict[str, str]:
        if "repository" in given:
            self.builds += 1
        return {"ref": "refs/heads/main", "commit": f"{self.builds:040x}"}

    def _push(self, given: Mapping[str, str]) -> dict[str, str]:
        assert given["provenance"] == given["sbom"] == "false"
        endpoint, _, rest = given["tags"].rpartition("/")
        name, _, tag = rest.partition(":")
        assert endpoint == f"registry.digitalocean.com/{REGISTRY}"
        self.tags[name] = [*self.tags.get(name, []), tag]
        self.cloud.put("repositories", registry_name=REGISTRY, name=name, tags=self.tags[name])
        return {"digest": "never used"}

    def _scan(self, given: Mapping[str, str]) -> dict[str, str]:
        self.scanned.append(given["image"])
        assert (given["severity-cutoff"], given["fail-build"]) == ("high", "true")
        if self.findings:
            raise StepFailed("critical: CVE-2026-1")
        return {}

    def _after(self, step: str) -> None:
        if step in (self.ill_after, self.well_after):
            (balancer,) = self.cloud.list("load_balancers")
            status = "errored" if step == self.ill_after else "active"
            self.cloud.update("load_balancers", balancer["id"], status=status)


def test_production_from_nothing_to_a_release_a_stopped_one_and_one_taken_back(
    tmp_path: Path, tools: Tools, cloud: ControlClient
) -> None:
    production = Production(tmp_path / "production", tools, cloud)

    first = production.deploy(build=True)
    assert first.ok, first.told
    assert first.outputs["before"] == {"deployed": "false"}
    order = [
        "Validate", "Back the state up", "Deploy", "What came of it", "Build and push",
        "The images that were built, by digest", "Scan", "Deploy the images", "Cluster for twenty minutes", "Health",
    ]  # fmt: skip
    names = [one.name for one in first.steps if one.outcome == "success"]
    assert [name for name in names if name in order] == order
    running = production.running
    assert running == {
        BACKEND: first.outputs["built"]["backend"],
        FRONTEND: first.outputs["built"]["frontend"],
    }
    assert production.scanned == [
        f"registry.digitalocean.com/{REGISTRY}/{name}@{running[name]}" for name in (BACKEND, FRONTEND)
    ]
    assert not list(tmp_path.rglob("kubeconfig")), "no kubeconfig is left"
    for secret in ("JWT_SECRET", "OAUTH_CLIENT_SECRET", "FORMERR_BACKUP_PASSPHRASE"):
        assert production.secrets[secret] not in first.told + first.summary

    production.findings = True
    cloud.mark()
    stopped = production.deploy(build=True)
    assert "What runs stays" in stopped.ran
    assert writes(cloud) == []
    assert stopped.failed[:1] == ["Scan the backend"], stopped.told
    assert {"Deploy the images", "Health", "Roll the application back"} <= set(stopped.skipped)
    assert production.running == running

    production.findings = False
    production.ill_after, production.well_after = "Deploy the images", "Health"
    taken_back = production.deploy(build=True)
    assert taken_back.failed == ["Health"], taken_back.told
    assert taken_back.step("Health").code == 8
    assert taken_back.step("Roll the application back").outcome == "success"
    assert taken_back.outputs["built"]["backend"] != running[BACKEND]
    assert production.running == running
    assert wanted(production.stack.file.read_text("utf-8"), "") == running
