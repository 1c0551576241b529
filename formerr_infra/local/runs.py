"""A stack on the local DigitalOcean, brought up and taken down by the real engine.

The checkout stays clean: Pulumi writes a salt into a stack file that has none, so local runs get a copy of
the checkout's stack file, with the salt of the local state, through `--config-file`. What the program decides
and what a run prints at its end are elsewhere (`summary`).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from formerr_infra import children, files
from formerr_infra.engine.errors import EngineFailed
from formerr_infra.errors import SetupError
from formerr_infra.local import environment, plugin, process, stackfile
from formerr_infra.local.daemon import Daemon, Running
from formerr_infra.local.tools import Toolbox

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.local.paths import LocalPaths

PROJECT = "formerr-infra"


@dataclass(frozen=True, slots=True)
class LocalRun:
    """Everything a command on the local DigitalOcean needs.

    Attributes:
        paths: of the checkout.
        running: the local DigitalOcean.
        plugin: the DigitalOcean plugin.
        environ: of the programs that are started.
        pulumi: the engine.
        application: the application is brought up too, if the stack's configuration does not say otherwise.
    """

    paths: LocalPaths
    running: Running
    plugin: plugin.Plugin
    environ: Mapping[str, str]
    pulumi: Path
    application: bool = False

    @classmethod
    def prepare(
        cls,
        paths: LocalPaths,
        environ: Mapping[str, str],
        *,
        start: bool = True,
        application: bool = False,
        clusters: bool = False,
    ) -> LocalRun:
        """Start the local DigitalOcean if it does not run, choose the plugin, put the environment together.

        Args:
            paths: of the checkout.
            environ: of the caller.
            start: start it; else it must run.
            application: see the attribute.
            clusters: clusters that can be worked on are needed: one that runs without is started anew.

        Raises:
            SetupError: set-up has not been run, not for clusters where they are needed, or the local
                DigitalOcean does not start (or, with `start=False`, does not run).
        """
        toolbox = Toolbox(paths, environ)
        engine = toolbox.engine()
        daemon = Daemon(paths, environ, interpreter(paths))
        kubernetes = clusters_of(toolbox) if clusters else None
        running = daemon.start(kubernetes=kubernetes)[0] if start else daemon.require()
        chosen = plugin.choose(toolbox, paths)
        wanted = environment.exports(paths, toolbox, chosen, running.endpoint)
        return cls(paths, running, chosen, environment.applied(environ, wanted), engine, application)

    def up(self, stack: str) -> None:
        """Bring the stack up.

        Raises:
            EngineFailed: Pulumi ended with an error.
        """
        self._run("up", "--yes", stack=stack)

    def check_policy(self, stack: str) -> None:
        """Preview the stack with the policy pack.

        Raises:
            EngineFailed: a rule is broken, or Pulumi ended with another error.
        """
        self._run("preview", "--policy-pack", os.fspath(self.paths.checkout / "policy"), stack=stack)

    def destroy(self, stack: str) -> None:
        """Take the stack down.

        Raises:
            EngineFailed: Pulumi ended with an error.
        """
        self._run("destroy", "--yes", stack=stack)

    def outputs(self, stack: str) -> dict[str, object]:
        """The stack's outputs; secrets are not shown.

        Raises:
            EngineFailed: Pulumi ended with an error.
        """
        done = subprocess.run(
            [self.pulumi, "stack", "output", "--json", "-s", stack], cwd=self.paths.checkout,
            env=children.for_state(self.environ), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise EngineFailed(f"`pulumi stack output` ended with {done.returncode}: {done.stderr.strip()}")
        return dict(json.loads(done.stdout))

    def init(self, stack: str) -> Path:
        """The stack in the local state, and the stack file for a run on it.

        Raises:
            EngineFailed: Pulumi cannot make the stack.
            SetupError: the checkout has no such stack file.
        """
        source = self.paths.checkout / f"Pulumi.{stack}.yaml"
        if not source.exists():
            raise SetupError(f"There is no {source.name} in {self.paths.checkout}")
        target = self.paths.config / source.name
        for folder in (self.paths.state, self.paths.pulumi_home, self.paths.config):
            folder.mkdir(parents=True, exist_ok=True)
        if not self._checkpoint(stack).exists():
            self._make_stack(stack, target)
        text = _text_of(source)
        known = _text_of(target) if target.exists() else ""
        if not self.application:
            text = stackfile.without_application(text)
        target.write_text(stackfile.salted(text, known), "utf-8")
        return target

    def _checkpoint(self, stack: str) -> Path:
        return checkpoint(self.paths, stack)

    def _make_stack(self, stack: str, target: Path) -> None:
        with tempfile.TemporaryDirectory(dir=self.paths.local_dir) as folder:
            shutil.copy(self.paths.checkout / "Pulumi.yaml", folder)
            self._quiet(["stack", "init", stack, "--no-select", "--non-interactive"], Path(folder))
            made = Path(folder) / target.name
            if made.exists():
                shutil.copy(made, target)
        # So that plain `pulumi preview` knows which stack is meant.
        self._quiet(["stack", "select", stack, "--non-interactive"], self.paths.checkout)

    def _quiet(self, arguments: list[str], folder: Path) -> None:
        done = subprocess.run(
            [self.pulumi, *arguments], cwd=folder, env=children.for_state(self.environ), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise EngineFailed(f"`pulumi {' '.join(arguments)}` failed:\n{done.stderr.strip()}")

    def _run(self, command: str, *arguments: str, stack: str) -> None:
        config = self.init(stack)
        self._release_dead_locks(stack)
        words = [os.fspath(self.pulumi), command, "-s", stack, "--config-file", os.fspath(config)]
        words += ["--suppress-permalink=true", *arguments]
        if not sys.stdout.isatty():
            words.append("--non-interactive")
        # The engine hears Ctrl-C itself and ends in order; this process waits for that.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            code = subprocess.call(
                words, cwd=self.paths.checkout, env=children.for_engine(self.environ), stdin=subprocess.DEVNULL,
                preexec_fn=_hear_interrupts,
            )  # fmt: skip
        finally:
            signal.signal(signal.SIGINT, before)
        if code != 0:
            raise EngineFailed(f"`pulumi {command}` ended with {code}; what it said is above")

    def _release_dead_locks(self, stack: str) -> None:
        """A run that was killed leaves its lock. Where that run was on this machine and is gone, cancel
        it."""
        folder = self.paths.state / ".pulumi" / "locks" / "organization" / PROJECT / stack
        for lock in folder.glob("*.json") if folder.is_dir() else ():
            try:
                facts = json.loads(lock.read_text("utf-8"))
                here = facts["hostname"] == socket.gethostname()
                gone = process.look(int(facts["pid"])) is None
            except (OSError, ValueError, KeyError, TypeError):
                continue
            if here and gone:
                sys.stderr.write("an earlier run was killed and left its lock; cancelling that run\n")
                self._quiet(["cancel", "-s", stack, "--yes", "--non-interactive"], self.paths.checkout)
                return


def interpreter(paths: LocalPaths) -> Path:
    """The Python with the requirements: the checkout's environment, else the one that runs this."""
    return paths.python if paths.python.exists() else Path(sys.executable)


