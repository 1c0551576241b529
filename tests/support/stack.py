"""A stack in a folder of its own on an emulated account: the real engine, step by step, and what each step did.

Each step gives the exit code, the engine's events and the requests that changed something, or tried to, so that a
test can say what was planned, what was said and what was sent.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from formerr_infra.local.environment import PASSPHRASE, TOKEN, backend
from formerr_infra.local.paths import CHECKOUT
from tests.support import events

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.emulator.client import ControlClient, RequestRecord
    from tests.support.tools import Tools

#: A POST that asks and changes nothing; a real update sends it before it makes a registry, a preview never does.
QUESTION = "/v2/registries/validate-name"
STEP_SECONDS = 240.0
#: Logical names of what the stack declares on the cloud.
SLOTS = frozenset({"vpc", "cluster", "workers", "registry", "load-balancer"})


@dataclass(frozen=True, slots=True)
class Step:
    """What one command of the engine did.

    Attributes:
        command: up, preview, destroy, ...
        code: exit code; negative for a signal.
        out: what it printed.
        log: the engine's events.
        requests: what the API was asked meanwhile.
    """

    command: str
    code: int
    out: str
    log: events.Log
    requests: tuple[RequestRecord, ...]

    @property
    def writes(self) -> tuple[str, ...]:
        """Requests other than reads, whether they were applied or not: `POST /v2/vpcs`."""
        return tuple(
            f"{one.method} {one.path}"
            for one in self.requests
            if one.method not in ("GET", "HEAD") and one.path != QUESTION
        )

    @property
    def questions(self) -> int:
        """How often it was asked whether a registry's name is free."""
        return sum(one.path == QUESTION for one in self.requests)

    @property
    def said(self) -> str:
        """Everything that a user reads."""
        return f"{self.log.said}\n{self.out}"

    def ok(self) -> Step:
        """Itself, if the command succeeded."""
        assert self.code == 0, f"pulumi {self.command} ended with {self.code}:\n{self.said}"
        return self

    def refused(self, *words: str) -> Step:
        """Itself, if the command failed, sent no write, and said all the words."""
        assert self.code != 0, f"pulumi {self.command} was not refused:\n{self.said}"
        assert self.writes == (), f"a refused {self.command} wrote: {self.writes}"
        for word in words:
            assert word in self.said, f"{word!r} was not said:\n{self.said}"
        return self

    def quiet(self) -> Step:
        """Itself, if the command succeeded, left everything on the cloud as it is and sent no write."""
        self.ok()
        assert self.writes == (), f"{self.writes}\n{self.said}"
        loud = {name: op for name, op in self.log.ops.items() if op not in events.QUIET}
        assert not loud, f"{loud}\n{self.said}"
        return self

    def unchanged(self) -> Step:
        """Itself, if it was quiet and nothing else changed either: no component, no ownership."""
        self.quiet()
        changed = {op: many for op, many in self.log.changes.items() if op not in events.QUIET and many}
        assert not changed, f"{changed}\n{self.said}"
        return self


