"""Arrows between rectangles: beside each other in a curve, below each other straight, past others in a bracket."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from formerr_infra.page.shapes import Arrow, Box

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Between brackets that run side by side.
LANE = 8.0
#: From the left edge of everything to the first bracket.
_OUTSIDE = 10.0
_HEAD = 2.0


class Link(NamedTuple):
    """What needs something, and what it needs, by their keys; and both in words."""

    source: str
    target: str
    title: str


def arrows(links: Sequence[Link], boxes: Mapping[str, Box], left: float) -> list[Arrow]:
    """The arrows of all links whose ends are there.

    Args:
        links: in the order in which brackets are handed out.
        boxes: places by key.
        left: where everything that is drawn begins; brackets run left of it.
    """
    there = [link for link in links if link.source in boxes and link.target in boxes]
    ends = _ends(there, boxes)
    made, lane = [], 0
    for link in there:
        one, other = boxes[link.source], boxes[link.target]
        match _way(one, other, boxes):
            case "right":
                path = _curve(one.right, ends[link.source, link], other.x - _HEAD, ends[link.target, link])
            case "left":
                path = _curve(one.x, ends[link.source, link], other.right + _HEAD, ends[link.target, link])
            case "down":
                path = _straight(_shared(one, other), one.bottom, other.y - _HEAD)
            case "up":
                path = _straight(_shared(one, other), one.y, other.bottom + _HEAD)
            case _:
                at = left - _OUTSIDE - lane * LANE
                path = _bracket(one.x, one.centre + 6, at, other.x - _HEAD, other.centre - 6)
                lane += 1
        made.append(Arrow(path, link.title))
    return made


def lanes(links: Sequence[Link], boxes: Mapping[str, Box]) -> int:
    """How many brackets there are."""
    there = [link for link in links if link.source in boxes and link.target in boxes]
    return sum(_way(boxes[one.source], boxes[one.target], boxes) == "past" for one in there)


def _way(one: Box, other: Box, boxes: Mapping[str, Box]) -> str:
    if other.x >= one.right:
        return "right"
    if other.right <= one.x:
        return "left"
    upper, lower = (one, other) if one.bottom <= other.y else (other, one)
    at = _shared(one, other)
    between = any(
        box not in (one, other) and box.x < at < box.right and box.y < lower.y and box.bottom > upper.bottom
        for box in boxes.values()
    )
    if between:
        return "past"
    return "down" if upper is one else "up"


def _shared(one: Box, other: Box) -> float:
    """The middle of what two have in common from left to right."""
    return (max(one.x, other.x) + min(one.right, other.right)) / 2


def _ends(links: Sequence[Link], boxes: Mapping[str, Box]) -> dict[tuple[str, Link], float]:
    """Where arrows touch the sides, spread so that no two begin or end in one point."""
    sides: dict[tuple[str, str], list[tuple[float, Link]]] = defaultdict(list)
    for link in links:
        one, other = boxes[link.source], boxes[link.target]
        way = _way(one, other, boxes)
        if way in ("right", "left"):
            back = "left" if way == "right" else "right"
            sides[link.source, way].append((other.centre, link))
            sides[link.target, back].append((one.centre, link))
    places: dict[tuple[str, Link], float] = {}
    for (key, _side), touching in sides.items():
        box = boxes[key]
        step = min(14.0, box.h / 2 / len(touching))
        first = box.centre - step * (len(touching) - 1) / 2
        for number, (_, link) in enumerate(sorted(touching, key=lambda each: (each[0], each[1]))):
            places[key, link] = first + number * step
    return places


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    bend = max(abs(to_x - x) / 2, 18.0) * (1 if to_x > x else -1)
    return f"M{x:g} {y:g}C{x + bend:g} {y:g} {to_x - bend:g} {to_y:g} {to_x:g} {to_y:g}"


def _straight(x: float, y: float, to_y: float) -> str:
    return f"M{x:g} {y:g}V{to_y:g}"


def _bracket(x: float, y: float, at: float, to_x: float, to_y: float) -> str:
    bend = 6.0
    down = bend if to_y > y else -bend
    return (
        f"M{x:g} {y:g}H{at + bend:g}Q{at:g} {y:g} {at:g} {y + down:g}"
        f"V{to_y - down:g}Q{at:g} {to_y:g} {at + bend:g} {to_y:g}H{to_x:g}"
    )
