"""Live objects of a cluster, read side by side.

A connection is kept for each thread; TLS is checked against the authority that DigitalOcean names for the cluster.
Only GETs are sent, each repeated once after a dropped connection or a 5xx. All of it ends by one deadline, and a server
that could not be connected to is asked for nothing else.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote, urlsplit

from formerr_infra import credential
from formerr_infra.inventory.facts import Unknown
from formerr_infra.loopback import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from formerr_infra.application.kinds import Reference
    from formerr_infra.inventory.facts import Access

AT_ONCE = 8
#: One silence, and all that is read at once, connecting included; seconds.
TIMEOUT = 8.0
WITHIN = 20.0
ATTEMPTS = 2
_LARGEST = 4 << 20
#: Objects on one page of a list.
_PAGE = 500
#: More pages than any list here has; against a server that promises another one without end.
_MOST_PAGES = 200

#: An object as the API server has it, None where there is none, or why that is not known.
Live: TypeAlias = "Mapping[str, Any] | Unknown | None"


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where an API server is and what opens it.

    Attributes:
        server: base address.
        authority: certificate authority, PEM.
        token: a bearer token, if that is what opens it; never printed.
        certificate, key: of a client, PEM, where there is no token (older clusters).
    """

    server: str
    authority: str
    token: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    key: str = field(default="", repr=False)


def reach(access: Access, cluster_id: str) -> Cluster | Unknown:
    """Ask DigitalOcean for what opens a cluster; in local mode one that is not on loopback is not asked for either."""
    try:
        answer = credential.ask(access.endpoint, cluster_id, access.token)
    except credential.NoCredentialError as error:
        return Unknown(str(error))
    server, authority = str(answer.get("server") or ""), _decoded(answer, "certificate_authority_data")
    token = str(answer.get("token") or "")
    # A header takes no line break.
    token = token if credential.is_token(token) else ""
    certificate, key = (_decoded(answer, f"client_{part}_data") for part in ("certificate", "key"))
    # Without an authority the system's own ones would do.
    needed = {"server": server, "certificate_authority_data": authority}
    if not (certificate and key):
        # Older clusters have the pair instead.
        needed["token"] = token
        if not token:
            needed |= {"client_certificate_data": certificate, "client_key_data": key}
    missing = [name for name, there in needed.items() if not there]
    if missing:
        return Unknown(
            f"DigitalOcean answered without what opens cluster {cluster_id}: no usable {', no '.join(missing)}"
        )
    if access.local and not is_loopback(server):
        return Unknown(
            f"no Kubernetes runs behind cluster {cluster_id} of the local DigitalOcean ({server} is not on this "
            "machine): start it with `make up`, or set deployApplication to false"
        )
    return (
        Cluster(server, authority, token)
        if token
        else Cluster(server, authority, certificate=certificate, key=key)
    )


def _decoded(answer: Mapping[str, object], name: str) -> str:
    """What is there in base64; empty where it is not."""
    try:
        decoded = base64.b64decode(str(answer.get(name) or "")).decode()
    except ValueError:
        return ""
    return decoded if decoded.strip() else ""


def read(
    cluster: Cluster, wanted: Iterable[Reference], *, timeout: float = TIMEOUT, within: float = WITHIN
) -> dict[Reference, Live]:
    """Read objects. Nothing that the other side does raises.

    Args:
        cluster: see `reach`.
        wanted: which.
        timeout: of one silence in seconds.
        within: of all of it.
    """
    references = list(wanted)
    reader = _reader(cluster, timeout, within)
    if isinstance(reader, Unknown):
        return dict.fromkeys(references, reader)
    with reader, ThreadPoolExecutor(min(AT_ONCE, len(references) or 1)) as pool:
        return dict(zip(references, pool.map(reader.one, references), strict=True))


def get(cluster: Cluster, path: str, *, timeout: float = TIMEOUT) -> tuple[int, bytes] | Unknown:
    """Status and body of any path, for what is no single object. Nothing that the other side does raises."""
    reader = _reader(cluster, timeout, min(WITHIN, ATTEMPTS * timeout))
    if isinstance(reader, Unknown):
        return reader
    with reader:
        return reader.asked(path)


def listed(cluster: Cluster, path: str) -> tuple[Mapping[str, Any], ...] | Unknown:
    """All objects of a list, page by page. Nothing that the other side does raises.

    Args:
        cluster: see `reach`.
        path: of the list, without a query.
    """
    reader = _reader(cluster, TIMEOUT, WITHIN)
    if isinstance(reader, Unknown):
        return reader
    with reader:
        return _all_pages(reader, path)


def _all_pages(reader: _Reader, path: str) -> tuple[Mapping[str, Any], ...] | Unknown:
    found: list[Mapping[str, Any]] = []
    following = ""
    for _ in range(_MOST_PAGES):
        query = f"?limit={_PAGE}" + (f"&continue={quote(following)}" if following else "")
        answer = reader.asked(path + query)
        if isinstance(answer, Unknown):
            return answer
        page = _page(answer)
        if page is None:
            return Unknown(f"the API server's answer for {path} is no list ({answer[0]})")
        found += page[0]
        following = page[1]
        if not following:
            return tuple(found)
    return Unknown(f"the API server's list {path} has more than {_MOST_PAGES} pages")


