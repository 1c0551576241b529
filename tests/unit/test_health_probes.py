"""The probes of `formerr health` against servers on loopback that answer well, badly, slowly and not at all."""

from __future__ import annotations

import re
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from formerr_infra.health import State, database, judged, web
from tests.support.web import LOOPBACK, Authority, Site, always, answer, serving

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path

HOST = "api.staging.formerr.dev"
WELL = '{"status": "healthy", "database": "connected"}'


def at(site: Site, *, tls: bool = False) -> web.Target:
    return web.Target(LOOPBACK, site.port, HOST, tls)


def health_of(reply: Callable[..., object], timeout: float = 2.0) -> tuple[State, str]:
    with serving(reply) as site:
        return judged.health(web.get(at(site), "/health", timeout=timeout), at(site))


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """One that this process believes."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


# -- /health -------------------------------------------------------------------------------------------------


def test_a_backend_is_well_by_its_body_and_is_asked_for_by_its_host() -> None:
    with serving(always(answer(WELL))) as site:
        told = judged.health(web.get(at(site), "/health", timeout=2), at(site))
    assert told == (State.OK, "the backend says that it is healthy (database connected)")
    assert site.asked == [(HOST, "/health")]
    assert "authorization" not in site.requests[0].lower()
    assert "cookie" not in site.requests[0].lower()


@pytest.mark.parametrize(
    ("whole", "said"),
    [
        (answer('{"status": "unhealthy", "database": "disconnected"}'), r"unhealthy \(database disconnected\)"),
        (answer('{"status": "unhealthy", "error": "postgresql://u:pass@h/d"}'), "unhealthy (?!.*pass)"),
        (answer(WELL, 503), "answers 503"),
        (answer("<html><body>It works</body></html>"), "not in JSON: something else"),
        (answer("[1, 2]"), "not in JSON"),
        (answer("null"), "not in JSON"),
        (answer('{"hello": "world"}'), "without a status"),
        (answer('{"status": 1}'), "without a status"),
        (answer("{" + " " * 100_000 + '"status": "healthy"}'), "more than a health check"),
        (answer("[" * 50_000), "not in JSON"),
        (answer("", 302, Location="https://elsewhere.example/health?token=x"), r"to https://elsewhere.example/health; it is not"),
        (answer(WELL, 307, Location="/health/"), "redirects"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + WELL.encode(), "broke before"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n500\r\n" + WELL.encode(), "broke before"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "not HTTP"),
        (b"", "broke before"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000, "not HTTP"),
    ],
)  # fmt: skip
def test_what_is_not_a_well_backend_fails(whole: bytes, said: str) -> None:
    state, message = health_of(always(whole))
    assert state is State.FAILED
    assert re.search(said, message), message
    assert "token" not in message
    assert "pass" not in message


def test_a_word_that_nobody_knows_is_neither_well_nor_unwell() -> None:
    assert health_of(always(answer('{"status": "dreaming"}'))) == (
        State.UNKNOWN,
        "the backend's status is neither healthy nor unhealthy: dreaming",
    )
    assert "\x1b" not in health_of(always(answer('{"status": "\\u001b[31mred"}')))[1]


def test_no_redirect_is_followed_not_even_to_the_same_host() -> None:
    asked: list[str] = []

    def reply(connection: socket.socket, _host: str, path: str) -> None:
        asked.append(path)
        connection.sendall(answer("", 301, Location="/health2"))

    assert health_of(reply)[0] is State.FAILED
    assert asked == ["/health"]


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"])
def test_one_that_hangs_fails_in_time(first: bytes) -> None:
    done = threading.Event()

    def reply(connection: socket.socket, *_: str) -> None:
        connection.sendall(first)
        done.wait(10)

    began = time.monotonic()
    state, message = health_of(reply, timeout=0.3)
    done.set()
    assert (state, "in time" in message) == (State.FAILED, True)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "first", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n"]
)
def test_one_that_drips_fails_in_time_although_every_byte_comes_in_time(first: bytes) -> None:
    def reply(connection: socket.socket, *_: str) -> None:
        connection.sendall(first)
        for _unused in range(200):
            connection.sendall(b"x")
            time.sleep(0.05)

    began = time.monotonic()
    state, message = health_of(reply, timeout=0.4)
    assert (state, "in time" in message) == (State.FAILED, True)
    assert time.monotonic() - began < 3


def test_one_that_refuses_the_connection_fails() -> None:
    with serving(always(b"")) as site:
        pass
    asked = web.get(at(site), "/health", timeout=1)
    assert judged.health(asked, at(site))[0] is State.FAILED
    assert isinstance(asked, web.NoAnswer)
    assert asked.reason == "the connection was refused"


def test_a_trouble_of_this_machine_says_nothing_of_the_other_side() -> None:
    asked = web.trouble(OSError(101, "Network is unreachable"))
    target = web.Target("192.0.2.1", 80, HOST, tls=False)
    for judge in (judged.health, judged.page, judged.way_in):
        assert judge(asked, target)[0] is State.UNKNOWN


# -- pages ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("whole", "state", "said"),
    [
        (answer("<html>"), State.OK, "answers 200"),
        (answer("", 307, Location="/login?next=secret"), State.OK, "/login"),
        (answer("", 302, Location=f"https://{HOST}/"), State.OK, HOST),
        (
            answer("", 302, Location="https://elsewhere.example/"),
            State.FAILED,
            "elsewhere.example/; it is not followed",
        ),
        (answer("", 302, Location="//elsewhere.example/"), State.FAILED, "elsewhere.example"),
        (answer("", 302, Location="http://[broken"), State.FAILED, "nowhere"),
        (answer("", 302, Location=f"https://{HOST}@elsewhere.example/"), State.FAILED, "elsewhere.example"),
        (answer("no", 404), State.FAILED, "404"),
        (answer("no", 502), State.FAILED, "502"),
    ],
)
def test_a_page_is_judged_by_its_status_and_by_where_it_leads(whole: bytes, state: State, said: str) -> None:
    with serving(always(whole)) as site:
        told = judged.page(web.get(at(site), "/", timeout=2), at(site))
    assert told[0] is state
    assert said in told[1]
    assert "secret" not in told[1]


def test_an_ingress_that_has_nothing_behind_it_is_told_from_a_stranger() -> None:
    for status, state, said in (
        (200, State.OK, "answers"),
        (503, State.FAILED, "nothing behind"),
        (404, State.FAILED, "404"),
    ):
        with serving(always(answer("", status))) as site:
            told = judged.way_in(web.get(at(site), "/formerr-edge/ping", timeout=2), at(site))
        assert (told[0], said in told[1]) == (state, True)


# -- certificates --------------------------------------------------------------------------------------------


def seen(authority: Authority, name: str, days: float, threshold: float = 14) -> tuple[State, str]:
    with serving(always(answer(WELL)), authority.context(name, days=days)) as site:
        return judged.certificate(web.days_left(at(site, tls=True), timeout=2), at(site, tls=True), threshold)


def test_the_days_of_a_certificate_are_read_from_the_handshake(authority: Authority) -> None:
    assert seen(authority, HOST, 60.5) == (State.OK, f"the certificate of {HOST} is good for 60 days")
    state, message = seen(authority, HOST, 5.5)
    assert (state, message) == (State.FAILED, f"the certificate of {HOST} ends in 5 days; 14 are wanted")
    assert seen(authority, HOST, 5.5, threshold=3)[0] is State.OK


def test_a_certificate_that_no_browser_accepts_fails_with_the_reason(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "expired" in seen(authority, HOST, -1)[1]
    assert "not valid for" in seen(authority, "other.example", 60)[1]
    monkeypatch.delenv("SSL_CERT_FILE")
    state, message = seen(authority, HOST, 60)
    assert (state, "not accepted" in message) == (State.FAILED, True)


def test_a_request_in_tls_is_sent_only_to_whom_the_certificate_names(authority: Authority) -> None:
    with serving(always(answer(WELL)), authority.context(HOST)) as site:
        assert isinstance(web.get(at(site, tls=True), "/health", timeout=2), web.Answer)
    with serving(always(answer(WELL)), authority.context("other.example")) as site:
        assert isinstance(web.get(at(site, tls=True), "/health", timeout=2), web.NoAnswer)
    assert site.requests == []


# -- database ------------------------------------------------------------------------------------------------


def postgres(context: ssl.SSLContext | None, word: bytes = b"S") -> tuple[socket.socket, list[bytes]]:
    """A server that does as PostgreSQL does until TLS stands."""
    listener = socket.create_server((LOOPBACK, 0))
    got: list[bytes] = []

    def run() -> None:
        try:
            plain, _ = listener.accept()
            with plain:
                got.append(plain.recv(8))
                plain.sendall(word)
                if context is not None:
                    with context.wrap_socket(plain, server_side=True) as secured:
                        got.append(secured.recv(100))
        except OSError:
            return

    threading.Thread(target=run, daemon=True).start()
    return listener, got


def test_a_database_is_reached_in_tls_without_a_user(authority: Authority) -> None:
    listener, got = postgres(authority.context("localhost"))
    place = database.Place("localhost", listener.getsockname()[1], authority.pem)
    assert database.connect(place, timeout=2) is None
    listener.close()
    assert got[0] == bytes.fromhex("0000000804d2162f")
    assert got[1:] in ([], [b""])


def test_a_database_that_is_another_or_none_is_told(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other")
    listener, _ = postgres(stranger.context("localhost"))
    place = database.Place("localhost", listener.getsockname()[1], authority.pem)
    trouble = database.connect(place, timeout=2)
    assert trouble is not None
    assert "not accepted" in trouble.reason
    listener.close()

    listener, _ = postgres(None, b"N")
    trouble = database.connect(database.Place("localhost", listener.getsockname()[1], None), timeout=2)
    assert trouble is not None
    assert "does not speak PostgreSQL in TLS" in trouble.reason
    listener.close()

    trouble = database.connect(place, timeout=1)
    assert trouble is not None


def test_an_authority_that_is_none_is_no_success() -> None:
    listener, _ = postgres(None)
    place = database.Place("localhost", listener.getsockname()[1], "-----BEGIN CERTIFICATE-----\nno\n")
    trouble = database.connect(place, timeout=2)
    assert trouble is not None
    assert trouble.own
    listener.close()
