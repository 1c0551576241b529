"""The proxy before an API server: what it passes on, and when a fault comes before and when after the change."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import httpx
import pytest

from formerr_infra.emulator.kubernetes import authority
from tests.campaign.faults import BROKEN
from tests.support.api_proxy import ApiProxy
from tests.support.live import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANSWER = b'{"kind": "ConfigMap", "data": {"a": "b"}}'
PATH = "/api/v1/namespaces/formerr/configmaps/one"
#: Fault -> whether the change was made.
CHANGES = {
    "lost-before": False,
    "lost-after": True,
    "503-after": True,
    "429": False,
    "500": False,
    "502": False,
    "503": False,
    "403": False,
    "cut": True,
    "half": True,
    "html": True,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("authority")
    authority.make(made, "10.245.0.0/16")
    return made


@pytest.fixture
def applied() -> list[str]:
    return []


@pytest.fixture
def proxy(folder: Path, applied: list[str]) -> Iterator[ApiProxy]:
    """Before a server that notes what it was asked to change, and answers a watch bit by bit."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.command != "GET":
                applied.append(f"{self.command} {self.path} {body.decode()}")
            self.send_response(200)
            if "watch" in self.path:
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for _ in range(3):
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(ANSWER), ANSWER))
                    self.wfile.flush()
                self.wfile.write(b"0\r\n\r\n")
                return
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(ANSWER)))
            self.end_headers()
            self.wfile.write(ANSWER)

        do_GET = do_PATCH = do_POST = do_DELETE = _answer  # noqa: N815  (the names that are looked for)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        with ApiProxy(f"https://127.0.0.1:{server.server_address[1]}", folder) as running:
            yield running
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def client(folder: Path, proxy: ApiProxy) -> Iterator[httpx.Client]:
    tls = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    with httpx.Client(base_url=proxy.address, verify=tls, trust_env=False, timeout=5) as made:
        yield made


def test_what_is_asked_and_answered_passes_on_a_kept_connection(
    client: httpx.Client, proxy: ApiProxy, applied: list[str]
) -> None:
    for at in range(3):
        assert client.patch(PATH, content=f"{at}").content == ANSWER
    assert client.get(f"{PATH}?watch=true").content == ANSWER * 3
    assert client.patch(PATH, params={"dryRun": "All"}, content="dry").content == ANSWER
    assert applied == [*(f"PATCH {PATH} {at}" for at in range(3)), f"PATCH {PATH}?dryRun=All dry"]
    assert [(one.method, one.path, one.changes) for one in proxy.requests()] == [
        *[("PATCH", PATH, True)] * 3,
        ("GET", PATH, False),
        ("PATCH", PATH, False),
    ]


@pytest.mark.parametrize("name", BROKEN)
def test_a_fault_comes_before_or_after_the_change_and_meets_the_call_that_is_meant(
    client: httpx.Client, proxy: ApiProxy, applied: list[str], name: str
) -> None:
    proxy.fault("PATCH", f"^{PATH}$", skip=1, times=1, **BROKEN[name])
    client.patch(PATH, params={"dryRun": "All"}).raise_for_status()
    client.patch(PATH).raise_for_status()
    applied.clear()
    before = proxy.faults()[0]["fired"]
    try:
        answer = client.patch(PATH)
        sound = answer.status_code == 200 and answer.content == ANSWER
        assert answer.headers.get("retry-after") == ("1" if name == "429" else None)
    except httpx.HTTPError:
        sound = False
    assert not sound
    assert bool(applied) == CHANGES[name]
    assert (before, proxy.faults()[0]["fired"]) == (0, 1)
    assert client.patch(PATH).content == ANSWER


@pytest.mark.parametrize("after", [False, True])
def test_a_call_that_hangs_has_had_its_change_before_it_counts_as_hanging(
    client: httpx.Client, proxy: ApiProxy, applied: list[str], after: bool
) -> None:
    proxy.fault("PATCH", PATH, hang=True, after_apply=after, times=1)
    with pytest.raises(httpx.ReadTimeout):
        client.patch(PATH, timeout=0.5)
    assert proxy.faults()[0]["fired"] == 1
    assert bool(applied) == after
    proxy.clear_faults()
    assert client.patch(PATH).content == ANSWER
    eventually(lambda: len(proxy.requests()) == 2)
    assert sorted(one.status or 0 for one in proxy.requests()) == [0, 200]
