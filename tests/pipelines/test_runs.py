"""Each workflow's own steps, in order, on the real engine and the bundled DigitalOcean: good ends and bad ones."""

from __future__ import annotations

import json
import secrets as random
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.images import BACKEND
from formerr_infra.local.environment import PASSPHRASE, TOKEN
from tests.pipelines.expressions import Context, evaluate
from tests.pipelines.runner import Runner
from tests.pipelines.workflows import jobs

if TYPE_CHECKING:
    from formerr_infra.emulator.client import ControlClient
    from tests.pipelines.fake_github import FakeGitHub
    from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

STAGING = {"environment": "staging"}
SECRETS = {
    "DO_STAGING_TOKEN": TOKEN,
    "DO_TOKEN_PROD": TOKEN,
    "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
    "FORMERR_BACKUP_PASSPHRASE": random.token_urlsafe(24),
}


def machine(stack: Stack, github: FakeGitHub | None = None, **secrets: str) -> Runner:
    """A machine that GitHub would run jobs on, in the folder of a stack."""
    variables = {
        "PULUMI_BACKEND_URL": stack.environment["PULUMI_BACKEND_URL"],
        "FORMERR_BACKUP_TO": str(stack.folder / "backups"),
        "HEALTH_SECONDS": "1",
    }
    return Runner(stack, secrets=SECRETS | secrets, variables=variables, github=github)


def writes(cloud: ControlClient) -> list[str]:
    """What was sent since the mark that could change something."""
    return [f"{one.method} {one.path}" for one in cloud.requests(writes=True, since_mark=True)]


# -- deployments ---------------------------------------------------------------------------------------------


def test_staging_comes_up_from_nothing_by_the_steps_of_its_workflow(
    stack: Stack, cloud: ControlClient
) -> None:
    stack.config(deployApplication=None)
    run = machine(stack).run("deploy-staging", event="push")
    assert run.ok, run.told
    assert run.ran[1:] == [
        "What runs now",
        "Nothing runs yet, so the cloud comes alone at first",
        "Validate",
        "Back the state up",
        "Deploy",
        "What came of it",
        "Health",
        "Summary",
        "No kubeconfig is left",
    ]
    assert run.outputs["before"] == {"deployed": "false"}
    assert run.outputs["stack"] == {"registry_endpoint": "registry.digitalocean.com/formerr-staging"}
    assert [one["name"] for one in cloud.list("load_balancers")] == ["formerr-staging-lb"]
    assert "formerr: staging" in run.summary
    assert list((stack.folder / "backups").rglob("*.backup"))


@pytest.mark.parametrize(
    ("values", "stopped"),
    [({"nodeSize": "not a size"}, "Validate"), ({"vpcCidr": "10.21.0.0/16"}, "Deploy")],
    ids=["configuration", "decision"],
)
def test_a_step_that_fails_is_the_last_one_and_nothing_is_written(
    deployed: Stack, cloud: ControlClient, values: dict[str, Any], stopped: str
) -> None:
    deployed.config(**values)
    cloud.mark()
    run = machine(deployed).run("deploy-staging", event="push")
    assert run.failed[0] == stopped, run.told
    assert set(run.failed[1:]) <= {"Summary"}, "which shows what can be shown, whatever came before"
    assert writes(cloud) == []
    for name in ("What came of it", "Health", "Roll the application back"):
        assert name in run.skipped


# -- looks ---------------------------------------------------------------------------------------------------


def test_drift_opens_one_issue_brings_it_up_to_date_and_closes_it(
    deployed: Stack, cloud: ControlClient, github: FakeGitHub
) -> None:
    runs = machine(deployed, github)
    clean = runs.run("drift", event="schedule", matrix=STAGING)
    assert clean.ok, clean.told
    assert github.issues == []

    (balancer,) = cloud.list("load_balancers")
    cloud.update("load_balancers", balancer["id"], redirect_http_to_https=True)
    cloud.mark()
    for _ in range(2):
        drifted = runs.run("drift", event="schedule", matrix=STAGING)
        assert drifted.failed == ["What changed behind the stack's back"], drifted.told
        assert drifted.step("What changed behind the stack's back").code == 9
    assert writes(cloud) == []
    (issue,) = github.issues
    assert issue["title"] == "Drift in staging"
    assert "load-balancer" in issue["body"]

    cloud.update("load_balancers", balancer["id"], redirect_http_to_https=False)
    assert runs.run("drift", event="schedule", matrix=STAGING).ok
    assert issue["state"] == "closed"


