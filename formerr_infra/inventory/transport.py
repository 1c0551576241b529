"""How pydo's requests travel: one pool of connections, deadlines that hold, and nothing kept of the token.

azure-core lets a client bring its own transport. This one exists because the default one costs three times
the processor time of a small answer, follows redirects with the token, and has no deadline for an answer that
arrives drop by drop. It never repeats a request.
"""

from __future__ import annotations

import json
import ssl
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
import urllib3
from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.core.pipeline.transport import HttpTransport
from azure.core.rest import HttpRequest, HttpResponse
from pydo import GeneratedClient

from formerr_infra.loopback import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

    from azure.core.credentials import AccessToken
    from azure.core.pipeline import PipelineRequest

    from formerr_infra.inventory.facts import Access, Limits

#: An answer above this is not one that the API gives; bytes.
LARGEST = 64 * 1024 * 1024


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
    """An answer that was read completely."""

    def __init__(self, request: HttpRequest, status: int, reason: str, headers: Any, body: bytes) -> None:
        self._request = request
        self._status = status
        self._reason = reason
        self._headers = headers
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
        headers: MutableMapping[str, str] = self._headers
        return headers

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
    transport = PooledTransport(endpoint, connect=limits.connect, read=limits.read, at_once=limits.at_once)
    return GeneratedClient(
        Nobody(), endpoint=endpoint, authentication_policy=bearer, policies=[bearer], transport=transport
    )


class PooledTransport(HttpTransport[HttpRequest, HttpResponse]):
    """Sends pydo's requests through one pool of connections that all threads share.

    Proxies come from the environment as for any Python program, except to loopback; certificates are checked
    against the system's and certifi's authorities.

    Args:
        endpoint: base address, to choose proxy and certificates by.
        connect: timeout of a connection in seconds.
        read: timeout of one silence in seconds.
        at_once: connections that are kept.
    """

    def __init__(self, endpoint: str, *, connect: float, read: float, at_once: int) -> None:
        self._connect = connect
        self._read = read
        self._pool = _pool(endpoint, at_once)

    def send(self, request: HttpRequest, *, deadline: float | None = None, **_: Any) -> HttpResponse:
        """Send once and read the whole answer.

        Args:
            request: what pydo built.
            deadline: on the clock of `time.monotonic`; the answer must be complete by then.

        Raises:
            ServiceRequestError: no connection.
            ServiceResponseError: the answer did not arrive, or not completely, or not in time.
        """
        left = self._read if deadline is None else deadline - time.monotonic()
        if left <= 0:
            raise ServiceRequestError("no time left")
        timeout = urllib3.Timeout(connect=min(self._connect, left), read=min(self._read, left))
        try:
            raw = self._pool.urlopen(
                request.method,
                request.url,
                body=request.content,
                headers=dict(request.headers),
                timeout=timeout,
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
            raise ServiceRequestError(_plainly(error)) from None
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise ServiceResponseError(_plainly(error)) from None
        try:
            body = _whole(raw, deadline)
        except (urllib3.exceptions.HTTPError, OSError, TimeoutError) as error:
            raw.close()
            raise ServiceResponseError(_plainly(error)) from None
        except BaseException:
            raw.close()
            raise
        raw.release_conn()
        return Answered(request, raw.status, raw.reason or "", raw.headers, body)

    def open(self) -> None:
        """Nothing to do: connections are made when needed."""

    def close(self) -> None:
        """Close what is kept open."""
        self._pool.clear()

    def __enter__(self) -> PooledTransport:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _pool(endpoint: str, at_once: int) -> urllib3.PoolManager:
    parts = urlsplit(endpoint)
    options: dict[str, Any] = {"maxsize": at_once, "block": False}
    if parts.scheme == "https":
        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
        options["ssl_context"] = context
    host = parts.hostname or ""
    proxy = None if is_loopback(endpoint) or proxy_bypass(host) else getproxies().get(parts.scheme)
    if not proxy:
        return urllib3.PoolManager(**options)
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    credentials = urlsplit(proxy)
    if credentials.username:
        options["proxy_headers"] = urllib3.make_headers(
            proxy_basic_auth=f"{credentials.username}:{credentials.password or ''}"
        )
    return urllib3.ProxyManager(proxy, **options)


def _whole(raw: urllib3.BaseHTTPResponse, deadline: float | None) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := raw.read1(1 << 16):
        parts.append(part)
        size += len(part)
        if size > LARGEST:
            raise TimeoutError("the answer does not end")
        if deadline is not None and time.monotonic() > deadline:
            raise TimeoutError("the answer took too long")
    return b"".join(parts)


def _plainly(error: BaseException) -> str:
    """What happened, without addresses of objects or anything that was sent."""
    match error:
        case urllib3.exceptions.NewConnectionError():
            return "no connection"
        case urllib3.exceptions.ConnectTimeoutError():
            return "no connection in time"
        case urllib3.exceptions.TimeoutError() | TimeoutError():
            return "no answer in time"
        case urllib3.exceptions.SSLError():
            return "the certificate or the encryption was not accepted"
        case urllib3.exceptions.ProxyError():
            return "the proxy did not answer"
        case urllib3.exceptions.IncompleteRead() | urllib3.exceptions.ProtocolError() | ConnectionError():
            return "the connection broke before the answer was complete"
        case _:
            return type(error).__name__
