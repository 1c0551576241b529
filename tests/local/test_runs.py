"""A stack on the local DigitalOcean, by the real engine: the checkout stays as it was."""

from __future__ import annotations

import io
import json
import os
import shutil
import socket
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from formerr_infra.engine import EngineFailed
from formerr_infra.errors import SetupError
from formerr_infra.local import summary
from formerr_infra.local.daemon import Daemon
from formerr_infra.local.paths import CHECKOUT, LocalPaths
from formerr_infra.local.runs import LocalRun, checkpoint, interpreter, needs_clusters
from formerr_infra.local.tools import REQUIRED, Toolbox
from tests.setup.toolbench import Silence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STACK_FILE = "config:\n  formerr-infra:region: nyc3\n"
PROJECT = """
name: formerr-infra
runtime:
  name: python
  options:
    toolchain: pip
    virtualenv: .venv
"""
PROGRAM = """
import pulumi

config = pulumi.Config("formerr-infra")
if config.get("fail"):
    raise RuntimeError("as asked")
pulumi.export("region", config.require("region"))
pulumi.export("decisions", {"vpc": {"outcome": "CREATE", "row": 17}})
"""


@pytest.fixture(name="checkout", scope="module")
def _checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a checkout")
    (folder / "Pulumi.yaml").write_text(PROJECT, "utf-8")
    (folder / "Pulumi.staging.yaml").write_text(STACK_FILE, "utf-8")
    (folder / "__main__.py").write_text(PROGRAM, "utf-8")
    (folder / ".venv").symlink_to(CHECKOUT / ".venv")
    return folder


@pytest.fixture(name="run", scope="module")
def _run(checkout: Path) -> Iterator[LocalRun]:
    environ = os.environ | {"FORMERR_PLUGIN": "stand-in", "FORMERR_RELEASE_URL": "http://127.0.0.1:9"}
    paths = LocalPaths.of(
        environ | {"FORMERR_LOCAL_DIR": os.fspath(checkout / ".formerr")}, checkout=checkout
    )
    box = Toolbox(paths, environ)
    for name in REQUIRED:
        box.ensure(name, Silence())
    box.remember()
    yield LocalRun.prepare(paths, environ)
    Daemon(paths, environ, interpreter(paths)).stop()


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and not path.is_symlink()
    }


@pytest.mark.engine
def test_a_stack_goes_up_twice_and_down_and_the_checkout_stays_as_it_was(
    run: LocalRun, checkout: Path
) -> None:
    before = _files(checkout)

    run.up("staging")
    first = run.outputs("staging")
    run.up("staging")
    again = run.outputs("staging")
    run.destroy("staging")

    assert first == again == {"region": "nyc3", "decisions": {"vpc": {"outcome": "CREATE", "row": 17}}}
    assert run.outputs("staging") == {}
    assert _files(checkout) == before
    assert "encryptionsalt: " in (run.paths.config / "Pulumi.staging.yaml").read_text("utf-8")


@pytest.mark.engine
def test_a_change_of_the_checkouts_stack_file_reaches_the_next_run(run: LocalRun, checkout: Path) -> None:
    file = checkout / "Pulumi.staging.yaml"
    file.write_text(STACK_FILE.replace("nyc3", "ams3"), "utf-8")
    try:
        run.up("staging")
        assert run.outputs("staging")["region"] == "ams3"
    finally:
        file.write_text(STACK_FILE, "utf-8")


@pytest.mark.engine
def test_the_lock_of_a_run_that_was_killed_does_not_stop_the_next(run: LocalRun) -> None:
    run.init("staging")
    ended = subprocess.Popen(["true"])
    ended.wait()
    lock = run.paths.state / ".pulumi" / "locks" / "organization" / "formerr-infra" / "staging" / "dead.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    facts = {
        "pid": ended.pid,
        "username": "u",
        "hostname": socket.gethostname(),
        "timestamp": "2026-01-01T00:00:00Z",
    }
    lock.write_text(json.dumps(facts), "utf-8")

    run.up("staging")

    assert not lock.exists()


@pytest.mark.engine
def test_the_lock_of_a_run_that_lives_is_respected(run: LocalRun) -> None:
    run.init("staging")
    lock = run.paths.state / ".pulumi" / "locks" / "organization" / "formerr-infra" / "staging" / "alive.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    facts = {
        "pid": os.getpid(),
        "username": "u",
        "hostname": socket.gethostname(),
        "timestamp": "2026-01-01T00:00:00Z",
    }
    lock.write_text(json.dumps(facts), "utf-8")
    try:
        with pytest.raises(EngineFailed):
            run.up("staging")
        assert lock.exists()
    finally:
        lock.unlink()