def test_what_is_not_well_is_an_issue_until_it_is_well(
    deployed: Stack, cloud: ControlClient, github: FakeGitHub
) -> None:
    runs = machine(deployed, github)
    (balancer,) = cloud.list("load_balancers")
    cloud.update("load_balancers", balancer["id"], status="errored")
    ill = runs.run("health", event="schedule", matrix=STAGING)
    assert ill.step("Whether all is well").code == 8, ill.told
    (issue,) = github.issues
    assert "errored" in issue["body"]

    cloud.update("load_balancers", balancer["id"], status="active")
    assert runs.run("health", event="schedule", matrix=STAGING).ok
    assert issue["state"] == "closed"


def test_a_backup_that_cannot_be_made_is_an_issue(deployed: Stack, github: FakeGitHub) -> None:
    runs = machine(deployed, github, FORMERR_BACKUP_PASSPHRASE="")
    failed = runs.run("backup", event="schedule", matrix=STAGING)
    assert failed.failed == ["Back the state up"], failed.told
    (issue,) = github.issues
    assert "backup.txt" in issue["body"]

    good = machine(deployed, github).run("backup", event="schedule", matrix=STAGING)
    assert good.ok, good.told
    assert issue["state"] == "closed"
    assert len(list((deployed.folder / "backups").rglob("*.backup"))) == 1


# -- pull requests -------------------------------------------------------------------------------------------


def test_a_pull_request_gets_one_comment_with_verdict_decisions_and_cost(
    deployed: Stack, cloud: ControlClient, github: FakeGitHub, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 12}}), "utf-8")
    deployed.environment["GITHUB_EVENT_PATH"] = str(event)
    runs = machine(deployed, github)
    cloud.mark()
    clean = runs.run("preview", event="pull_request", matrix=STAGING)
    assert clean.ok, clean.told
    (comment,) = github.comments
    for word in ("nothing stops this plan", "no findings", "load", "$"):
        assert word in comment["body"], comment["body"]

    deployed.config(vpcCidr="10.21.0.0/16")
    stopped = runs.run("preview", event="pull_request", matrix=STAGING)
    assert not stopped.ok
    assert stopped.step("One comment says it").outcome == "success", stopped.told
    assert github.comments == [comment]
    assert "🔴" in comment["body"]
    assert "vpcCidr" in comment["body"]
    assert writes(cloud) == []


@pytest.mark.parametrize(
    ("repository", "author", "runs"),
    [
        ("some/where", "somebody", True),
        ("a/fork", "somebody", False),
        ("some/where", "dependabot[bot]", False),
    ],
)
def test_only_a_pull_request_of_the_repository_itself_is_previewed(
    repository: str, author: str, *, runs: bool
) -> None:
    (job,) = jobs("preview").values()
    pull_request = {"head": {"repo": {"full_name": repository}}, "user": {"login": author}}
    context = Context({"github": {"event": {"pull_request": pull_request}, "repository": "some/where"}})
    assert evaluate(job["if"].strip().removeprefix("${{").removesuffix("}}"), context) is runs


# -- images and the end --------------------------------------------------------------------------------------


def test_old_images_go_and_their_room_is_freed(
    deployed: Stack, cloud: ControlClient, github: FakeGitHub
) -> None:
    tags = [f"t{number:02}" for number in range(24)]
    cloud.put(
        "repositories",
        registry_name="formerr-staging",
        name=BACKEND,
        tags=tags,
        updated_at="2026-01-01T00:00:00Z",
    )
    cloud.put("repositories", registry_name="formerr-staging", name="young", tags=tags)
    run = machine(deployed, github).run("images", event="schedule", matrix=STAGING)
    assert run.ok, run.told
    counts = {one["name"]: one["manifest_count"] for one in cloud.list("repositories")}
    assert counts == {BACKEND: 20, "young": 24}
    assert "4 blobs deleted" in run.step("What they took up is freed").said
    assert "Scan what runs" in run.skipped, "nothing runs"


def test_a_destroy_wants_the_name_typed_and_then_takes_all_of_it(
    deployed: Stack, cloud: ControlClient
) -> None:
    runs = machine(deployed)
    cloud.mark()
    wrong = runs.run("destroy-infrastructure", inputs={"environment": "staging", "confirm": "production"})
    assert wrong.failed == ["The name was typed as it is"], wrong.told
    assert wrong.skipped == ["Back the state up", "Destroy"]
    assert writes(cloud) == []

    right = runs.run("destroy-infrastructure", inputs={"environment": "staging", "confirm": "staging"})
    assert right.ok, right.told
    assert cloud.list("kubernetes_clusters") == cloud.list("load_balancers") == cloud.list("registries") == []
