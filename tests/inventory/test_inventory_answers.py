"""Answers that contradict themselves are unknown; answers that are merely sparse are read.

The server here answers what a test tells it, because the local DigitalOcean only answers what the API may answer.
"""

from __future__ import annotations

import copy
import gzip
import json
import re
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formerr_infra.inventory import Limits, Question
from tests.inventory.liar import CLOUD, NAME, TOKEN, Liar, Reply

if TYPE_CHECKING:
    from collections.abc import Callable


ASK = Question("slot", "vpc", (), NAME)


def vpc(number: int, name: str | None = None) -> dict[str, Any]:
    return {"id": f"v-{number}", "name": name or f"n-{number}", "region": "nyc3", "ip_range": "10.0.0.0/20"}


def pages(
    items: list[dict[str, Any]], *, meta: bool = True, links: bool = True, most: int = 200
) -> Callable[[str], Any]:
    """A well-behaved list of VPCs, as sparse as it is told to be; gives the body of a page."""

    def page(path: str) -> dict[str, Any]:
        query = parse_qs(urlsplit(path).query)
        number, size = int(query["page"][0]), min(most, int(query["per_page"][0]))
        shown = items[(number - 1) * size : number * size]
        body: dict[str, Any] = {"vpcs": shown, "links": {}}
        if links and number * size < len(items):
            body["links"] = {"pages": {"next": f"https://api.example.com/v2/vpcs?page={number + 1}"}}
        if meta:
            body["meta"] = {"total": len(items)}
        return body

    return page


def answering(liar: Liar, body: Callable[[str], Any]) -> None:
    liar.answer = lambda path: Reply(body(path))


@pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 399, 400, 401])
@pytest.mark.parametrize(
    ("meta", "links", "most"),
    [
        (True, True, 200),
        (True, False, 200),
        (False, True, 200),
        (False, False, 200),
        (True, True, 20),
        (True, False, 20),
        (False, True, 20),
    ],
)
def test_lists_without_meta_without_links_or_with_small_pages_are_read_completely(
    liar: Liar, count: int, meta: bool, links: bool, most: int
) -> None:
    items = [vpc(number) for number in range(count)]
    answering(liar, pages(items, meta=meta, links=links, most=most))
    last = f"n-{count - 1}"
    sighting = liar.look(Question("slot", "vpc", (), last), limits=Limits()).sightings["slot"]
    assert sighting.unknown == ()
    assert sighting.named is not None
    assert [found.id for found in sighting.named] == ([f"v-{count - 1}"] if count else [])


@pytest.mark.parametrize("lie", [-1, 1, 150, 10**9])
@pytest.mark.parametrize("count", [1, 200, 450])
def test_a_total_that_lies_makes_the_list_unknown(liar: Liar, count: int, lie: int) -> None:
    honest = pages([vpc(number) for number in range(count)])

    def lying(path: str) -> dict[str, Any]:
        body: dict[str, Any] = honest(path)
        body["meta"]["total"] = max(0, count + lie)
        return body

    answering(liar, lying)
    sighting = liar.look(ASK, limits=Limits()).sightings["slot"]
    assert sighting.named is None
    assert sighting.unknown
    assert len(liar.asked) < 20


def test_a_list_that_was_inconsistent_once_is_read_once_more(liar: Liar) -> None:
    honest = pages([vpc(number) for number in range(300)] + [vpc(300, NAME)])

    def changing(path: str) -> dict[str, Any]:
        body: dict[str, Any] = honest(path)
        if len(liar.asked) <= 2:
            body["meta"]["total"] = 302
        return body

    answering(liar, changing)
    sighting = liar.look(ASK, limits=Limits()).sightings["slot"]
    assert sighting.unknown == ()
    assert sighting.named is not None
    assert [found.id for found in sighting.named] == ["v-300"]


JUNK = st.sampled_from(
    [None, True, 0, -1, 1.5, "", "x", [], ["x"], [None], {}, {"total": "2"}, {"total": True}]
)


