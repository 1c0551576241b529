"""How pydo's requests travel: one pool of connections, deadlines that hold, and nothing kept of the token.

azure-core lets a client bring its own transport. This one exists because the default one costs three times
the processor time of a small answer, follows redirects with the token, and has no deadline for an answer that
arrives drop by drop. It never repeats a request.
"""

from __future__ import annotations

import json
import select
import socket
import ssl
import threading
import time
import zlib
from base64 import b64encode
from http.client import HTTPConnection, HTTPException, HTTPSConnection, IncompleteRead
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.core.pipeline.transport import HttpTransport
from azure.core.rest import HttpRequest, HttpResponse
from pydo import GeneratedClient

from formerr_infra.loopback import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, MutableMapping

    from azure.core.credentials import AccessToken
    from azure.core.pipeline import PipelineRequest

    from formerr_infra.inventory.facts import Access, Limits

#: An answer above this is not one that the API gives; bytes.
LARGEST = 64 * 1024 * 1024
_CHUNK = 1 << 16
_LIMITS = frozenset({"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"})


class Undecodable(ValueError):
    """An answer whose body is not JSON.

    Args:
        response: the answer.
    """

    def __init__(self, response: Answered) -> None:
        super().__init__("the body is not JSON")
        self.response = response


class Bearer(SansIOHTTPPolicy[HttpRequest, HttpResponse]):
    """Puts the token on each request; also over plain http, which `Session` allows on loopback only."""

    def __init__(self, token: str) -> None:
        self._value = f"Bearer {token}"

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        """Add the header."""
        request.http_request.headers["Authorization"] = self._value

    def __repr__(self) -> str:
        return "Bearer(token hidden)"


class Answered(HttpResponse):
    """An answer that was read completely.

    Args:
        request: what was asked.
        status, reason: as sent.
        headers: names in lower case. Those of the rate limit are kept apart in `limits`, because pydo would parse
            them with `eval` on each answer, at a tenth of the price of a call.
        body: unpacked.
    """

    def __init__(
        self, request: HttpRequest, status: int, reason: str, headers: dict[str, str], body: bytes
    ) -> None:
        self.limits = {name: value for name, value in headers.items() if name in _LIMITS}
        self._request = request
        self._status = status
        self._reason = reason
        self._headers = {name: value for name, value in headers.items() if name not in _LIMITS}
        self._body = body
        self._encoding: str | None = None

    @property
    def request(self) -> HttpRequest:
        return self._request

    @property
    def status_code(self) -> int:
        return self._status

    @property
    def headers(self) -> MutableMapping[str, str]:
        return self._headers

    @property
    def reason(self) -> str:
        return self._reason

    @property
    def content_type(self) -> str | None:
        return self.headers.get("content-type")

    @property
    def is_closed(self) -> bool:
        return True

    @property
    def is_stream_consumed(self) -> bool:
        return True

    @property
    def encoding(self) -> str | None:
        return self._encoding

    @encoding.setter
    def encoding(self, value: str | None) -> None:
        self._encoding = value

    @property
    def url(self) -> str:
        return self._request.url

    @property
    def content(self) -> bytes:
        return self._body

    def text(self, encoding: str | None = None) -> str:
        return self._body.decode(encoding or self._encoding or "utf-8", errors="replace")

    def json(self) -> Any:
        """The body.

        Raises:
            Undecodable: it is not JSON in UTF-8.
        """
        try:
            return json.loads(self._body)
        except (ValueError, RecursionError) as error:
            raise Undecodable(self) from error

    def raise_for_status(self) -> None:
        if self._status >= 400:
            raise HttpResponseError(response=self)

    def close(self) -> None:
        return None

    def read(self) -> bytes:
        return self._body

    def iter_raw(self, **_: Any) -> Iterator[bytes]:
        yield self._body

    def iter_bytes(self, **_: Any) -> Iterator[bytes]:
        yield self._body

    def __enter__(self) -> Answered:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __repr__(self) -> str:
        return f"<Answered {self._status}>"


class Nobody:
    """pydo insists on a credential, and would refuse to send a bearer token over http on loopback."""

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        """Never called: `Bearer` does the work."""
        raise NotImplementedError


def connect(access: Access, limits: Limits) -> GeneratedClient:
    """pydo for one account.

    It is the generated client, not the one above it that adds inference and agents at twenty times the price.
    None of azure-core's policies is used: no repeating, no redirects, no logging, no tracing.
    """
    bearer = Bearer(access.token)
    endpoint = access.endpoint.rstrip("/")
    transport = PooledTransport(endpoint, connect=limits.connect, read=limits.read)
    return GeneratedClient(
        Nobody(), endpoint=endpoint, authentication_policy=bearer, policies=[bearer], transport=transport
    )


