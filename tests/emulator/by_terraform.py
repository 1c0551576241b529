"""The sequence of `clients` by terraform with the official provider."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from formerr_infra.emulator.store import DEFAULT_TOKEN

FIRST = (Path(__file__).parent / "one_of_each.tf").read_text("utf-8")
CHANGES = {
    'name = "v"': 'name = "v2"',
    'description = "one"': 'description = "two"',
    'name = "c"\n': 'name = "c2"\n',
    'tags = ["a"]\n  surge': 'tags = ["b"]\n  auto_upgrade = true\n  surge',
    "node_count = 2": "node_count = 3",
    "target_port = 30080": "target_port = 30090",
    "port = 30080": "port = 30090",
    'name = "p"': 'name = "p2"',
    '"Staging"': '"Production"',
    '"192.0.2.1"': '"192.0.2.2"',
    "ttl = 300": "ttl = 600",
    'port_range = "22"': 'port_range = "2222"',
    "node_count = 1\n  private": "node_count = 2\n  private",
    '"192.0.2.3"': '"192.0.2.4"',
    "http://192.0.2.5": "http://192.0.2.6",
    'period = "2m"': 'period = "5m"',
    "value = 90": "value = 80",
}


class Terraform:
    """The sequence by terraform with the official provider."""

    def __init__(self, program: str, provider: str, endpoint: str, folder: Path) -> None:
        self._program, self._folder = program, folder
        overrides = (
            f'provider_installation {{\n dev_overrides {{ "digitalocean/digitalocean" = "{provider}" }}\n}}\n'
        )
        (folder / "cli.tfrc").write_text(overrides)
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.fspath(folder),
            "DIGITALOCEAN_API_URL": endpoint,
            "DIGITALOCEAN_TOKEN": DEFAULT_TOKEN,
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": os.fspath(folder / "cli.tfrc"),
        }

    def __call__(self, *arguments: str) -> str:
        """One command; what it prints."""
        ended = subprocess.run(
            [self._program, *arguments, "-no-color", "-input=false"],
            env=self._environment, cwd=self._folder, capture_output=True, text=True, timeout=400, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def _declare(self, text: str) -> None:
        (self._folder / "main.tf").write_text(text)

    def make(self) -> None:
        """One of each."""
        self._declare(FIRST)
        self("apply", "-auto-approve")

    def look(self) -> list[str]:
        """A plan that reads all of it and finds nothing to do."""
        self("plan", "-detailed-exitcode")
        return []

    def change(self) -> None:
        """What can be changed in place."""
        text = FIRST
        for old, new in CHANGES.items():
            assert old in text, old
            text = text.replace(old, new)
        self._declare(text)
        self("apply", "-auto-approve")

    def unmake(self) -> None:
        """All of it."""
        self("destroy", "-auto-approve")
