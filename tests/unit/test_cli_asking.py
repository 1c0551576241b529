"""Questions of commands: only somebody who is there is asked, on stderr, and never where a machine reads."""

from __future__ import annotations

import ast
import json
import os
import pty
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from formerr_infra.cli import images
from formerr_infra.cli.app import app
from formerr_infra.images import Image
from formerr_infra.local.paths import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = sorted((CHECKOUT / "formerr_infra" / "cli").glob("*.py"))
_ASK = "from formerr_infra.cli.asking import agreed; print('answer', agreed('Sure?'))"


@pytest.mark.parametrize(
    ("typed", "answer"), [("y\n", True), ("Yes \n", True), ("n\n", False), ("\n", False), ("\x04", False)]
)
def test_a_question_goes_to_stderr_and_a_yes_comes_from_a_terminal(typed: str, *, answer: bool) -> None:
    near, far = pty.openpty()
    os.write(near, typed.encode())
    done = subprocess.run([sys.executable, "-c", _ASK], stdin=far, capture_output=True, check=True, text=True)
    os.close(near)
    os.close(far)
    assert (done.stdout, done.stderr) == (f"answer {answer}\n", "Sure? [y/N]: ")


@pytest.mark.parametrize("stdin", ["</dev/null", "<&-"])
def test_without_a_terminal_or_with_a_closed_input_nobody_agrees(stdin: str) -> None:
    words = ["sh", "-c", f'exec "$0" -c "$1" {stdin}', sys.executable, _ASK]
    done = subprocess.run(words, capture_output=True, check=True, text=True)
    assert (done.stdout, done.stderr) == ("answer False\n", "")


@pytest.mark.parametrize("file", COMMANDS, ids=lambda one: one.stem)
def test_no_command_asks_by_itself(file: object) -> None:
    tree = ast.parse(file.read_text("utf-8"))  # type: ignore[attr-defined]  # a path
    asked = {
        one.attr
        for one in ast.walk(tree)
        if isinstance(one, ast.Attribute) and one.attr in ("stdin", "confirm", "prompt")
    }
    assert not asked or file.stem == "asking"  # type: ignore[attr-defined]


class _Registry:
    """Two old images of one repository, and what was deleted of them."""

    name = "formerr-staging"

    def __init__(self) -> None:
        self.deleted: list[Image] = []

    def __enter__(self) -> _Registry:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def images(self) -> list[Image]:
        return [
            Image("formerr-backend", f"sha256:{n:064x}", (f"t{n}",), datetime.now(UTC) - timedelta(n * 99), 1)
            for n in (1, 2)
        ]

    def delete(self, images: Sequence[Image]) -> int:
        self.deleted += images
        return len(images)


@pytest.mark.parametrize(
    ("words", "goes", "asked"),
    [
        pytest.param((), 1, True, id="asked"),
        pytest.param(("--json",), 0, False, id="json"),
        pytest.param(("--json", "--yes"), 1, False, id="json-yes"),
        pytest.param(("--yes",), 1, False, id="yes"),
    ],
)
def test_images_go_after_a_question_or_a_yes_and_json_is_one_document(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], goes: int, *, asked: bool
) -> None:
    registry = _Registry()
    monkeypatch.setattr(images, "_registry", lambda *_: registry)
    monkeypatch.setattr("formerr_infra.images.running.running", lambda *_: [])
    monkeypatch.setattr("formerr_infra.cli.asking.somebody", lambda: True)

    done = CliRunner().invoke(app, ["images", "retain", "staging", "--keep", "1", *words], input="y\n")

    assert (done.exit_code, len(registry.deleted)) == (0, goes), done.output
    assert ("Delete them?" in done.stderr) is asked
    if "--json" in words:
        document = json.loads(done.stdout)
        assert (len(document["going"]), document["deleted"]) == (1, goes)
