"""A command that somebody ends while the engine works: it ends in order, once, and says so by its code, read or not."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.local.paths import CHECKOUT
from tests.support.inprocess import TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient

#: Says what state and backend hold; as an operation it works until it is told to end, and notes how often that was.
PULUMI = """#!{python}
import os, signal, sys, time
words = " ".join(sys.argv[1:])
stack = sys.argv[sys.argv.index("--stack") + 1] if "--stack" in sys.argv else ""
heard = 0
def hear(*_):
    global heard
    heard += 1
def work():
    signal.signal(signal.SIGINT, hear)
    open("began", "a").write((stack or "-") + "\\n")
    until = time.monotonic() + 60
    while time.monotonic() < until and not heard:
        time.sleep(0.02)
    time.sleep(0.4)  # a second one would come by now
    open("heard", "a").write(str(heard) + "\\n")
if "stack export" in words:
    print(open("state.json").read().replace("STACK", stack))
elif "tag ls" in words:
    print('{{"formerr:expires": "2020-01-01T00:00:00Z"}}')
elif "stack ls" in words:
    if os.path.exists("slow"):
        work()
    print(open("stacks.json").read())
elif "whoami" in words or "login" in words:
    work()
    print('{{"user": "somebody", "url": "file:///nowhere"}}')
else:
    work()
"""
DESTROY = ("destroy", "staging", "--confirm", "staging")


@dataclass(frozen=True, slots=True)
class Bench:
    """A project with a VPC in its state, and two environments that are expired."""

    folder: Path
    environ: dict[str, str]

    def lines(self, name: str) -> list[str]:
        file = self.folder / name
        return file.read_text("utf-8").split() if file.exists() else []

    def ended(
        self, words: tuple[str, ...], leave: Callable[[subprocess.Popen[bytes]], None], **streams: Any
    ) -> int:
        """The exit code of a command that `leave` ends once the engine works."""
        process = subprocess.Popen(
            [sys.executable, "-m", "formerr_infra.cli.app", *words],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            **streams,
        )
        until = time.monotonic() + 60
        while not self.lines("began"):
            assert process.poll() is None, "it ended before the engine began"
            assert time.monotonic() < until
            time.sleep(0.02)
        leave(process)
        return process.wait(timeout=60)


@pytest.fixture
def bench(tmp_path: Path, cloud: ControlClient) -> Bench:
    vpc = cloud.put("vpcs", name="formerr-staging-vpc", region="nyc3", ip_range="10.20.0.0/16")
    kind = "digitalocean:index/vpc:Vpc"
    urn = f"urn:pulumi:STACK::formerr-infra::formerr:network:Network${kind}::vpc"
    resources = [{"urn": urn, "custom": True, "id": vpc["id"], "type": kind}]
    manifest = {"time": "0001-01-01T00:00:00Z"}
    state = {"version": 3, "deployment": {"manifest": manifest, "resources": resources}}
    (tmp_path / "state.json").write_text(json.dumps(state), "utf-8")
    stacks = [{"name": name, "resourceCount": 1, "updateInProgress": False} for name in ("pr-1", "pr-2")]
    (tmp_path / "stacks.json").write_text(json.dumps(stacks), "utf-8")
    for name in ("Pulumi.yaml", "Pulumi.staging.yaml"):
        shutil.copy(CHECKOUT / name, tmp_path)
    for name in ("pr-1", "pr-2"):
        shutil.copy(CHECKOUT / "Pulumi.staging.yaml", tmp_path / f"Pulumi.{name}.yaml")
    (tmp_path / "pulumi").write_text(PULUMI.format(python=sys.executable), "utf-8")
    (tmp_path / "pulumi").chmod(0o755)
    environ = {
        **os.environ,
        "PATH": f"{tmp_path}:/bin:/usr/bin",
        "DIGITALOCEAN_API_URL": cloud.endpoint,
        "DIGITALOCEAN_TOKEN": TOKEN,
        "FORMERR_LOCAL": "1",
    }
    return Bench(tmp_path, environ)


def ctrl_c(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)


def test_a_reader_that_a_ctrl_c_ends_too_changes_neither_the_end_nor_its_code(bench: Bench) -> None:
    """`formerr destroy staging 2>&1 | tee log`."""

    def leave(process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        process.stdout.close()
        ctrl_c(process)

    code = bench.ended(DESTROY, leave, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert (code, bench.lines("heard")) == (130, ["1"])


@pytest.mark.parametrize("words", [DESTROY, ("env", "remove", "pr-1", "--yes")], ids=" ".join)
def test_a_terminal_that_goes_away_interrupts_the_engine_once(bench: Bench, words: tuple[str, ...]) -> None:
    near, far = pty.openpty()

    def leave(process: subprocess.Popen[bytes]) -> None:
        os.close(far)
        os.close(near)
        process.send_signal(signal.SIGHUP)

    code = bench.ended(words, leave, stdout=far, stderr=far)
    assert (code, bench.lines("heard")) == (130, ["1"])


def test_a_ctrl_c_ends_a_sweep_and_says_what_was_swept_until_then(bench: Bench) -> None:
    with (bench.folder / "out").open("wb") as out, (bench.folder / "err").open("wb") as err:
        code = bench.ended(("env", "sweep", "--yes", "--json"), ctrl_c, stdout=out, stderr=err)
    said = (bench.folder / "err").read_text("utf-8")
    assert (code, bench.lines("began")) == (130, ["pr-1"]), said
    for word in ("pr-1", "interrupted", "Swept until then: none"):
        assert word in said, said
    assert json.loads((bench.folder / "out").read_text("utf-8"))["swept"] == []


@pytest.mark.parametrize(
    "words",
    [
        ("env", "list"),
        ("env", "extend", "pr-1"),
        ("images", "list", "staging"),
        ("state", "init", "elsewhere"),
    ],
    ids=" ".join,
)
def test_an_interrupted_question_to_the_engine_ends_the_command(
    bench: Bench, cloud: ControlClient, words: tuple[str, ...]
) -> None:
    cloud.put("registries", name="formerr-staging")
    (bench.folder / "slow").touch()
    with (bench.folder / "err").open("wb") as err:
        code = bench.ended(words, ctrl_c, stdout=err, stderr=err)
    assert (code, bench.lines("heard")) == (130, ["1"]), (bench.folder / "err").read_text("utf-8")