def _mutations(body: dict[str, Any]) -> list[tuple[str, ...]]:
    """Every place of a page that may be broken, except the names that make a thing what it is."""
    places: list[tuple[str, ...]] = [("vpcs",), ("meta",), ("meta", "total"), ("links",), ("links", "pages")]
    for number in range(len(body["vpcs"])):
        places += [("vpcs", str(number)), ("vpcs", str(number), "id"), ("vpcs", str(number), "name")]
    return places


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"meta": {"total": 30}},
        {"meta": {"total": 60}, "links": {"pages": {"next": "https://api.example.com/?page=2"}}},
    ],
)
def test_a_list_of_a_part_whose_later_page_is_not_there_is_unknown_and_one_without_any_page_is_empty(
    liar: Liar, more: dict[str, Any]
) -> None:
    """Read page by page, by a first look at the second page, and side by side; the record that is meant could be on it."""
    first = [{"id": number, "name": f"n-{number}", "type": "A", "data": "192.0.2.1"} for number in range(20)]
    gone = Reply({"id": "not_found", "message": "no"}, 404)

    def answer(path: str) -> Reply:
        return Reply({"domain_records": first, **more}) if path.endswith("page=1") else gone

    ask = Question("slot", "record", (), NAME, "formerr.dev")
    liar.answer = answer
    sighting = liar.look(ask).sightings["slot"]
    assert sighting.named is None
    assert "page" in sighting.unknown[0]
    liar.answer = lambda _path: gone
    assert liar.look(ask).sightings["slot"].named == ()


def test_a_list_of_a_part_that_went_while_it_was_read_is_read_again_and_empty(liar: Liar) -> None:
    bodies = iter([{"alerts": [{"id": "a-1", "name": NAME}], "links": {}, "meta": {"total": 2}}])

    def answer(_path: str) -> Reply:
        body = next(bodies, None)
        return Reply(body) if body else Reply({"id": "not_found", "message": "no"}, 404)

    liar.answer = answer
    sighting = liar.look(Question("slot", "uptime_alert", (), NAME, "c-1")).sightings["slot"]
    assert (sighting.named, sighting.unknown) == ((), ())
    assert len(liar.asked) == 3


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_broken_thing_in_a_list_never_makes_what_is_there_absent(liar: Liar, data: st.DataObject) -> None:
    honest = pages([vpc(1), vpc(2, NAME), vpc(3)])("/v2/vpcs?page=1&per_page=200")
    *way, last = data.draw(st.sampled_from(_mutations(honest)))
    broken = copy.deepcopy(honest)
    place: Any = broken
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
    index: Any = int(last) if isinstance(place, list) else last
    if data.draw(st.booleans()) and (isinstance(place, list) or index in place):
        del place[index]
    elif data.draw(st.booleans()) and isinstance(place, list):
        place.insert(index, place[index])
    else:
        junk = data.draw(JUNK)
        if isinstance(junk, str) and (last == "name" or (last == "id" and junk)):
            return  # another name, or another id, is another thing
        place[index] = junk
    answering(liar, lambda _path: broken)
    sighting = liar.look(ASK, limits=Limits(pause=0.001)).sightings["slot"]
    assert sighting.unknown or [found.id for found in sighting.named or ()] == ["v-2"]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["vpc", "vpcs", "meta", "total", "id", "name", "links"]), inner, max_size=4
            )
        ),
        max_leaves=8,
    ),
    status=st.sampled_from([200, 200, 200, 204, 404, 412, 500]),
)
def test_no_answer_whatsoever_raises_and_only_one_of_the_apis_own_says_gone(
    liar: Liar, body: Any, status: int
) -> None:
    raw = b"" if status == 204 else json.dumps(body).encode()
    liar.answer = lambda _path: Reply(raw, status)
    inventory = liar.look(
        *(Question(kind, kind, ("x-1",), NAME) for kind in CLOUD),
        with_account=True,
        limits=Limits(pause=0.001),
    )
    for kind, sighting in inventory.sightings.items():
        if kind != "registry" and sighting.by_id == {"x-1": None}:
            assert status == 404
            assert isinstance(body["id"], str)


def test_gone_is_only_what_the_api_says_in_its_own_words(liar: Liar) -> None:
    for body in (b"", b"<html>not here</html>", b"{}", b'{"detail": "Not Found"}', b"[]"):
        reply = Reply(body, 404)
        liar.answer = lambda _path, reply=reply: reply  # type: ignore[misc]  # a default binds the loop's value
        sighting = liar.look(Question("slot", "vpc", ("v-1",))).sightings["slot"]
        assert sighting.by_id == {}
        assert sighting.unknown


