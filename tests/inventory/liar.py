"""A server on loopback that answers whatever a test tells it, and what the tests of the inventory share."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from formerr_infra.inventory import Access, Inventory, Limits, Question, look
from tests.support.quiet import Quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: A token that would be noticed anywhere.
TOKEN = "dop_v1_5ecre75ecre75ecre7"
#: The kinds of the slots that every stack has; those around the cluster have tests of their own.
CLOUD = ("vpc", "cluster", "registry", "load_balancer", "project")
NAME = "formerr-staging-thing"
#: Short enough for tests in which nothing ever answers.
HASTY = Limits(budget=4.0, connect=1.0, read=0.5, pause=0.01)


@dataclass(slots=True)
class Reply:
    """What the liar answers."""

    body: bytes | object
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drip: float = 0.0


@dataclass(slots=True)
class Liar:
    """A server on loopback that answers as `answer` says, and remembers what it was asked."""

    endpoint: str
    answer: Callable[[str], Reply] = lambda path: Reply({"id": "not_found", "message": path}, 404)
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)

    def look(self, *questions: Question, with_account: bool = False, limits: Limits = HASTY) -> Inventory:
        access = Access(self.endpoint, TOKEN, local=True)
        return look(access, questions, stack="staging", with_account=with_account, limits=limits)


@contextmanager
def lying() -> Iterator[Liar]:
    """Run the server while the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            liar.asked.append((self.command, self.path, self.headers.get("Authorization")))
            reply = liar.answer(self.path)
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            length = {} if reply.status == 204 else {"Content-Length": str(len(body))}
            for name, value in {**length, **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if not reply.drip:
                self.wfile.write(body)
                return
            for position in range(len(body)):
                self.wfile.write(body[position : position + 1])
                self.wfile.flush()
                if stopping.wait(reply.drip):
                    return

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.do_GET()

        def do_DELETE(self) -> None:
            self.do_POST()

        def log_message(self, *_: Any) -> None:
            pass

    stopping = threading.Event()
    with Quiet(("127.0.0.1", 0), Handler) as httpd:
        liar = Liar(f"http://127.0.0.1:{httpd.server_address[1]}")
        threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True).start()
        yield liar
        stopping.set()
        httpd.shutdown()
