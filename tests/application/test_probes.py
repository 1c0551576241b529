"""The backend's probes, run as the kubelet runs them, against a real server that answers as the backend does."""

from __future__ import annotations

import http.server
import json
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest

from formerr_infra.application.workloads import liveness_command, readiness_command
from tests.support.kube import workloads
from tests.support.plans import objects, plan

if TYPE_CHECKING:
    from collections.abc import Iterator


class Backend(http.server.BaseHTTPRequestHandler):
    """/health as told; every other path is not there."""

    status = 200
    body: bytes = b""

    def do_GET(self) -> None:
        health = self.path == "/health"
        self.send_response(self.status if health else 404)
        self.end_headers()
        self.wfile.write(self.body if health else b"{}")

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def backend() -> Iterator[tuple[type[Backend], int]]:
    handler = type("Told", (Backend,), {})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield handler, server.server_port
        server.shutdown()
        thread.join()


def code(command: list[str]) -> int:
    return subprocess.run(command, capture_output=True, timeout=30, check=False).returncode


@pytest.mark.parametrize(
    ("status", "body", "ready"),
    [
        (200, json.dumps({"status": "healthy"}), True),
        (200, json.dumps({"status": "ok", "database": "connected"}), True),
        (200, json.dumps({"status": "unhealthy"}), False),
        (200, json.dumps({"status": "unhealthy", "database": "disconnected"}), False),
        (503, json.dumps({"status": "healthy"}), False),
        (200, "not json", False),
        (200, "[]", False),
        (200, "", False),
    ],
)
def test_ready_is_what_health_says(
    backend: tuple[type[Backend], int], status: int, body: str, ready: bool
) -> None:
    handler, port = backend
    handler.status, handler.body = status, body.encode()
    assert (code(readiness_command(port)) == 0) is ready


def test_alive_is_also_who_is_not_ready(backend: tuple[type[Backend], int]) -> None:
    handler, port = backend
    handler.status, handler.body = 200, b'{"status": "unhealthy"}'
    assert code(liveness_command(port)) == 0
    handler.status = 500
    assert code(liveness_command(port)) == 0


def test_who_does_not_answer_is_neither() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        began = time.monotonic()
        assert code(readiness_command(port)) != 0
        assert code(liveness_command(port)) != 0
        assert time.monotonic() - began > 2  # both waited for an answer: it listens
    assert code(readiness_command(port)) != 0
    assert code(liveness_command(port)) != 0


def test_the_probes_give_up_before_the_kubelet_does_it_for_them() -> None:
    for manifest, found in workloads(objects(plan())):
        if manifest["metadata"]["name"] == "formerr-backend":
            [container] = found["spec"]["containers"]
            assert container["readinessProbe"]["exec"]["command"] == readiness_command()
            assert container["livenessProbe"]["exec"]["command"] == liveness_command()
            assert "timeout=4" in readiness_command()[-1]
            assert container["readinessProbe"]["timeoutSeconds"] > 4
            assert container["livenessProbe"]["timeoutSeconds"] > 4