def test_an_answer_about_another_thing_is_unknown(liar: Liar) -> None:
    answering(liar, lambda _path: {"vpc": vpc(2)})
    sighting = liar.look(Question("slot", "vpc", ("v-1",))).sightings["slot"]
    assert sighting.by_id == {}
    assert "v-2" in sighting.unknown[0]


def test_a_redirect_is_not_followed_with_the_token(liar: Liar) -> None:
    liar.answer = lambda _path: Reply({}, 302, {"Location": f"{liar.endpoint}/elsewhere"})
    assert liar.look(ASK).sightings["slot"].unknown
    assert {path.split("?")[0] for _, path, _ in liar.asked} == {"/v2/vpcs"}


def test_an_answer_drop_by_drop_ends_with_the_budget(liar: Liar) -> None:
    liar.answer = lambda path: Reply(pages([vpc(number) for number in range(50)])(path), drip=0.02)
    began = time.monotonic()
    sighting = liar.look(ASK, limits=Limits(budget=0.68)).sightings["slot"]
    assert sighting.unknown
    assert time.monotonic() - began < 0.6 + 0.5 + 1.0


@pytest.mark.parametrize("whole", [True, False])
def test_a_packed_answer_is_unpacked_or_unknown(liar: Liar, whole: bool) -> None:
    packed = gzip.compress(json.dumps(pages([vpc(1, NAME)])("/v2/vpcs?page=1&per_page=200")).encode())
    liar.answer = lambda _path: Reply(packed if whole else packed[:-12], headers={"Content-Encoding": "gzip"})
    sighting = liar.look(ASK).sightings["slot"]
    assert bool(sighting.unknown) != whole
    assert bool(sighting.named) == whole


def test_an_error_that_repeats_the_token_does_not_get_it_printed(liar: Liar) -> None:
    liar.answer = lambda _path: Reply({"id": "forbidden", "message": f"no:\n {TOKEN} may not"}, 403)
    sighting = liar.look(ASK).sightings["slot"]
    assert "no: *** may not" in sighting.unknown[0]


def test_reasons_name_the_request(liar: Liar) -> None:
    liar.answer = lambda _path: Reply({"id": "x", "message": "y"}, 500, {"x-request-id": "abc-1"})
    sighting = liar.look(ASK).sightings["slot"]
    assert sighting.unknown == ('GET /v2/vpcs: 500 (request abc-1) ("y"), 3 attempts',)


def test_optional_fields_may_be_missing_and_others_are_ignored(liar: Liar) -> None:
    answering(
        liar,
        lambda path: (
            {"load_balancers": [{"id": "l-1", "name": NAME, "novel": {"x": 1}}], "links": {}}
            if "load" in path
            else {"kubernetes_clusters": [{"id": "k-1", "name": NAME, "tags": None, "created_at": "soon"}]}
        ),
    )
    seen = liar.look(*(Question(kind, kind, (), NAME) for kind in ("load_balancer", "cluster"))).sightings
    for sighting in seen.values():
        assert sighting.unknown == ()
        assert sighting.named is not None
        (found,) = sighting.named
        assert set(found.facts.values()) == {None}
        assert found.created_at is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "0"},
        {"Retry-After": "Tue, 01 Jan 2019 00:00:00 GMT"},
        {"ratelimit-remaining": "0", "ratelimit-reset": "1000000001"},
    ],
)
def test_an_account_that_refuses_and_asks_for_no_wait_is_asked_less_and_less_often(
    liar: Liar, headers: dict[str, str]
) -> None:
    liar.answer = lambda _path: Reply({"id": "too_many_requests", "message": "no"}, 429, headers)
    inventory = liar.look(Question("slot", "vpc", ("v-1",)), limits=Limits(budget=0.68))
    assert "rate limited" in inventory.sightings["slot"].unknown[0]
    assert inventory.calls <= 3


def test_an_account_that_asks_to_be_left_alone_until_a_date_is_asked_once(liar: Liar) -> None:
    headers = {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)}
    liar.answer = lambda _path: Reply({"id": "too_many_requests", "message": "no"}, 429, headers)
    inventory = liar.look(Question("slot", "vpc", ("v-1",)), limits=Limits(budget=5.0))
    assert re.search(r"rate limited for another 3\d{3} s", inventory.sightings["slot"].unknown[0])
    assert inventory.calls == 1
