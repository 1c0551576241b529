"""A way back that comes to no update leaves the stack file as it was, whatever stopped it."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from formerr_infra.cli.app import app
from formerr_infra.deploy import Deployment
from formerr_infra.errors import Refused
from formerr_infra.images import BACKEND, FRONTEND

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STACK = "config:\r\n  formerr-infra:region: nyc3   # near\r\n  formerr-infra:imageTag: abc1234\r\n"
IMAGES = {BACKEND: f"sha256:{1:064x}", FRONTEND: f"sha256:{2:064x}"}


def _refuse() -> bool:
    raise Refused("the guard has stopped it")


def _press_ctrl_c() -> bool:
    raise KeyboardInterrupt


def _hang_up() -> bool:
    os.kill(os.getpid(), signal.SIGHUP)
    raise AssertionError("went on")


def _fail_unforeseen() -> bool:
    raise ZeroDivisionError


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: formerr-infra\nruntime: python\n", "utf-8")
    (tmp_path / "Pulumi.staging.yaml").write_bytes(STACK.encode())
    (tmp_path / "before.json").write_text(json.dumps({"environment": "staging", "images": IMAGES}), "utf-8")
    return tmp_path


def _rollback(project: Path, *more: str) -> tuple[int, str]:
    words = ["rollback", "staging", "--to", str(project / "before.json"), "--cwd", str(project), *more]
    done = CliRunner().invoke(app, words)
    return done.exit_code, done.stdout


@pytest.mark.parametrize(
    ("end", "code"),
    [
        pytest.param(_refuse, 3, id="refused"),
        pytest.param(lambda: False, 1, id="not-agreed-to"),
        pytest.param(_press_ctrl_c, 130, id="ctrl-c"),
        pytest.param(_hang_up, 129, id="the-terminal-is-gone"),
        pytest.param(_fail_unforeseen, 1, id="unforeseen"),
    ],
)
@pytest.mark.parametrize("began", [False, True])
def test_a_way_back_leaves_the_stack_file_changed_only_if_its_update_began(
    project: Path, monkeypatch: pytest.MonkeyPatch, end: Callable[[], bool], code: int, *, began: bool
) -> None:
    def deploy(run: Deployment, _agreed: object) -> bool:
        assert IMAGES[BACKEND] in (project / "Pulumi.staging.yaml").read_text("utf-8"), "it deploys these"
        run.report.began = began
        return end()

    monkeypatch.setattr(Deployment, "deploy", deploy)

    ended, out = _rollback(project, "--yes", "--json")

    assert ended == code
    after = (project / "Pulumi.staging.yaml").read_bytes()
    assert (after == STACK.encode()) is not began, out
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL


def test_a_way_back_that_has_nobody_to_ask_writes_nothing_not_even_for_a_moment(project: Path) -> None:
    file = project / "Pulumi.staging.yaml"
    before = file.stat()

    for more in ((), ("--json",)):
        assert _rollback(project, *more)[0] != 0
    assert (file.stat().st_ino, file.read_bytes()) == (before.st_ino, STACK.encode())


def test_what_somebody_else_wrote_meanwhile_is_not_taken_back(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project / "Pulumi.staging.yaml"

    def deploy(_run: Deployment, _agreed: object) -> bool:
        file.write_text("config: {}\n", "utf-8")
        return False

    monkeypatch.setattr(Deployment, "deploy", deploy)
    _rollback(project, "--yes")
    assert file.read_text("utf-8") == "config: {}\n"
