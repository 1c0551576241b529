"""What must never happen: the stand-in outside local mode, an endpoint elsewhere, a token in a message."""

from __future__ import annotations

import http.server
import subprocess
import threading
from typing import TYPE_CHECKING, ClassVar

import pytest

from tests.standin.wire import TOKEN, Wire, command, environment, error_of, started

if TYPE_CHECKING:
    from collections.abc import Iterator

VPC = "digitalocean:index/vpc:Vpc"
ELSEWHERE = (
    "https://api.digitalocean.com",
    "http://10.0.0.1:8080",
    "http://0.0.0.0:8080",
    "http://127.0.0.1.example.com",
    "http://localhost.example.com",
    "http://[fe80::1]:80",
    "http://user@192.0.2.7",
    "file:///etc/passwd",
    "127.0.0.1:8080",
)


def refused(given: dict[str, str]) -> str:
    """Start the plugin, which must end by itself; what it says."""
    done = subprocess.run(
        command(),
        env=given,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == "", "a port was offered to the engine"
    assert "Traceback" not in done.stderr
    assert TOKEN not in done.stderr
    return done.stderr


@pytest.mark.parametrize("value", [None, "", "0", "true"])
def test_it_does_not_start_outside_local_mode(value: str | None) -> None:
    given = environment("http://127.0.0.1:9")
    del given["FORMERR_LOCAL"]
    if value is not None:
        given["FORMERR_LOCAL"] = value
    assert "FORMERR_LOCAL=1" in refused(given)


def test_it_does_not_start_with_an_endpoint_elsewhere() -> None:
    told = refused(environment("https://api.digitalocean.com"))
    assert "https://api.digitalocean.com" in told
    assert "loopback" in told


@pytest.fixture(scope="module")
def unset() -> Iterator[Wire]:
    """A plugin whose environment names no endpoint."""
    with started(environment(None)) as wire:
        yield wire


@pytest.mark.parametrize("endpoint", ELSEWHERE)
def test_it_takes_no_endpoint_elsewhere_from_the_configuration(unset: Wire, endpoint: str) -> None:
    told = error_of(unset.configure, apiEndpoint=endpoint)
    assert "loopback" in told
    assert "not configured" in error_of(unset.create, VPC, {"region": "nyc3"})


def test_it_is_not_configured_without_an_endpoint(unset: Wire) -> None:
    assert "DIGITALOCEAN_API_URL" in error_of(unset.configure)


def test_it_is_not_configured_without_a_token() -> None:
    given = environment("http://127.0.0.1:9")
    del given["DIGITALOCEAN_TOKEN"]
    with started(given) as wire:
        assert "no token" in error_of(wire.configure)


class Hostile(http.server.BaseHTTPRequestHandler):
    """Sends whoever asks elsewhere, and says the token aloud in an error."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path.endswith("/redirected"):
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = b'{"id": "bad", "message": "the token local-token is unknown"}'
        self.send_response(401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def hostile() -> Iterator[Wire]:
    """A configured plugin in front of a server that means ill."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with started(environment(f"http://127.0.0.1:{server.server_port}")) as wire:
        wire.configure()
        yield wire
    server.shutdown()
    server.server_close()


def test_no_redirect_is_followed(hostile: Wire) -> None:
    Hostile.asked.clear()
    assert "302" in error_of(hostile.read, VPC, "redirected")
    assert Hostile.asked == ["/v2/vpcs/redirected"]


def test_the_token_is_in_no_message(hostile: Wire) -> None:
    told = error_of(hostile.read, VPC, "any")
    assert "401" in told
    assert TOKEN not in told


def test_an_unknown_resource_is_named(unset: Wire) -> None:
    assert "digitalocean:index/app:App" in error_of(unset.check, "digitalocean:index/app:App", {})
