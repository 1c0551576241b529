"""The README as a newcomer reads it: what it shows can be typed, what it names is there."""

from __future__ import annotations

import re
import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest

from formerr_infra.decide.table import ROWS
from formerr_infra.local.paths import CHECKOUT
from formerr_infra.settings.schema import Settings

if TYPE_CHECKING:
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


@pytest.mark.engine
@pytest.mark.parametrize("command", [line for line in TYPED if line.startswith("formerr ")])
def test_a_command_that_the_readme_shows_works_on_a_stack_that_is_up(command: str, deployed: Stack) -> None:
    program = [str(CHECKOUT / ".venv/bin/python"), "-m", "formerr_infra.cli.app"]
    done = subprocess.run(
        [*program, *shlex.split(command)[1:]],
        cwd=deployed.project,
        env=deployed.environment | {"PULUMI_STACK": deployed.name},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "keep" in done.stdout
    assert not [one for one in deployed.control.requests(writes=True) if one.method != "GET"]


@pytest.mark.engine
def test_the_preview_that_the_readme_shows_changes_nothing_on_a_stack_that_is_up(deployed: Stack) -> None:
    assert "pulumi preview -s staging" in TYPED
    deployed.run("preview", "-s", "staging", stack="").ok().quiet()