class PooledTransport(HttpTransport[HttpRequest, HttpResponse]):
    """Sends pydo's requests to one endpoint, over connections that all threads share.

    Proxies come from the environment as for any Python program, except to loopback; certificates are checked
    against the system's and certifi's authorities.

    Args:
        endpoint: base address; requests go there whatever host they name.
        connect: timeout of a connection in seconds.
        read: timeout of one silence in seconds.
    """

    def __init__(self, endpoint: str, *, connect: float, read: float) -> None:
        self._connect = connect
        self._read = read
        self._make = _dialler(endpoint)
        self._idle: list[HTTPConnection] = []
        self._lock = threading.Lock()

    def send(self, request: HttpRequest, *, deadline: float | None = None, **_: Any) -> HttpResponse:
        """Send once and read the whole answer.

        Args:
            request: what pydo built.
            deadline: on the clock of `time.monotonic`; the answer must be complete by then.

        Raises:
            ServiceRequestError: no connection.
            ServiceResponseError: the answer did not arrive, or not completely, or not in time.
        """
        until = time.monotonic() + self._connect + self._read if deadline is None else deadline
        connection = self._connected(until)
        try:
            answered = self._exchange(connection, request, until)
        except (HTTPException, OSError, zlib.error) as error:
            connection.close()
            raise ServiceResponseError(_plainly(error)) from None
        except BaseException:
            connection.close()
            raise
        return answered

    def _connected(self, until: float) -> HTTPConnection:
        with self._lock:
            while self._idle:
                connection = self._idle.pop()
                if not select.select([connection.sock], [], [], 0)[0]:
                    return connection
                connection.close()
        left = until - time.monotonic()
        if left <= 0:
            raise ServiceRequestError("no time left")
        connection = self._make(min(self._connect, left))
        try:
            connection.connect()
        except (HTTPException, OSError) as error:
            connection.close()
            raise ServiceRequestError(f"no connection: {_plainly(error)}") from None
        return connection

    def _exchange(self, connection: HTTPConnection, request: HttpRequest, until: float) -> Answered:
        target = urlsplit(request.url)
        path = f"{target.path}?{target.query}" if target.query else target.path
        self._allow(connection, until)
        headers = {"Accept-Encoding": "gzip", **request.headers}
        connection.request(request.method, path, body=request.content, headers=headers)
        raw = connection.getresponse()
        parts: list[bytes] = []
        size, expected = 0, raw.length
        while expected is None or size < expected:
            self._allow(connection, until)
            part = raw.read1(_CHUNK if expected is None else min(_CHUNK, expected - size))
            if not part:
                break
            parts.append(part)
            size += len(part)
            if size > LARGEST:
                raise TimeoutError
        if expected is not None and size < expected:
            raise IncompleteRead(b"")
        body = b"".join(parts)
        if raw.headers.get("content-encoding") == "gzip":
            body = _unpacked(body)
        keep = not raw.will_close
        raw.close()
        if keep:
            with self._lock:
                self._idle.append(connection)
        else:
            connection.close()
        received = {name.lower(): value for name, value in raw.headers.items()}
        return Answered(request, raw.status, raw.reason, received, body)

    def _allow(self, connection: HTTPConnection, until: float) -> None:
        """Let the next wait last no longer than one silence and the time that is left."""
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if connection.sock is not None:
            connection.sock.settimeout(min(self._read, left))

    def open(self) -> None:
        """Nothing to do: connections are made when needed."""

    def close(self) -> None:
        """Close what is kept open."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()

    def __enter__(self) -> PooledTransport:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _dialler(endpoint: str) -> Callable[[float], HTTPConnection]:
    """How a connection to the endpoint is made, given a timeout; not connected yet."""
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    if parts.scheme != "https":
        return lambda timeout: HTTPConnection(host, parts.port, timeout=timeout)
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    proxy = None if is_loopback(endpoint) or proxy_bypass(host) else getproxies().get("https")
    if not proxy:
        return lambda timeout: HTTPSConnection(host, parts.port, timeout=timeout, context=context)
    via = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    headers = {}
    if via.username:
        pair = f"{unquote(via.username)}:{unquote(via.password or '')}"
        headers["Proxy-Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"

    def through(timeout: float) -> HTTPConnection:
        connection = HTTPSConnection(via.hostname or "", via.port, timeout=timeout, context=context)
        connection.set_tunnel(host, parts.port or 443, headers=headers)
        return connection

    return through


def _unpacked(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    unpacked = unpacker.decompress(body, LARGEST)
    if not unpacker.eof:
        raise IncompleteRead(b"")
    return unpacked


def _plainly(error: BaseException) -> str:
    """What happened, without addresses of objects or anything that was sent."""
    match error:
        case ConnectionRefusedError():
            return "refused"
        case TimeoutError():
            return "no answer in time"
        case ssl.SSLError():
            return "the certificate or the encryption was not accepted"
        case socket.gaierror():
            return "the name of the host is not known"
        case IncompleteRead() | ConnectionError() | zlib.error():
            return "the connection broke before the answer was complete"
        case HTTPException():
            return "the answer is not HTTP"
        case OSError() if str(error).startswith("Tunnel connection failed"):
            return "the proxy refused"
        case _:
            return type(error).__name__
