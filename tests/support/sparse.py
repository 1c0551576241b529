"""Another DigitalOcean than the bundled one: the least that the official plugin needs, and no word more.

It shares no code with the emulator, so that what both take for granted shows. How much it leaves out, and how it says
no, is told by a `Shape`. It knows no rules: no limits, no members, no states but the last.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.support.quiet import AnyMethod, Quiet

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = "1.34.9-do.0"


@dataclass(frozen=True, slots=True)
class Shape:
    """What this DigitalOcean leaves out, and how it says no.

    Attributes:
        newer_list: whether `GET /v2/registries` is there; a registry by name and the subscription always are.
        page: most things on a page.
        meta, links: whether lists have them; `links` without pages is `{}`.
        framework: an unknown path is answered in the words of a web framework, not in the API's.
        optional: whether there are a count of droplets, sizes and regions of DOKS, and the account's limit.
        nulls: whether what is empty is null.
        http: protocol version of its answers.
        chunked: whether bodies come in chunks, without a length.
    """

    newer_list: bool = True
    page: int = 200
    meta: bool = True
    links: bool = True
    framework: bool = False
    optional: bool = True
    nulls: bool = False
    http: str = "HTTP/1.1"
    chunked: bool = False


@dataclass(slots=True)
class Sparse:
    """A running one.

    Attributes:
        endpoint: where.
        shape: see `Shape`.
        things: kind -> id -> object.
        asked: method and path of each request, in order.
    """

    endpoint: str
    shape: Shape
    things: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {kind: {} for kind in ("vpcs", "clusters", "registries", "load_balancers")}
    )
    asked: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def writes(self) -> list[str]:
        """Requests other than reads and the question for a registry's name."""
        return [one for one in self.asked if not one.startswith("GET ") and "validate-name" not in one]

    def make(self, kind: str, **given: Any) -> dict[str, Any]:
        """Put a thing there, as its create does."""
        given = {key: value for key, value in given.items() if value is not None}
        made = {"id": str(uuid.UUID(int=next(self._numbers))), "created_at": "2026-01-01T00:00:00Z"} | given
        match kind:
            case "vpcs":
                made.setdefault("ip_range", "10.99.0.0/20")
            case "clusters":
                pools = [self.pool(one) for one in given["node_pools"]]
                made |= {"node_pools": pools, "status": {"state": "running"}, "endpoint": "https://k.example"}
                made |= {"maintenance_policy": {"day": "any", "start_time": "00:00"}}
            case "registries":
                made["id"] = made["name"]
                made.pop("subscription_tier_slug", None)
                made.setdefault("region", "nyc3")
            case _:
                made |= {"ip": "192.0.2.1", "status": "active", "region": {"slug": given["region"]}}
        self.things[kind][made["id"]] = made
        return made

    def pool(self, given: dict[str, Any]) -> dict[str, Any]:
        """A pool whose nodes run."""
        pool = {"id": str(uuid.UUID(int=next(self._numbers))), **given}
        pool["nodes"] = [
            {"id": f"n{n}", "status": {"state": "running"}} for n in range(pool.get("count") or 0)
        ]
        return pool

    def shown(self, thing: dict[str, Any]) -> dict[str, Any]:
        """As it is answered."""
        if not self.shape.nulls:
            return {key: value for key, value in thing.items() if value not in ([], {}, "")}
        return thing | {"tags": thing.get("tags") or None, "labels": None, "novel": {"x": [1]}}

    # -- answers ---------------------------------------------------------------------------------------------

    def answer(self, method: str, target: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Status and body."""
        parts = urlsplit(target)
        way = [part for part in parts.path.split("/") if part][1:]
        match [method, *way]:
            case ["GET", "account"]:
                account = {"status": "active"} | ({"droplet_limit": 25} if self.shape.optional else {})
                return 200, {"account": account}
            case ["GET", "droplets"] if self.shape.optional:
                return 200, {"droplets": [], "links": {}, "meta": {"total": 0}}
            case ["GET", "kubernetes", "options"]:
                options: dict[str, Any] = {"versions": [{"slug": VERSION, "kubernetes_version": "1.34.9"}]}
                if self.shape.optional:
                    options |= {"regions": [{"slug": "nyc3"}], "sizes": [{"slug": "s-2vcpu-4gb"}]}
                return 200, {"options": options}
            case ["GET", "registry"]:
                one = next(iter(self.things["registries"].values()), None)
                return (200, {"registry": one}) if one else (404, _NOT_FOUND)
            case ["GET", "registries"] if self.shape.newer_list:
                return 200, {"registries": list(self.things["registries"].values())}
            case ["GET", "registries", "subscription"]:
                return 200, {"subscription": {"tier": {"slug": "basic"}}}
            case ["POST", "registry"]:
                return 201, {"registry": self.make("registries", **body)}
            case [_, "registries", name] if name in self.things["registries"]:
                return self._one(method, "registries", "registry", name, body)
            case [_, "vpcs" | "load_balancers" as kind, *rest]:
                return self._of(method, kind, kind[:-1], rest, body, parts.query)
            case [_, "kubernetes", "clusters", *rest]:
                return self._clusters(method, rest, body, parts.query)
        return (404, {"detail": "Not Found"}) if self.shape.framework else (404, _NOT_FOUND)

    def _clusters(self, method: str, rest: list[str], body: dict[str, Any], query: str) -> tuple[int, Any]:
        match [method, *rest]:
            case ["GET", name, "credentials"] if name in self.things["clusters"]:
                return 200, {
                    "server": "https://k.example",
                    "token": "t",
                    "expires_at": "2099-01-01T00:00:00Z",
                }
            case [_, name, "node_pools", *which] if name in self.things["clusters"]:
                cluster = self.things["clusters"][name]
                if method == "POST":
                    cluster["node_pools"].append(self.pool(body))
                    return 201, {"node_pool": self.shown(cluster["node_pools"][-1])}
                pool = next((one for one in cluster["node_pools"] if one["id"] in which), None)
                if pool is None:
                    return 404, _NOT_FOUND
                if method == "DELETE":
                    cluster["node_pools"].remove(pool)
                    return 204, None
                if method == "PUT":
                    pool |= self.pool(pool | body) | {"id": pool["id"]}
                return 200, {"node_pool": self.shown(pool)}
        return self._of(method, "clusters", "kubernetes_cluster", rest, body, query)

    def _of(
        self, method: str, kind: str, one: str, rest: list[str], body: dict[str, Any], query: str
    ) -> tuple[int, Any]:
        if rest:
            return self._one(method, kind, one, rest[0], body)
        if method == "POST":
            return 201, {one: self.shown(self.make(kind, **body))}
        asked = parse_qs(query)
        size = min(self.shape.page, int(asked.get("per_page", ["20"])[0]))
        number = int(asked.get("page", ["1"])[0])
        everything = [self.shown(thing) for thing in self.things[kind].values()]
        answer: dict[str, Any] = {f"{one}s": everything[(number - 1) * size : number * size]}
        if self.shape.links:
            more = {"pages": {"next": f"{self.endpoint}/v2/x?page={number + 1}"}}
            answer["links"] = more if number * size < len(everything) else {}
        if self.shape.meta:
            answer["meta"] = {"total": len(everything)}
        return 200, answer

    def _one(self, method: str, kind: str, one: str, name: str, body: dict[str, Any]) -> tuple[int, Any]:
        thing = self.things[kind].get(name)
        if thing is None:
            return 404, _NOT_FOUND
        if method == "DELETE":
            del self.things[kind][name]
            return 204, None
        if method != "GET":
            thing |= {key: value for key, value in body.items() if key != "region"}
        return 200, {one: self.shown(thing)}


_NOT_FOUND = {"id": "not_found", "message": "The resource you were accessing could not be found."}


@contextmanager
def sparse(shape: Shape) -> Iterator[Sparse]:
    """Run one while the block lasts."""

    class Handler(AnyMethod):
        protocol_version = shape.http

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            with lock:
                cloud.asked.append(f"{self.command} {self.path}")
                status, said = cloud.answer(self.command, self.path, body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            out = b"" if said is None else json.dumps(said).encode()
            if said is not None and shape.chunked:
                self.send_header("Transfer-Encoding", "chunked")
                out = b"".join(
                    b"%x\r\n%s\r\n" % (len(part), part) for part in re.findall(b"(?s).{1,50}", out)
                )
                out += b"0\r\n\r\n"
            elif said is not None and shape.http == "HTTP/1.1":
                self.send_header("Content-Length", str(len(out)))
            self.end_headers()
            self.wfile.write(out)

    lock = threading.Lock()
    with Quiet(("127.0.0.1", 0), Handler) as httpd:
        cloud = Sparse(f"http://127.0.0.1:{httpd.server_address[1]}", shape)
        threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True).start()
        yield cloud
        httpd.shutdown()
