"""Bodies that mean ill, in every list and every single answer: unknown, in bounded time and memory; never absent, never a write."""

from __future__ import annotations

import gzip
import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formerr_infra.inventory import Limits, Question, kinds
from formerr_infra.inventory.databases import database_authority
from formerr_infra.inventory.facts import Access, AccountFacts, Unknown
from formerr_infra.inventory.kinds import KINDS, Kind, Malformed, found
from formerr_infra.inventory.prices import read_prices
from formerr_infra.kubernetes.reading import reach
from formerr_infra.report import clean
from tests.inventory.liar import NAME, TOKEN, Liar, Reply
from tests.support.hostile import texts

if TYPE_CHECKING:
    from collections.abc import Callable

QUICK = Limits(budget=20.0, connect=1.0, read=5.0, retries=1, pause=0.001)
#: Nothing takes longer, on a busy machine either.
SECONDS = 25.0
MEGABYTES = 10


def spaced(body: str) -> bytes:
    return b" " * (MEGABYTES << 20) + body.encode()


BODIES: dict[str, bytes] = {
    "nothing": b"",
    "null": b"null",
    "a text": b'"vpcs"',
    "a number": b"1e400",
    "not a number": b"NaN",
    "a list": b"[]",
    "an empty object": b"{}",
    "depth": b'{"vpcs": ' + b"[" * 300_000,
    "depth that is closed": b'{"vpcs": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "objects within objects": b'{"a":' * 100_000,
    "a number of 10,000 digits": b'{"meta": {"total": ' + b"9" * 10_000 + b"}}",
    "half a text": b'{"vpcs": [{"id": "',
    "not UTF-8": b'{"vpcs": [{"id": "\xff\xfe", "name": "\xc3\x28"}]}',
    "UTF-16": '{"vpcs": []}'.encode("utf-16-le") + b"\xff",
    "a control character": b'{"vpcs": [{"id": "a\x00b"}]}',
    "HTML": b"<!doctype html><title>502</title>",
    "two documents": b'{"meta": {"total": 0}}{"meta": {"total": 0}}',
    "spaces without end": spaced('{"x": 1}'),
    "a long text": b'{"x": "' + b"a" * (MEGABYTES << 20) + b'"}',
}


def lists(kind: Kind, items: object, **more: object) -> dict[str, Any]:
    return {kind.many: items, "links": {}, "meta": {"total": 1}, **more}


#: Lists whose form is wrong somewhere; the name that is looked for could be in any of them.
LISTS: dict[str, Callable[[Kind], Any]] = {
    "null": lambda kind: lists(kind, None),
    "a text": lambda kind: lists(kind, NAME),
    "an object": lambda kind: lists(kind, {"0": {kind.id_key: "x", kind.name_key: NAME}}),
    "nulls": lambda kind: lists(kind, [None]),
    "lists": lambda kind: lists(kind, [[{kind.id_key: "x", kind.name_key: NAME}]]),
    "texts": lambda kind: lists(kind, [NAME]),
    "things without an id": lambda kind: lists(kind, [{"whatever": "x"}]),
    "ids that are null": lambda kind: lists(kind, [{kind.name_key: NAME, kind.id_key: None}]),
    "ids that are objects": lambda kind: lists(kind, [{kind.name_key: NAME, kind.id_key: {"a": 1}}]),
    "ids that are true": lambda kind: lists(kind, [{kind.name_key: NAME, kind.id_key: True}]),
    "names that are numbers": lambda kind: lists(kind, [{"id": "x", kind.id_key: 1.5, kind.name_key: 7}]),
    "another key": lambda kind: {"things": [], "meta": {"total": 1}},
}
ABOUT_COUNTS: dict[str, Callable[[Kind], Any]] = {
    "a total that is a text": lambda kind: lists(kind, [], meta={"total": "0"}),
    "a total below nothing": lambda kind: lists(kind, [], meta={"total": -1}),
    "a total without end": lambda kind: lists(kind, [], meta={"total": 10**4000}),
    "a total that is a fraction": lambda kind: lists(kind, [], meta={"total": 0.0}),
    "a total that is true": lambda kind: lists(kind, [], meta={"total": True}),
    "meta that is a list": lambda kind: lists(kind, [], meta=[1]),
    "links that are a text": lambda kind: lists(kind, [], meta=None, links="none"),
    "pages that are a list": lambda kind: lists(kind, [], meta=None, links={"pages": [1]}),
}  # fmt: skip


def within(kind: Kind) -> str | None:
    return "part-of" if "{within}" in kind.path else None


def everything(*, ids: bool) -> list[Question]:
    """A question for each kind."""
    return [
        Question(
            name, name, ("7" if kind.numbered else "x-1",) if ids else (), None if ids else NAME, within(kind)
        )
        for name, kind in KINDS.items()
    ]


def ask(liar: Liar, *, ids: bool) -> None:
    """Nothing is known afterwards, nothing was written, and it did not take long."""
    began = time.monotonic()
    inventory = liar.look(*everything(ids=ids), with_account=True, limits=QUICK)
    assert time.monotonic() - began < SECONDS
    for name, sighting in inventory.sightings.items():
        assert sighting.unknown, f"{name}: {sighting}"
        assert not sighting.named
        assert sighting.by_id == {}, f"{name}: {sighting}"
        for reason in sighting.unknown:
            assert len(reason) < 1000
            assert TOKEN not in reason
    assert {method for method, _, _ in liar.asked} == {"GET"}


@pytest.mark.parametrize("ids", [False, True], ids=["lists", "single"])
@pytest.mark.parametrize("what", BODIES)
def test_a_hostile_body_is_unknown_for_every_kind(liar: Liar, what: str, ids: bool) -> None:
    liar.answer = lambda _path: Reply(BODIES[what])
    ask(liar, ids=ids)


@pytest.mark.parametrize("what", [*LISTS, *ABOUT_COUNTS])
def test_a_list_of_another_form_is_unknown_for_every_kind(liar: Liar, what: str) -> None:
    by_path = {re.sub(r"\{within\}", "part-of", kind.path): kind for kind in KINDS.values()}
    make = {**LISTS, **ABOUT_COUNTS}[what]

    def answer(path: str) -> Reply:
        kind = by_path.get(path.partition("?")[0])
        return Reply(make(kind) if kind is not None else {"id": 1})

    liar.answer = answer
    inventory = liar.look(*everything(ids=False), limits=QUICK)
    for name, sighting in inventory.sightings.items():
        if what in ABOUT_COUNTS and KINDS[name].listing is kinds.Listing.REGISTRIES:
            continue  # that list comes in one answer, which says no counts
        if KINDS[name].listing is kinds.Listing.REGISTRIES and what == "null":
            continue  # the older endpoint is asked then, and says what it says
        assert sighting.unknown, f"{name}: {sighting}"
        assert not sighting.named


@pytest.mark.parametrize(
    "kind", ["text/html", "application/xml", "text/plain; charset=utf-16", "", "\u00fc" * 3, "x" * 5000]
)
def test_the_type_that_a_body_is_said_to_have_changes_nothing(liar: Liar, kind: str) -> None:
    thing = {"id": "v-1", "name": NAME, "region": "nyc3"}
    headers = {"Content-Type": kind}
    liar.answer = lambda _path: Reply({"vpcs": [thing], "meta": {"total": 1}}, headers=headers)
    seen = liar.look(Question("slot", "vpc", (), NAME), limits=QUICK).sightings["slot"]
    assert [one.id for one in seen.named or ()] == ["v-1"]
    liar.answer = lambda _path: Reply(b"<html>", headers=headers)
    assert liar.look(Question("slot", "vpc", (), NAME), limits=QUICK).sightings["slot"].unknown


def test_a_packed_body_that_unfolds_without_end_is_unknown_in_little_memory(liar: Liar) -> None:
    packed = gzip.compress(b'{"x": "' + b"a" * (80 << 20) + b'"}')
    liar.answer = lambda _path: Reply(packed, headers={"Content-Encoding": "gzip"})
    seen = liar.look(Question("slot", "vpc", (), NAME), limits=QUICK).sightings["slot"]
    assert seen.named is None
    assert seen.unknown


# -- the other reads -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", BODIES)
def test_every_other_read_ends_as_unknown(liar: Liar, what: str) -> None:
    liar.answer = lambda _path: Reply(BODIES[what])
    access = Access(liar.endpoint, TOKEN, local=True)
    account = liar.look(with_account=True, limits=QUICK).account
    assert account is not None
    facts = {name: getattr(account, name) for name in AccountFacts.__slots__ if name != "missing_scopes"}
    assert [name for name, one in facts.items() if not isinstance(one, Unknown)] == []
    prices = read_prices(access, limits=QUICK)
    assert [
        name for name in ("sizes", "plans", "subscription") if not isinstance(getattr(prices, name), Unknown)
    ] == []
    assert isinstance(database_authority(access, "d-1", limits=QUICK), Unknown)
    assert isinstance(reach(access, "k-1"), Unknown)
    assert {method for method, _, _ in liar.asked} == {"GET"}


# -- what is read of a thing whose form is right as far as it is known by it ------------------------------------

_SOURCE = Path(kinds.__file__).read_text("utf-8")
FIELDS = sorted(
    {*re.findall(r'"([a-z_]+)"', _SOURCE), "type", "value", "slug", "status", "tags", "node_pools"}
)
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([10**400, -(10**400)])
    | texts
    | st.sampled_from(FIELDS),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=4), inner, max_size=6)
    ),
    max_leaves=12,
)


@settings(max_examples=400)
@given(st.sampled_from(sorted(KINDS)), st.dictionaries(st.sampled_from(FIELDS), JUNK, max_size=12), texts)
def test_whatever_stands_in_a_thing_it_is_read_or_malformed_and_its_mark_is_never_invented(
    name: str, fields: dict[str, Any], text: str
) -> None:
    kind = KINDS[name]
    raw = {**fields, kind.id_key: text or "x", kind.name_key: text}
    try:
        seen = found(kind, raw, "formerr-infra", "staging")
    except Malformed:
        return
    json.dumps({key: clean(str(value)) for key, value in seen.facts.items() if not isinstance(value, int)})
    assert hash(tuple(seen.facts.values())) is not None, "facts are compared: none is a list or an object"
