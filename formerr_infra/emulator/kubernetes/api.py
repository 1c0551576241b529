"""A client of one API server, as far as the emulator needs one: JSON over one kept connection, off the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pathlib import Path

    from formerr_infra.emulator.store import Json

_SECONDS = 10.0
MERGE = "application/merge-patch+json"


class Unreachable(Exception):
    """The API server does not answer."""


class Refused(Exception):
    """The API server answered an error; `status` is that of HTTP."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class Api:
    """Requests to an API server, one after the other, with the certificate of its own client."""

    def __init__(self, server: str, folder: Path) -> None:
        parts = urlsplit(server)
        self._host, self._port = parts.hostname or "", parts.port or 443
        self._context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        self._context.load_cert_chain(folder / "client.crt", folder / "client.key")
        self._connection: http.client.HTTPSConnection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="kubernetes")

    def close(self) -> None:
        """End the connection, after what is under way."""
        self._thread.submit(self._disconnect)
        self._thread.shutdown(wait=False)

    async def ask(self, method: str, path: str, body: Json | None = None, *, kind: str = "") -> Json:
        """The JSON object that answers a request. Refused for an error, Unreachable for no answer."""
        loop = asyncio.get_running_loop()
        status, content = await loop.run_in_executor(self._thread, self._ask, method, path, body, kind)
        try:
            answer = json.loads(content)
        except ValueError:
            answer = {"message": content.decode(errors="replace")}
        if status >= 400:
            raise Refused(status, str(answer.get("message", status)))
        return answer if isinstance(answer, dict) else {}

    async def list(self, path: str) -> list[Json]:
        """All items of a collection, as the API server has them at hand."""
        items: list[Json] = (await self.ask("GET", f"{path}?resourceVersion=0"))["items"]
        return items

    async def find(self, path: str) -> Json | None:
        """One object, or None."""
        try:
            return await self.ask("GET", path)
        except Refused as error:
            if error.status == 404:
                return None
            raise

    async def ensure(self, path: str, manifest: Json) -> None:
        """Create an object unless there is one of that name."""
        try:
            await self.ask("POST", path, manifest)
        except Refused:
            # What is refused because it is there already is not always refused for that reason: a second Service
            # of the same address is invalid before it is a double.
            if await self.find(f"{path}/{manifest['metadata']['name']}") is None:
                raise

    async def report(self, event: Json) -> None:
        """Leave an event; one that is refused is lost, as events may be."""
        with contextlib.suppress(Refused):
            await self.ask("POST", f"/api/v1/namespaces/{event['metadata']['namespace']}/events", event)

    async def patch(self, path: str, changes: Json) -> None:
        """Merge changes into an object; nothing happens if it has gone."""
        try:
            await self.ask("PATCH", path, changes, kind=MERGE)
        except Refused as error:
            if error.status != 404:
                raise

    async def delete(self, path: str, *, now: bool = False) -> None:
        """Delete an object, `now` without any grace; nothing happens if it has gone."""
        try:
            await self.ask("DELETE", path, {"gracePeriodSeconds": 0} if now else None)
        except Refused as error:
            if error.status != 404:
                raise

    def _ask(self, method: str, path: str, body: Json | None, kind: str) -> tuple[int, bytes]:
        content = None if body is None else json.dumps(body).encode()
        headers = {"Accept": "application/json", "User-Agent": "emulator"}
        if content is not None:
            headers["Content-Type"] = kind or "application/json"
        fresh = self._connection is None
        try:
            return self._send(method, path, content, headers)
        except (OSError, http.client.HTTPException) as error:
            self._disconnect()
            if fresh or method not in ("GET", "DELETE"):
                raise Unreachable(str(error)) from error
        try:
            # A kept connection may have been closed on the other side meanwhile.
            return self._send(method, path, content, headers)
        except (OSError, http.client.HTTPException) as error:
            self._disconnect()
            raise Unreachable(str(error)) from error

    def _send(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        if self._connection is None:
            self._connection = http.client.HTTPSConnection(
                self._host, self._port, timeout=_SECONDS, context=self._context
            )
        self._connection.request(method, path, content, headers)
        response = self._connection.getresponse()
        return response.status, response.read()

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
