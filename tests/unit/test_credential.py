"""The credential of a cluster: fresh, from any Python, and with a reason where there is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra import credential
from formerr_infra.inventory import Access
from formerr_infra.inventory.facts import Unknown
from formerr_infra.kubernetes import reading
from formerr_infra.local.paths import CHECKOUT
from tests.support.service import service
from tests.support.web import serving

if TYPE_CHECKING:
    import socket

SCRIPT = CHECKOUT / "formerr_infra" / "credential.py"
TOKEN = "tok-3f9a0c"
GOOD = {"server": "https://127.0.0.1:1", "certificate_authority_data": "Y2E=", "token": "t0k3n", "expires_at": "2026-01-01T00:00:00Z"}  # fmt: skip


def run(endpoint: str, token: str | None = TOKEN, *, client: bool = True) -> tuple[int, Any, str]:
    """As a client of the API server starts it: exit code, what it printed, what it complained."""
    environment = {"PATH": os.environ["PATH"]} | ({"DIGITALOCEAN_TOKEN": token} if token is not None else {})
    if client:
        environment["KUBERNETES_EXEC_INFO"] = "{}"
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), "--cluster", "k-1", "--endpoint", endpoint],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert token is None or token.strip() not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def test_it_is_what_a_client_expects_and_asks_for_a_short_life() -> None:
    with service((200, GOOD)) as api:
        code, made, _ = run(api.endpoint)
    assert code == 0
    assert made["apiVersion"] == "client.authentication.k8s.io/v1"
    assert made["kind"] == "ExecCredential"
    assert made["status"] == {"token": "t0k3n", "expirationTimestamp": "2026-01-01T00:00:00Z"}
    ((path, sent),) = api.asked
    assert path == "/v2/kubernetes/clusters/k-1/credentials?expiry_seconds=1200"
    assert sent == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((401, {}), "refuses the token (401)"),
        ((403, {}), "kubernetes:access_cluster"),
        ((404, {}), "PULUMI_K8S_DELETE_UNREACHABLE=true"),
        ((418, {}), "418"),
        ((503, {}), "503"),
        ((200, b"<html>"), "not JSON"),
        ((200, b"[" * 100_000), "not JSON"),
        ((200, []), "no credential"),
        ((200, {}), "without a credential"),
        ((200, GOOD | {"token": "two\nlines"}), "without a credential"),
        ((200, {"client_certificate_data": "%%%", "client_key_data": "eA=="}), "not base64"),
    ],
)
def test_where_there_is_none_the_reason_is_said_where_it_is_shown(
    answer: tuple[int, Any], words: str
) -> None:
    with service(answer) as api:
        code, made, complaint = run(api.endpoint)
        assert code == 0
        assert words in made["kind"]
        assert made["kind"].startswith("no credential: ")
        assert "status" not in made
        assert words in complaint
        code, made, complaint = run(api.endpoint, client=False)
        assert (code, made) == (1, None)
        assert words in complaint


def test_what_may_pass_is_asked_again() -> None:
    with service((503, {}), (429, {}), (200, GOOD)) as api:
        assert run(api.endpoint)[1]["status"]["token"] == "t0k3n"
    assert len(api.asked) == 3


@pytest.mark.parametrize(
    "endpoint", ["http://192.0.2.1", "http://127.0.0.1.example.invalid", "ftp://x", "https://a@b"]
)
def test_the_token_goes_nowhere_but_by_https_or_to_this_machine(endpoint: str) -> None:
    assert "is expected" in run(endpoint)[2]


@pytest.mark.parametrize("token", [None, "with space", "x\ny"])
def test_without_a_token_nothing_is_asked(token: str | None) -> None:
    with service((200, GOOD)) as api:
        _, made, _ = run(api.endpoint, token)
    assert made["kind"].startswith("no credential: ")
    assert api.asked == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": None},
        {"token": "two\nlines"},
        {"certificate_authority_data": ""},
        {"certificate_authority_data": "%%"},
        {"certificate_authority_data": None},
        {"server": ""},
    ],
)
def test_what_does_not_open_a_cluster_is_unknown_and_its_token_is_not_shown(wrong: dict[str, Any]) -> None:
    with service((200, GOOD | wrong)) as api:
        found = reading.reach(Access(api.endpoint, TOKEN, local=True), "k-1")
    assert isinstance(found, Unknown)
    assert "t0k3n" not in found.reason
    assert "lines" not in found.reason


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"])
def test_an_answer_that_drips_is_given_up_in_time(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte ends a silence, so that only the time of all of it counts."""
    monkeypatch.setattr(credential, "WITHIN", 0.4)

    def drip(connection: socket.socket, _host: str, _path: str) -> None:
        connection.sendall(head)
        for _ in range(200):
            connection.sendall(b"{")
            time.sleep(0.02)

    began = time.monotonic()
    with serving(drip) as site, pytest.raises(credential.NoCredentialError, match="TimeoutError"):
        credential.ask(f"http://127.0.0.1:{site.port}", "k-1", TOKEN)
    assert time.monotonic() - began < 2
