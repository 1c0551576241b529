"""The README as a newcomer reads it: what it shows can be typed, what it names is there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest
from typer.main import get_command

from formerr_infra.cli.app import app
from formerr_infra.decide.table import ROWS
from formerr_infra.local import demo
from formerr_infra.local.environment import TOKEN
from formerr_infra.local.paths import CHECKOUT
from formerr_infra.settings.schema import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.stack import Stack

README = (CHECKOUT / "README.md").read_text("utf-8")
TYPED = [line.strip().split("  #")[0].strip() for line in README.splitlines() if line.startswith("    ")]
KEYS = {info.alias for info in Settings.model_fields.values()}


def test_every_make_target_that_the_readme_names_exists() -> None:
    makefile = (CHECKOUT / "Makefile").read_text("utf-8")
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)`?", README)) - {"another", "it"}
    assert {"up", "test"} <= named
    assert not {target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)}


def test_every_file_that_the_readme_links_to_exists() -> None:
    linked = re.findall(r"\]\(([^)#]+)\)", README)
    assert linked
    assert not [link for link in linked if not (CHECKOUT / link).exists()]


def test_every_setting_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"`([a-z]+[A-Z][A-Za-z]+)(?::[^`]*)?`", README))
    assert {"vpcId", "recreateMissing", "createRegistry"} <= named
    assert named <= KEYS, named - KEYS


def test_the_table_that_the_readme_shows_names_rows_that_exist() -> None:
    shown = {match[1] for line in TYPED if (match := re.search(r"\s(\d+[a-z]?)\s+nothing of the name", line))}
    assert shown <= {row.number for row in ROWS}
    assert shown


#: What they read is the account; the others read files.
ASKS = ("formerr detect", "formerr explain")


def formerr(command: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """One command, typed where there is no terminal."""
    program = [str(CHECKOUT / ".venv/bin/python"), "-m", "formerr_infra.cli.app"]
    return subprocess.run(
        [*program, *shlex.split(command)[1:]],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.engine
@pytest.mark.parametrize("command", [line for line in TYPED if line.startswith(ASKS)])
def test_a_command_that_the_readme_shows_works_on_a_stack_that_is_up(command: str, deployed: Stack) -> None:
    done = formerr(command, deployed.project, deployed.environment | {"PULUMI_STACK": deployed.name})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "keep" in done.stdout
    assert not [one for one in deployed.control.requests(writes=True) if one.method != "GET"]


@pytest.mark.parametrize("line", [line for line in TYPED if line.startswith("formerr ")])
def test_every_command_that_the_readme_shows_is_one_and_has_what_it_needs(line: str) -> None:
    command, words = get_command(app), shlex.split(line)[1:]
    while (below := getattr(command, "commands", None)) is not None:
        command, words = below[words[0]], words[1:]
    command.make_context("formerr", words)


def test_the_validation_that_the_readme_shows_finds_nothing_wrong_in_this_checkout(tmp_path: Path) -> None:
    generated = demo.values(tmp_path / "secrets.json")
    local = {"FORMERR_LOCAL": "1", "DIGITALOCEAN_TOKEN": TOKEN, "DIGITALOCEAN_API_URL": "http://127.0.0.1:9"}
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    done = formerr("formerr validate", CHECKOUT, environment | local | generated)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_sync_that_the_readme_shows_shows_a_diff_and_writes_nothing_unasked(deployed: Stack) -> None:
    before = deployed.file.read_bytes()
    done = formerr("formerr sync-staging", deployed.project, deployed.environment)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    assert deployed.file.read_bytes() == before


@pytest.mark.engine
def test_the_preview_that_the_readme_shows_changes_nothing_on_a_stack_that_is_up(deployed: Stack) -> None:
    assert "pulumi preview -s staging" in TYPED
    deployed.run("preview", "-s", "staging", stack="").ok().quiet()
