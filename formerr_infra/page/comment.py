"""The comment of a pull request: GitHub-flavoured markdown, escaped, short enough, found again by a hidden marker.

GitHub takes comments of 65,536 characters; a table is cut between two rows, and says how many are left out. Nothing from
an account mentions anybody, links anywhere, or ends the table that it stands in.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from formerr_infra.cost import FREE, Unpriced, change
from formerr_infra.page.words import LABELS, Standing
from formerr_infra.report import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from formerr_infra.cost import Bill
    from formerr_infra.page.story import Story

#: Characters of a comment, at most.
MOST = 60_000
#: Of one cell, before it is escaped.
_CELL = 400
#: Rows of one table.
_ROWS = 60
_SIGNS = {
    Standing.OWNED: "🔵",
    Standing.NEW: "🟢",
    Standing.ADOPTED: "🟣",
    Standing.FOREIGN: "⚪",
    Standing.REFUSED: "🔴",
    Standing.LEFT_OUT: "⚫",
}


def marker(environment: str) -> str:
    """What a comment begins with, so that the next run finds and edits it."""
    return f"<!-- formerr-report: {re.sub(r'[^A-Za-z0-9_.-]', '-', environment)} -->"


def comment(story: Story) -> str:
    """The whole comment, at most `MOST` characters."""
    sign = "🔴" if story.stops or (story.guard is not None and story.guard.stops) else "🟢"
    head = [
        marker(story.environment),
        f"## {sign} formerr: {escaped(story.environment)}",
        "",
        f"**{escaped(story.headline)}.**",
        "",
    ]
    end = ["", f"<sub>{story.moment:%Y-%m-%d %H:%M} UTC. Reads only; nothing was changed.</sub>", ""]
    room = MOST - len("\n".join([*head, *end])) - 1
    body: list[str] = []
    for part in (
        _guard(story),
        _decisions(story),
        _findings(story),
        _cost(story),
        _health(story),
        _drift(story),
    ):
        body += _as_far_as_it_goes(part, room - _length(body))
    return "\n".join([*head, *body, *end])


def escaped(text: str) -> str:
    """A text that stands for itself wherever it is put: no markup, no mention, no link, no end of a cell."""
    short = clean(text)
    if len(short) > _CELL:
        short = short[: _CELL - 1] + "…"
    safe = short.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = re.sub(r"([\\`*_{}\[\]()#+!|~$^=-])", r"\\\1", safe)
    # What GitHub makes of a text: mentions, references to issues, addresses. A comment in between keeps it from that.
    safe = re.sub(r"(@|\\#|GH\\-)(?=\w)", r"\1<!-- -->", safe, flags=re.IGNORECASE)
    return re.sub(r"(?i)(https?:|ftp:|mailto:|www\.)", r"\1<!-- -->", safe)


def _guard(story: Story) -> list[str]:
    if story.guard is None:
        return []
    steps = ", ".join(f"{number} {escaped(word)}" for word, number in story.guard.steps.items())
    said = [f"The engine's preview: {steps or 'nothing changes'}.", ""]
    if not story.guard.stops:
        return ["### Guard", "", "It lets the preview pass. " + said[0], ""]
    rows = ([escaped(one.name), escaped(one.state), escaped(one.message)] for one in story.guard.stops)
    return ["### Guard: stopped", "", *said, *_table(("what", "because of", "why"), rows), ""]


def _decisions(story: Story) -> list[str]:
    rows = [
        [
            f"{_SIGNS[one.standing]} {escaped(one.label)}",
            one.standing.value,
            f"{one.outcome}, row {escaped(one.row)}",
            escaped(one.reason) + (f"<br>**To go on:** {escaped(one.settle)}" if one.settle else ""),
        ]
        for one in story.parts
    ]
    objects = [one for one in story.objects if one.standing is Standing.REFUSED]
    more = [
        [f"🔴 {escaped(one.key)}", "refused", f"row {escaped(one.row)}", escaped(one.reason)]
        for one in objects
    ]
    return ["### Decisions", "", *_table(("slot", "stands", "decision", "why"), [*rows, *more]), ""]


def _findings(story: Story) -> list[str]:
    rows = [[escaped(one.state), escaped(one.name), escaped(one.message)] for one in story.findings]
    rows += [["warning", "interrupted create", escaped(urn)] for urn in story.pending]
    return ["### Findings", "", *_table(("how bad", "what", "finding"), rows), ""] if rows else []


def _cost(story: Story) -> list[str]:
    bill = story.bill
    if bill is None:
        return []
    rows = [
        [
            LABELS.get(one.slot, one.slot),
            escaped(one.what),
            escaped(_price(one.now)),
            escaped(_price(one.then)),
        ]
        for one in bill.lines
        if not one.now == one.then == FREE
    ]
    table = _table(("resource", "what", "now", "then"), rows)
    return [
        f"### Cost a month: {escaped(_change(bill))}",
        "",
        f"{escaped(str(bill.now()))} now, {escaped(str(bill.then()))} then.",
        "",
        "<details><summary>Line by line</summary>",
        "",
        *table,
        "",
        "</details>",
        "",
    ]


def _change(bill: Bill) -> str:
    added = bill.change
    return change(added.amount) + (f" and {len(added.unknown)} unknown" if added.unknown else "")


def _health(story: Story) -> list[str]:
    if story.health is None:
        return []
    bad = [one for one in story.health if one.state not in ("ok", "skipped")]
    rows = [[escaped(one.state), escaped(one.name), escaped(one.message)] for one in bad]
    skipped = sum(one.state == "skipped" for one in story.health)
    said = f"{sum(one.state == 'ok' for one in story.health)} of {len(story.health)} checks are ok, {skipped} skipped."
    return [
        "### Health",
        "",
        said,
        "",
        *(_table(("state", "check", "what was found"), rows) if rows else []),
        "",
    ]


def _drift(story: Story) -> list[str]:
    if story.drift is None:
        return []
    if not story.drift:
        return ["### Drift", "", "None.", ""]
    rows = [[one.state, one.owner, escaped(one.what), escaped(one.message)] for one in story.drift]
    return ["### Drift", "", *_table(("state", "whose", "what", "what changed"), rows), ""]


def _price(price: object) -> str:
    return f"unknown: {price.reason}" if isinstance(price, Unpriced) else str(price)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    left = len(lines) - _ROWS
    more = [f"| … and {left} more | {'| ' * (len(head) - 1)}"] if left > 0 else []
    return [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *lines[:_ROWS], *more]


def _as_far_as_it_goes(lines: list[str], room: int) -> list[str]:
    """The lines that fit, whole; never a piece of one, and never a part that is opened and not closed."""
    if _length(lines) <= room:
        return lines
    end = ["", "</details>", ""] if "</details>" in lines else [""]
    said = ["", "_The rest is in the report._", *end]
    room -= _length(said)
    kept: list[str] = []
    for line in lines:
        if _length([*kept, line]) > room:
            break
        kept.append(line)
    opened = any("<details>" in line for line in kept)
    if not opened and len(end) > 1:
        said = ["", "_The rest is in the report._", ""]
    return [*kept, *said] if room > 0 and kept else []


def _length(lines: Sequence[str]) -> int:
    return sum(len(line) + 1 for line in lines)
