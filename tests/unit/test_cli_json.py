"""`--json`: one document on standard output, also where a command refuses for want of somebody to ask."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from formerr_infra.cli.app import app
from formerr_infra.deploy import Deployment
from formerr_infra.environments import sweeping
from formerr_infra.environments.listing import Environment, State
from formerr_infra.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def _type(*words: str) -> tuple[int, Any]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, json.loads(done.stdout)


@pytest.mark.parametrize("command", ["deploy", "rollback"])
def test_a_deployment_without_anybody_to_ask_is_a_document_too(tmp_path: Path, command: str) -> None:
    code, told = _type(command, "staging", "--json", "--cwd", str(tmp_path))
    assert (code, told["ok"], told["error"]["kind"]) == (2, False, "SettingsError")
    assert "--yes" in told["error"]["message"]


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [(KeyboardInterrupt(), 130, "interrupted"), (ValueError("swordfish"), 1, "unexpected")],
)
@pytest.mark.parametrize("words", [("deploy", "staging", "--yes"), ("preview", "staging")])
def test_whatever_stops_a_deployment_is_in_its_document(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], error: BaseException, code: int, message: str
) -> None:
    def stop(*_: object) -> None:
        raise error

    monkeypatch.setattr(Deployment, "_read_settings", stop)
    monkeypatch.setattr(Deployment, "_validate", lambda _: None)
    ended, told = _type(*words, "--json")
    assert (ended, told["error"]["message"]) == (code, message)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("sweep",), {"swept": [], "dry_run": False}),
        (("remove", "pr-1"), {"name": "pr-1", "was_there": True, "gone": False}),
    ],
    ids=["sweep", "remove"],
)
def test_environments_that_nobody_lets_go_are_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...], told: dict[str, object]
) -> None:
    there = Environment(
        "pr-1", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC), State.UP, 3
    )
    monkeypatch.setenv("DIGITALOCEAN_TOKEN", "token")
    monkeypatch.setattr(sweeping, "look", lambda *_: ([there], ""))
    monkeypatch.setattr(sweeping, "named", lambda *_: [there])

    code, document = _type("env", *words, "--json", "--cwd", str(tmp_path))

    assert code == 1
    assert document.items() >= told.items()
    if "expired" in document:
        assert [one["name"] for one in document["expired"]] == ["pr-1"]


def test_two_texts_that_would_both_be_printed_are_refused() -> None:
    done = CliRunner().invoke(app, ["drift", "staging", "--markdown", "-", "--json"])
    assert isinstance(done.exception, SettingsError)
    assert "--markdown" in str(done.exception)
    assert done.stdout == ""
