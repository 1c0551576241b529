"""How a request finds its handler, and what a handler is given and gives back.

Handlers are plain functions and run in one go, so a change is applied whole or not at all. The table of operations is
also what the coverage page and the scope check are made from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlencode

from formerr_infra.emulator.errors import BadRequest, NotFound, Unprocessable
from formerr_infra.emulator.fields import Fields

if TYPE_CHECKING:
    from formerr_infra.emulator.store import Account, Collection, Json, World

MAX_PAGE = 200
"""Most items a page holds (OpenAPI, parameter `per_page`)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler gives back: `body` is a JSON value, text as it stands, or None for no content."""

    status: int
    body: Any = None
    content_type: str = "application/json"

    def encode(self) -> bytes:
        """The bytes to send."""
        if self.body is None:
            return b""
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, separators=(",", ":")).encode()


@dataclass(slots=True)
class Call:
    """One authenticated request, as a handler sees it."""

    world: World
    account: Account
    path: str
    params: tuple[str, ...]
    query: dict[str, str]
    raw_body: bytes
    content_type: str
    base_url: str
    hidden: frozenset[str] = field(default_factory=frozenset)
    """Ids that a fault keeps out of this answer's list."""
    touched: list[str] = field(default_factory=list)
    """Id and name of what the request was about, for the record of requests."""

    @property
    def body(self) -> Fields:
        """The JSON object of the request; BadRequest if it is none."""
        if not self.raw_body:
            raise BadRequest("Unable to parse the request: the body is empty.")
        if self.content_type and "json" not in self.content_type:
            raise BadRequest("Unable to parse the request: the content type is not JSON.")
        return Fields(parse_object(self.raw_body))

    @property
    def optional_body(self) -> Fields:
        """Like `body`, but no body at all counts as an empty object."""
        return self.body if self.raw_body else Fields({})

    def number(self, name: str, default: int, *, low: int, high: int) -> int:
        """An integer of the query; out of bounds or no integer is 422, above `high` is `high`."""
        text = self.query.get(name)
        if text is None or text == "":
            return default
        try:
            value = int(text)
        except ValueError:
            raise Unprocessable(f"{name} must be an integer") from None
        if value < low:
            raise Unprocessable(f"{name} must be at least {low}")
        return min(value, high)

    def visible(self, items: list[Json]) -> list[Json]:
        """What is left of a list when the ids that a fault hides are taken out."""
        if not self.hidden:
            return items
        return [item for item in items if str(item.get("_key")) not in self.hidden]

    def page(self, key: str, items: list[Json], view: Callable[[Json], Json] | None = None) -> Answer:
        """One page of a list, with `links` and `meta` as the API has them. Default 20, at most 200."""
        shown, rest = self._window(items)
        return Answer(200, {key: [view(i) for i in shown] if view else shown, **rest})

    def page_stored(self, collection: Collection) -> Answer:
        """Like `page`, for resources that are answered as they are stored; their JSON is kept from read to read."""
        shown, rest = self._window(collection.values())
        items = ",".join([collection.text_of(item) for item in shown])
        tail = json.dumps(rest, separators=(",", ":"))[1:]
        return Answer(200, f'{{"{collection.kind}":[{items}],{tail}')

    def _window(self, items: list[Json]) -> tuple[list[Json], Json]:
        items = self.visible(items)
        per_page = self.number("per_page", 20, low=1, high=MAX_PAGE)
        page = self.number("page", 1, low=1, high=2**31)
        total = len(items)
        last = max(1, -(-total // per_page))
        pages: dict[str, str] = {}
        if page > 1:
            pages["first"] = self._link(1)
            pages["prev"] = self._link(min(page - 1, last))
        if page < last:
            pages["next"] = self._link(page + 1)
            pages["last"] = self._link(last)
        links = {"pages": pages} if pages else {}
        return items[(page - 1) * per_page : page * per_page], {"links": links, "meta": {"total": total}}

    def _link(self, page: int) -> str:
        rest = {name: value for name, value in self.query.items() if name != "page"}
        return f"{self.base_url}{self.path}?{urlencode({'page': page, **rest})}"


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API: where it is, which scopes it needs, and what it does."""

    method: str
    path: str
    scopes: tuple[str, ...]
    handler: Handler


class Routes:
    """The operations of one service."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    def on(self, method: str, path: str, *scopes: str) -> Callable[[Handler], Handler]:
        """Decorator: this handler answers that method and path and needs all these scopes."""

        def add(handler: Handler) -> Handler:
            self.operations.append(Operation(method, path, scopes, handler))
            return handler

        return add


@dataclass(slots=True)
class _Node:
    static: dict[str, _Node] = field(default_factory=dict)
    param: _Node | None = None
    operations: dict[str, Operation] = field(default_factory=dict)


class Router:
    """Finds the operation of a path, by segments; a literal segment goes before a parameter."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._root = _Node()
        for operation in operations:
            node = self._root
            for segment in operation.path.strip("/").split("/"):
                if segment.startswith("{"):
                    node.param = node.param or _Node()
                    node = node.param
                else:
                    node = node.static.setdefault(segment, _Node())
            if operation.method in node.operations:
                raise ValueError(f"two handlers for {operation.method} {operation.path}")
            node.operations[operation.method] = operation

    def find(self, path: str) -> tuple[dict[str, Operation], tuple[str, ...]]:
        """Operations by method and the path's parameters, decoded. NotFound if the path is unknown."""
        node = self._root
        params: list[str] = []
        for segment in path[1:].split("/"):
            following = node.static.get(segment)
            if following is None:
                following = node.param
                if following is None or not segment:
                    raise NotFound()
                params.append(unquote(segment))
            node = following
        if not node.operations:
            raise NotFound()
        return node.operations, tuple(params)


def parse_object(raw: bytes) -> Json:
    """The JSON object in a body; BadRequest if there is none."""
    try:
        value = json.loads(raw)
    except ValueError:
        raise BadRequest() from None
    if not isinstance(value, dict):
        raise BadRequest("Unable to parse the request: the body is not a JSON object.")
    return value


def parse_query(raw: bytes) -> dict[str, str]:
    """The query by name; the last value of a name counts."""
    return dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True)) if raw else {}
