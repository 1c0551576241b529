"""A running local DigitalOcean for the inventory's tests, and a server that answers whatever it is told.

After every test the record of requests is looked at: nothing in here may ever have written.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.emulator.server import EmulatorServer
from formerr_infra.inventory import Access, Inventory, Limits, Question, look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from formerr_infra.emulator.client import ControlClient

#: A token that would be noticed anywhere.
TOKEN = "dop_v1_5ecre75ecre75ecre7"
NAME = "formerr-staging-thing"
#: Kinds of the inventory, and what the emulator calls them.
COLLECTIONS = {
    "vpc": "vpcs",
    "cluster": "kubernetes_clusters",
    "registry": "registries",
    "load_balancer": "load_balancers",
    "project": "projects",
}
#: Short enough for tests in which nothing ever answers.
HASTY = Limits(budget=2.0, connect=0.3, read=0.25, pause=0.01)


@pytest.fixture(scope="session")
def server() -> Iterator[EmulatorServer]:
    with EmulatorServer() as running:
        yield running


@pytest.fixture
def control(server: EmulatorServer) -> Iterator[ControlClient]:
    """The control plane of a fresh account, which must not have been written to when the test ends."""
    control = server.control
    control.reset()
    control.account(token=TOKEN, name="ours")
    yield control
    writes = [record for record in control.requests(writes=True) if "validate-name" not in record.path]
    assert writes == []
    assert {record.method for record in control.requests()} <= {"GET", "POST"}


@pytest.fixture
def access(server: EmulatorServer, control: ControlClient) -> Access:
    return Access(server.endpoint, TOKEN, local=True)


@pytest.fixture
def put(control: ControlClient) -> Callable[..., str]:
    """Put a resource of a kind there; gives its id."""

    def put(kind: str, name: str = NAME, **fields: Any) -> str:
        if kind not in ("registry", "project"):
            fields.setdefault("region", "nyc3")
        made = control.put(COLLECTIONS[kind], token=TOKEN, name=name, **fields)
        return str(made["name"] if kind == "registry" else made["id"])

    return put


@pytest.fixture
def see(access: Access, caplog: pytest.LogCaptureFixture) -> Callable[..., Inventory]:
    """Look, and see that the token shows nowhere."""
    caplog.set_level("DEBUG")

    def see(
        *questions: Question, with_account: bool = False, limits: Limits = HASTY, stack: str = "staging"
    ) -> Inventory:
        inventory = look(access, questions, stack=stack, with_account=with_account, limits=limits)
        assert TOKEN not in repr(inventory)
        assert TOKEN not in repr(access)
        assert TOKEN not in caplog.text
        return inventory

    return see


@pytest.fixture
def everything() -> tuple[Question, ...]:
    """A question by name for each kind."""
    return tuple(Question(kind, kind, (), NAME) for kind in COLLECTIONS)


@dataclass(slots=True)
class Reply:
    """What the liar answers."""

    body: bytes | object
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drip: float = 0.0


@dataclass(slots=True)
class Liar:
    """A server on loopback that answers GETs as `answer` says, and remembers what it was asked."""

    endpoint: str
    answer: Callable[[str], Reply] = lambda path: Reply({"id": "not_found", "message": path}, 404)
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)

    def look(self, *questions: Question, with_account: bool = False, limits: Limits = HASTY) -> Inventory:
        access = Access(self.endpoint, TOKEN, local=True)
        return look(access, questions, stack="staging", with_account=with_account, limits=limits)


@pytest.fixture(scope="session")
def liar_process() -> Iterator[Liar]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            liar.asked.append((self.command, self.path, self.headers.get("Authorization")))
            reply = liar.answer(self.path)
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(body)), **reply.headers}.items():
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

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass

    stopping = threading.Event()
    with Quiet(("127.0.0.1", 0), Handler) as httpd:
        liar = Liar(f"http://127.0.0.1:{httpd.server_address[1]}")
        threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True).start()
        yield liar
        stopping.set()
        httpd.shutdown()


@pytest.fixture
def liar(liar_process: Liar) -> Liar:
    liar_process.asked.clear()
    return liar_process