def checkpoint(paths: LocalPaths, stack: str) -> Path:
    """The file with a stack's state."""
    return paths.state / ".pulumi" / "stacks" / PROJECT / f"{stack}.json"


def needs_clusters(paths: LocalPaths, stack: str, *, application: bool) -> bool:
    """Whether a run has anything to do on a cluster: to bring the application up, or to take down what the
    stack still has there."""
    source = paths.checkout / f"Pulumi.{stack}.yaml"
    text = _text_of(source) if source.exists() else ""
    if application and stackfile.wants_application(text):
        return True
    try:
        held = files.json_of(checkpoint(paths, stack))["checkpoint"]["latest"]["resources"]
        return any(str(one["type"]).startswith("kubernetes:") for one in held)
    except (OSError, KeyError, TypeError):
        return False


def _text_of(file: Path) -> str:
    try:
        return files.text_of(file)
    except OSError as error:
        raise SetupError(f"{file} cannot be read: {error}") from None


def clusters_of(toolbox: Toolbox) -> Path:
    """The folder with the programs of a local cluster.

    Raises:
        SetupError: they are not set up.
    """
    folder = toolbox.kubernetes()
    if folder is None:
        raise SetupError(
            "What a local cluster runs on is not set up, or has changed since. Run: make setup\n"
            "Or leave the application out: make up APPLICATION=no"
        )
    return folder


def _hear_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