def _page(answer: tuple[int, bytes]) -> tuple[list[Mapping[str, Any]], str] | None:
    """The objects of one page, and where the next one begins."""
    try:
        document = json.loads(answer[1]) if answer[0] == 200 else None
    except (RecursionError, ValueError):
        return None
    if not isinstance(document, dict):
        return None
    items, metadata = document.get("items"), document.get("metadata")
    if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
        return None
    return items, str(metadata.get("continue") or "") if isinstance(metadata, dict) else ""


class _Reader:
    """One look at one API server. A context manager, which closes its connections."""

    def __init__(self, cluster: Cluster, timeout: float, within: float) -> None:
        parts = urlsplit(cluster.server)
        if parts.scheme != "https" or not parts.hostname:
            raise ValueError(f"{cluster.server!r} is not an address by https")
        self._server, self._host = parts.netloc, parts.hostname
        self._headers = {"Accept": "application/json"}
        if cluster.token:
            self._headers["Authorization"] = f"Bearer {cluster.token}"
        self._timeout = timeout
        self._within = within
        self._until = time.monotonic() + within
        self._tls = ssl.create_default_context(cadata=cluster.authority)
        if cluster.certificate:
            _load_pair(self._tls, cluster)
        self._mine = threading.local()
        self._all: list[credential.Connection] = []
        self._unreachable: Unknown | None = None

    def __enter__(self) -> _Reader:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._all:
            connection.close()

    def one(self, reference: Reference) -> Live:
        answer = self.asked(reference.path)
        return answer if isinstance(answer, Unknown) else _judge(reference, *answer)

    def asked(self, path: str) -> tuple[int, bytes] | Unknown:
        trouble, reached = "", True
        for _ in range(ATTEMPTS):
            if self._unreachable is not None:
                return self._unreachable
            if time.monotonic() >= self._until:
                trouble = trouble or f"not everything came within {self._within:g} s"
                break
            connection = self._mine_alone()
            reached = connection.sock is not None
            try:
                if not reached:
                    connection.connect()
                    reached = True
                status, body = self._get(connection, path)
            # A host that cannot be a name is a ValueError.
            except (OSError, ValueError, http.client.HTTPException) as error:
                connection.close()
                trouble = f"{type(error).__name__}: {error}"
                reached = reached or not isinstance(error, TimeoutError | socket.gaierror)
                continue
            if status < 500:
                return status, body
            trouble = f"it answers {status}"
        if not reached:
            self._unreachable = Unknown(f"the API server {self._host} cannot be reached: {trouble}"[:300])
            return self._unreachable
        return Unknown(f"the API server {self._host} could not be asked for {path}: {trouble}"[:300])

    def _mine_alone(self) -> credential.Connection:
        """This thread's connection; perhaps not connected."""
        connection: credential.Connection | None = getattr(self._mine, "connection", None)
        if connection is None:
            connection = credential.Connection(
                self._server, self._tls, until=self._until, silence=self._timeout
            )
            self._mine.connection = connection
            self._all.append(connection)
        return connection

    def _get(self, connection: credential.Connection, path: str) -> tuple[int, bytes]:
        connection.request("GET", path, headers=self._headers)
        answer = connection.getresponse()
        return answer.status, answer.read(_LARGEST)


def _reader(cluster: Cluster, timeout: float, within: float) -> _Reader | Unknown:
    try:
        return _Reader(cluster, timeout, within)
    except (ValueError, OSError) as error:
        # What `ssl` says of a pair holds nothing of it.
        return Unknown(f"the cluster's address, authority or certificate cannot be used: {error}"[:300])


def _load_pair(context: ssl.SSLContext, cluster: Cluster) -> None:
    """Take a client's certificate and key along; `ssl` reads them from a file alone."""
    import tempfile

    descriptor, name = tempfile.mkstemp(prefix="formerr-")  # readable by its owner alone
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{cluster.key}\n{cluster.certificate}\n")
        # A key that is locked is not to ask whoever sits at the terminal.
        context.load_cert_chain(name, password=lambda: "")
    finally:
        Path(name).unlink()


def _judge(reference: Reference, status: int, body: bytes) -> Live:
    try:
        document = json.loads(body)
    except (RecursionError, ValueError):
        document = None
    if not isinstance(document, dict):
        return Unknown(f"the API server's answer for {reference.path} is not an object ({status})")
    if status == 200:
        metadata = document.get("metadata")
        named = (
            isinstance(metadata, dict)
            and metadata.get("name") == reference.name
            and isinstance(metadata.get("labels") or {}, dict)
        )
        if document.get("kind") == reference.kind and named:
            return document
        return Unknown(f"the API server answered something else than {reference.path}")
    if status == 404:
        # A kind that the server does not offer is a 404 too; only this names the object that is not there.
        details = document.get("details")
        if isinstance(details, dict) and details.get("name") == reference.name:
            return None
        return Unknown(f"the API server does not offer {reference.api_version} {reference.kind}")
    if status in (401, 403):
        return Unknown(f"the API server refuses to show {reference.path} ({status})")
    return Unknown(f"the API server answers {status} for {reference.path}")
