"""Requests to DigitalOcean through pydo: one place for retries, error texts and the loopback rule.

pydo's own retries are off, redirects and proxies too (a redirect could carry the token to another host). The
retries here are the official plugin's, on purpose: every method, a POST included, on 429 and 5xx and on a
lost connection. A create whose answer is lost is therefore sent again, and there are two; `httpRetryMax: 0`
prevents it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from formerr_infra.local.standin.errors import ApiError, StandinError
from formerr_infra.loopback import require_loopback

CONNECT_TIMEOUT = 30.0
READ_TIMEOUT = 300.0
PAGE = 200


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach the API.

    Args:
        retry_max: repeats of a failed request; 0 for none.
        retry_wait_min, retry_wait_max: seconds between them, doubled from the least to the most.
    """

    endpoint: str
    token: str
    retry_max: int = 4
    retry_wait_min: float = 1.0
    retry_wait_max: float = 30.0

    def __repr__(self) -> str:
        return f"Connection({self.endpoint})"


class Api:
    """A client for one endpoint; may be used from several threads.

    Raises:
        NotLoopback: if the endpoint is not on this machine.
    """

    def __init__(self, connection: Connection, stopping: threading.Event) -> None:
        require_loopback(connection.endpoint, what="the stand-in plugin's endpoint")
        self._connection = connection
        self._stopping = stopping
        self._lock = threading.Lock()
        self._client: Any = None

    def warm(self) -> None:
        """Load pydo ahead of the first request."""
        self._pydo()

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """The body of a GET, e.g. `get("/v2/vpcs/ID")["vpc"]`."""
        return self.send("GET", path, query=query)

    def find(self, path: str, key: str) -> dict[str, Any] | None:
        """One object by its address, or None where the answer is 404."""
        try:
            return dict(self.get(path)[key])
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def pages(self, path: str, key: str, **query: Any) -> list[dict[str, Any]]:
        """All objects of a list, page after page."""
        items: list[dict[str, Any]] = []
        page = 1
        while True:
            body = self.get(path, page=page, per_page=PAGE, **query)
            items += body.get(key) or []
            links = (body.get("links") or {}).get("pages") or {}
            if not links.get("next"):
                return items
            page += 1

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The body that answers a POST."""
        return self.send("POST", path, body=body)

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The body that answers a PUT."""
        return self.send("PUT", path, body=body)

    def patch(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The body that answers a PATCH."""
        return self.send("PATCH", path, body=body)

    def delete(self, path: str) -> None:
        """A DELETE."""
        self.send("DELETE", path)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """One request with the configured retries.

        Raises:
            ApiError: for any answer but 2xx, and for none.
        """
        target = f"{path}?{urlencode(query)}" if query else path
        attempts = 0
        while True:
            attempts += 1
            try:
                return self._once(method, target, body)
            except ApiError as error:
                wait = self._wait(error, attempts)
                if wait is None:
                    raise
            if self._stopping.wait(wait):
                raise StandinError(f"{method} {path}: cancelled")

    def _wait(self, error: ApiError, attempts: int) -> float | None:
        settings = self._connection
        retryable = error.status in (0, 429) or (error.status >= 500 and error.status != 501)
        if not retryable or attempts > settings.retry_max:
            return None
        if isinstance(error, _Told) and error.retry_after is not None and error.status in (429, 503):
            return error.retry_after
        return min(settings.retry_wait_max, settings.retry_wait_min * 2.0 ** (attempts - 1))

    def _once(self, method: str, target: str, body: dict[str, Any] | None) -> dict[str, Any]:
        client = self._pydo()
        from azure.core.exceptions import AzureError
        from azure.core.rest import HttpRequest

        what = f"{method} {self._connection.endpoint}{target}:"
        try:
            response = client.send_request(HttpRequest(method, target, json=body), enforce_https=False)
        except AzureError as error:
            raise ApiError(0, _clean(str(error), self._connection.token), what) from None
        if response.status_code == 204:
            return {}
        request_id = response.headers.get("x-request-id", "")
        named = (
            f'{what} {response.status_code} (request "{request_id}")'
            if request_id
            else f"{what} {response.status_code}"
        )
        ok = 200 <= response.status_code < 300
        try:
            answer = response.json() if response.content else {}
        except ValueError:
            if ok:
                raise ApiError(response.status_code, "the answer is not JSON", named) from None
            answer = {}
        if not isinstance(answer, dict):
            raise ApiError(response.status_code, "the answer is not an object", named)
        if ok:
            return answer
        raise _Told(response.status_code, str(answer.get("message", "")), named, _seconds(response.headers))

    def _pydo(self) -> Any:
        with self._lock:
            if self._client is None:
                from azure.core.pipeline.policies import RedirectPolicy, RetryPolicy
                from azure.core.pipeline.transport import RequestsTransport
                from pydo import Client

                transport = RequestsTransport(
                    connection_timeout=CONNECT_TIMEOUT, read_timeout=READ_TIMEOUT, use_env_settings=False
                )
                self._client = Client(
                    self._connection.token,
                    endpoint=self._connection.endpoint,
                    retry_policy=RetryPolicy.no_retries(),
                    redirect_policy=RedirectPolicy.no_redirects(),
                    transport=transport,
                )
            return self._client


class _Told(ApiError):
    """An error answer, with what it says about when to come again."""

    def __init__(self, status: int, message: str, what: str, retry_after: float | None) -> None:
        super().__init__(status, message, what)
        self.retry_after = retry_after


def _seconds(headers: Any) -> float | None:
    try:
        return max(0.0, float(headers.get("retry-after", "")))
    except ValueError:
        return None


def _clean(message: str, token: str) -> str:
    return message.replace(token, "[token]") if token else message
