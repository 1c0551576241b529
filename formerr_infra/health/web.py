"""One GET of an address, as a browser of that host would send it: no credentials, no redirects, a bounded answer.

The connection goes to the load balancer's address, with the host's name in it: what DNS says plays no part. The answer
is complete by the deadline, or it is none.
"""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import certifi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

#: Bytes of a body that are read; what is longer is not what a probe asked for.
LARGEST = 64 * 1024
#: Troubles of this machine's own: they say nothing of the other side.
_OWN = frozenset(
    {
        errno.ENETUNREACH,
        errno.ENETDOWN,
        errno.EADDRNOTAVAIL,
        errno.EACCES,
        errno.EPERM,
        errno.EMFILE,
        errno.ENFILE,
    }
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where to ask.

    Attributes:
        address: IP address to connect to.
        port: of it.
        host: the name that is asked for.
        tls: whether to speak TLS; the certificate is checked against the host's name.
    """

    address: str
    port: int
    host: str
    tls: bool

    @property
    def url(self) -> str:
        """The base address, for messages."""
        usual = 443 if self.tls else 80
        port = "" if self.port == usual else f":{self.port}"
        return f"{'https' if self.tls else 'http'}://{self.host}{port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        status: of HTTP.
        headers: names in lower case.
        body: at most `LARGEST` bytes.
        whole: whether the body ended there.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    whole: bool = True


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Why there is none.

    Attributes:
        reason: in words.
        own: the trouble is this machine's, so that nothing is known of the other side.
    """

    reason: str
    own: bool = False


def get(
    target: Target, path: str, *, timeout: float, headers: Mapping[str, str] | None = None
) -> Answer | NoAnswer:
    """Send the request, with more headers if any are given, and read the answer, all of it within `timeout` seconds."""
    try:
        connection = _Connection(target, timeout)
        with connection.in_time():
            return _exchange(connection, target, path, headers or {})
    except (OSError, http.client.HTTPException) as error:
        return trouble(error)


def days_left(target: Target, *, timeout: float) -> float | NoAnswer:
    """Days until the certificate ends that a TLS handshake shows; one that is not accepted is no answer."""
    try:
        connection = _Connection(target, timeout)
        with connection.in_time():
            connection.connect()
            secured = connection.sock
            shown = secured.getpeercert() if isinstance(secured, ssl.SSLSocket) else None
    except (OSError, http.client.HTTPException) as error:
        return trouble(error)
    ends = str((shown or {}).get("notAfter") or "")
    try:
        return (ssl.cert_time_to_seconds(ends) - time.time()) / 86400
    except ValueError:
        return NoAnswer("its certificate does not say when it ends")


def tls_context(authority: str | None = None) -> ssl.SSLContext:
    """Checks certificates against the system's authorities and certifi's, or against the one that is given (PEM)."""
    if authority is not None:
        return ssl.create_default_context(cadata=authority)
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def trouble(error: Exception) -> NoAnswer:
    """What happened, in words that hold nothing of what was sent."""
    match error:
        case ssl.SSLCertVerificationError():
            return NoAnswer(f"its certificate is not accepted: {error.verify_message}")
        case ssl.SSLError():
            return NoAnswer("it does not speak TLS as it should")
        case TimeoutError():
            return NoAnswer("no complete answer in time")
        case ConnectionRefusedError():
            return NoAnswer("the connection was refused")
        case socket.gaierror():
            return NoAnswer("the name of the host is not known here", own=True)
        case http.client.IncompleteRead() | http.client.RemoteDisconnected() | ConnectionError():
            return NoAnswer("the connection broke before the answer was complete")
        case http.client.HTTPException():
            return NoAnswer("the answer is not HTTP")
        case OSError() if error.errno in _OWN:
            return NoAnswer(f"this machine cannot connect: {error.strerror}", own=True)
        case _:
            return NoAnswer(f"no connection: {type(error).__name__}")


class _Connection(http.client.HTTPConnection):
    """A connection to an address, with another name in the request and in the handshake."""

    def __init__(self, target: Target, timeout: float) -> None:
        super().__init__(target.address, target.port, timeout=timeout)
        self._target = target
        self._seconds = timeout
        self.late = False

    def connect(self) -> None:
        super().connect()
        if self._target.tls:
            self.sock = tls_context().wrap_socket(self.sock, server_hostname=self._target.host)

    def in_time(self) -> _InTime:
        """A block that ends the connection when the time is up, however slowly the answer drips."""
        return _InTime(self, self._seconds)


class _InTime:
    def __init__(self, connection: _Connection, seconds: float) -> None:
        self._connection = connection
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._timer.cancel()
        self._connection.close()
        if self._connection.late and isinstance(error, OSError | http.client.HTTPException):
            raise TimeoutError from None

    def _cut(self) -> None:
        self._connection.late = True
        sock = self._connection.sock
        if sock is not None:
            try:
                # Past TLS: the one who waits in another thread is woken, and nothing more is said.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            except OSError:
                return


def _exchange(connection: _Connection, target: Target, path: str, more: Mapping[str, str]) -> Answer:
    headers = {
        **more,
        "Host": target.url.partition("://")[2],
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "User-Agent": "formerr-health",
        "Connection": "close",
    }
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = b"".join(_parts(answer.read1, LARGEST + 1))
    if connection.late:
        raise TimeoutError
    if answer.length and len(body) <= LARGEST:
        raise http.client.IncompleteRead(b"")
    received = {name.lower(): value for name, value in answer.headers.items()}
    return Answer(answer.status, received, body[:LARGEST], whole=len(body) <= LARGEST)


def _parts(read: Callable[[int], bytes], most: int) -> Iterator[bytes]:
    while most > 0:
        part: Any = read(most)
        if not part:
            return
        most -= len(part)
        yield part
