"""The report without a browser: what is told, where it is drawn, and that nothing from an account is more than a text."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formerr_infra.detect import Assessment
from formerr_infra.ledger import EMPTY
from formerr_infra.model import Decision, Outcome
from formerr_infra.objects import APPLICATION
from formerr_infra.page import MOST, Drifted, Standing, comment, marker, page, tell
from formerr_infra.page.comment import escaped
from formerr_infra.page.measure import fit, width
from formerr_infra.page.picture import narrow, pictures
from formerr_infra.page.words import LABELS, MEANING, NEEDS, standing
from formerr_infra.settings import check
from formerr_infra.slots import SLOTS
from tests.support.stories import HOSTILE, NOW, decision, story

if TYPE_CHECKING:
    from formerr_infra.page.shapes import Box, Picture

VOID = {"meta", "br", "img", "input", "link"}
SHAPES = {"path", "rect", "circle", "line", "use"}


class Outline(HTMLParser):
    """The elements of a page, their attributes, and whether each is closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


# -- what is told --------------------------------------------------------------------------------------------


def test_every_slot_has_a_label_and_needs_only_what_there_is() -> None:
    known = {slot.key for slot in SLOTS} | {APPLICATION}
    assert known - set(LABELS) == set()
    assert {key for keys in NEEDS.values() for key in keys} | set(NEEDS) <= known
    assert set(MEANING) == set(Standing)


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_stands_somehow_and_what_is_only_read_is_never_owned(outcome: Outcome) -> None:
    stands = standing(outcome)
    assert (stands is Standing.ADOPTED) is (outcome in (Outcome.ADOPT, Outcome.RELEASE))
    assert stands is not Standing.FOREIGN


def test_the_headline_is_about_what_stops_first() -> None:
    assert "refused" in story({"vpc": Outcome.REFUSE, "cluster": Outcome.CREATE}).headline
    assert story({"cluster": Outcome.CREATE}).headline == "The next update makes 1 slot"
    assert "changes no slot" in story({}).headline


def test_what_belongs_to_a_slot_is_never_called_foreign() -> None:
    mine = decision("vpc", Outcome.ADOPT)
    assert mine.target is not None
    known = Assessment("staging", check({}, "staging"), EMPTY, {"vpc": mine})
    told = tell(known, NOW, others={"vpc": [mine.target]})
    assert told.foreign == ()


def test_the_application_is_called_by_the_namespace_that_it_gets() -> None:
    new = Decision(APPLICATION, Outcome.CREATE, "17", "2 objects: 2 create")
    settings = check({"namespacePrefix": "pr-7"}, "staging")
    told = tell(Assessment("staging", settings, EMPTY, {APPLICATION: new}), NOW)
    assert [one.name for one in told.parts] == ["pr-7-formerr"]


def test_what_was_not_asked_is_said_and_never_shown_as_fine() -> None:
    text = page(story())
    assert text.count("not checked") >= 2
    assert ">not asked<" in text
    assert "healthy" not in text


def test_nothing_checked_is_not_healthy() -> None:
    assert ">healthy<" not in page(story(health=[]))
    assert ">healthy<" in page(story(health=[("nodes", "ok", "3 ready")]))
    assert ">healthy<" not in page(story(health=[("nodes", "ok", "3 ready"), ("tls", "unknown", "?")]))


def test_what_could_not_be_looked_at_is_not_without_drift() -> None:
    def figure(*found: Drifted) -> str:
        told = re.search(r'Drift</span><span class="much">([^<]*)', page(story(drift=found)))
        assert told is not None
        return told[1]

    unknown = Drifted("vpc", "owned", "unknown", "it does not answer")
    assert figure() == "none"
    assert figure(unknown) == "unknown"
    assert figure(unknown, Drifted("vpc", "owned", "gone", "404")) == "found"


