"""What the programs that are started get of the environment, and what is said of an error that nobody foresaw."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from formerr_infra import children, cores, credential
from formerr_infra.backup.key import VARIABLE as BACKUP
from formerr_infra.cli import ending
from formerr_infra.cli.app import app, main
from formerr_infra.errors import Refused, SettingsError
from formerr_infra.settings import secrets, slack
from formerr_infra.settings.sources import TOKEN_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HIDDEN = (
    children.OURS | children.CLOUD | children.APPLICATION | children.STATE | {"DIGITALOCEAN_TOKEN_PRODUCTION"}
)
ENVIRON = {name: f"canary-of-{name}" for name in HIDDEN} | {
    "PATH": "/bin",
    "AZURE_CLIENT_SECRET": "opens-a-state",
}

#: Who gets what; the table of docs/adr/0063.
WHO: dict[str, tuple[Callable[[Mapping[str, str]], dict[str, str]], frozenset[str]]] = {
    "an operation": (children.for_engine, children.CLOUD | children.APPLICATION | children.STATE),
    "a question to the state": (children.for_state, children.STATE),
    "anything else": (children.for_tool, frozenset()),
}


@pytest.mark.parametrize("who", WHO)
def test_a_child_has_the_secrets_that_it_uses_and_no_other(who: str) -> None:
    needs, wanted = WHO[who]
    given = needs(ENVIRON)
    assert {name for name in given if name in HIDDEN} == wanted
    assert {name: given[name] for name in given if name not in HIDDEN} == {
        "PATH": "/bin",
        "AZURE_CLIENT_SECRET": "opens-a-state",
    }


def test_every_secret_that_is_read_anywhere_is_known_by_its_name() -> None:
    known = {*secrets.NAMES, slack.VARIABLE, *TOKEN_VARIABLES, BACKUP, "GITHUB_TOKEN", "PULUMI_ACCESS_TOKEN"}
    plain = {"DB_HOST", "DB_PORT", "DB_NAME", "DB_USER"}
    assert known - plain <= HIDDEN


def test_the_helper_that_stands_alone_withholds_the_same() -> None:
    """It imports nothing of this package, so it has the names once more."""
    assert credential.NOT_FOR_THE_STATE == children.OURS | children.APPLICATION


def test_a_text_without_the_secrets_of_the_environment_holds_none_of_them() -> None:
    long, short, lines = "canary-5ecre7-and-more", "canary-5ecre7", "line1-canary\nline2"
    text = f"{long} {short} {lines!r} abc"
    said = children.hidden(
        text,
        {"JWT_SECRET": short, "SESSION_SECRET": long, "DB_CA": lines, "DB_PASSWORD": "abc"},
    )
    assert said == "[SESSION_SECRET] [JWT_SECRET] '[DB_CA]' abc"


def failing(error: Exception) -> None:
    secret_of_the_frame = "canary-in-a-local"  # noqa: F841  (no traceback shows it)
    raise error


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyError("canary-5ecre7"), 1, "unexpected, and a fault of formerr itself: KeyError at "),
        (Refused("two of that name"), 3, "error: two of that name\n"),
        (SettingsError(["a", "b\x1b[2J"]), 2, "error: a\nb\N{REPLACEMENT CHARACTER}[2J\n"),
        (RecursionError("canary-5ecre7"), 1, "RecursionError"),
    ],
)
def test_no_error_is_a_traceback_and_of_an_unforeseen_one_nothing_is_repeated(
    error: Exception,
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("formerr_infra.cli.detect.assessment", lambda *_: failing(error))
    monkeypatch.setattr(sys, "argv", ["formerr", "detect"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code
    out, err = capsys.readouterr()
    assert said in err
    assert "Traceback" not in err
    assert "canary" not in out + err
    assert len(err.splitlines()) <= 2


def test_a_traceback_that_is_asked_for_has_neither_locals_nor_the_secrets_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JWT_SECRET", "canary-5ecre7")
    monkeypatch.setenv(ending.TRACEBACK, "1")
    monkeypatch.setattr("formerr_infra.cli.detect.assessment", lambda *_: failing(KeyError("canary-5ecre7")))
    monkeypatch.setattr(sys, "argv", ["formerr", "detect"])
    with pytest.raises(SystemExit):
        main()
    out, err = capsys.readouterr()
    assert "Traceback (most recent call last)" in err
    assert "KeyError: '[JWT_SECRET]'" in err
    assert "canary" not in (out + err).replace('"canary-in-a-local"', "").replace(
        'KeyError("canary-5ecre7")', ""
    )


def test_typer_shows_no_locals_either() -> None:
    assert app.pretty_exceptions_show_locals is False


def test_no_core_is_dumped_by_what_is_run_here_or_by_what_that_starts() -> None:
    code = (
        "import resource, subprocess, sys\nfrom formerr_infra import cores\ncores.none()\n"
        "print(*resource.getrlimit(resource.RLIMIT_CORE))\n"
        "subprocess.run([sys.executable, '-c', 'import resource; print(*resource.getrlimit(resource.RLIMIT_CORE))'])\n"
    )
    done = subprocess.run([sys.executable, "-u", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "0", "0", "0"]


def test_a_command_that_crashes_leaves_no_core_where_one_would_be_left(tmp_path: object) -> None:
    code = (
        "import os, sys\nfrom formerr_infra import cli\nimport formerr_infra.cli.app as app\n"
        "import formerr_infra.cli.detect as detect\ndetect.assessment = lambda *_: os.abort()\n"
        "sys.argv = ['formerr', 'detect']\napp.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=str(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=as_many_as_may_be,
    )
    assert done.returncode == -6
    assert os.listdir(str(tmp_path)) == []  # noqa: PTH208


def as_many_as_may_be() -> None:
    """Core dumps allowed, as far as the machine allows them."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


def test_where_the_limit_cannot_be_set_a_command_runs_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(resource, "setrlimit", refused)
    cores.none()
