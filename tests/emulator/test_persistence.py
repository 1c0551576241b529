"""The state file and the process: what was answered survives, and nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from formerr_infra.emulator.serve import NotLoopback, bind
from formerr_infra.emulator.server import EmulatorFailed, EmulatorServer
from tests.emulator import things
from tests.emulator.conftest import bearer

CHECKOUT = Path(__file__).resolve().parents[2]


def client(server: EmulatorServer) -> httpx.Client:
    return httpx.Client(base_url=server.endpoint, headers=bearer(), trust_env=False)


def test_what_was_answered_survives_sigkill(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    first = EmulatorServer(state_file=state, seed=3).start()
    with client(first) as api:
        vpc = things.made(api.post("/v2/vpcs", json=things.vpc()))
        cluster = things.made(api.post("/v2/kubernetes/clusters", json=things.cluster(vpc_uuid=vpc["id"])))
        first.control.account(token="second", name="second", scopes=["vpc:read"])
        balancer = things.made(api.post("/v2/load_balancers", json=things.balancer()))
        first.kill()
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    with EmulatorServer(state_file=state) as second, client(second) as api:
        assert things.made(api.get(f"/v2/vpcs/{vpc['id']}")) == vpc
        assert things.made(api.get(f"/v2/kubernetes/clusters/{cluster['id']}")) == cluster
        assert things.made(api.get(f"/v2/load_balancers/{balancer['id']}")) == balancer
        assert api.get("/v2/account", headers=bearer("second")).status_code == 403
        later = things.made(api.post("/v2/vpcs", json=things.vpc("w")))
        assert later["id"] not in {vpc["id"], cluster["id"]}


def test_a_transition_goes_on_after_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with EmulatorServer(state_file=state, transition_seconds=60) as server, client(server) as api:
        made = things.made(api.post("/v2/kubernetes/clusters", json=things.cluster()))
    with EmulatorServer(state_file=state) as server, client(server) as api:
        path = f"/v2/kubernetes/clusters/{made['id']}"
        assert things.made(api.get(path))["status"]["state"] == "provisioning"
        server.control.advance(61)
        assert things.made(api.get(path))["status"]["state"] == "running"


def test_a_state_is_saved_and_loaded_by_the_control_plane(tmp_path: Path) -> None:
    with EmulatorServer() as server:
        control = server.control
        control.put("vpcs", name="kept")
        before = control.list("vpcs")
        path = control.save(str(tmp_path / "saved.json"))
        control.reset()
        assert control.list("vpcs") != before
        control.load(path)
        assert control.list("vpcs") == before


def test_a_state_file_serves_one_emulator_at_a_time(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with EmulatorServer(state_file=state), pytest.raises(EmulatorFailed, match="in use"):
        EmulatorServer(state_file=state).start()


def test_a_broken_state_file_stops_the_start_and_is_left_alone(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text('{"format": 0}')
    with pytest.raises(EmulatorFailed, match="not a state file"):
        EmulatorServer(state_file=state).start()
    assert state.read_text() == '{"format": 0}'


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.com"])
def test_only_loopback_is_listened_on(host: str) -> None:
    with pytest.raises(NotLoopback):
        bind(host, 0)
    command = [sys.executable, "-m", "formerr_infra.emulator", "--host", host]
    ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=20, check=False)
    assert (ended.returncode, "loopback" in ended.stderr) == (2, True)


def test_sigterm_stops_at_once_even_with_a_request_under_way(tmp_path: Path) -> None:
    server = EmulatorServer().start()
    server.control.fault("GET", "/v2/account", hang=True)
    with client(server) as api, pytest.raises(httpx.ReadTimeout):
        api.get("/v2/account", timeout=0.2)
    pid = server.pid
    started = time.monotonic()
    server.stop()
    assert time.monotonic() - started < 2
    assert not alive(pid)


def test_the_emulator_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = (
        "from formerr_infra.emulator.server import EmulatorServer\n"
        "server = EmulatorServer().start()\n"
        "print(server.pid, flush=True)\n"
        "import time; time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert alive(pid)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while alive(pid):
        assert time.monotonic() < deadline, "the emulator outlived its parent"
        time.sleep(0.02)


def test_the_ready_file_tells_where_it_is_and_goes_away(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "formerr_infra.emulator", "--ready-file", str(ready)]
    process = subprocess.Popen(command, cwd=CHECKOUT)
    deadline = time.monotonic() + 20
    while not ready.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    told = json.loads(ready.read_text())
    assert told["pid"] == process.pid
    assert told["endpoint"].startswith("http://127.0.0.1:")
    assert httpx.get(f"{told['endpoint']}/v2/account", headers=bearer(), trust_env=False).status_code == 200
    process.terminate()
    assert process.wait(timeout=5) == 0
    assert not ready.exists()


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state not in "ZX"
