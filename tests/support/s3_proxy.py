"""A relay on loopback in front of an S3-compatible server, through which two writers are made to meet.

Each asks for the stack's locks before it writes its own, and again after. The relay answers the first question only when
both have asked it, so that neither sees the other. The second it answers as it is, or, `lagging`, as a store would whose
lists are behind its writes, and then again only when both have asked: both hold the stack at the same time.
"""

from __future__ import annotations

import http.client
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCKS = ".pulumi/locks/"
MEET_SECONDS = 60.0


class Meeting:
    """Who waits for whom.

    Attributes:
        lagging: lists of locks show none, however many there are.
    """

    def __init__(self, *, lagging: bool) -> None:
        self.lagging = lagging
        self._both = threading.Barrier(2)
        self._asked = 0
        self._guard = threading.Lock()

    def lists(self) -> None:
        """A list of locks is asked for: the first two wait for each other, and so do the next two where lists lag."""
        with self._guard:
            self._asked += 1
            waits = self._asked <= (4 if self.lagging else 2)
        if waits:
            self._both.wait(MEET_SECONDS)


@contextmanager
def relay(target: str, meeting: Meeting) -> Iterator[str]:
    """The address of a relay to the server at `target`."""
    host = urlsplit(target).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _relay(self) -> None:
            parts = urlsplit(self.path)
            prefix = parse_qs(parts.query).get("prefix", [""])[0]
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asks = self.command == "GET" and prefix.startswith(LOCKS)
            if asks:
                meeting.lists()
            # As it was signed, the name of the host too.
            connection = http.client.HTTPConnection(host, timeout=MEET_SECONDS)
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            data = answer.read()
            if asks and meeting.lagging:
                data = _EMPTY.format(prefix=prefix).encode()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(data))
            self.send_header("Content-Length", length or "0")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)
            connection.close()

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _relay  # noqa: N815  (the names that are looked for)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


_EMPTY = (
    '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    "<Prefix>{prefix}</Prefix><KeyCount>0</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>"
)
