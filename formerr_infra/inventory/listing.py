"""Whole lists: every page, side by side, and believed only when they agree with themselves.

A list is taken for complete when its pages hold as many things as the API says there are, no thing twice, and
no page points to another one. Otherwise all pages are read once more, and after that nothing is concluded.
What this cannot notice is a thing that leaves and another that comes between two pages of the same reading.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, assert_never

from formerr_infra.inventory.crew import StillRunning, side_by_side
from formerr_infra.inventory.facts import Unknown
from formerr_infra.inventory.kinds import Kind, Listing, Malformed, Raw, identified
from formerr_infra.inventory.session import NOT_OFFERED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from formerr_infra.inventory.session import Session

#: The most that the API gives on one page.
PER_PAGE = 200
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: More pages than any account has; against an answer that promises without end.
MOST_PAGES = 500
#: What the API gives on one page unless more is asked for.
_USUAL_PAGE = 20


class _Disagreement(Exception):
    """The pages contradict each other; reading them again may help."""


class _Trouble(Exception):
    """A page could not be read; `missing`: the API was there and has no such list."""

    def __init__(self, said: str, *, missing: bool = False) -> None:
        super().__init__(said)
        self.missing = missing


class _Gone(_Trouble):
    """There is no such list, not even its first page: what it would be a part of is not there."""


@dataclass(frozen=True, slots=True)
class _Page:
    """One page: its things, how many there are in all if it says so, whether it points to another."""

    items: tuple[Raw, ...]
    total: int | None
    more: bool


def read_list(session: Session, kind: Kind, within: str | None = None) -> tuple[Raw, ...] | Unknown:
    """Everything of a kind that the account holds, or why that is not known.

    Args:
        session: the look.
        kind: see `Kind`.
        within: the id of what it is a part of; where that is not there, nothing of it is.
    """
    match kind.listing:
        case Listing.PAGED:
            read = _all_pages
        case Listing.WHOLE:
            read = _whole
        case Listing.REGISTRIES:
            read = _registries
        case _:
            assert_never(kind.listing)
    complaint = ""
    if within is not None:
        if not _could_be_an_id(within):
            return Unknown(f"GET {kind.path}: {within!r} cannot be an id")
        kind = replace(kind, path=kind.at(within), lister=_bound(kind.lister, within))
    for _ in range(2):
        try:
            items = read(session, kind)
            _check_unique(kind, items)
            return tuple(item for item in items if kind.counts(item))
        except _Gone as gone:
            return () if within is not None else Unknown(str(gone), missing=gone.missing)
        except _Disagreement as disagreement:
            complaint = str(disagreement)
        except _Trouble as trouble:
            return Unknown(str(trouble), missing=trouble.missing)
    return Unknown(f"GET {kind.path}: {complaint}, also when read again")


def read_one(session: Session, kind: Kind, identity: str, within: str | None = None) -> Raw | Unknown | None:
    """The resource of this id, None where it is gone, or why that is not known."""
    base = kind.at(within)
    path = f"{base}/{identity}"
    if not _could_be_an_id(identity) or not _could_be_an_id(within or "-"):
        return Unknown(f"GET {kind.path}: {identity!r} cannot be an id")
    if kind.by_name and not _UUID.fullmatch(identity):
        return _of_that_name(session, kind, identity)
    ids = (identity,) if within is None else (within, identity)
    answer = session.read(path, kind.scope, kind.getter(session.client), *ids)
    if kind.listing is Listing.REGISTRIES and answer.status in NOT_OFFERED:
        return _listed_registry(session, kind, identity)
    if answer.trouble:
        return Unknown(answer.trouble)
    if answer.status == 404:
        return None
    if answer.status != 200 or answer.body is None:
        return Unknown(f"GET {path}: {answer.status}")
    raw: Raw = answer.body.get(kind.one, {})
    try:
        found_id, _ = identified(kind, raw)
    except Malformed as error:
        return Unknown(f"GET {path}: {kind.one} {error}")
    if identity not in ((found_id, raw.get("id")) if kind.by_name else (found_id,)):
        return Unknown(f"GET {path}: the answer is about {found_id!r}")
    return raw


def _could_be_an_id(text: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z0-9_:-][A-Za-z0-9_:.-]*", text))


def _bound(lister: Callable[[Any], Callable[..., Any]], within: str) -> Callable[[Any], Callable[..., Any]]:
    return lambda client: partial(lister(client), within)


def _of_that_name(session: Session, kind: Kind, name: str) -> Raw | Unknown | None:
    """The one of a name, from a list that the API narrows to it; what it did not narrow is left out here."""
    narrowed = replace(kind, lister=lambda client: partial(kind.lister(client), name=name))
    items = read_list(session, narrowed)
    if isinstance(items, Unknown):
        return items
    return next((item for item in items if item[kind.name_key] == name), None)


def _whole(session: Session, kind: Kind) -> tuple[Raw, ...]:
    """A list that comes in one answer; one that says there is more is not believed."""
    where = f"GET {kind.path}"
    answer = session.read(kind.path, kind.scope, kind.lister(session.client))
    if answer.trouble:
        raise _Trouble(answer.trouble)
    if answer.status != 200 or answer.body is None:
        raise _Trouble(f"{where}: {answer.status}")
    if kind.many not in answer.body:
        raise _Trouble(f"{where}: no list of {kind.many}")
    items = answer.body[kind.many]
    total = _total(answer.body, where)
    things = _objects([] if items is None else items, kind, where)
    if _points_further(answer.body, where) or total not in (None, len(things)):
        raise _Disagreement(f"{len(things)} listed, and there are more")
    return things


def _all_pages(session: Session, kind: Kind) -> tuple[Raw, ...]:
    first = _page(session, kind, 1)
    if first.total is None:
        return _page_by_page(session, kind, first)
    if first.total <= len(first.items):
        pages = [first]
    else:
        size = len(first.items)
        if not size:
            raise _Disagreement(f"the first page is empty although there should be {first.total}")
        count = -(-first.total // size)
        if count > MOST_PAGES:
            raise _Trouble(f"GET {kind.path}: {first.total} things are too many to be true")
        pages = [first, *_further_pages(session, kind, count, probe=size < PER_PAGE and not first.more)]
    items = tuple(item for page in pages for item in page.items)
    if len(items) != first.total or any(page.total not in (None, first.total) for page in pages):
        totals = sorted({page.total for page in pages if page.total is not None})
        raise _Disagreement(f"{len(items)} listed where there should be {' or '.join(map(str, totals))}")
    if pages[-1].more:
        raise _Disagreement(f"a further page although {first.total} is all there should be")
    return items


def _further_pages(session: Session, kind: Kind, count: int, *, probe: bool) -> list[_Page]:
    """Pages 2 to `count`, side by side, as far as the rate limit allows.

    With `probe` the second one alone first: a short page that points to no other is more likely the only one.
    """
    if probe:
        second = _page(session, kind, 2)
        if not second.items:
            raise _Disagreement("the second page is empty although the first should not be the last")
        return [second, *_side_by_side(session, kind, range(3, count + 1))]
    return _side_by_side(session, kind, range(2, count + 1))


def _side_by_side(session: Session, kind: Kind, numbers: range) -> list[_Page]:
    needed = len(numbers)
    remaining, reset_in = session.allowance()
    if remaining is not None and needed > remaining and (reset_in is None or reset_in > session.left):
        raise _Trouble(
            f"GET {kind.path}: {needed} more pages are needed, the rate limit leaves {remaining} requests"
        )
    failed = threading.Event()

    def read(number: int) -> _Page | _Trouble | _Disagreement:
        if failed.is_set():
            return _Trouble("")
        try:
            return _page(session, kind, number)
        except (_Trouble, _Disagreement) as trouble:
            failed.set()
            return trouble

    jobs: list[Callable[[], _Page | _Trouble | _Disagreement]] = [partial(read, number) for number in numbers]
    answers = side_by_side(jobs, width=session.limits.at_once, timeout=session.left + 0.5)
    troubles = [str(answer) for answer in answers if isinstance(answer, _Trouble) and str(answer)]
    if troubles:
        raise _Trouble("; ".join(dict.fromkeys(troubles)))
    if (
        against := next((answer for answer in answers if isinstance(answer, _Disagreement)), None)
    ) is not None:
        raise against
    pages = [answer for answer in answers if isinstance(answer, _Page)]
    if len(pages) < needed or any(isinstance(answer, StillRunning) for answer in answers):
        raise _Trouble(f"GET {kind.path}: not all pages came within {session.limits.budget:g} s")
    return pages


def _page_by_page(session: Session, kind: Kind, first: _Page) -> tuple[Raw, ...]:
    """For an API that does not say how many there are: until a page is empty.

    A short page is no end: it may allow less on a page than was asked for, and name no next one. One that answers every
    page with the same few has no pages.
    """
    items = list(first.items)
    page = first
    for number in range(2, MOST_PAGES + 2):
        if not page.items:
            if page.more:
                raise _Disagreement(f"page {number - 1} is empty and points to another")
            return tuple(items)
        page = _page(session, kind, number)
        if page == first and not page.more and len(items) < _USUAL_PAGE:
            return tuple(items)
        items += page.items
    raise _Trouble(f"GET {kind.path}: more than {MOST_PAGES} pages")


def _page(session: Session, kind: Kind, number: int) -> _Page:
    answer = session.read(
        kind.path if number == 1 else f"{kind.path} page {number}",
        kind.scope,
        kind.lister(session.client),
        per_page=PER_PAGE,
        page=number,
    )
    where = f"GET {kind.path} page {number}"
    missing = number == 1 and answer.status in NOT_OFFERED
    if answer.trouble:
        raise _Trouble(answer.trouble, missing=missing)
    if answer.status == 404:
        gone = _Gone(f"{where}: 404", missing=missing)
        raise gone if number == 1 else _Disagreement(f"page {number} is not there")
    if answer.status != 200 or answer.body is None:
        raise _Trouble(f"{where}: {answer.status}", missing=missing)
    total = _total(answer.body, where)
    items = answer.body.get(kind.many)
    if items is None and total == 0:
        items = []
    return _Page(_objects(items, kind, where), total, _points_further(answer.body, where))


def _objects(items: object, kind: Kind, where: str) -> tuple[Raw, ...]:
    if not isinstance(items, list):
        raise _Trouble(f"{where}: no list of {kind.many}")
    for position, item in enumerate(items, start=1):
        try:
            identified(kind, item)
        except Malformed as error:
            raise _Trouble(f"{where}: number {position} {error}") from None
    return tuple(items)


def _total(body: Mapping[str, Any], where: str) -> int | None:
    meta = body.get("meta")
    if meta is None:
        return None
    if not isinstance(meta, dict):
        raise _Trouble(f"{where}: meta is not an object")
    total = meta.get("total")
    if total is None:
        return None
    if not isinstance(total, int) or isinstance(total, bool) or total < 0:
        raise _Trouble(f"{where}: meta.total is not a count")
    return total


def _points_further(body: Mapping[str, Any], where: str) -> bool:
    links = body.get("links")
    pages = links.get("pages") if isinstance(links, dict) else None
    if not isinstance(links, dict | None) or not isinstance(pages, dict | None):
        raise _Trouble(f"{where}: links is not an object")
    return bool(pages and pages.get("next"))


def _check_unique(kind: Kind, items: tuple[Raw, ...]) -> None:
    seen: set[str] = set()
    for item in items:
        identity, _ = identified(kind, item)
        if identity in seen:
            raise _Disagreement(f"{identity} is listed twice")
        seen.add(identity)


def _registries(session: Session, kind: Kind) -> tuple[Raw, ...]:
    """All registries: one answer, or the older endpoint where the account has only that one.

    That the newer one is not there, or has no list, says nothing of registries, so it may be said in any words; only the
    older one is documented to answer 404 where there is none.
    """
    answer = session.read(kind.path, kind.scope, kind.lister(session.client))
    listed = answer.body.get(kind.many) if answer.status == 200 and answer.body is not None else None
    if listed is not None:
        return _objects(listed, kind, f"GET {kind.path}")
    if answer.trouble and answer.status not in NOT_OFFERED:
        raise _Trouble(answer.trouble)
    if answer.status != 200 and answer.status not in NOT_OFFERED:
        raise _Trouble(f"GET {kind.path}: {answer.status}")
    answer = session.read("/v2/registry", kind.scope, session.client.registry.get)
    if answer.trouble:
        raise _Trouble(answer.trouble)
    session.older_registries = True
    if answer.status == 404:
        return ()
    if answer.status != 200 or answer.body is None:
        raise _Trouble(f"GET /v2/registry: {answer.status}")
    return _objects([answer.body.get(kind.one)], kind, "GET /v2/registry")


def _listed_registry(session: Session, kind: Kind, name: str) -> Raw | Unknown | None:
    """A registry that the newer endpoint does not know; an API without that endpoint says so of every one, in any words.

    The list decides, and that is believed only in the API's own words.
    """
    items = read_list(session, kind)
    if isinstance(items, Unknown):
        return items
    return next((item for item in items if item[kind.id_key] == name), None)
