"""An API server is read in bounded time, whatever it does, and opened by whatever DigitalOcean hands out for it."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import stat
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization

from formerr_infra.application.kinds import Reference
from formerr_infra.inventory import Access
from formerr_infra.inventory.facts import Unknown
from formerr_infra.kubernetes import reading
from formerr_infra.kubernetes.kubeconfig import document
from tests.support.service import service
from tests.support.web import Authority, answer, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WANTED = [Reference("v1", "ConfigMap", "formerr", f"one-{number}") for number in range(53)]
#: Well above what the deadlines below allow, and well below what each reference by itself would take.
SOON = 3.0


@dataclass(slots=True)
class Silent:
    """A listener that takes connections and says nothing.

    Attributes:
        port: of it.
        taken: connections so far.
    """

    port: int
    taken: list[socket.socket] = field(default_factory=list)


@contextmanager
def silent() -> Iterator[Silent]:
    """While the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = Silent(listener.getsockname()[1])

        def take() -> None:
            try:
                while True:
                    one.taken.append(listener.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield one
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in one.taken:
            connection.close()


def timed(cluster: reading.Cluster, *, timeout: float, within: float) -> tuple[float, list[Unknown]]:
    """How long it took, and what was unknown."""
    began = time.monotonic()
    live = reading.read(cluster, WANTED, timeout=timeout, within=within)
    took = time.monotonic() - began
    return took, [one for one in live.values() if isinstance(one, Unknown)]


def test_a_server_that_no_connection_can_be_made_to_is_given_up_once_and_for_everything(
    tmp_path: Path,
) -> None:
    authority = Authority(tmp_path).pem
    with silent() as there:
        took, unknown = timed(
            reading.Cluster(f"https://127.0.0.1:{there.port}", authority, "t"), timeout=0.2, within=60
        )
        tried = len(there.taken)
    assert took < SOON
    assert len(unknown) == len(WANTED)
    assert tried <= reading.AT_ONCE * reading.ATTEMPTS
    assert len({one.reason for one in unknown}) == 1
    assert "cannot be reached" in unknown[0].reason


def _says_nothing(_connection: socket.socket, _host: str, _path: str) -> None:
    time.sleep(SOON)


def _drips_its_head(connection: socket.socket, _host: str, _path: str) -> None:
    _drip(connection, b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: 1\r\n" % number for number in range(90)))


def _drips_its_body(connection: socket.socket, _host: str, _path: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    _drip(connection, b"{" * 1000)


def _drip(connection: socket.socket, text: bytes) -> None:
    for byte in text:
        connection.sendall(bytes([byte]))
        time.sleep(0.02)


@pytest.mark.parametrize("reply", [_says_nothing, _drips_its_head, _drips_its_body])
def test_everything_that_is_read_ends_by_one_deadline(
    tmp_path: Path, reply: Callable[[socket.socket, str, str], None]
) -> None:
    authority = Authority(tmp_path)
    with serving(reply, authority.context("localhost")) as site:
        server = reading.Cluster(f"https://localhost:{site.port}", authority.pem, "t")
        took, unknown = timed(server, timeout=0.3, within=0.5)
        assert took < SOON
        assert len(unknown) == len(WANTED)
        began = time.monotonic()
        assert isinstance(reading.get(server, "/readyz", timeout=0.3), Unknown)
        assert time.monotonic() - began < SOON


# -- what opens a cluster --------------------------------------------------------------------------------------

OBJECT = {"kind": "ConfigMap", "metadata": {"name": "one-0"}}
TEXT = base64.b64encode(b"PEM").decode()


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Authority, str, str]:
    """An authority, and a client's certificate and key of it, PEM."""
    authority = Authority(tmp_path)
    authority.context("client")
    (file,) = tmp_path.glob("client-*.pem")
    key, mark, certificate = file.read_text("ascii").partition("-----BEGIN CERTIFICATE-----")
    return authority, mark + certificate, key


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files are made; nothing else is in it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def handed_out(given: dict[str, Any]) -> reading.Cluster | Unknown:
    """What becomes of credentials as DigitalOcean answers with them."""
    with service((200, given)) as api:
        return reading.reach(Access(api.endpoint, "tok", local=True), "k-1")


def test_an_older_clusters_certificate_opens_it_and_is_never_left_behind(
    temporary: Path, pair: tuple[Authority, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, certificate, key = pair
    modes: list[int] = []
    load = ssl.SSLContext.load_cert_chain

    def seen(context: ssl.SSLContext, file: str, *more: Any, **named: Any) -> None:
        modes.append(stat.S_IMODE(Path(file).stat().st_mode))
        load(context, file, *more, **named)

    tls = authority.context("localhost")
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_verify_locations(cadata=authority.pem)
    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", seen)
    with serving(lambda connection, *_: connection.sendall(answer(json.dumps(OBJECT))), tls) as site:
        given = {
            "server": f"https://localhost:{site.port}",
            "certificate_authority_data": base64.b64encode(authority.pem.encode()).decode(),
            "client_certificate_data": base64.b64encode(certificate.encode()).decode(),
            "client_key_data": base64.b64encode(key.encode()).decode(),
        }
        opened = handed_out(given)
        assert isinstance(opened, reading.Cluster)
        assert key not in repr(opened)
        assert reading.read(opened, WANTED[:1]) == {WANTED[0]: OBJECT}
    assert modes == [0o600]
    assert list(temporary.iterdir()) == []
    assert "Authorization" not in site.requests[0]
    (user,) = document(opened, "k", "formerr")["users"]
    assert user["user"] == {
        name.replace("_", "-"): given[name] for name in ("client_certificate_data", "client_key_data")
    }


def test_a_pair_that_opens_nothing_is_unknown_asks_nobody_and_is_never_left_behind(
    temporary: Path, pair: tuple[Authority, str, str]
) -> None:
    authority, certificate, key = pair
    locked = (
        serialization.load_pem_private_key(key.encode(), None)
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"word"),
        )
        .decode()
    )
    for wrong in ("no key", locked, "kéy"):
        server = reading.Cluster("https://localhost:1", authority.pem, certificate=certificate, key=wrong)
        live = reading.read(server, WANTED[:1])[WANTED[0]]
        assert isinstance(live, Unknown)
        assert "cannot be used" in live.reason
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "no usable token, no client_certificate_data, no client_key_data"),
        ({"client_certificate_data": TEXT}, "no usable token, no client_key_data"),
        ({"client_key_data": TEXT, "client_certificate_data": "%%"}, "no usable token, no client_certificate_data"),
        ({"token": "t", "server": None}, "no usable server"),
        ({"token": "t", "certificate_authority_data": ""}, "no usable certificate_authority_data"),
    ],
)  # fmt: skip
def test_what_is_missing_to_open_a_cluster_is_named(given: dict[str, Any], missing: str) -> None:
    there = {"server": "https://127.0.0.1:1", "certificate_authority_data": TEXT}
    found = handed_out(there | given)
    assert isinstance(found, Unknown)
    assert found.reason.endswith(missing)
