"""A kubeconfig of a local cluster: private, for this machine only, and explained where there is none."""

from __future__ import annotations

import json
import stat
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
import yaml

from formerr_infra.errors import NotLoopback, SetupError
from formerr_infra.local import kubeconfig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOLD = {
    "server": "https://127.0.0.1:6443",
    "certificate_authority_data": "Y2E=",
    "token": "opens",
    "expires_at": "2030-01-01T00:00:00Z",
    "client_certificate_data": None,
}


@contextmanager
def answering(status: int, body: object) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """A DigitalOcean that gives one answer; its endpoint and what it was asked, with the token."""
    asked: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("Authorization")))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_what_doks_hands_out_becomes_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    with answering(200, TOLD) as (endpoint, asked):
        access = kubeconfig.fetch(endpoint, "c-1")
    file = kubeconfig.write(tmp_path / "kubeconfig" / "staging.yaml", access, "formerr-staging-cluster")

    assert asked == [("/v2/kubernetes/clusters/c-1/credentials?expiry_seconds=43200", "Bearer local-token")]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    read = yaml.safe_load(file.read_text("utf-8"))
    context = read["contexts"][0]["context"]
    assert read["current-context"] == read["contexts"][0]["name"]
    assert context["cluster"] == read["clusters"][0]["name"]
    assert read["clusters"][0]["cluster"] == {
        "server": "https://127.0.0.1:6443",
        "certificate-authority-data": "Y2E=",
    }
    assert read["users"][0] == {"name": context["user"], "user": {"token": "opens"}}


def test_a_later_file_replaces_the_earlier_one(tmp_path: Path) -> None:
    access = kubeconfig.Access("https://127.0.0.1:1", "Y2E=", "one", "then")
    file = kubeconfig.write(tmp_path / "staging.yaml", access, "c")
    file.chmod(0o644)

    kubeconfig.write(file, access, "c")

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["staging.yaml"]


def test_a_cluster_elsewhere_is_refused() -> None:
    told = TOLD | {"server": "https://abc.k8s.ondigitalocean.com"}
    with answering(200, told) as (endpoint, _), pytest.raises(NotLoopback, match="c-1"):
        kubeconfig.fetch(endpoint, "c-1")


def test_a_digitalocean_elsewhere_is_not_asked() -> None:
    with pytest.raises(NotLoopback):
        kubeconfig.fetch("https://api.digitalocean.com", "c-1")


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (404, {"id": "not_found"}, "formerr local up"),
        (500, {"message": "out of order"}, r"answer 500.*out of order"),
        (200, {"server": "https://127.0.0.1:1"}, "answer 200"),
        (200, ["no"], "answer 200"),
    ],
)
def test_what_is_no_access_is_explained(status: int, body: object, said: str) -> None:
    with answering(status, body) as (endpoint, _), pytest.raises(SetupError, match=said):
        kubeconfig.fetch(endpoint, "c-1")


def test_a_digitalocean_that_does_not_answer_is_said() -> None:
    with answering(200, TOLD) as (endpoint, _):
        pass

    with pytest.raises(SetupError, match="gave no credentials"):
        kubeconfig.fetch(endpoint, "c-1")
