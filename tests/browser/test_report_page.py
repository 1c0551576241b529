"""The report in a real browser: nothing overflows, nothing is asked of the network, everything can be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.page import page
from tests.support.stories import HOSTILE, story

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.may_skip("no browser on a machine without npm, or that is no x86_64 Linux")

LOOK = (Path(__file__).parent / "look.js").read_text("utf-8")
WIDTHS = {360: "narrow", 768: "middle", 1280: "wide"}
STORIES: dict[str, dict[str, Any]] = {
    "plain": {},
    "full": {"full": True},
    "hostile": {"full": True, "text": HOSTILE},
}
#: WCAG 2.2, level AA: text, and large text (24 px, or 18.66 px and bold); signs and lines.
TEXT, LARGE, MARK = 4.5, 3.0, 3.0


@dataclass
class Seen:
    """What one opening of the page showed."""

    facts: dict[str, Any]
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages, on disk as a user has them."""
    folder = tmp_path_factory.mktemp("pages")
    written = {}
    for name, how in STORIES.items():
        written[name] = folder / f"{name}.html"
        written[name].write_text(page(story(**how)), encoding="utf-8")
    return written


def opened(browser: Browser, file: Path, width: int, scheme: Any, *, unfold: bool = False) -> Seen:
    """The page opened, and looked at."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    seen = Seen({})
    try:
        tab = context.new_page()
        tab.on("console", lambda message: seen.said.append(message.text))
        tab.on("pageerror", lambda error: seen.said.append(str(error)))
        tab.on("request", lambda request: seen.asked.append(request.url))
        tab.goto(file.as_uri(), wait_until="load")
        if unfold:
            for summary in tab.locator("summary").all():
                summary.click()
        seen.facts = tab.evaluate(LOOK)
    finally:
        context.close()
    return seen


@pytest.fixture(
    scope="module",
    params=[(name, width, scheme) for name in STORIES for width in WIDTHS for scheme in ("light", "dark")],
    ids=lambda each: "-".join(map(str, each)),
)
def seen(request: pytest.FixtureRequest, browser: Browser, files: dict[str, Path]) -> tuple[int, Seen, Path]:
    """Each page, at each width, in each scheme."""
    name, width, scheme = request.param
    return width, opened(browser, files[name], width, scheme, unfold=True), files[name]


def test_nothing_overflows_and_one_picture_is_shown(seen: tuple[int, Seen, Path]) -> None:
    width, found, _ = seen
    assert found.facts["width"] <= found.facts["room"] == width
    assert [one for one in found.facts["texts"] if one["left"] < 0 or one["right"] > width] == []
    assert found.facts["pictures"] == [WIDTHS[width]]


def test_nothing_is_asked_of_anybody_and_nothing_is_complained_of(seen: tuple[int, Seen, Path]) -> None:
    _, found, file = seen
    assert found.asked == [file.as_uri()]
    assert found.said == []


def test_every_text_can_be_read(seen: tuple[int, Seen, Path]) -> None:
    _, found, _ = seen
    texts = found.facts["texts"]
    assert len(texts) > 60
    faint = [
        one
        for one in texts
        if one["contrast"] < (LARGE if one["size"] >= 24 or (one["bold"] and one["size"] >= 18.66) else TEXT)
    ]
    assert faint == []
    assert [one for one in texts if one["size"] < 10] == []


def test_every_sign_can_be_seen(seen: tuple[int, Seen, Path]) -> None:
    _, found, _ = seen
    assert len(found.facts["marks"]) > 20
    assert [one for one in found.facts["marks"] if one["contrast"] < MARK] == []


def test_no_text_leaves_its_card_or_lies_on_another(seen: tuple[int, Seen, Path]) -> None:
    assert seen[1].facts["strayed"] == []


def test_light_is_light_and_dark_is_dark(browser: Browser, files: dict[str, Path]) -> None:
    grounds = [opened(browser, files["plain"], 1280, scheme).facts["ground"] for scheme in ("light", "dark")]
    light, dark = ([int(one) for one in ground[4:-1].split(",")] for ground in grounds)
    assert min(light) > 200
    assert max(dark) < 60


@pytest.mark.parametrize(
    "slipped",
    [
        "<script>document.title = 'ran'</script>",
        "<img src=x onerror=\"document.title = 'ran'\">",
        "<p style='position:fixed;inset:0;background:red' id=covers>covers everything</p>",
        "<link rel=stylesheet href='http://127.0.0.1:9/x.css'><iframe src='http://127.0.0.1:9/'></iframe>",
    ],
)
def test_what_would_be_slipped_past_the_escaping_neither_runs_nor_loads_nor_covers(
    browser: Browser, files: dict[str, Path], tmp_path: Path, slipped: str
) -> None:
    file = tmp_path / "slipped.html"
    file.write_text(files["plain"].read_text("utf-8").replace("<main>", f"<main>{slipped}"), "utf-8")
    tab = browser.new_page()
    answered: list[str] = []
    tab.on("response", lambda response: answered.append(response.url))
    tab.on("requestfinished", lambda request: answered.append(request.url))
    tab.goto(file.as_uri())

    assert tab.title() == "formerr: staging"
    assert set(answered) <= {file.as_uri()}
    if "covers" in slipped:
        assert tab.evaluate("getComputedStyle(document.getElementById('covers')).position") == "static"
    tab.close()
