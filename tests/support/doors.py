"""`python -m tests.support.doors FOLDER`: every way to point the stand-in plugin at another machine, tried where the kernel counts.

To be started in a network namespace of its own (`unshare`), as `confined`. Printed is, for each door, what the plugin or the
engine said, and how many packets and connections found no way out meanwhile: a name that is asked for, or an address that is
tried, is one of them.
"""

from __future__ import annotations

import http.server
import json
import socket
import sys
import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.standin.engine import STACK, Engine
from tests.standin.wire import environment, error_of, started
from tests.support.confined import loopback_up, unrouted
from tests.support.tools import find, write_shim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Addresses for documentation (RFC 5737, RFC 3849): nobody has them.
ELSEWHERE = "http://192.0.2.1:8080"
SIX = "http://[2001:db8::1]:8080"
VPC = "digitalocean:index/vpc:Vpc"
PROXIES = {
    name: "http://192.0.2.1:3128"
    for lower in ("http_proxy", "https_proxy", "all_proxy")
    for name in (lower, lower.upper())
}


class Sender(http.server.BaseHTTPRequestHandler):
    """Sends whoever asks elsewhere, by whatever status the path begins with."""

    def _send(self) -> None:
        status = int(self.path.rsplit("/", 1)[1].partition("-")[0])
        self.send_response(status)
        self.send_header("Location", f"{ELSEWHERE}/v2/vpcs/x")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_PUT = do_DELETE = _send  # noqa: N815  (the base class calls them)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def sender() -> Iterator[str]:
    """Its address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sender) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def by_environment(endpoint: str, **more: str) -> str:
    """The variable that the plugin reads when it starts."""
    try:
        with started(environment(endpoint, **more)) as wire:
            wire.configure()
            return f"configured: {error_of(wire.read, VPC, 'x-1')}"
    except AssertionError as ended:
        return f"ended: {ended}"


def by_configuration(endpoint: str) -> str:
    """What a provider is told when it is configured: of the stack's configuration, and explicit ones."""
    with started(environment(None)) as wire:
        said = error_of(wire.configure, apiEndpoint=endpoint)
        return f"{said} / {error_of(wire.create, VPC, {'name': 'x', 'region': 'nyc3'})}"


def by_redirect(status: int) -> str:
    """An answer of loopback that sends the plugin elsewhere."""
    with sender() as address, started(environment(address)) as wire:
        wire.configure()
        return error_of(wire.read, VPC, f"{status}-x")


def by_proxy() -> str:
    """Proxies of the environment, with nothing that would keep loopback from them."""
    with sender() as address, started(environment(address, **PROXIES, no_proxy="", NO_PROXY="")) as wire:
        wire.configure()
        return error_of(wire.read, VPC, "401-x")


#: Without what the engine and pip ask others for by themselves.
_QUIET = {
    "DIGITALOCEAN_API_URL": "",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
}


def by_program(folder: Path, *, explicit: bool) -> str:
    """The real engine, with the endpoint in the stack's configuration or in an explicit provider of the program."""
    engine = Engine(folder, find(folder / "tools"), ELSEWHERE, write_shim(folder / "plugin"), _QUIET)
    if not explicit:
        engine.run("config", "set", "digitalocean:apiEndpoint", ELSEWHERE, "--stack", STACK).ok()
    provider = (
        f'pulumi.ResourceOptions(provider=do.Provider("p", api_endpoint="{ELSEWHERE}", token="t"))'
        if explicit
        else "None"
    )
    engine.declare(f'do.Vpc("vpc", name="vpc", region="nyc3", opts={provider})\n')
    ran = engine.up()
    assert ran.code != 0, ran.out
    return ran.out


def main(folder: Path) -> None:
    """Try every door; print what came of it."""
    loopback_up()
    name = socket.gethostname()
    doors: dict[str, Callable[[], str]] = {
        "environment": lambda: by_environment(ELSEWHERE),
        "environment, IPv6": lambda: by_environment(SIX),
        "environment, every address of this machine": lambda: by_environment("http://0.0.0.0:8080"),
        "environment, a name that resolves to loopback here": lambda: by_environment(f"http://{name}:8080"),
        "environment, a name that could resolve to anything": lambda: by_environment(
            "http://loopback.example.com:8080"
        ),
        "environment, a name before the address": lambda: by_environment("http://example.com[::1]:8080"),
        "configuration": lambda: by_configuration(ELSEWHERE),
        "configuration, a name that resolves to loopback here": lambda: by_configuration(
            f"http://{name}:8080"
        ),
        "configuration, the real one": lambda: by_configuration("https://api.digitalocean.com"),
        **{f"redirect {status}": partial(by_redirect, status) for status in (301, 302, 303, 307, 308)},
        "proxies": by_proxy,
        "engine, the stack's configuration": lambda: by_program(folder / "one", explicit=False),
        "engine, an explicit provider": lambda: by_program(folder / "two", explicit=True),
    }
    tried: dict[str, Any] = {}
    for door, open_it in doors.items():
        before = unrouted()
        said = open_it()
        tried[door] = {
            "said": said,
            "unrouted": [now - then for now, then in zip(unrouted(), before, strict=True)],
        }
    sys.stdout.write(json.dumps(tried))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
