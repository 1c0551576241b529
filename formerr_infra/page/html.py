"""The page: one file that asks nothing of anybody. No script, no font, no picture from elsewhere.

The policy in its head forbids everything but the one style sheet, by its hash; so nothing that was slipped past the
escaping could run, load or send anything.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from formerr_infra.cost import FREE, Unpriced, change
from formerr_infra.cost.table import CHECKED
from formerr_infra.page.picture import pictures
from formerr_infra.page.words import LABELS, MEANING, Standing
from formerr_infra.report import clean

if TYPE_CHECKING:
    from jinja2 import Environment

    from formerr_infra.cost import Price
    from formerr_infra.page.story import Story

#: Names of classes, and of signs, by standing.
CLASSES = {one: one.value.replace(" ", "-") for one in Standing}
_DRIFT = ("changed", "gone", "unknown")
_HEALTH = ("ok", "failed", "unknown", "skipped")


def page(story: Story) -> str:
    """The whole page."""
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        _templates()
        .get_template("page.html.j2")
        .render(
            story=story,
            style=style,
            policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
            pictures=pictures(story),
            standings=[one for one in Standing if _is_there(story, one)],
            meaning=MEANING,
            labels=LABELS,
            classes=CLASSES,
            health=_health(story),
            drifted=_drifted(story),
            tally=_tally(story),
            lines=_lines(story),
            checked=CHECKED,
            standing_new=Standing.NEW,
        )
    )


@cache
def _style() -> str:
    """The style sheet, as it stands between its tags."""
    return (Path(__file__).parent / "templates" / "page.css").read_text(encoding="utf-8")


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("formerr_infra.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["changed"] = change
    return made


def _is_there(story: Story, standing: Standing) -> bool:
    if standing is Standing.FOREIGN:
        return bool(story.foreign)
    return any(one.standing is standing for one in (*story.parts, *story.objects))


def _health(story: Story) -> dict[str, int] | None:
    """How many checks ended how."""
    if story.health is None:
        return None
    counts = {state: sum(one.state == state for one in story.health) for state in _HEALTH}
    return {state: number for state, number in counts.items() if number}


def _drifted(story: Story) -> dict[str, int] | None:
    """How many resources are not as the state has them, and how."""
    if story.drift is None:
        return None
    counts = {state: sum(one.state == state for one in story.drift) for state in _DRIFT}
    return {state: number for state, number in counts.items() if number}


def _tally(story: Story) -> list[tuple[Standing, int]]:
    """How many slots stand how."""
    return [(one, story.count(one)) for one in Standing if story.count(one)]


def _lines(story: Story) -> list[tuple[str, str, str, str, str, str, str]]:
    """The bill's lines that cost something: slot, what, why something is unknown, owner, now, then, change."""
    if story.bill is None:
        return []
    rows = []
    for line in story.bill.lines:
        if line.now == line.then == FREE:
            continue
        if isinstance(line.now, Unpriced) or isinstance(line.then, Unpriced):
            added = "unknown" if line.now != line.then or line.owner == "refused" else "no change"
        else:
            added = change(line.then - line.now)
        why = next((clean(one.reason) for one in (line.then, line.now) if isinstance(one, Unpriced)), "")
        slot = LABELS.get(line.slot, line.slot)
        rows.append((slot, clean(line.what), why, line.owner, _shown(line.now), _shown(line.then), added))
    return rows


def _shown(price: Price) -> str:
    return "unknown" if isinstance(price, Unpriced) else str(price)
