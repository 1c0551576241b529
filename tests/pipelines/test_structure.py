"""What holds for every workflow: read from the YAML, so that none is forgotten."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest
import typer

from formerr_infra.cli.app import app
from formerr_infra.local.paths import CHECKOUT
from formerr_infra.local.toolchain.table import PULUMI
from formerr_infra.settings.secrets import LOGIN
from tests.pipelines import workflows
from tests.pipelines.expressions import Context, resolve
from tests.pipelines.runner import ELSEWHERE, PROGRAMS

if TYPE_CHECKING:
    from tests.pipelines.workflows import Step

EVERY = workflows.every_step()
JOBS = [(name, key, job) for name in workflows.NAMES for key, job in workflows.jobs(name).items()]
#: Workflows that touch no stack.
APART = {"ci", "preview"}
#: Of stacks that live as long as a pull request: each has a group of its own.
FLEETING = {"preview-environment", "sweep-environments"}
PINNED = re.compile(r"[\w.-]+(/[\w.-]+)+@[0-9a-f]{40}")
LINE = re.compile(r"uses: (?P<uses>\S+)(?P<comment> # v\d+\.\d+\.\d+)?$", re.MULTILINE)
SECRETS = re.compile(r"\bsecrets\.(\w+)")
VARIABLES = re.compile(r"\bvars\.(\w+)")
PAGE = CHECKOUT / "docs" / "how-to" / "pipelines.md"


def raw_texts() -> dict[str, str]:
    return {
        file.relative_to(CHECKOUT).as_posix(): file.read_text("utf-8")
        for file in sorted((CHECKOUT / ".github").rglob("*.yml"))
    }


def label(step: Step) -> str:
    return step.label


def test_every_action_is_pinned_by_commit_with_its_version_and_to_one_commit_everywhere() -> None:
    seen: dict[str, set[str]] = {}
    for name, text in raw_texts().items():
        for match in LINE.finditer(text):
            if match["uses"].startswith("./"):
                assert (CHECKOUT / match["uses"] / "action.yml").is_file(), match["uses"]
                continue
            assert PINNED.fullmatch(match["uses"]), f"{name}: {match['uses']}"
            assert match["comment"], f"{name}: {match['uses']} has no version beside it"
            action, _, commit = match["uses"].partition("@")
            seen.setdefault(action, set()).add(commit + match["comment"])
    assert {action: pins for action, pins in seen.items() if len(pins) > 1} == {}
    assert set(seen) == {*ELSEWHERE, "pulumi/actions"}, "the runner of the tests knows each of them"
    counted = sum(len(re.findall(r"\buses:", text)) for text in raw_texts().values())
    assert counted == sum(len(LINE.findall(text)) for text in raw_texts().values())


def test_the_engine_is_the_one_of_the_toolchain() -> None:
    (setup,) = [one for one in workflows.action_steps("setup") if one.uses.startswith("pulumi/actions@")]
    assert setup.raw["with"] == {"pulumi-version": PULUMI}


@pytest.mark.parametrize("name", workflows.NAMES)
def test_a_workflow_has_no_permission_that_a_job_does_not_name(name: str) -> None:
    assert workflows.load(name)["permissions"] == {}
    for job in workflows.jobs(name).values():
        assert job["permissions"]["contents"] == "read"


def test_the_permissions_that_write_are_these() -> None:
    writing = {
        (name, permission)
        for name, _, job in JOBS
        for permission, level in job["permissions"].items()
        if level == "write"
    }
    issues = {(name, "issues") for name in ("drift", "health", "backup", "images")}
    deploying = {
        (f"deploy-{stack}", permission)
        for stack in ("staging", "production")
        for permission in ("security-events", "id-token", "attestations")
    }
    commenting = {(name, "pull-requests") for name in ("preview", "preview-environment")}
    assert writing == issues | deploying | commenting | {("images", "security-events")}


@pytest.mark.parametrize(("name", "key", "job"), JOBS, ids=[name for name, *_ in JOBS])
def test_a_job_ends_in_time_and_leaves_no_credential_behind(name: str, key: str, job: dict[str, Any]) -> None:
    assert 0 < job["timeout-minutes"] <= 120
    assert job["runs-on"] == "ubuntu-24.04"
    checkouts = [one for one in job["steps"] if str(one.get("uses", "")).startswith("actions/checkout@")]
    assert checkouts
    assert all(one["with"]["persist-credentials"] is False for one in checkouts)


@pytest.mark.parametrize("step", EVERY, ids=label)
def test_a_step_is_one_line_that_swallows_no_exit_code(step: Step) -> None:
    assert step.name, "a step has a name"
    assert "continue-on-error" not in step.raw
    if not step.run:
        assert step.uses
        return
    assert "\n" not in step.run.strip()
    assert not re.search(r"\|\||;|\bset \+e|\|\s*\w|\$\(|`|&\s*$", step.run), step.run
    assert "${{" not in step.run, (
        "what comes from outside is a value of the environment, never a part of the script"
    )
    assert step.run.split()[0] in {"formerr", "pulumi", "echo", "rm", "test", *PROGRAMS}


def test_no_job_goes_on_after_an_error() -> None:
    for name, text in raw_texts().items():
        assert "continue-on-error" not in text, name
        assert "pull_request_target" not in text, name
    for name in set(workflows.NAMES) - {"ci"}:
        assert workflows.load(name)["defaults"]["run"]["shell"] == "bash", "which is what sets pipefail"


def concurrency(name: str, job: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = job.get("concurrency") or workflows.load(name)["concurrency"]
    return found


@pytest.mark.parametrize(
    ("name", "job"),
    [(name, job) for name, _, job in JOBS if name not in APART],
    ids=lambda one: str(one)[:12],
)
def test_what_touches_a_stack_is_in_its_one_group_and_never_cancelled(name: str, job: dict[str, Any]) -> None:
    group = concurrency(name, job)
    assert group["cancel-in-progress"] is False
    assert group["group"].startswith("stack-")
    assert group["queue"] == "max", "without it a waiting run is dropped when the next one comes"
    if name in FLEETING:
        return
    stack = {
        "deploy-staging": "staging", "deploy-production": "production",
        "destroy-infrastructure": "${{ inputs.environment }}",
    }.get(name, "${{ matrix.environment }}")  # fmt: skip
    assert group["group"] == f"stack-{stack}"
    assert job["environment"].partition("-")[0] == stack.partition("-")[0] or job["environment"].startswith(
        stack
    )


def test_what_is_apart_changes_nothing() -> None:
    changing = re.compile(
        r"formerr (deploy|destroy|rollback|state|env|images (retain|gc|login))\b|pulumi (up|destroy)"
    )
    for name in APART:
        for step in workflows.steps(name):
            assert not changing.search(step.run)
            assert step.raw.get("with", {}).get("command", "preview") == "preview"


def test_secrets_are_those_of_an_environment_and_none_has_the_other_ones_token() -> None:
    for name, _, job in JOBS:
        used = set(SECRETS.findall(str(job)))
        if used:
            assert job.get("environment"), f"{name} uses {used}"
        tokens = {one for one in used if one.startswith("DO_")}
        if name.startswith("deploy-"):
            assert tokens == {"DO_TOKEN_PROD" if name.endswith("production") else "DO_STAGING_TOKEN"}
    for text in raw_texts().values():
        for line in text.splitlines():
            if "secrets.DO_TOKEN_PROD" in line and "secrets.DO_STAGING_TOKEN" in line:
                assert re.search(
                    r"(matrix|inputs)\.environment == 'production' && secrets\.DO_TOKEN_PROD \|\| ", line
                )
    assert not [one for one in SECRETS.findall(str(raw_texts())) if one.startswith("GITHUB_")], (
        "GitHub has none such"
    )


def test_a_secret_is_a_value_of_a_step_and_no_argument() -> None:
    for step in EVERY:
        assert "secrets." not in step.run
        for key, value in step.raw.get("with", {}).items():
            assert "secrets." not in str(value) or (
                step.uses.startswith("actions/checkout@") and key == "token"
            )
    for _, _, job in JOBS:
        assert "secrets." not in str(job.get("env", {})), "only the steps that need one have it"


@pytest.mark.parametrize("name", ["deploy-staging", "deploy-production"])
def test_a_deployment_is_handed_the_secrets_that_its_settings_need(name: str) -> None:
    database = {"DATABASE_URL"} if name.endswith("production") else {"DB_PASSWORD"}
    for step in workflows.steps(name):
        if re.match(r"formerr (deploy|rollback|validate)\b", step.run):
            assert {*LOGIN, *database, "DIGITALOCEAN_TOKEN"} <= set(step.raw["env"])


@pytest.mark.parametrize("action", ["opened", "synchronize", "labeled", "unlabeled", "closed", "reopened"])
@pytest.mark.parametrize("label", ["preview", "other"])
def test_a_pull_request_of_others_gets_no_secret(action: str, label: str) -> None:
    pull_request = {
        "head": {"repo": {"full_name": "a/fork"}}, "user": {"login": "somebody"}, "labels": [{"name": label}],
    }  # fmt: skip
    event = {"action": action, "label": {"name": label}, "pull_request": pull_request}
    github = {"event_name": "pull_request", "event": event, "repository": "some/where"}
    context = Context({"github": github}, {"contains": lambda held, one: one in held})
    for name, _, job in JOBS:
        if "pull_request" in workflows.load(name)["on"] and SECRETS.search(str(job)):
            assert resolve(job["if"], context) is False, name


def test_everything_that_is_to_be_set_is_documented_and_nothing_else() -> None:
    page = PAGE.read_text("utf-8")
    used = {*SECRETS.findall(str(raw_texts())), *VARIABLES.findall(str(raw_texts()))}
    environments = set()
    for _, _, job in JOBS:
        stack, braces, suffix = str(job.get("environment", "")).partition("}}")
        environments |= {f"{one}{suffix}" for one in ("staging", "production")} if braces else {stack} - {""}
    told = re.findall(r"^\| (`[\w.-]+`(?:, `[\w.-]+`)*) \|", page, re.MULTILINE)
    names = [name.strip("`") for cell in told for name in cell.split(", ")]
    assert sorted(names) == sorted(used | environments | {f"{name}.yml" for name in workflows.NAMES})


# -- every command of a workflow is one ----------------------------------------------------------------------


def spellings(run: str) -> list[list[str]]:
    """The words of a command with and without what it has only sometimes; values stand for variables."""
    run = re.sub(r">>?\s*\S+$", "", run)
    found = []
    for chosen in (r"\1", ""):
        text = re.sub(r"\$\{\w+:\+(.*?)\}(?=\s|$)", chosen, run)
        words = shlex.split(re.sub(r"\$(\w+)|\$\{(\w+)\}", _value, text))
        if words not in found:
            found.append(words)
    return found


def _value(match: re.Match[str]) -> str:
    return {"ENVIRONMENT": "staging", "CONFIRM": "staging", "HEALTH_SECONDS": "900"}.get(
        match[1] or match[2], "value"
    )


CALLS = [(step, words) for step in EVERY if step.run.startswith("formerr ") for words in spellings(step.run)]


@pytest.mark.parametrize(
    ("step", "words"), CALLS, ids=[f"{step.label} {len(words)}" for step, words in CALLS]
)
def test_every_command_that_a_workflow_types_is_one_with_just_these_options(
    step: Step, words: list[str], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for file in ("before.json", "drift.md"):
        (tmp_path / file).write_text("{}", "utf-8")
    command: Any = typer.main.get_command(app)
    rest = words[1:]
    parent = None
    while hasattr(command, "commands"):
        parent = command.context_class(command, parent=parent)
        assert rest[0] in command.commands, f"{step.label}: there is no command `{' '.join(words)}`"
        command, rest = command.commands[rest[0]], rest[1:]
    command.make_context(" ".join(words), list(rest), parent=parent)
