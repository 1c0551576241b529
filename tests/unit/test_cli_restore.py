"""Whose lock a restore takes away: of a run that is gone, that was shown, and that is the one that is there."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from formerr_infra.backup import Backup, RestoreRefused, locks, remote, restore
from formerr_infra.backup.address import Folder
from formerr_infra.backup.sealed import Header
from formerr_infra.backup.state import Difference
from formerr_infra.cli.app import app
from formerr_infra.engine import Engine
from formerr_infra.engine.locks import Lock

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = socket.gethostname()
NOW = datetime(2026, 11, 1, tzinfo=UTC)
HEADER = Header("formerr-infra", "staging", NOW, None, "3.259.0", 3, 5, 0, "sum")
PLAN = restore.Plan(
    Backup("one.backup", "there", 1, HEADER), Difference((), (), ()), (), missing=False, export={}, present={}
)


def _lock(pid: int, host: str = HERE) -> Lock:
    return Lock("ada", host, pid, "2026-11-01T00:00:00Z")


#: No process has this number.
GONE, ELSEWHERE = _lock(2**22 + 1), _lock(1, "build-7")


@pytest.fixture
def running() -> Iterator[Lock]:
    """The lock of a run that goes on."""
    words = [sys.executable, "-c", "input()", "pulumi"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        yield _lock(process.pid)
        process.kill()


class _Backend:
    """What the command does, beside an engine and a backup that are none; the locks are as they are looked at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *looks: tuple[Lock, ...]) -> None:
        self.did: list[str] = []
        looked = iter(looks)
        for where, name, do in (
            (restore, "prepare", lambda *_: PLAN),
            (restore, "carry_out", lambda *_: self.did.append("restored")),
            (remote, "current", lambda *_: Folder(Path())),
            (locks, "held", lambda *_: next(looked)),
            (Engine, "__init__", lambda *_: None),
            (Engine, "cancel", lambda *_: self.did.append("cleared")),
        ):
            monkeypatch.setattr(where, name, do)
        for name in ("shelf", "take"):
            monkeypatch.setattr(
                f"formerr_infra.backup.{name}", lambda *_, **__: type("Taken", (), {"backup": PLAN.backup})
            )
        monkeypatch.setenv("FORMERR_BACKUP_PASSPHRASE", "correct horse battery staple 42")

    def type(self, *words: str) -> tuple[str, str, str]:
        """What is printed, what is told beside it, and why it ended."""
        done = CliRunner().invoke(app, ["state", "restore", "staging", "latest", *words])
        assert done.exception is None or isinstance(done.exception, RestoreRefused), done.output
        return done.stdout, done.stderr, str(done.exception or "")


def test_a_lock_of_a_run_that_goes_on_here_is_never_taken_away(
    monkeypatch: pytest.MonkeyPatch, running: Lock
) -> None:
    backend = _Backend(monkeypatch, (GONE, running))
    why = backend.type("--yes", "--break-lock")[2]
    assert f"ada@{HERE}, process {running.pid}" in why
    assert "goes on here" in why
    assert backend.did == []


@pytest.mark.parametrize("lock", [GONE, ELSEWHERE], ids=["gone", "elsewhere"])
def test_another_lock_is_taken_away_once_it_was_shown_whose(
    monkeypatch: pytest.MonkeyPatch, lock: Lock
) -> None:
    backend = _Backend(monkeypatch, (lock,), (lock,))
    out, _, why = backend.type("--yes", "--break-lock")
    assert f"its lock is cleared first: ada@{lock.host}, process {lock.pid}" in out
    assert (backend.did, why) == (["cleared", "restored"], "")


@pytest.mark.parametrize(
    ("then", "did", "said"),
    [
        pytest.param((GONE, ELSEWHERE), [], "build-7", id="another"),
        pytest.param((ELSEWHERE,), [], "build-7", id="another-one-instead"),
        pytest.param((), ["restored"], "", id="none-any-more"),
    ],
)
def test_the_locks_are_compared_again_before_they_are_cleared(
    monkeypatch: pytest.MonkeyPatch, then: tuple[Lock, ...], did: list[str], said: str
) -> None:
    backend = _Backend(monkeypatch, (GONE,), then)
    why = backend.type("--yes", "--break-lock")[2]
    assert said in why
    assert backend.did == did


def test_json_without_a_yes_restores_nothing_and_is_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = _Backend(monkeypatch, (GONE,))
    out, _, why = backend.type("--json", "--break-lock")
    told = json.loads(out)
    assert (told["restored"], told["before"], told["backup"]["stack"]) == (None, None, "staging")
    assert told["locks_cleared"][0]["pid"] == GONE.pid
    assert "--yes" in why
    assert backend.did == []
