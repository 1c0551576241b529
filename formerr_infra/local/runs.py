"""A stack on the local DigitalOcean, brought up and taken down by the real engine.

The checkout stays clean: Pulumi writes a salt into a stack file that has none, so local runs get a copy of
the checkout's stack file, with the salt of the local state, through `--config-file`. What the program decides
and what a run prints at its end are elsewhere (`summary`).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from formerr_infra.errors import FormerrError, SetupError
from formerr_infra.local import environment, plugin, process
from formerr_infra.local.daemon import Daemon, Running
from formerr_infra.local.tools import Toolbox

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.local.paths import LocalPaths

PROJECT = "formerr-infra"
_SALT = re.compile(r"^encryptionsalt:.*$", re.MULTILINE)
_SECRETS = re.compile(r"^(encryptionsalt|secretsprovider|encryptedkey):.*\n?", re.MULTILINE)


class EngineFailed(FormerrError):
    """Pulumi ended with an error; it has said itself what it was."""

    exit_code = 14


@dataclass(frozen=True, slots=True)
class LocalRun:
    """Everything a command on the local DigitalOcean needs.

    Attributes:
        paths: of the checkout.
        running: the local DigitalOcean.
        plugin: the DigitalOcean plugin.
        environ: of the programs that are started.
        pulumi: the engine.
    """

    paths: LocalPaths
    running: Running
    plugin: plugin.Plugin
    environ: Mapping[str, str]
    pulumi: Path

    @classmethod
    def prepare(cls, paths: LocalPaths, environ: Mapping[str, str], *, start: bool = True) -> LocalRun:
        """Start the local DigitalOcean if it does not run, choose the plugin, put the environment together.

        Raises:
            SetupError: set-up has not been run, or the local DigitalOcean does not start (or, with
                `start=False`, does not run).
        """
        toolbox = Toolbox(paths, environ)
        engine = toolbox.engine()
        daemon = Daemon(paths, environ, interpreter(paths))
        running = daemon.start()[0] if start else daemon.require()
        chosen = plugin.choose(toolbox, paths)
        wanted = environment.exports(paths, toolbox, chosen, running.endpoint)
        return cls(paths, running, chosen, environment.applied(environ, wanted), engine)

    def up(self, stack: str) -> None:
        """Bring the stack up.

        Raises:
            EngineFailed: Pulumi ended with an error.
        """
        self._run("up", "--yes", stack=stack)

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
            env=self.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
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
        text = source.read_text("utf-8")
        known = target.read_text("utf-8") if target.exists() else ""
        target.write_text(salted(text, known), "utf-8")
        return target

    def _checkpoint(self, stack: str) -> Path:
        return self.paths.state / ".pulumi" / "stacks" / PROJECT / f"{stack}.json"

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
            [self.pulumi, *arguments], cwd=folder, env=self.environ, stdin=subprocess.DEVNULL,
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
                words, cwd=self.paths.checkout, env=self.environ, stdin=subprocess.DEVNULL,
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


def salted(checkout: str, known: str) -> str:
    """The checkout's stack file for the local state: with the salt that `known`, an earlier copy, has.

    A stack file with encrypted values keeps its own salt, because no other reads them.
    """
    if re.search(r"^\s+secure:", checkout, re.MULTILINE):
        return checkout
    salt = _SALT.search(known)
    text = _SECRETS.sub("", checkout)
    if salt is None:
        return text
    if text and not text.endswith("\n"):
        text += "\n"
    return f"{text}{salt[0]}\n"


def _hear_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
