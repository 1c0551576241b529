"""`formerr local ...` as a user and as a program types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING

import pytest

from formerr_infra.local.paths import CHECKOUT, LocalPaths
from formerr_infra.local.tools import REQUIRED, Toolbox
from tests.setup.toolbench import Silence, put

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Typed:
    """Types commands in a local folder of their own."""

    def __init__(self, folder: Path) -> None:
        bench = put(folder / "bin", "3.259.0")
        self.environ = os.environ | {
            "FORMERR_LOCAL_DIR": os.fspath(folder / "local"),
            "FORMERR_PLUGIN": "stand-in",
            "PATH": f"{bench}{os.pathsep}{os.environ['PATH']}",
        }

    def set_up(self) -> None:
        paths = LocalPaths.of(self.environ)
        box = Toolbox(paths, self.environ)
        for name in REQUIRED:
            box.ensure(name, Silence())
        box.remember()

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "formerr_infra.cli.local", *words], cwd=CHECKOUT, env=self.environ,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=90,
        )  # fmt: skip


@pytest.fixture(name="local")
def _local(tmp_path: Path) -> Iterator[Typed]:
    typed = Typed(tmp_path)
    yield typed
    typed("stop")


def test_start_status_and_stop_tell_what_runs(local: Typed) -> None:
    assert local("status").returncode == 13

    started = json.loads(local("start", "--json").stdout)
    status = local("status", "--json")
    stopped = json.loads(local("stop", "--json").stdout)

    assert started["started"]
    assert status.returncode == 0
    assert json.loads(status.stdout)["endpoint"] == started["endpoint"]
    assert stopped == {"stopped": True}
    assert json.loads(local("status", "--json").stdout)["running"] is False


def test_requests_tells_writes_from_reads_and_counts_from_the_mark(local: Typed) -> None:
    endpoint = json.loads(local("start", "--json").stdout)["endpoint"]

    def ask(method: str, body: dict[str, object] | None = None) -> None:
        request = urllib.request.Request(
            f"{endpoint}/v2/vpcs", method=method, data=json.dumps(body).encode() if body else None,
            headers={"Authorization": "Bearer local-token", "Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request) as answer:
            answer.read()

    ask("GET")
    ask("POST", {"name": "one", "region": "nyc3"})
    assert local("mark").returncode == 0
    ask("GET")

    def asked(*words: str) -> list[tuple[str, str]]:
        return [(r["method"], r["path"]) for r in json.loads(local("requests", "--json", *words).stdout)]

    assert asked() == [("GET", "/v2/vpcs"), ("POST", "/v2/vpcs"), ("GET", "/v2/vpcs")]
    assert asked("--writes") == [("POST", "/v2/vpcs")]
    assert asked("--since-mark") == [("GET", "/v2/vpcs")]
    assert asked("--writes", "--since-mark") == []
    shown = local("requests")
    assert "POST   /v2/vpcs -> 201" in shown.stdout
    assert "3 requests, 1 of them writes" in shown.stderr


def test_env_can_be_evaluated_and_read_by_a_program(local: Typed) -> None:
    local.set_up()
    endpoint = json.loads(local("start", "--json").stdout)["endpoint"]

    lines = local("env")
    parsed = json.loads(local("env", "--json").stdout)
    seen = subprocess.run(
        ["sh", "-euc", 'eval "$1"; echo "$DIGITALOCEAN_API_URL"', "sh", lines.stdout],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

    assert seen.strip() == endpoint == parsed["export"]["DIGITALOCEAN_API_URL"]
    assert "set -gx PULUMI_HOME" in local("env", "--shell", "fish").stdout


def test_env_exports_the_applications_secrets_unless_they_are_set_or_not_wanted(local: Typed) -> None:
    local.set_up()
    local("start")
    names = {"JWT_SECRET", "SESSION_SECRET", "GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET", "DB_PASSWORD"}

    exported = json.loads(local("env", "--json").stdout)["export"]
    without = json.loads(local("env", "--json", "--no-application").stdout)["export"]
    local.environ["JWT_SECRET"] = "the users own"
    own = local("env").stdout

    assert names <= set(exported)
    assert json.loads(local("env", "--json").stdout)["export"]["DB_PASSWORD"] == exported["DB_PASSWORD"]
    assert not names & set(without)
    assert "JWT_SECRET" not in own
    assert "the users own" not in own


@pytest.mark.parametrize("words", [("up",), ("start", "--application")])
def test_what_needs_clusters_says_what_to_set_up_or_to_leave_out(
    local: Typed, words: tuple[str, ...]
) -> None:
    local.set_up()

    done = local(*words)

    assert done.returncode == 7
    assert "make setup" in done.stderr
    assert "APPLICATION=no" in done.stderr
    assert "Traceback" not in done.stderr
    assert local("status").returncode == 13


def test_a_kubeconfig_of_a_digitalocean_without_clusters_is_refused(local: Typed) -> None:
    local.set_up()
    local("start")

    done = local("kubeconfig")

    assert done.returncode == 7
    assert "formerr local up" in done.stderr
    assert done.stdout == ""


def test_start_and_status_say_that_nothing_is_behind_the_clusters(local: Typed) -> None:
    started = local("start", "--no-application")

    assert "nothing" in started.stderr
    assert json.loads(local("status", "--json").stdout)["kubernetes"] is False
    assert "behind its clusters: nothing" in local("status").stdout


@pytest.mark.parametrize("command", ["env", "mark", "requests", "kubeconfig"])
def test_what_needs_it_running_says_how_to_start_it(local: Typed, command: str) -> None:
    done = local(command)

    assert done.returncode == 13
    assert "formerr local start" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_every_command_has_help(local: Typed) -> None:
    listed = local("--help").stdout
    for command in ("start", "stop", "status", "env", "requests", "mark", "up", "destroy", "kubeconfig"):
        assert command in listed
        assert len(local(command, "--help").stdout.splitlines()) > 5


@pytest.mark.serial
def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, formerr_infra.cli.local\n"
        "heavy = {'pulumi', 'pydo', 'pydantic', 'starlette', 'uvicorn', 'grpc', 'rich', 'azure'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_stopping_is_not_held_up(local: Typed) -> None:
    local("start")
    began = time.monotonic()

    local("stop")

    assert time.monotonic() - began < 10
