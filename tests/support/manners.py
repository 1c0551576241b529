"""The bundled DigitalOcean with other manners: what the published API leaves open, answered otherwise.

A proxy in front of the emulator that says the same things in another way: other order, other links, smaller pages, fields
that nobody knows, empty ones missing or null, optional ones left out, endpoints that are not there. Whoever depends on more
than is documented notices.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.support.quiet import AnyMethod, Quiet

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]
NOVEL: Json = {"novel_field": {"nested": [1, None, "two"]}, "novel_text": "\u202etext", "novel_list": []}
#: Of each kind, what is read: identity, marks, and what is compared. Everything else may be left out of a list or a thing.
NEEDED: dict[str, frozenset[str]] = {
    "vpcs": frozenset({"id", "name", "region", "ip_range", "description", "default"}),
    "kubernetes_clusters": frozenset(
        {"id", "name", "region", "version", "vpc_uuid", "status", "tags", "node_pools", "ha", "cluster_subnet", "service_subnet"}
    ),
    "load_balancers": frozenset(
        {"id", "name", "region", "vpc_uuid", "status", "ip", "tag", "forwarding_rules", "health_check"}
    ),
    "registries": frozenset({"name", "region"}),
    "projects": frozenset({"id", "name", "description"}),
    "databases": frozenset(
        {"id", "name", "engine", "version", "size", "num_nodes", "region", "status", "private_network_uuid", "tags",
         "connection", "private_connection"}
    ),
    "domains": frozenset({"name"}),
    "domain_records": frozenset({"id", "type", "name", "data", "ttl"}),
    "certificates": frozenset({"id", "name", "type", "state", "dns_names", "not_after"}),
    "checks": frozenset({"id", "name", "type", "target", "regions", "enabled"}),
    "alerts": frozenset({"id", "name", "type", "threshold", "comparison", "period", "notifications"}),
    "policies": frozenset({"uuid", "description", "type", "compare", "value", "window", "entities", "tags", "alerts", "enabled"}),
    "members": frozenset({"urn", "name"}),
    "volumes": frozenset({"id", "name", "region", "size_gigabytes", "tags"}),
}  # fmt: skip
_ONE = {
    "vpc": "vpcs", "kubernetes_cluster": "kubernetes_clusters", "load_balancer": "load_balancers", "registry": "registries",
    "project": "projects", "database": "databases", "domain": "domains", "domain_record": "domain_records",
    "certificate": "certificates", "check": "checks", "alert": "alerts", "policy": "policies",
}  # fmt: skip
#: Fields whose keys are somebody's own.
_MAPS = frozenset({"labels", "region_priorities"})
#: Said of a path that is not there: in the API's words, and in those of a web framework.
WORDS: tuple[Json, ...] = (
    {"id": "not_found", "message": "not found"},
    {"detail": "Not Found"},
    {"error": "nope"},
)


@dataclass(frozen=True, slots=True)
class Manners:
    """How the same is said.

    Attributes:
        page: most things on a page.
        links: None as they are, `elsewhere` with another host, `relative`, `empty`, `missing`, `null`.
        meta: whether lists have a count.
        turned: lists of things come in the other order, and fields too.
        novel: everything has fields that nobody knows.
        lean: what the program does not read is left out.
        blank: None as it is; `null` or `missing` for what is empty in a thing.
        absent: paths (expressions) that are not there.
        status, words: how that is said.
        plain: no header but the type of the content, and that with a character set.
    """

    page: int = 200
    links: str | None = None
    meta: bool = True
    turned: bool = False
    novel: bool = False
    lean: bool = False
    blank: str | None = None
    absent: tuple[str, ...] = ()
    status: int = 404
    words: Json = field(default_factory=lambda: dict(WORDS[0]))
    plain: bool = False

    def gone(self, path: str) -> bool:
        """Whether there is no such path here."""
        return any(re.fullmatch(one, path) for one in self.absent)

    def said(self, body: Json) -> Json:
        """An answer of the API in these manners."""
        done = {key: self._part(key, value) for key, value in body.items()}
        if "links" in body and isinstance(body["links"], dict):
            done = self._linked(done)
        if "meta" in body and not self.meta:
            del done["meta"]
        return done | (NOVEL if self.novel else {})

    def _part(self, key: str, value: Any) -> Any:
        if key in ("links", "meta"):
            return value
        if key in NEEDED and isinstance(value, list):
            things = [self._thing(key, one) for one in value]
            return things[::-1] if self.turned else things
        if key in _ONE and isinstance(value, dict):
            return self._thing(_ONE[key], value)
        return value

    def _thing(self, kind: str, thing: Any) -> Any:
        if not isinstance(thing, dict):
            return thing
        kept = {key: value for key, value in thing.items() if not self.lean or key in NEEDED[kind]}
        kept = {key: self._within(value) for key, value in kept.items()}
        if self.blank == "missing":
            kept = {key: value for key, value in kept.items() if value not in ([], {}, "", None)}
        elif self.blank == "null":
            kept = {key: None if value in ([], {}, "") else value for key, value in kept.items()}
        if self.novel:
            kept |= NOVEL
        return dict(reversed(kept.items())) if self.turned else kept

    def _within(self, value: Any) -> Any:
        """What stands in a thing: tags and the like have no order that means anything."""
        if isinstance(value, list):
            inner = [self._within(one) for one in value]
            return inner[::-1] if self.turned else inner
        if isinstance(value, dict) and self.novel:
            told = {key: one if key in _MAPS else self._within(one) for key, one in value.items()}
            return told | ({} if "slug" in value else NOVEL)
        return value

    def _linked(self, body: Json) -> Json:
        pages = body["links"].get("pages") or {}
        match self.links:
            case "elsewhere":
                moved = {
                    name: urlsplit(url)._replace(netloc="api.elsewhere.example").geturl()
                    for name, url in pages.items()
                }
                return body | {"links": {"pages": moved} if moved else {}}
            case "relative":
                short = {
                    name: urlsplit(url)._replace(scheme="", netloc="").geturl() for name, url in pages.items()
                }
                return body | {"links": {"pages": short} if short else {}}
            case "empty":
                return body | {"links": {}}
            case "null":
                return body | {"links": None}
            case "missing":
                return {key: value for key, value in body.items() if key != "links"}
        return body


class Proxy:
    """A running one; its manners can be changed between two requests."""

    def __init__(self, endpoint: str, behind: str, manners: Manners) -> None:
        self.endpoint, self.behind, self.manners = endpoint, behind, manners

    def pass_on(
        self, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the answer."""
        manners, parts = self.manners, urlsplit(target)
        if manners.gone(parts.path):
            return manners.status, {}, json.dumps(manners.words).encode()
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if "per_page" in query:
            query["per_page"] = str(min(int(query["per_page"]), manners.page))
        path = f"{parts.path}?{urlencode(query)}" if query else parts.path
        connection = http.client.HTTPConnection(urlsplit(self.behind).netloc, timeout=60)
        try:
            sent = {
                name: value
                for name, value in headers.items()
                if name.lower() not in ("host", "accept-encoding")
            }
            connection.request(method, path, body or None, sent)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        received = {} if manners.plain else {
            name: value for name, value in answer.headers.items()
            if name.lower() not in ("content-length", "content-type", "content-encoding", "transfer-encoding", "connection")
        }  # fmt: skip
        if 200 <= answer.status < 300 and content and "json" in answer.headers.get("content-type", ""):
            content = json.dumps(manners.said(json.loads(content))).encode()
        return answer.status, received, content


@contextmanager
def mannered(behind: str, manners: Manners) -> Iterator[Proxy]:
    """Run one in front of an emulator while the block lasts."""

    class Handler(AnyMethod):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, content = proxy.pass_on(
                self.command, self.path, dict(self.headers.items()), body
            )
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content if status != 204 else b"")

    with Quiet(("127.0.0.1", 0), Handler) as httpd:
        proxy = Proxy(f"http://127.0.0.1:{httpd.server_address[1]}", behind, manners)
        threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True).start()
        yield proxy
        httpd.shutdown()
