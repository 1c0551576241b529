"""A server on loopback that answers as a test tells it, plain or in TLS, and certificates for it."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LOOPBACK = "127.0.0.1"


def answer(body: bytes | str, status: int = 200, **headers: str) -> bytes:
    """An HTTP answer, complete."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(content)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


@dataclass(slots=True)
class Site:
    """What a running server was asked.

    Attributes:
        port: of it.
        requests: head of each request.
    """

    port: int
    requests: list[str] = field(default_factory=list)

    @property
    def asked(self) -> list[tuple[str, str]]:
        """Host and path of each request."""
        found = []
        for head in self.requests:
            path = head.split(" ")[1]
            (host,) = [line[6:] for line in head.split("\r\n") if line.lower().startswith("host: ")]
            found.append((host.partition(":")[0], path))
        return found


@contextmanager
def serving(
    reply: Callable[[socket.socket, str, str], object], tls: ssl.SSLContext | None = None
) -> Iterator[Site]:
    """Run a server while the block lasts.

    Args:
        reply: given the connection, the host and the path that were asked for; sends what it likes.
        tls: speak TLS.
    """
    listener = socket.create_server((LOOPBACK, 0))
    site = Site(listener.getsockname()[1])

    def one(plain: socket.socket) -> None:
        try:
            with plain if tls is None else tls.wrap_socket(plain, server_side=True) as connection:
                head = b""
                while b"\r\n\r\n" not in head:
                    part = connection.recv(4096)
                    if not part:
                        return
                    head += part
                site.requests.append(head.decode("latin-1"))
                reply(connection, *site.asked[-1])
        except OSError:
            return

    def run() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(plain,), daemon=True).start()

    threading.Thread(target=run, daemon=True).start()
    try:
        yield site
    finally:
        # A thread that is in accept() holds the socket open; shutting it down wakes it.
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def always(whole: bytes) -> Callable[[socket.socket, str, str], object]:
    """Answers the same, whatever was asked."""
    return lambda connection, _host, _path: connection.sendall(whole)


class Authority:
    """A certificate authority of one test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        now = datetime.datetime.now(datetime.UTC)
        self._certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(1)
            .not_valid_before(now - datetime.timedelta(days=400))
            .not_valid_after(now + datetime.timedelta(days=4000))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .add_extension(_usage(signs=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.pem = self._certificate.public_bytes(serialization.Encoding.PEM).decode()
        self.file = folder / "authority.pem"
        self.file.write_text(self.pem, "ascii")

    def context(self, *names: str, days: float = 90) -> ssl.SSLContext:
        """What a server of these names speaks TLS with, its certificate ending in so many days."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]))
            .issuer_name(self._certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=365))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        file = self._folder / f"{names[0]}-{days}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