class Stack:
    """One stack with its project folder, its state and its own PULUMI_HOME.

    Args:
        folder: everything goes here.
        tools: the programs.
        control: of the emulator that it runs on.
        name: the stack; its Pulumi.<name>.yaml is copied from the checkout.
        application: whether the application is brought up too, which takes a cluster behind the emulator.
    """

    def __init__(
        self,
        folder: Path,
        tools: Tools,
        control: ControlClient,
        name: str = "staging",
        *,
        application: bool = False,
    ) -> None:
        self.folder = folder
        self.application = application
        self.name = name
        self.control = control
        self.tools = tools
        self._steps = 0
        self.project = folder / "project"
        self.file = self.project / f"Pulumi.{name}.yaml"
        path = os.pathsep.join([*map(os.fspath, tools.folders), os.environ.get("PATH", "")])
        self.environment = {
            **os.environ,
            "PATH": path,
            "PULUMI_HOME": os.fspath(folder / "home"),
            "PULUMI_BACKEND_URL": backend(folder / "state"),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_SUPPRESS_NEO_LINK": "true",
            "PULUMI_DEBUG_COMMANDS": "1",  # without it there is no --event-log
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "DIGITALOCEAN_API_URL": control.endpoint,
            "DIGITALOCEAN_TOKEN": TOKEN,
            "FORMERR_LOCAL": "1",
            "FORMERR_STANDIN_POLL_SECONDS": "0.05",
        }

    # -- its making ------------------------------------------------------------------------------------------

    def init(self) -> Stack:
        """The project folder and an empty stack."""
        self.project.mkdir(parents=True)
        (self.folder / "state").mkdir()
        for source in (CHECKOUT / "Pulumi.yaml", CHECKOUT / "__main__.py", *CHECKOUT.glob("Pulumi.*.yaml")):
            shutil.copy(source, self.project)
        (self.project / "formerr_infra").symlink_to(CHECKOUT / "formerr_infra")
        (self.project / ".venv").symlink_to(CHECKOUT / ".venv")
        if not self.application:
            self.config(deployApplication=False)
        self.run("stack", "init", self.name, stack="").ok()
        shutil.copytree(self.folder / "state", self.folder / "empty")
        return self

    def copy(self, folder: Path, control: ControlClient) -> Stack:
        """The same stack elsewhere: configuration and state as they are now, and what was exported for it besides."""
        twin = Stack(folder, self.tools, control, self.name, application=self.application)
        twin.environment = {**self.environment, **twin.environment}
        shutil.copytree(
            self.project, twin.project, symlinks=True, ignore=shutil.ignore_patterns("__pycache__")
        )
        for part in ("state", "empty"):
            shutil.copytree(self.folder / part, folder / part)
        return twin

    def config(self, **values: object) -> Stack:
        """Set keys of the namespace `formerr-infra` in the stack file; None takes a key away."""
        lines = [
            line
            for line in self.file.read_text("utf-8").splitlines()
            if not any(line.strip().startswith(f"formerr-infra:{key}:") for key in values)
        ]
        at = lines.index("config:") + 1
        more = [
            f"  formerr-infra:{key}: {json.dumps(value)}"
            for key, value in values.items()
            if value is not None
        ]
        self.file.write_text("\n".join([*lines[:at], *more, *lines[at:]]) + "\n", "utf-8")
        return self

    def lose_state(self) -> Stack:
        """The state is gone, as if the backend had never heard of the stack; configuration and account stay."""
        shutil.rmtree(self.folder / "state")
        shutil.copytree(self.folder / "empty", self.folder / "state")
        return self

    # -- steps -----------------------------------------------------------------------------------------------

    def up(self, *more: str, preview: bool = False, kill: Callable[[], bool] | None = None) -> Step:
        """`pulumi up`, without the preview before it unless asked; `kill`: see `run`."""
        skip = () if preview else ("--skip-preview",)
        return self._step("up", "--yes", *skip, *more, kill=kill)

    def preview(self, *more: str, expect_no_changes: bool = False) -> Step:
        """`pulumi preview`; sends no write and asks for no name, whatever it finds."""
        expect = ("--expect-no-changes",) if expect_no_changes else ()
        step = self._step("preview", *expect, *more)
        assert step.writes == (), f"a preview wrote: {step.writes}\n{step.said}"
        assert step.questions == 0, "a preview sent a POST"
        return step

    def refresh(self, *more: str) -> Step:
        """`pulumi refresh`."""
        return self._step("refresh", "--yes", "--skip-preview", *more)

    def destroy(self, *more: str, preview: bool = False, kill: Callable[[], bool] | None = None) -> Step:
        """`pulumi destroy`; `kill`: see `run`."""
        skip = () if preview else ("--skip-preview",)
        return self._step("destroy", "--yes", *skip, *more, kill=kill)

    def cancel(self) -> Step:
        """`pulumi cancel`, which takes the lock of a killed run away."""
        return self.run("cancel", "--yes", self.name).ok()

    def export(self) -> dict[str, Any]:
        """The deployment as `pulumi stack export` gives it."""
        step = self.run("stack", "export").ok()
        deployment: dict[str, Any] = json.loads(step.out)["deployment"]
        return deployment

    @property
    def checkpoint(self) -> Path:
        """The backend's file of this stack."""
        return self.folder / "state" / ".pulumi" / "stacks" / "formerr-infra" / f"{self.name}.json"

    def resources(self) -> dict[str, dict[str, Any]]:
        """Logical name of each resource of the cloud -> as the state has it; read off the backend's own file."""
        latest = json.loads(self.checkpoint.read_text("utf-8"))["checkpoint"]["latest"] or {}
        return {
            one["urn"].rsplit("::", 1)[1]: one
            for one in latest.get("resources") or []
            if one["type"].startswith("digitalocean:")
        }

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        outputs: dict[str, Any] = json.loads(self.run("stack", "output", "--json").ok().out)
        return outputs

    def _step(self, command: str, *arguments: str, kill: Callable[[], bool] | None = None) -> Step:
        self._steps += 1
        log = self.folder / f"events-{self._steps}.json"
        return self.run(command, "--event-log", os.fspath(log), *arguments, log=log, kill=kill)

    def run(
        self, *command: str, log: Path | None = None, kill: Callable[[], bool] | None = None,
        stack: str | None = None,
    ) -> Step:  # fmt: skip
        """One command of the engine, in a session of its own.

        Args:
            command: without the program.
            log: where it was told to log its events.
            kill: SIGKILL to all of it (engine, language host, program, plugin) as soon as it gives True.
            stack: the one that is selected; the own one if left out.
        """
        before = len(self.control.requests())
        with (self.folder / "output.txt").open("wb") as out:
            process = subprocess.Popen(
                [self.tools.pulumi, *command, "--non-interactive"],
                cwd=self.project,
                env=self.environment | {"PULUMI_STACK": self.name if stack is None else stack},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                self._wait(process, kill)
            finally:
                end_session(process)
        said = (self.folder / "output.txt").read_text("utf-8", "replace")
        asked = tuple(self.control.requests()[before:])
        return Step(command[0], process.returncode, said, events.read(log) if log else events.Log(), asked)

    def _wait(self, process: subprocess.Popen[bytes], kill: Callable[[], bool] | None) -> None:
        if kill is None:
            try:
                process.wait(timeout=STEP_SECONDS)
            except subprocess.TimeoutExpired:
                said = (self.folder / "output.txt").read_text("utf-8", "replace")
                raise AssertionError(f"no end within {STEP_SECONDS} s:\n{said[-4000:]}") from None
            return
        for _ in range(int(STEP_SECONDS / _LOOK)):
            try:
                process.wait(timeout=_LOOK)
                return
            except subprocess.TimeoutExpired:
                if kill():
                    return
        raise AssertionError(f"nothing to kill for within {STEP_SECONDS} s")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A stack that is up, and the account it is up on.

    Attributes:
        stack: never run again, only copied.
        account: the emulator's state.
        shape: the account, without what differs from run to run.
    """

    stack: Stack
    account: Path
    shape: dict[str, list[Any]]


_LOOK = 0.02


def end_session(leader: subprocess.Popen[Any]) -> None:
    """SIGKILL to everything that a command started: the engine puts its plugins into process groups of their own,
    but not into another session."""
    for pid in (*_all_pids(), leader.pid):
        try:
            if os.getsid(pid) == leader.pid:
                os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
    leader.wait()


def _all_pids() -> list[int]:
    if Path("/proc/self").exists():
        return [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit()]
    listed = subprocess.run(["ps", "-A", "-o", "pid="], capture_output=True, text=True, check=True)
    return [int(word) for word in listed.stdout.split()]