@pytest.mark.engine
def test_a_program_that_fails_fails_the_run(run: LocalRun, checkout: Path) -> None:
    file = checkout / "Pulumi.staging.yaml"
    file.write_text(STACK_FILE + "  formerr-infra:fail: true\n", "utf-8")
    try:
        with pytest.raises(EngineFailed) as failed:
            run.up("staging")
    finally:
        file.write_text(STACK_FILE, "utf-8")
    assert failed.value.exit_code == 14


@pytest.mark.engine
def test_the_summary_shows_decisions_and_outputs(run: LocalRun) -> None:
    run.up("staging")
    console = Console(width=200, record=True, file=io.StringIO())

    summary.show(run, "staging", console)

    text = console.export_text()
    for word in ("Decisions", "vpc", "CREATE", "17", "region", "nyc3", run.running.endpoint, "stand-in"):
        assert word in text


def test_a_stack_without_a_file_is_refused(run: LocalRun) -> None:
    with pytest.raises(SetupError, match=r"no Pulumi\.nowhere\.yaml"):
        run.init("nowhere")


def test_without_set_up_the_command_to_run_is_named(tmp_path: Path) -> None:
    environ = os.environ | {"FORMERR_LOCAL_DIR": os.fspath(tmp_path)}

    with pytest.raises(SetupError, match="make setup"):
        LocalRun.prepare(LocalPaths.of(environ), environ)


WITHOUT = "config:\n  formerr-infra:deployApplication: false\n"


@pytest.mark.parametrize(
    ("stack_file", "application", "held", "expected"),
    [
        (STACK_FILE, True, (), True),
        (STACK_FILE, False, (), False),
        (WITHOUT, True, (), False),
        (STACK_FILE, False, ("kubernetes:core/v1:Namespace",), True),
        (WITHOUT, True, ("kubernetes:core/v1:Namespace",), True),
        (STACK_FILE, False, ("pulumi:providers:kubernetes", "digitalocean:index/vpc:Vpc"), False),
    ],
)
def test_clusters_are_needed_to_bring_the_application_up_and_to_take_it_down(
    tmp_path: Path, stack_file: str, held: tuple[str, ...], *, application: bool, expected: bool
) -> None:
    paths = LocalPaths.of({"HOME": os.fspath(tmp_path)}, checkout=tmp_path)
    (tmp_path / "Pulumi.staging.yaml").write_text(stack_file, "utf-8")
    if held:
        state = checkpoint(paths, "staging")
        state.parent.mkdir(parents=True)
        resources = [{"urn": f"urn:{kind}", "type": kind} for kind in held]
        state.write_text(json.dumps({"checkpoint": {"latest": {"resources": resources}}}), "utf-8")

    assert needs_clusters(paths, "staging", application=application) is expected


@pytest.mark.parametrize("text", ["", "{", "[]", '{"checkpoint": null}', '{"checkpoint": {"latest": {}}}'])
def test_a_state_without_resources_needs_no_clusters(tmp_path: Path, text: str) -> None:
    paths = LocalPaths.of({"HOME": os.fspath(tmp_path)}, checkout=tmp_path)
    state = checkpoint(paths, "staging")
    state.parent.mkdir(parents=True)
    state.write_text(text, "utf-8")

    assert not needs_clusters(paths, "staging", application=False)


def test_without_the_programs_of_a_cluster_what_to_run_and_what_to_leave_out_is_said(
    run: LocalRun, tmp_path: Path
) -> None:
    environ = dict(run.environ) | {"FORMERR_LOCAL_DIR": os.fspath(tmp_path)}
    paths = LocalPaths.of(environ)
    box = Toolbox(paths, environ)
    for name in REQUIRED:
        box.ensure(name, Silence())
    box.remember()

    with pytest.raises(SetupError, match=r"make setup(.|\n)*APPLICATION=no"):
        LocalRun.prepare(paths, environ, clusters=True)


@pytest.mark.engine
def test_a_run_without_the_application_says_so_in_the_copy_of_the_stack_file_alone(
    run: LocalRun, checkout: Path
) -> None:
    without = run.init("staging").read_text("utf-8")
    with_it = replace(run, application=True).init("staging").read_text("utf-8")

    assert "formerr-infra:deployApplication: false" in without
    assert "deployApplication" not in with_it
    assert (checkout / "Pulumi.staging.yaml").read_text("utf-8") == STACK_FILE


def test_git_sees_nothing_of_local_mode() -> None:
    git = shutil.which("git")
    assert git is not None
    for name in (".formerr/state/x", ".venv/bin/python"):
        done = subprocess.run([git, "check-ignore", "-q", name], cwd=CHECKOUT, check=False)
        assert done.returncode == 0, name
