"""Those who are measured, each in a folder and on an account of its own: this project, the same resources declared
statically, the obvious port, and the old design."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.running import measure
from formerr_infra.emulator.catalog import KUBERNETES_VERSIONS
from formerr_infra.local.environment import TOKEN
from formerr_infra.local.paths import CHECKOUT
from tests.support.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.rows import Run
    from formerr_infra.emulator.client import ControlClient
    from tests.support.tools import Tools

REFRESH = "options:\n  refresh: always\n"
#: More than anything here asks for; an account's own limit is measured apart.
UNLIMITED = 1_000_000
#: The Kubernetes version that everybody but this project asks for; this project chooses its own.
VERSION = KUBERNETES_VERSIONS[0]
#: In one go, as `terraform apply -auto-approve` does it.
UP = ("up", "--yes", "--skip-preview", "--non-interactive")
PREVIEW = ("preview", "--non-interactive", "--expect-no-changes")


def account(control: ControlClient, token: str) -> str:
    """An account of that token and name; the default one keeps its own name, which is given."""
    if token == TOKEN:
        return str(control.account(rate_limit=UNLIMITED)["name"])
    control.account(token=token, name=token, rate_limit=UNLIMITED, droplet_limit=UNLIMITED)
    return token


class Side:
    """A stack that is measured.

    Args:
        stack: it.
        account: the name of its account.
    """

    def __init__(self, stack: Stack, account: str) -> None:
        self.stack = stack
        self.account = account

    def pulumi(self, *words: str, codes: Sequence[int] = (0,), memory: bool = False) -> Run:
        """A command of the engine."""
        return self._run([self.stack.tools.pulumi, *words], codes, memory=memory)

    def formerr(self, *words: str, codes: Sequence[int] = (0,), memory: bool = False) -> Run:
        """A command of this project."""
        return self._run([*formerr(), *words], codes, memory=memory)

    def _run(self, command: Sequence[str | os.PathLike[str]], codes: Sequence[int], *, memory: bool) -> Run:
        return measure(
            command,
            folder=self.stack.project,
            environ=self.stack.environment | {"PULUMI_STACK": self.stack.name},
            control=self.stack.control,
            account=self.account,
            codes=codes,
            memory=memory,
        )


def formerr() -> list[str]:
    """The command, as set-up installed it."""
    script = Path(sys.executable).parent / "formerr"
    return [os.fspath(script)] if script.exists() else [sys.executable, "-m", "formerr_infra.cli.app"]


def ours(folder: Path, tools: Tools, control: ControlClient, token: str) -> Side:
    """This project, without the application; nothing is up yet."""
    stack = Stack(folder, tools, control)
    stack.environment["DIGITALOCEAN_TOKEN"] = token
    stack.init()
    stack.config(registryName=f"ours-{token}")
    # What `formerr deploy` finds beside the program in a checkout.
    for name in (".github", "policy"):
        (stack.project / name).symlink_to(CHECKOUT / name)
    return Side(stack, account(control, token))


def static(folder: Path, tools: Tools, control: ControlClient, token: str, *, refresh: bool = True) -> Side:
    """The same resources declared statically: the floor."""
    return _program("static", folder, tools, control, token, refresh=refresh)


def obvious(folder: Path, tools: Tools, control: ControlClient, token: str) -> Side:
    """The obvious port, which nobody who writes it has heard of `refresh: always` for."""
    return _program("obvious", folder, tools, control, token, refresh=False)


def _program(
    name: str, folder: Path, tools: Tools, control: ControlClient, token: str, *, refresh: bool
) -> Side:
    called = account(control, token)
    stack = StaticStack(folder, tools, control, token=token, version=VERSION, refresh=refresh, program=name)
    return Side(stack.init(), called)


class StaticStack(Stack):
    """A stack of one of the programs beside this module; its project has the options of the real one.

    Args:
        refresh: with the engine refreshing first, as the real project has it.
        program: the folder of the program.
    """

    def __init__(
        self,
        folder: Path,
        tools: Tools,
        control: ControlClient,
        *,
        token: str,
        version: str,
        refresh: bool,
        program: str = "static",
    ) -> None:
        super().__init__(folder, tools, control)
        self.environment["DIGITALOCEAN_TOKEN"] = token
        self._token = token
        self._version = version
        self._refresh = refresh
        self._program = program

    def init(self) -> StaticStack:
        """The project folder and an empty stack."""
        self.project.mkdir(parents=True)
        (self.folder / "state").mkdir()
        head, _, _ = (CHECKOUT / "Pulumi.yaml").read_text("utf-8").partition("\nconfig:\n")
        if f"{REFRESH}" not in head + "\n":
            raise RuntimeError(
                "Pulumi.yaml does not refresh any more; the comparison has to be looked at again"
            )
        if not self._refresh:
            head = (head + "\n").replace(REFRESH, "")
        config = "\nconfig:\n  digitalocean:httpRetryMax:\n    value: 0\n"
        (self.project / "Pulumi.yaml").write_text(head + config, "utf-8")
        registry = f"{self._program}-{self._token}"
        values = f"config:\n  static:version: {self._version}\n  static:registry: {registry}\n"
        self.file.write_text(values, "utf-8")
        shutil.copy(CHECKOUT / "bench" / self._program / "program.py", self.project / "__main__.py")
        (self.project / ".venv").symlink_to(CHECKOUT / ".venv")
        self.run("stack", "init", self.name, stack="").ok()
        return self


@dataclass(frozen=True, slots=True)
class Programs:
    """What the old design runs: doctl, terraform, the folder of its provider."""

    doctl: Path
    terraform: Path
    provider: Path

    @classmethod
    def find(cls) -> Programs | None:
        """Those of this machine; None where one of them is missing."""
        doctl = os.environ.get("FORMERR_TEST_DOCTL", "")
        provider = os.environ.get("FORMERR_TEST_TERRAFORM_PROVIDER", "")
        terraform = shutil.which("terraform")
        if not (doctl and provider and terraform and Path(doctl).exists() and Path(provider).is_dir()):
            return None
        return cls(Path(doctl), Path(terraform), Path(provider))


class Old:
    """The old design: a script that asks doctl and applies with terraform; its state is a file in the folder."""

    def __init__(self, folder: Path, programs: Programs, control: ControlClient, token: str) -> None:
        self.account = account(control, token)
        self._control = control
        self._folder = folder
        self.registry = f"old-{token}"
        folder.mkdir(parents=True)
        for name in ("main.tf", "deploy.sh"):
            shutil.copy(CHECKOUT / "bench" / "old" / name, folder)
        overrides = f'dev_overrides {{ "digitalocean/digitalocean" = "{programs.provider}" }}'
        (folder / "cli.tfrc").write_text(f"provider_installation {{\n  {overrides}\n}}\n", "utf-8")
        self._environ = {
            "PATH": os.pathsep.join([os.fspath(programs.terraform.parent), "/usr/bin", "/bin"]),
            "HOME": os.fspath(folder),
            "DOCTL": os.fspath(programs.doctl),
            "DIGITALOCEAN_API_URL": control.endpoint,
            "DIGITALOCEAN_ACCESS_TOKEN": token,
            "DIGITALOCEAN_TOKEN": token,
            "TF_CLI_CONFIG_FILE": os.fspath(folder / "cli.tfrc"),
            "CHECKPOINT_DISABLE": "1",
            "REGISTRY": self.registry,
            "VERSION": VERSION,
        }

    def deploy(self) -> Run:
        """One deployment."""
        return measure(
            ["bash", "deploy.sh"],
            folder=self._folder,
            environ=self._environ,
            control=self._control,
            account=self.account,
        )