# -- the page ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [None, HOSTILE])
@pytest.mark.parametrize("full", [False, True])
def test_the_page_asks_nothing_of_anybody_and_is_well_formed(text: str | None, full: bool) -> None:
    outline = Outline(page(story(text=text, full=full)))
    assert outline.open == []
    names = {name for name, _ in outline.tags}
    assert names.isdisjoint(
        {"script", "img", "iframe", "object", "embed", "link", "base", "form", "a", "image", "foreignobject"}
    )
    for name, attributes in outline.tags:
        assert not any(key.startswith("on") or key in ("src", "style", "xlink:href") for key in attributes), (
            name
        )
        assert all(
            value is None or value.startswith("#") for key, value in attributes.items() if key == "href"
        )


def test_the_policy_allows_the_one_style_sheet_by_its_hash_and_nothing_else() -> None:
    text = page(story())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert policy is not None
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy[1].replace("&#39;", "'") == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_a_hostile_text_is_on_the_page_as_a_text_and_on_one_line() -> None:
    text = page(story(text=HOSTILE, full=True))
    assert all(char.isprintable() or char == "\n" for char in text)
    assert "\u202e" not in text
    assert "<script>" not in text
    seen = "".join(Outline(text).texts)
    assert "<script>alert(1)</script>" in seen
    assert "{{ 7*7 }}" in seen


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=1, max_size=200))
def test_no_text_at_all_changes_the_elements_of_the_page(text: str) -> None:
    plain, other = Outline(page(story(text="x"))), Outline(page(story(text=text)))
    assert other.open == []

    def skeleton(outline: Outline) -> list[str]:
        return [name for name, _ in outline.tags if name not in SHAPES | {"text", "tspan", "title", "g"}]

    assert skeleton(other) == skeleton(plain)


# -- the picture ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [None, HOSTILE, "x"])
@pytest.mark.parametrize("full", [False, True])
def test_nothing_in_the_picture_overlaps_or_leaves_it(text: str | None, full: bool) -> None:
    for picture in pictures(story(text=text, full=full)):
        boxes = [card.box for card in picture.cards]
        for one, other in itertools.combinations(boxes, 2):
            assert apart(one, other), (picture.name, one, other)
        for box in (*boxes, *(frame.box for frame in picture.frames)):
            assert inside(box, picture), (picture.name, box)
        for frame in picture.frames:
            assert all(apart(frame.box, box) or within(box, frame.box) for box in boxes)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(LABELS)), st.sampled_from(Outcome)),
    st.booleans(),
    st.integers(min_value=0, max_value=120),
)
def test_whatever_is_decided_nothing_overlaps_and_every_object_has_its_tile(
    outcomes: dict[str, Outcome], full: bool, objects: int
) -> None:
    told = story(outcomes, full=full, objects=objects)
    for picture in pictures(told):
        boxes = [card.box for card in picture.cards]
        assert all(apart(one, other) for one, other in itertools.combinations(boxes, 2))
        assert all(inside(box, picture) for box in boxes)
        application = next(card for card in picture.cards if card.key == APPLICATION)
        tiles = [tile.box for row in application.rows for tile in row.tiles]
        assert len(tiles) == objects
        assert all(within(tile, application.box) for tile in tiles)
        assert all(apart(one, other) for one, other in itertools.combinations(tiles, 2))


def test_every_slot_and_every_object_is_in_each_picture() -> None:
    told = story(full=True)
    for picture in pictures(told):
        drawn = {card.key for card in picture.cards} | {frame.key for frame in picture.frames}
        tiles = {
            tile.title.split(": ")[0] for card in picture.cards for row in card.rows for tile in row.tiles
        }
        assert {part.key for part in told.parts} <= drawn | tiles
        assert {part.key for part in told.objects} <= tiles


def test_what_stands_in_the_vpc_is_drawn_in_it_and_a_database_outside_is_not() -> None:
    told = story(full=True)
    for picture in pictures(told):
        frames = {frame.key: frame.box for frame in picture.frames}
        cards = {card.key: card.box for card in picture.cards}
        assert within(frames["cluster"], frames["vpc"])
        assert within(cards["nodePool"], frames["cluster"])
        assert within(cards[APPLICATION], frames["cluster"])
        assert within(cards["database"], frames["vpc"])
        assert not within(cards["registry"], frames["vpc"])


