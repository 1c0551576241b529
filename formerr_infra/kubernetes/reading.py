"""Live objects of a cluster, read side by side.

A connection is kept for each thread; TLS is checked against the authority that DigitalOcean names for the cluster.
Only GETs are sent, each repeated once after a dropped connection or a 5xx.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
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
TIMEOUT = 8.0
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
        token: a bearer token; never printed.
    """

    server: str
    authority: str
    token: str = field(repr=False)


def reach(access: Access, cluster_id: str) -> Cluster | Unknown:
    """Ask DigitalOcean for what opens a cluster; in local mode one that is not on loopback is not asked for either."""
    try:
        answer = credential.ask(access.endpoint, cluster_id, access.token)
    except credential.NoCredentialError as error:
        return Unknown(str(error))
    server, authority, token = (
        str(answer.get(name) or "") for name in ("server", "certificate_authority_data", "token")
    )
    try:
        decoded = base64.b64decode(authority).decode()
    except ValueError:
        decoded = ""
    # Without an authority the system's own ones would do, and a header takes no line break.
    if not server or not decoded.strip() or not credential.is_token(token):
        return Unknown(f"DigitalOcean answered without what opens cluster {cluster_id}")
    if access.local and not is_loopback(server):
        return Unknown(
            f"no Kubernetes runs behind cluster {cluster_id} of the local DigitalOcean ({server} is not on this "
            "machine): start it with `make up`, or set deployApplication to false"
        )
    return Cluster(server, decoded, token)


def read(cluster: Cluster, wanted: Iterable[Reference]) -> dict[Reference, Live]:
    """Read objects. Nothing that the other side does raises."""
    references = list(wanted)
    try:
        reader = _Reader(cluster)
    except (ValueError, ssl.SSLError) as error:
        return dict.fromkeys(
            references, Unknown(f"the cluster's address or authority cannot be used: {error}")
        )
    with ThreadPoolExecutor(min(AT_ONCE, len(references) or 1)) as pool:
        return dict(zip(references, pool.map(reader.one, references), strict=True))


def get(cluster: Cluster, path: str, *, timeout: float = TIMEOUT) -> tuple[int, bytes] | Unknown:
    """Status and body of any path, for what is no single object. Nothing that the other side does raises."""
    try:
        reader = _Reader(cluster, timeout)
    except (ValueError, ssl.SSLError) as error:
        return Unknown(f"the cluster's address or authority cannot be used: {error}")
    return reader.asked(path)


def listed(cluster: Cluster, path: str) -> tuple[Mapping[str, Any], ...] | Unknown:
    """All objects of a list, page by page. Nothing that the other side does raises.

    Args:
        cluster: see `reach`.
        path: of the list, without a query.
    """
    found: list[Mapping[str, Any]] = []
    following = ""
    for _ in range(_MOST_PAGES):
        query = f"?limit={_PAGE}" + (f"&continue={quote(following)}" if following else "")
        answer = get(cluster, path + query)
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
    def __init__(self, cluster: Cluster, timeout: float = TIMEOUT) -> None:
        parts = urlsplit(cluster.server)
        if parts.scheme != "https" or not parts.hostname:
            raise ValueError(f"{cluster.server!r} is not an address by https")
        self._host, self._port = parts.hostname, parts.port or 443
        self._token = cluster.token
        self._timeout = timeout
        self._tls = ssl.create_default_context(cadata=cluster.authority)
        self._mine = threading.local()

    def one(self, reference: Reference) -> Live:
        answer = self.asked(reference.path)
        return answer if isinstance(answer, Unknown) else _judge(reference, *answer)

    def asked(self, path: str) -> tuple[int, bytes] | Unknown:
        trouble = ""
        for _ in range(ATTEMPTS):
            try:
                status, body = self._get(path)
            except (OSError, http.client.HTTPException) as error:
                self._mine.connection = None
                trouble = f"{type(error).__name__}: {error}"
                continue
            if status < 500:
                return status, body
            trouble = f"it answers {status}"
        return Unknown(f"the API server {self._host} could not be asked for {path}: {trouble}"[:300])

    def _get(self, path: str) -> tuple[int, bytes]:
        connection = getattr(self._mine, "connection", None)
        if connection is None:
            connection = http.client.HTTPSConnection(
                self._host, self._port, timeout=self._timeout, context=self._tls
            )
            self._mine.connection = connection
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read(_LARGEST)


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
