"""A reverse proxy on loopback in front of an API server, on which each request can be made to fail.

Faults are the emulator's own (`formerr_infra.emulator.faults`), with the same fields and the same verbs as those of its
control plane; what only bends lists means nothing here. It speaks with the certificate of the API server's authority,
so that a kubeconfig needs another address and nothing else. A dry run is no change: no fault matches it, and neither does
a review, which asks by POST. Each connection of a client has one of its own to the API server.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import h11

from formerr_infra.emulator.faults import FaultBook

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from formerr_infra.emulator.faults import Fault

Json = dict[str, Any]
_BIT = 1 << 16
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_ASKS = re.compile(r"/apis/(authentication|authorization)\.k8s\.io/")
_START_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it arrived.

    Attributes:
        method: of HTTP.
        path: without the query.
        changes: whether it may change something.
        status: of the answer that the client was given; None if it was given none.
    """

    method: str
    path: str
    changes: bool
    status: int | None


class Gone(Exception):
    """One of the two sides has closed its connection."""


class ApiProxy:
    """A context manager around a running proxy.

    Args:
        server: address of the API server.
        folder: with `ca.crt`, and `server.crt` and `server.key` that it has signed.
    """

    def __init__(self, server: str, folder: Path) -> None:
        self._target = urlsplit(server)
        self._outward = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        self._inward = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._inward.load_cert_chain(folder / "server.crt", folder / "server.key")
        self._book = FaultBook(seed=0)
        self._done: Counter[int] = Counter()
        self._asked: list[Asked] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="api-proxy")
        self._server: asyncio.Server | None = None
        self.address = ""

    def __enter__(self) -> ApiProxy:
        self._thread.start()
        self._server = self._on_loop(
            asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self._inward, limit=_BIT)
        )
        self.address = f"https://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._on_loop(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _on_loop(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_START_SECONDS)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- what tests say and ask -------------------------------------------------------------------------------

    def fault(self, method: str = "*", path_regex: str = "", **fields: Any) -> int:
        """A new fault; the fields are those of `faults.Fault`. Gives its id."""
        return self._book.add({"method": method, "path": path_regex, **fields}).id

    def faults(self) -> list[Json]:
        """All faults; `fired` counts what has happened, so that a change before a hang is there when it is counted."""
        return [asdict(one) | {"fired": self._done[one.id]} for one in tuple(self._book.faults)]

    def clear_faults(self) -> None:
        """No faults any more."""
        self._book.clear()

    def requests(self) -> list[Asked]:
        """What was asked, in the order of the answers."""
        return list(self._asked)

    # -- a connection -----------------------------------------------------------------------------------------

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _Side(h11.Connection(h11.SERVER), reader, writer)
        server: _Side | None = None
        try:
            server = await self._to_server()
            while True:
                await self._exchange(client, server)
                for side in (client, server):
                    if side.http.our_state is h11.DONE:
                        side.http.start_next_cycle()
        except (Gone, OSError, h11.ProtocolError, asyncio.IncompleteReadError):
            pass
        finally:
            client.writer.close()
            if server is not None:
                server.writer.close()

    async def _to_server(self) -> _Side:
        return _Side(
            h11.Connection(h11.CLIENT),
            *await asyncio.open_connection(self._target.hostname, self._target.port, ssl=self._outward),
        )

    async def _exchange(self, client: _Side, server: _Side) -> None:
        """One request and its answer. Gone where that is the end of the connection."""
        request = await client.next()
        if not isinstance(request, h11.Request):
            raise Gone
        body = b"".join([part async for part in client.data()])
        target = urlsplit(request.target.decode("ascii"))
        method = request.method.decode("ascii")
        dry = "dryRun" in parse_qs(target.query)
        changes = method not in ("GET", "HEAD", "OPTIONS") and not dry and not _ASKS.match(target.path)
        fault = self._fault(method, target.path) if changes or method == "GET" else None
        status: int | None = None
        try:
            if fault is None:
                status = await _relay(request, body, client, server)
            else:
                status = await self._fail(fault, request, body, client, server)
        finally:
            self._asked.append(Asked(method, target.path, changes, status))

    def _fault(self, method: str, path: str) -> Fault | None:
        return next((one for one in self._book.fire(method, path, "") if one.ends_request), None)

    async def _fail(
        self, fault: Fault, request: h11.Request, body: bytes, client: _Side, server: _Side
    ) -> int | None:
        """What a fault makes of a request; the status that was answered."""
        status, content, kind = 200, b"", b"application/json"
        if fault.after_apply or fault.drop == "after" or fault.body:
            await server.send(request, body)
            status, content, kind = await server.whole()
        self._done[fault.id] += 1
        if fault.hang:
            await client.closed()
            raise Gone
        if fault.drop is not None:
            client.writer.transport.abort()
            raise Gone
        if fault.body == "html":
            status, content, kind = fault.status or 502, _HTML, b"text/html; charset=utf-8"
        elif fault.status is not None:
            status, content, kind = fault.status, _failure(fault), b"application/json"
        half = content if fault.body in (None, "html") else content[: max(1, len(content) // 2)]
        length = len(content if fault.body == "cut" else half)
        headers = [(b"content-type", kind), (b"content-length", str(length).encode())]
        if fault.retry_after is not None:
            headers.append((b"retry-after", f"{fault.retry_after:g}".encode()))
        await client.write(client.http.send(h11.Response(status_code=status, headers=headers)))
        await client.write(client.http.send(h11.Data(data=half)))
        if fault.body == "cut":
            raise Gone
        await client.write(client.http.send(h11.EndOfMessage()))
        return status


async def _relay(request: h11.Request, body: bytes, client: _Side, server: _Side) -> int:
    """A request to the API server and its answer, part by part, until either side goes away."""
    await server.send(request, body)
    leaves = asyncio.ensure_future(client.closed())
    answers = asyncio.ensure_future(_answer(client, server))
    try:
        await asyncio.wait({leaves, answers}, return_when=asyncio.FIRST_COMPLETED)
        if not answers.done():
            raise Gone
        return answers.result()
    finally:
        for task in (leaves, answers):
            task.cancel()
            with suppress(asyncio.CancelledError, Gone, OSError, h11.ProtocolError):
                await task


async def _answer(client: _Side, server: _Side) -> int:
    response = await server.next()
    while isinstance(response, h11.InformationalResponse):
        response = await server.next()
    if not isinstance(response, h11.Response):
        raise Gone
    await client.write(client.http.send(response))
    async for part in server.data():
        await client.write(client.http.send(h11.Data(data=part)))
    await client.write(client.http.send(h11.EndOfMessage()))
    return response.status_code


class _Side:
    """One of the two connections: HTTP over a stream."""

    def __init__(
        self, http: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.http = http
        self.reader = reader
        self.writer = writer
        self._early = b""

    async def next(self) -> Any:
        """The next event. Gone at the end of the connection."""
        while True:
            event = self.http.next_event()
            if event is h11.NEED_DATA:
                read, self._early = self._early or await self.reader.read(_BIT), b""
                self.http.receive_data(read)
            elif isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
                raise Gone
            else:
                return event

    async def data(self) -> Any:
        """The parts of a body."""
        while not isinstance(event := await self.next(), h11.EndOfMessage):
            yield bytes(event.data)

    async def whole(self) -> tuple[int, bytes, bytes]:
        """An answer: status, body, content type."""
        response = await self.next()
        while isinstance(response, h11.InformationalResponse):
            response = await self.next()
        content = b"".join([part async for part in self.data()])
        headers = dict(response.headers)
        return response.status_code, content, headers.get(b"content-type", b"application/json")

    async def send(self, request: h11.Request, body: bytes) -> None:
        """A request, as it arrived."""
        await self.write(self.http.send(request))
        if body:
            await self.write(self.http.send(h11.Data(data=body)))
        await self.write(self.http.send(h11.EndOfMessage()))

    async def write(self, content: bytes | None) -> None:
        """To the other end."""
        if content:
            self.writer.write(content)
            await self.writer.drain()

    async def closed(self) -> None:
        """Wait until the other end is gone, or has begun another request."""
        self._early += await self.reader.read(_BIT)
        if self._early:
            await asyncio.Event().wait()


def _failure(fault: Fault) -> bytes:
    """An answer of an API server that failed."""
    return json.dumps(
        {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": fault.message or f"fault {fault.id}",
            "code": fault.status,
        }
    ).encode()
