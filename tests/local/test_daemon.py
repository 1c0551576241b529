"""The process of the local DigitalOcean: started once, found again, never mistaken, stopped for good."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from formerr_infra.emulator.client import ControlClient
from formerr_infra.errors import NotLoopback
from formerr_infra.local import process
from formerr_infra.local.daemon import Daemon, LocalNotRunning
from formerr_infra.local.paths import CHECKOUT, LocalPaths

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(name="daemon")
def _daemon(tmp_path: Path) -> Iterator[Daemon]:
    environ = os.environ | {"FORMERR_LOCAL_DIR": os.fspath(tmp_path / "a folder")}
    daemon = Daemon(LocalPaths.of(environ), environ, CHECKOUT / ".venv" / "bin" / "python")
    yield daemon
    daemon.stop()


def test_it_answers_when_start_returns_and_is_gone_when_stop_does(daemon: Daemon) -> None:
    running, new = daemon.start()
    assert new
    assert ControlClient(running.endpoint).list("vpcs") is not None
    assert daemon.running() == running

    assert daemon.stop()

    assert daemon.running() is None
    assert not process.is_same(running.pid, running.born)
    assert not daemon.stop()


def test_a_second_start_finds_the_first(daemon: Daemon) -> None:
    first, _ = daemon.start()

    second, new = daemon.start()

    assert (second, new) == (first, False)


def test_starts_at_once_start_it_once(daemon: Daemon) -> None:
    found: list[tuple[int, bool]] = []

    def start() -> None:
        running, new = daemon.start()
        found.append((running.pid, new))

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({pid for pid, _ in found}) == 1
    assert sorted(new for _, new in found) == [False, False, True]


def test_account_and_port_survive_a_restart(daemon: Daemon) -> None:
    first, _ = daemon.start()
    ControlClient(first.endpoint).put("vpcs", name="kept", region="nyc3", ip_range="10.99.0.0/20")
    daemon.stop()

    second, _ = daemon.start()

    assert second.endpoint == first.endpoint
    assert "kept" in {vpc["name"] for vpc in ControlClient(second.endpoint).list("vpcs")}


def test_account_survives_a_kill(daemon: Daemon) -> None:
    first, _ = daemon.start()
    ControlClient(first.endpoint).put("vpcs", name="kept", region="nyc3", ip_range="10.99.0.0/20")
    os.kill(first.pid, signal.SIGKILL)
    while process.is_same(first.pid, first.born):
        time.sleep(0.01)

    assert daemon.running() is None
    second, new = daemon.start()

    assert new
    assert "kept" in {vpc["name"] for vpc in ControlClient(second.endpoint).list("vpcs")}


def test_it_outlives_the_process_that_started_it(daemon: Daemon) -> None:
    code = (
        "import os\n"
        "from formerr_infra.local.daemon import Daemon\n"
        "from formerr_infra.local.paths import LocalPaths\n"
        "import pathlib, sys\n"
        "Daemon(LocalPaths.of(), os.environ, pathlib.Path(sys.executable)).start()\n"
    )
    subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, env=dict(daemon.environ), check=True, timeout=60
    )

    assert daemon.running() is not None


def test_another_process_with_the_recorded_number_is_left_alone(daemon: Daemon) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        there = process.look(other.pid)
        assert there is not None
        for born in (there.born, "another time"):
            record = daemon.paths.run / "emulator.json"
            record.parent.mkdir(parents=True, exist_ok=True)
            record.write_text(
                json.dumps({"pid": other.pid, "born": born, "endpoint": "http://127.0.0.1:1", "log": "x"}),
                "utf-8",
            )
            assert daemon.running() is None
            assert not daemon.stop()
            assert other.poll() is None
        other.kill()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}', "null"])
def test_a_record_that_cannot_be_read_is_no_record(daemon: Daemon, text: str) -> None:
    daemon.paths.run.mkdir(parents=True)
    (daemon.paths.run / "emulator.json").write_text(text, "utf-8")

    assert daemon.running() is None
    assert not daemon.stop()


def test_an_endpoint_that_is_not_loopback_is_refused(daemon: Daemon) -> None:
    daemon.start()
    record = daemon.paths.run / "emulator.json"
    facts = json.loads(record.read_text("utf-8"))
    record.write_text(json.dumps(facts | {"endpoint": "https://api.digitalocean.com"}), "utf-8")

    with pytest.raises(NotLoopback):
        daemon.require()


def test_what_it_says_when_it_cannot_start_reaches_the_user(daemon: Daemon) -> None:
    daemon.paths.local_dir.mkdir(parents=True)
    daemon.paths.account.mkdir()

    with pytest.raises(LocalNotRunning, match="The end of"):
        daemon.start()

    assert daemon.running() is None


def test_nothing_about_a_real_account_reaches_it(daemon: Daemon) -> None:
    private = {"DIGITALOCEAN_TOKEN": "real", "PULUMI_ACCESS_TOKEN": "real"}
    told = Daemon(daemon.paths, daemon.environ | private, daemon.python)  # type: ignore[operator]  # a dict
    running, _ = told.start()

    if sys.platform == "linux":
        seen = Path(f"/proc/{running.pid}/environ").read_bytes()
        assert b"=real" not in seen


def test_a_process_that_ended_but_was_not_collected_counts_as_ended() -> None:
    child = subprocess.Popen(["true"])
    there = process.look(child.pid)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert process.look(child.pid) is None
    assert there is None or not process.is_same(child.pid, there.born)
    child.wait()


def test_a_process_that_will_not_end_is_made_to() -> None:
    code = "import signal, sys; signal.signal(15, signal.SIG_IGN); print('up', flush=True); signal.pause()"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        there = process.look(child.pid)
        assert there is not None

        assert process.end(child.pid, there.born, patience=0.2)
        assert child.wait() == -signal.SIGKILL


# -- with clusters -------------------------------------------------------------------------------------------

STUB = """
import http.server, json, os, pathlib, sys

