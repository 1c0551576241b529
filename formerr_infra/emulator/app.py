"""The API over HTTP: authentication, rate limit, scopes, faults, record. Plain ASGI, to stay thin.

Handlers run in one go on the event loop; only latency, delays and hangs wait, so that parallel calls overlap. The
state is on disk before a change is answered.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from formerr_infra.emulator.errors import (
    ApiError,
    Forbidden,
    MethodNotAllowed,
    NotFound,
    TooManyRequests,
    Unauthorized,
)
from formerr_infra.emulator.records import RequestRecord
from formerr_infra.emulator.routing import Answer, Call, Operation, parse_object, parse_query

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from formerr_infra.emulator.engine import Emulator
    from formerr_infra.emulator.faults import Fault
    from formerr_infra.emulator.store import Account

CONTROL = "/_control"
OWN = ("/_control", "/_kubernetes")
"""What is beside the API on the same port, and in no record."""
_LOGGER = logging.getLogger(__name__)
_HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"

Transports = dict[tuple[str, int], asyncio.Transport]
"""Open connections by the client's address, so that a fault can close one."""


@dataclass(slots=True)
class _Exchange:
    """What is known of a request while it is worked on."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes
    content_type: str
    base_url: str
    account: Account | None = None
    applied: bool = False
    touched: list[str] | None = None
    fault: Fault | None = None


class Application:
    """The ASGI application: what is the emulator's own under its prefixes, the API everywhere else."""

    def __init__(self, emulator: Emulator, control: ASGIApp, transports: Transports) -> None:
        self._emulator = emulator
        self._control = control
        self._transports = transports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"].startswith(OWN):
            await self._control(scope, receive, send)
            return
        started = time.time()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        exchange = _Exchange(
            method=scope["method"],
            path=(scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0],
            query=parse_query(scope["query_string"]),
            body=await _read_body(headers, receive),
            content_type=headers.get(b"content-type", b"").decode("latin-1"),
            base_url="http://" + headers.get(b"host", b"localhost").decode("latin-1"),
        )
        number = self._emulator.log.next_number()
        status: int | None = None
        try:
            status = await self._serve(exchange, headers, scope, receive, send)
        finally:
            self._record(number, exchange, status, started)

    async def _serve(
        self, exchange: _Exchange, headers: dict[bytes, bytes], scope: Scope, receive: Receive, send: Send
    ) -> int | None:
        """Work on one request and answer it; gives the status, None if there was no answer."""
        emulator = self._emulator
        if emulator.world.settings.latency > 0:
            await asyncio.sleep(emulator.world.settings.latency)
        extra: dict[str, str] = {}
        fired: list[Fault] = []
        try:
            exchange.account = account = self._authenticate(headers)
            extra = _spend(account)
            fired = emulator.faults.fire(exchange.method, exchange.path, account.name)
            for fault in fired:
                if fault.delay > 0:
                    await asyncio.sleep(fault.delay)
            ending = next((f for f in fired if f.ends_request), None)
            exchange.fault = ending
            if ending is not None and not (ending.after_apply or ending.drop == "after" or ending.body):
                return await self._end(ending, None, extra, scope, receive, send)
            answer = self._handle(exchange, account, fired)
            if ending is not None:
                return await self._end(ending, answer, extra, scope, receive, send)
        except ApiError as error:
            answer = self._error(error)
            extra = {**extra, **error.headers}
        except Exception:
            _LOGGER.exception("%s %s", exchange.method, exchange.path)
            answer = self._error(ApiError())
        await _send(send, answer, extra)
        return answer.status

    def _authenticate(self, headers: dict[bytes, bytes]) -> Account:
        scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        account = self._emulator.world.accounts.get(token.strip())
        if account is None or scheme.lower() != "bearer":
            raise Unauthorized()
        return account

    def _handle(self, exchange: _Exchange, account: Account, fired: list[Fault]) -> Answer:
        """Run the handler; what it changed is saved before this returns."""
        emulator = self._emulator
        operation, params = self._find(exchange, account)
        hidden = frozenset(f.hide_from_lists for f in fired if f.hide_from_lists)
        call = Call(
            world=emulator.world,
            account=account,
            path=exchange.path,
            params=params,
            query=exchange.query,
            raw_body=exchange.body,
            content_type=exchange.content_type,
            base_url=exchange.base_url,
            hidden=hidden,
        )
        exchange.touched = call.touched
        before = emulator.world.revision
        answer = operation.handler(call)
        exchange.applied = emulator.world.revision != before and exchange.method != "GET"
        for fault in fired:
            if fault.move_across_pages:
                _move(account, fault.move_across_pages, answer)
        emulator.save()
        return answer

    def _find(self, exchange: _Exchange, account: Account) -> tuple[Operation, tuple[str, ...]]:
        if not exchange.path.startswith("/v2/"):
            raise NotFound()
        by_method, params = self._emulator.router.find(exchange.path)
        operation = by_method.get(exchange.method)
        if operation is None:
            raise MethodNotAllowed(headers={"allow": ", ".join(sorted(by_method))})
        granted = account.settings.scopes
        if granted is not None and not set(operation.scopes) <= set(granted):
            missing = ", ".join(scope for scope in operation.scopes if scope not in granted)
            raise Forbidden(f"You are missing the required permission {missing}")
        return operation, params

    def _error(self, error: ApiError) -> Answer:
        request_id = self._emulator.world.uuid("request")
        return Answer(error.status, {"id": error.id, "message": error.message, "request_id": request_id})

    async def _end(
        self,
        fault: Fault,
        answer: Answer | None,
        extra: dict[str, str],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> int | None:
        """End a request the way a fault says."""
        if fault.hang:
            while (await receive())["type"] != "http.disconnect":
                pass
            return None
        if fault.drop is not None:
            self._disconnect(scope)
            return None
        if fault.retry_after is not None:
            extra = {**extra, "retry-after": f"{fault.retry_after:g}"}
        if fault.body == "html":
            status = fault.status or 502
            await _send(send, Answer(status, _HTML, "text/html; charset=utf-8"), extra)
            return status
        if fault.status is not None:
            answer = self._error(ApiError(fault.message or f"fault {fault.id}", status=fault.status))
        if answer is None:
            raise RuntimeError(f"fault {fault.id} ends nothing")
        content = answer.encode()
        half = content[: max(1, len(content) // 2)]
        if fault.body == "cut":
            await _send_raw(send, answer, extra, len(content), half, more=True)
            self._disconnect(scope, flush=True)
        elif fault.body == "truncated":
            await _send_raw(send, answer, extra, len(half), half)
        else:
            await _send_raw(send, answer, extra, len(content), content)
        return answer.status

    def _disconnect(self, scope: Scope, *, flush: bool = False) -> None:
        transport = self._transports.get(tuple(scope["client"]))
        if transport is not None:
            if flush:
                transport.close()
            else:
                transport.abort()

    def _record(self, number: int, exchange: _Exchange, status: int | None, started: float) -> None:
        touched = exchange.touched or ["", ""]
        self._emulator.log.add(
            RequestRecord(
                number=number,
                method=exchange.method,
                path=exchange.path,
                query=exchange.query,
                status=status,
                at=started,
                seconds=round(time.time() - started, 6),
                token_name=exchange.account.name if exchange.account else "",
                applied=exchange.applied,
                body_keys=_keys(exchange.body),
                resource_id=touched[0],
                resource_name=touched[1],
                fault=exchange.fault.id if exchange.fault else None,
            )
        )


async def _read_body(headers: dict[bytes, bytes], receive: Receive) -> bytes:
    if b"content-length" not in headers and b"transfer-encoding" not in headers:
        return b""
    chunks = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    return b"".join(chunks)


def _spend(account: Account) -> dict[str, str]:
    """Count a request against the rate limit; the headers that tell about it, or TooManyRequests."""
    settings = account.settings
    now = time.time()
    if now - account.window_started >= settings.rate_window:
        account.window_started, account.window_used = now, 0
    reset = account.window_started + settings.rate_window
    headers = {
        "ratelimit-limit": str(settings.rate_limit),
        "ratelimit-remaining": str(max(0, settings.rate_limit - account.window_used - 1)),
        "ratelimit-reset": str(math.ceil(reset)),
    }
    if account.window_used >= settings.rate_limit:
        raise TooManyRequests(headers={**headers, "retry-after": str(max(1, math.ceil(reset - now)))})
    account.window_used += 1
    return headers


def _move(account: Account, key: str, answer: Answer) -> None:
    """Move an item after a list was answered: one that was shown goes to the end, any other to the front."""
    for kind in account.kinds():
        if key in account[kind]:
            body: Any = json.loads(answer.body) if isinstance(answer.body, str) else answer.body
            shown = body.get(kind, []) if isinstance(body, dict) else []
            seen = any(str(item.get("id", item.get("name"))) == key for item in shown)
            account[kind].move(key, to_front=not seen)


def _keys(body: bytes) -> list[str]:
    if not body:
        return []
    try:
        return sorted(str(key) for key in parse_object(body))
    except ApiError:
        return []


async def _send(send: Send, answer: Answer, extra: dict[str, str]) -> None:
    content = answer.encode()
    await _send_raw(send, answer, extra, len(content), content)


async def _send_raw(
    send: Send, answer: Answer, extra: dict[str, str], length: int, content: bytes, *, more: bool = False
) -> None:
    headers = [(name.encode(), value.encode()) for name, value in extra.items()]
    if answer.status != 204:
        headers.append((b"content-length", str(length).encode()))
    if content:
        headers.append((b"content-type", answer.content_type.encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": content, "more_body": more})
