"""An API on loopback that answers what a test tells it, in turn."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.quiet import AnyMethod, Quiet

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class Service:
    """An API that answers what it is told to.

    Attributes:
        answers: status and body of each request in turn; the last one again and again.
        asked: path and token of each request.
    """

    answers: list[tuple[int, bytes]]
    endpoint: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def service(*answers: tuple[int, Any]) -> Iterator[Service]:
    """On loopback."""
    told = Service([(s, b if isinstance(b, bytes) else json.dumps(b).encode()) for s, b in answers])

    class Handler(AnyMethod):
        def answer(self) -> None:
            told.asked.append((self.path, self.headers["Authorization"]))
            status, body = told.answers.pop(0) if len(told.answers) > 1 else told.answers[0]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = Quiet(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    told.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
