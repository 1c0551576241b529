"""A job of a workflow, run on this machine: its own steps, in their order, each in bash as GitHub runs it.

What a step calls is real: `formerr` of this checkout, the real engine, the bundled DigitalOcean. Actions of others are put
into their local equivalent where there is one, and noted with the reason where there is none; nothing is assumed of those.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from formerr_infra.local.paths import CHECKOUT
from tests.pipelines import workflows
from tests.pipelines.expressions import Context, Function, resolve, shown, truth
from tests.support.stack import STEP_SECONDS, end_session

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pipelines.fake_github import FakeGitHub
    from tests.support.stack import Stack

Json = dict[str, Any]

#: Actions without an equal on a machine without containers or GitHub, and why that is no loss to what is tested here.
ELSEWHERE = {
    "actions/checkout": "the project's folder is there already",
    "actions/setup-python": "this Python runs it",
    "actions/cache": "tools are cached by set-up",
    "actions/attest": "signing needs GitHub's identity",
    "anchore/sbom-action": "reads an image's layers: no registry with any runs here",
    "anchore/scan-action": "reads an image's layers: no registry with any runs here",
    "docker/build-push-action": "no container engine runs here",
    "docker/setup-buildx-action": "no container engine runs here",
    "github/codeql-action/upload-sarif": "GitHub's own service",
}
#: Programs of a runner that are not on this machine.
PROGRAMS = {
    "kubectl": "not on this machine; formerr health asks for the same",
    "make": "set-up was made already",
}

#: What a test does in the place of such an action: gets its inputs, gives its outputs; may raise `StepFailed`.
Played = Callable[[Mapping[str, str]], Mapping[str, str]]


class StepFailed(Exception):
    """A played action ends with an error."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a step.

    Attributes:
        name: of it.
        outcome: success, failure or skipped.
        code: of what it ran; None where it ran nothing.
        said: what it printed.
        why: why nothing was run in its place.
        seconds: how long it took.
    """

    name: str
    outcome: str
    code: int | None = None
    said: str = ""
    why: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class Run:
    """A finished job.

    Attributes:
        steps: in order, those of actions of this repository among them.
        outputs: of each step with an id.
        summary: what it wrote for GitHub to show.
    """

    steps: list[Done] = field(default_factory=list)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    summary: str = ""

    @property
    def ok(self) -> bool:
        return all(one.outcome != "failure" for one in self.steps)

    @property
    def ran(self) -> list[str]:
        """Steps that ran a command here."""
        return [one.name for one in self.steps if one.code is not None]

    @property
    def skipped(self) -> list[str]:
        return [one.name for one in self.steps if one.outcome == "skipped"]

    @property
    def failed(self) -> list[str]:
        return [one.name for one in self.steps if one.outcome == "failure"]

    def step(self, name: str) -> Done:
        (found,) = [one for one in self.steps if one.name == name]
        return found

    @property
    def told(self) -> str:
        """For a failed assertion."""
        return "\n".join(
            f"{one.outcome:8} {one.seconds:5.1f} {one.name} ({one.code}) {one.why}\n{one.said}"
            for one in self.steps
        )


class Runner:
    """Runs jobs in the folder and the environment of a stack.

    Args:
        stack: where; more stacks may be in the same folder.
        secrets, variables: of the repository and of the job's environment.
        github: where it says things.
        played: what stands in for actions of others, by their name without a version.
        after: called with the name of each step that ran, right after it.
    """

    def __init__(
        self,
        stack: Stack,
        *,
        secrets: Mapping[str, str],
        variables: Mapping[str, str] | None = None,
        github: FakeGitHub | None = None,
        played: Mapping[str, Played] | None = None,
        after: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._stack, self._github, self._after = stack, github, after
        self._secrets, self._variables = dict(secrets), dict(variables or {})
        self._played = dict(played or {})
        self._files = stack.folder / "runner"
        self._number = 0
        if not (stack.project / "policy").exists():
            (stack.project / "policy").symlink_to(CHECKOUT / "policy")
        # A checkout has its workflows, which `formerr validate` reads.
        if not (stack.project / ".github").exists():
            (stack.project / ".github").symlink_to(CHECKOUT / ".github")

    def run(
        self,
        workflow: str,
        *,
        event: str = "workflow_dispatch",
        inputs: Mapping[str, Any] | None = None,
        matrix: Mapping[str, str] | None = None,
        payload: Mapping[str, Any] | None = None,
    ) -> Run:
        """Run the only job of a workflow, as if the event had started it."""
        document = workflows.load(workflow)
        ((_, job),) = document["jobs"].items()
        self._number = 1 + sum(1 for _ in self._files.glob("[0-9]*"))
        folder = self._files / str(self._number)
        folder.mkdir(parents=True)
        tools = _tools(folder / "bin")
        github: Json = {
            "event_name": event,
            "event": {"repository": {"private": True}, **(payload or {})},
            "repository": "some/where",
            "ref": "refs/heads/main",
            "run_number": str(self._number),
            "token": self._github.environment["GITHUB_TOKEN"] if self._github else "",
        }
        values: Json = {
            "github": github,
            "inputs": {**_defaults(document, event), **(inputs or {})},
            "matrix": dict(matrix or {}),
            "runner": {"temp": os.fspath(folder), "os": "Linux", "arch": "X64"},
            "secrets": self._secrets,
            "vars": self._variables,
        }
        job_run = _Job(self, job, values, folder, tools)
        return job_run.run()

    # -- for a job -------------------------------------------------------------------------------------------

    @property
    def project(self) -> Path:
        return self._stack.project

    def played(self, name: str) -> Played | None:
        return self._played.get(name)

    def base(self, folder: Path, tools: Path) -> dict[str, str]:
        """What the machine of a job has before a step says more."""
        held = {
            name: value
            for name, value in self._stack.environment.items()
            # These come from the workflow's own secrets and variables, or they are not there.
            if name not in ("DIGITALOCEAN_TOKEN", "PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE")
        }
        path = os.pathsep.join([os.fspath(tools), held["PATH"]])
        more = {} if self._github is None else dict(self._github.environment)
        more.pop("GITHUB_TOKEN", None)
        return held | more | {
            "DOCKER_CONFIG": os.fspath(self._files / "docker"),
            "PATH": path,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_RUN_NUMBER": str(self._number),
            "GITHUB_WORKSPACE": os.fspath(self.project),
            "GITHUB_OUTPUT": os.fspath(folder / "output"),
            "GITHUB_STEP_SUMMARY": os.fspath(folder / "summary"),
            "GITHUB_PATH": os.fspath(folder / "path"),
            "RUNNER_TEMP": os.fspath(folder),
        }  # fmt: skip

    def after(self, name: str) -> None:
        self._after(name)

    def pulumi(self, given: Mapping[str, str]) -> list[str]:
        """`pulumi/actions` with a command: the real engine with the same words. Without one it only installs."""
        if not given.get("command"):
            return []
        words = [os.fspath(self._stack.tools.pulumi), given["command"], "--stack", given["stack-name"]]
        known = {"command", "stack-name", "policyPacks", "comment-on-pr", "pulumi-version"}
        if unknown := set(given) - known:
            raise ValueError(f"inputs of pulumi/actions that are not known here: {unknown}")
        if packs := given.get("policyPacks"):
            words += ["--policy-pack", packs]
        return [*words, "--non-interactive"]


class _Job:
    def __init__(self, runner: Runner, job: Json, values: Json, folder: Path, tools: Path) -> None:
        self._runner, self._job, self._values, self._folder = runner, job, values, folder
        self._tools = tools
        self._run = Run()
        self._steps: Json = {}

    def run(self) -> Run:
        scope = self._values | {"steps": self._steps}
        environment = {
            key: shown(resolve(value, Context(scope))) for key, value in self._job.get("env", {}).items()
        }
        for raw in self._job["steps"]:
            self._step(raw, scope, environment)
        summary = self._folder / "summary"
        self._run.summary = summary.read_text("utf-8") if summary.exists() else ""
        return self._run

    def _step(self, raw: Json, scope: Json, environment: dict[str, str]) -> str:
        """Run one; gives its outcome."""
        failed = self._failed
        functions: dict[str, Function] = {
            "always": lambda: True,
            "cancelled": lambda: False,
            "failure": lambda: failed,
            "success": lambda: not failed,
            "hashFiles": lambda pattern: "".join(map(str, sorted(self._runner.project.glob(pattern)))),
        }
        context = Context(scope | {"env": environment}, functions)
        condition = raw.get("if", "${{ success() }}")
        wanted = truth(resolve(condition, context))
        if failed and not any(name in str(condition) for name in ("always()", "failure()", "cancelled()")):
            wanted = False
        name = str(raw.get("name", ""))
        if not wanted:
            return self._note(raw, Done(name, "skipped"))
        own = {key: shown(resolve(value, context)) for key, value in raw.get("env", {}).items()}
        within = environment | own
        if "run" in raw:
            done = self._command(
                name,
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", raw["run"]],
                within,
                raw["run"],
            )
        else:
            given = {key: shown(resolve(value, context)) for key, value in raw.get("with", {}).items()}
            done = self._action(raw, name, given, within)
        self._runner.after(name)
        return self._note(raw, done)

    @property
    def _failed(self) -> bool:
        return not self._run.ok

    def _note(self, raw: Json, done: Done) -> str:
        self._run.steps.append(done)
        if "id" in raw:
            told = self._run.outputs.get(raw["id"], {}) | self._outputs()
            self._run.outputs[raw["id"]] = told
            self._steps[raw["id"]] = {"outputs": told, "outcome": done.outcome, "conclusion": done.outcome}
        return done.outcome

    def _outputs(self) -> dict[str, str]:
        file = self._folder / "output"
        if not file.exists():
            return {}
        told = dict(line.split("=", 1) for line in file.read_text("utf-8").splitlines())
        file.unlink()
        return told

    def _command(self, name: str, words: list[str], within: Mapping[str, str], text: str) -> Done:
        program = text.split()[0]
        if program in PROGRAMS:
            return Done(name, "success", why=PROGRAMS[program])
        began = time.monotonic()
        process = subprocess.Popen(
            words, cwd=self._runner.project, env=self._runner.base(self._folder, self._tools) | dict(within),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        try:
            said, _ = process.communicate(timeout=STEP_SECONDS)
        finally:
            end_session(process)
        outcome = "failure" if process.returncode else "success"
        return Done(name, outcome, process.returncode, said, seconds=time.monotonic() - began)

    def _action(self, raw: Json, name: str, given: dict[str, str], within: dict[str, str]) -> Done:
        uses = str(raw["uses"])
        if uses.startswith("./.github/actions/"):
            return self._own(uses.rpartition("/")[2], name, given, within)
        action = uses.partition("@")[0]
        player = self._runner.played(action)
        if player is not None:
            try:
                told = dict(player(given))
            except StepFailed as error:
                return Done(name, "failure", said=str(error), why="played")
            if "id" in raw:
                self._run.outputs[raw["id"]] = told
            return Done(name, "success", why="played")
        if action == "pulumi/actions":
            words = self._runner.pulumi(given)
            if not words:
                return Done(name, "success", why="the engine is there already")
            return self._command(name, words, within, words[0])
        return Done(name, "success", why=ELSEWHERE[action])

    def _own(self, action: str, name: str, given: dict[str, str], within: dict[str, str]) -> Done:
        """An action of this repository: its steps, with what it was given as `inputs`."""
        document = workflows.action(action)
        declared = document.get("inputs", {})
        if wrong := set(given) - set(declared) | {key for key in declared if not given.get(key)}:
            raise ValueError(f"{name}: inputs of {action} that it does not have, or that are empty: {wrong}")
        scope = self._values | {"inputs": given, "steps": {}}
        outcomes = [self._step(inner, scope, within) for inner in document["runs"]["steps"]]
        return Done(name, "failure" if "failure" in outcomes else "success", why=f"the steps of {action}")


def _defaults(document: Json, event: str) -> Json:
    if event != "workflow_dispatch":
        return {}
    declared = (document["on"].get("workflow_dispatch") or {}).get("inputs", {})
    return {name: one.get("default", "") for name, one in declared.items()}


def _tools(folder: Path) -> Path:
    """`formerr` of this checkout, as a program on the PATH."""
    folder.mkdir()
    script = folder / "formerr"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m formerr_infra.cli.app "$@"\n', "utf-8")
    script.chmod(0o755)
    assert shutil.which("bash")
    return folder
