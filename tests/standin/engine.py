"""The real engine with a plugin of choice against a local DigitalOcean: what the tests of the stand-in run on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.tools import Tools

CHECKOUT = Path(__file__).resolve().parents[2]
TOKEN = "local-token"
STACK = "dev"
PROJECT = "standin-test"
HEAD = "import pulumi\nimport pulumi_digitalocean as do\n"


@dataclass(frozen=True, slots=True)
class Ran:
    """What one command of the engine did."""

    code: int
    out: str

    def ok(self) -> Ran:
        """Itself, if the command succeeded."""
        assert self.code == 0, self.out
        return self


class Engine:
    """One stack in a folder of its own.

    Args:
        plugin: the folder that holds `pulumi-resource-digitalocean`.
        environment: added to what every command gets, e.g. retries.
    """

    def __init__(
        self,
        folder: Path,
        tools: Tools,
        endpoint: str,
        plugin: Path,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.pulumi = tools.pulumi
        self.program = folder / "program"
        self.program.mkdir(parents=True)
        (folder / "state").mkdir()
        self.environment = {
            **os.environ,
            "PATH": os.pathsep.join(map(str, (plugin, *tools.folders, os.environ["PATH"]))),
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "DIGITALOCEAN_API_URL": endpoint,
            "DIGITALOCEAN_TOKEN": TOKEN,
            "DIGITALOCEAN_HTTP_RETRY_MAX": "0",
            "FORMERR_LOCAL": "1",
            "FORMERR_STANDIN_POLL_SECONDS": "0.05",
            "PYTHONPATH": os.pathsep.join([str(CHECKOUT), os.environ.get("PYTHONPATH", "")]),
            **(environment or {}),
        }
        (self.program / "Pulumi.yaml").write_text(
            f"name: {PROJECT}\nruntime:\n  name: python\n  options:\n    virtualenv: {sys.prefix}\n"
        )
        self.declare("")
        self.run("stack", "init", STACK).ok()

    def declare(self, text: str) -> None:
        """Set the program; `pulumi` and `do` are imported."""
        (self.program / "__main__.py").write_text(HEAD + text)

    def forget(self) -> None:
        """Lose the state: the stack is as new, what it made is still there."""
        self.run("stack", "rm", "--force", "--yes", "--stack", STACK).ok()
        self.run("stack", "init", STACK).ok()

    def run(self, *command: str) -> Ran:
        """One command of the engine."""
        done = subprocess.run(
            [str(self.pulumi), *command, "--non-interactive"],
            cwd=self.program,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
            check=False,
        )
        return Ran(done.returncode, done.stdout)

    def up(self, *more: str) -> Ran:
        """`pulumi up` without the preview before it."""
        return self.run("up", "--yes", "--skip-preview", "--stack", STACK, *more)

    def destroy(self, *more: str) -> Ran:
        """`pulumi destroy`."""
        return self.run("destroy", "--yes", "--skip-preview", "--stack", STACK, *more)

    def refresh(self, *more: str) -> Ran:
        """`pulumi refresh`."""
        return self.run("refresh", "--yes", "--skip-preview", "--stack", STACK, *more)

    def preview(self, *more: str) -> dict[str, Any]:
        """`pulumi preview --json`: per logical name the operation, what differs by path, why it replaces."""
        ran = self.run("preview", "--json", "--stack", STACK, *more)
        text = ran.out[ran.out.find("{") :]
        try:
            plan = json.loads(text)
        except ValueError:
            raise AssertionError(ran.out) from None
        assert ran.code == 0, ran.out
        found: dict[str, Any] = {}
        for step in plan.get("steps", []):
            if "digitalocean:index" in step["urn"]:
                entry = found.setdefault(
                    step["urn"].rsplit("::", 1)[1], {"op": step["op"], "diff": {}, "reasons": []}
                )
                if step["op"] == "replace":
                    entry["op"] = "replace"
                differing = step.get("detailedDiff") or {}
                entry["diff"] |= {path: change.get("kind") for path, change in differing.items()}
                entry["reasons"] = sorted({*entry["reasons"], *(step.get("replaceReasons") or [])})
        return found

    def export(self) -> dict[str, Any]:
        """The stack's resources by logical name; secrets in plain text."""
        ran = self.run("stack", "export", "--show-secrets", "--stack", STACK).ok()
        deployment = json.loads(ran.out[ran.out.find("{") :])["deployment"]
        return {
            item["urn"].rsplit("::", 1)[1]: item
            for item in deployment.get("resources", [])
            if "digitalocean:index" in item["type"]
        }
