"""What the documentation shows of a terminal is typed again, and answers as it is shown."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from formerr_infra.local.paths import CHECKOUT, LocalPaths
from tests.support.transcript import Shell, Step, steps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIRST_DAY = CHECKOUT / "docs" / "tutorial" / "first-day.md"
SECONDS = 1200


def checkout(folder: Path) -> Path:
    """A copy of what is in the repository, set up as this checkout is."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=CHECKOUT, capture_output=True, check=True
    ).stdout  # fmt: skip
    for name in listed.decode().split("\0"):
        if name and (CHECKOUT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, folder / name)
    (folder / ".venv").symlink_to(CHECKOUT / ".venv")
    known = LocalPaths.of().toolchain_stamp
    stamp = LocalPaths.of({"HOME": os.environ["HOME"]}, checkout=folder).toolchain_stamp
    stamp.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(known, stamp)
    return folder


@pytest.fixture(name="shell")
def _shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell as after `make setup` and `source .venv/bin/activate` in a fresh clone."""
    clone, programs = checkout(tmp_path / "formerr-infra"), tmp_path / "bin"
    programs.mkdir()
    # The command of the copy: the one in .venv/bin is this checkout's.
    command = programs / "formerr"
    command.write_text(
        f'#!/bin/sh\nPYTHONPATH="{clone}" exec "{clone}/.venv/bin/python" -m formerr_infra.cli.app "$@"\n'
    )
    command.chmod(0o755)
    # A terminal, and no pipeline: there the images must be named.
    person = {name: value for name, value in os.environ.items() if name != "CI"}
    environ = person | {"PATH": f"{programs}:{clone}/.venv/bin:{os.environ['PATH']}", "COLUMNS": "150"}
    with Shell(clone, environ) as shell:
        try:
            yield shell
        finally:
            shell.type("formerr local stop")


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.serial
@pytest.mark.timeout(SECONDS)
def test_the_first_day_goes_as_it_is_told(shell: Shell) -> None:
    told = steps(FIRST_DAY.read_text("utf-8"))
    assert told
    for step in told:
        said = shell.type(step.typed)
        assert step.agrees(said), (
            f"$ {step.typed}\nis told to answer\n" + "\n".join(step.answer) + f"\nand answers\n{said}"
        )


@pytest.mark.parametrize(
    ("answer", "said", "agrees"),
    [
        (("a ... c",), "a b c", True),
        (("a ... c",), "a b d", False),
        (("a", "...", "d"), "a\nb\nc\nd", True),
        (("a", "...", "d"), "a\nd", True),
        (("a", "...", "d"), "a\nb", False),
        (("...",), "", True),
        ((), "more", False),
        (("1.5 (a)",), "1x5 (a)", False),
    ],
)
def test_an_answer_is_held_to_what_is_shown(answer: tuple[str, ...], said: str, agrees: bool) -> None:
    assert Step("typed", answer).agrees(said) is agrees


def test_a_page_is_read_as_it_is_typed() -> None:
    page = "x\n```console\n$ one \\\n> two\nsaid\n\n$ three\n```\ny\n```console\n$ four\n```\n"
    assert [(one.typed, one.answer) for one in steps(page)] == [
        ("one \\\ntwo", ("said", "")),
        ("three", ()),
        ("four", ()),
    ]


def test_a_shell_keeps_what_is_exported_and_gives_nobody_its_input(tmp_path: Path) -> None:
    with Shell(tmp_path, os.environ) as shell:
        shell.type("export WORD=kept")
        assert shell.type('echo "$WORD"; cat') == "kept\n"
        assert shell.type("ls missing 2>&1 | wc -l; false") == "1\n"