words = sys.argv[1:]
given = dict(zip(words[::2], words[1::2]))


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(given["--port"])), Answer)
print("kubernetes", given.get("--kubernetes"), "KUBECONFIG" in os.environ, flush=True)
ready = {"endpoint": "http://127.0.0.1:%d" % server.server_address[1], "pid": os.getpid()}
pathlib.Path(given["--ready-file"]).write_text(json.dumps(ready))
server.serve_forever()
"""


@pytest.fixture(name="told")
def _told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    """A daemon whose program only tells what it was started with."""
    (tmp_path / "stub_digitalocean.py").write_text(STUB, "utf-8")
    monkeypatch.setattr("formerr_infra.local.daemon.MODULE", "stub_digitalocean")
    environ = os.environ | {
        "FORMERR_LOCAL_DIR": os.fspath(tmp_path / "local"),
        "PYTHONPATH": os.fspath(tmp_path),
        "KUBECONFIG": "/the/users/own",
    }
    daemon = Daemon(LocalPaths.of(environ), environ, CHECKOUT / ".venv" / "bin" / "python")
    yield daemon
    daemon.stop()


def test_the_programs_of_clusters_are_handed_on_and_remembered(told: Daemon, tmp_path: Path) -> None:
    running, _ = told.start(kubernetes=tmp_path)

    assert running.kubernetes == os.fspath(tmp_path)
    assert told.running() == running
    assert f"kubernetes {tmp_path} False" in told.log.read_text("utf-8")


def test_without_clusters_nothing_is_said_of_them(told: Daemon) -> None:
    running, _ = told.start()

    assert running.kubernetes == ""
    assert "kubernetes None False" in told.log.read_text("utf-8")


def test_one_without_clusters_is_started_anew_where_they_are_needed_and_keeps_its_port(
    told: Daemon, tmp_path: Path
) -> None:
    before, _ = told.start()

    after, new = told.start(kubernetes=tmp_path)

    assert new
    assert (after.pid != before.pid, after.endpoint) == (True, before.endpoint)
    assert process.look(before.pid) is None
    assert told.start(kubernetes=tmp_path) == (after, False)


def test_one_with_clusters_serves_whoever_needs_none(told: Daemon, tmp_path: Path) -> None:
    with_them, _ = told.start(kubernetes=tmp_path)

    assert told.start() == (with_them, False)


def test_a_record_of_an_older_version_is_one_without_clusters(told: Daemon) -> None:
    running, _ = told.start()
    record = told.paths.run / "emulator.json"
    facts = json.loads(record.read_text("utf-8"))
    del facts["kubernetes"]
    record.write_text(json.dumps(facts), "utf-8")

    assert told.running() == running
