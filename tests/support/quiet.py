"""What the tests' own servers share: a handler that hears every method, and a server that says nothing of broken connections."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class AnyMethod(BaseHTTPRequestHandler):
    """Answers each request by `answer`, whatever its method."""

    disable_nagle_algorithm = True
    wbufsize = -1

    def answer(self) -> None:
        """One request."""
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def log_message(self, *_: Any) -> None:
        pass


class Quiet(ThreadingHTTPServer):
    """Serves many at once and prints nothing."""

    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass
