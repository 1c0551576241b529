"""Every relative link of the documentation leads to a file, and to a heading where it names one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from formerr_infra.local.paths import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

INDEX = CHECKOUT / "docs" / "README.md"
PAGES = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]

_CODE = re.compile(r"^```.*?^```[^\n]*$|`[^`\n]*`|^(?: {4}|\t)[^\n]*$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


def links(text: str) -> list[str]:
    """The relative targets that a page links to; what stands in code is no link."""
    found = [inline or below for inline, below in _LINK.findall(_CODE.sub("", text))]
    return [target for target in found if not _ABSOLUTE.match(target)]


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them: a second one of the same text gets a number."""
    found: set[str] = set()
    for heading in re.findall(
        r"^#{1,6}[ \t]+(.+?)[ \t#]*$", re.sub(r"(?ms)^```.*?^```", "", text), re.MULTILINE
    ):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = base = re.sub(r"[^\w\- ]", "", shown).replace(" ", "-")
        number = 0
        while slug in found:
            number += 1
            slug = f"{base}-{number}"
        found.add(slug)
    return found


def dead(page: Path) -> list[str]:
    """The links of a page that lead nowhere."""
    found = []
    for target in links(page.read_text(encoding="utf-8")):
        path, _, anchor = unquote(target).partition("#")
        file = page.parent / path if path else page
        if not file.exists() or (
            anchor and (file.is_dir() or anchor not in anchors(file.read_text(encoding="utf-8")))
        ):
            found.append(target)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_no_link_is_dead(page: Path) -> None:
    assert dead(page) == []


def test_the_index_leads_to_every_page() -> None:
    targets = {(INDEX.parent / link).resolve() for link in links(INDEX.read_text(encoding="utf-8"))}
    pages = {*(CHECKOUT / "docs").glob("*.md"), CHECKOUT / "docs" / "adr" / "README.md"} - {INDEX}
    assert pages - targets == set()


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# A `title`: one\n\n## Twice\n\n## Twice\n", encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](there.md) [b](there.md#a-title-one) [c](there.md#twice-1) [d](https://example.org/x) `[e](no.md)`\n"
        "[f](gone.md) [g](there.md#twice-2) [h](#here) [i](gone.md 'title')\n\n    [j](code.md)\n\n[k]: lost.md\n",
        encoding="utf-8",
    )
    assert dead(page) == ["gone.md", "there.md#twice-2", "#here", "gone.md", "lost.md"]