def test_who_needs_what_has_an_arrow() -> None:
    for picture in pictures(story({}, full=True)):
        titles = {arrow.title for arrow in picture.arrows}
        assert {
            "Load balancer needs: Worker pool",
            "Application needs: Container registry",
            "Record of the frontend needs: Load balancer",
        } <= titles


def test_an_arrow_never_begins_on_the_left_of_the_picture() -> None:
    picture = narrow(story(full=True))
    numbers = [
        float(found) for arrow in picture.arrows for found in re.findall(r"[MH](-?[\d.]+)", arrow.path)
    ]
    assert min(numbers) > picture.origin


@given(st.text(max_size=60), st.floats(min_value=20, max_value=400))
def test_what_is_cut_to_fit_is_about_as_wide_as_the_room(text: str, room: float) -> None:
    cut = fit(text, room, 12)
    assert width(cut, 12) <= max(room, width("…", 12)) + 0.001
    assert cut == text or cut.endswith("…")


def apart(one: Box, other: Box) -> bool:
    return one.right <= other.x or other.right <= one.x or one.bottom <= other.y or other.bottom <= one.y


def within(box: Box, frame: Box) -> bool:
    return frame.x <= box.x and box.right <= frame.right and frame.y <= box.y and box.bottom <= frame.bottom


def inside(box: Box, picture: Picture) -> bool:
    right = picture.origin + picture.width
    return picture.origin <= box.x and box.right <= right and box.y >= 0 and box.bottom <= picture.height


# -- the comment ---------------------------------------------------------------------------------------------


def test_the_comment_has_verdict_decisions_cost_and_findings_behind_its_marker() -> None:
    text = comment(story(full=True))
    assert text.startswith(marker("staging") + "\n")
    for heading in (
        "### Guard: stopped",
        "### Decisions",
        "### Findings",
        "### Cost a month: ",
        "### Health",
        "### Drift",
    ):
        assert f"\n{heading}" in text


def test_a_hostile_environment_cannot_end_the_marker() -> None:
    assert marker("--> <b>").count("-->") == 1


@given(st.text(max_size=300))
def test_an_escaped_text_neither_marks_up_nor_mentions_nor_links(text: str) -> None:
    safe = escaped(text + HOSTILE[:200] + text)
    assert "\n" not in safe
    assert re.search(r"(?<!\\)[|`*_\[\]~]", safe) is None
    assert re.search(r"<(?!!-- -->)", safe) is None
    assert re.search(r"@\w", safe) is None
    assert re.search(r"(?i)(https?:|www\.)(?!<!-- -->)", safe) is None
    assert re.search(r"#\d", safe) is None


def test_a_comment_is_short_enough_whatever_is_in_it_and_ends_no_table_within_a_row() -> None:
    many = {f"{key}-{n}": Outcome.REFUSE for n in range(400) for key in ("vpc",)}
    told = story(many, text=HOSTILE, full=True)
    long = [(f"check {n} {HOSTILE}", "failed", HOSTILE) for n in range(300)]
    text = comment(story(text=HOSTILE, full=True, health=long))
    for found in (text, comment(told)):
        assert len(found) <= MOST
        assert found.count("<details>") == found.count("</details>")
        rows = [line for line in found.splitlines() if line.startswith("|")]
        assert all(line.endswith("|") for line in rows)
    assert "_The rest is in the report._" in text


def test_of_many_rows_the_number_of_those_left_out_is_told() -> None:
    text = comment(story(health=[(f"check {number}", "failed", "why") for number in range(100)]))
    assert "| … and 40 more | | |" in text


def test_every_row_of_the_comment_has_as_many_cells_as_its_head() -> None:
    lines = comment(story(text=HOSTILE, full=True)).splitlines()
    for number, line in enumerate(lines):
        if line.startswith("| ---") or re.fullmatch(r"\|( --- \|)+", line):
            cells = line.count("|")
            for row in itertools.takewhile(lambda each: each.startswith("|"), lines[number + 1 :]):
                assert len(re.findall(r"(?<!\\)\|", row)) == cells, row
