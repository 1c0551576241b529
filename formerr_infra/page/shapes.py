"""What a picture is made of: rectangles with a place, and arrows between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from formerr_infra.page.words import Standing


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def bottom(self) -> float:
        return self.y + self.h

    @property
    def middle(self) -> float:
        return self.x + self.w / 2

    @property
    def centre(self) -> float:
        return self.y + self.h / 2


@dataclass(frozen=True, slots=True)
class Tile:
    """One small square that stands for one resource."""

    box: Box
    standing: Standing
    title: str


@dataclass(frozen=True, slots=True)
class TileRow:
    """A row of tiles under a word."""

    x: float
    y: float
    label: str
    tiles: tuple[Tile, ...]
    count: str
    count_x: float


@dataclass(frozen=True, slots=True)
class Card:
    """One resource, or a group of small ones.

    Attributes:
        key: of the resource.
        box: its place.
        label, name, detail, cost: its texts, cut to fit; the title has the whole.
        standing: whose it is; None for who comes from outside.
        chip: the place of the standing's word.
        rows: of tiles, where it is a group.
        cost_y: how far below the top the cost stands.
    """

    key: str
    box: Box
    label: str
    name: str
    detail: str
    cost: str
    standing: Standing | None
    title: str
    chip: Box | None = None
    rows: tuple[TileRow, ...] = ()
    cost_y: float = 65


@dataclass(frozen=True, slots=True)
class Frame:
    """A resource that others stand in."""

    key: str
    box: Box
    label: str
    name: str
    standing: Standing
    chip: Box
    title: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """From what needs something to what it needs.

    Attributes:
        path: an SVG path; its head is at the end.
        title: both ends in words.
    """

    path: str
    title: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A laid-out picture, in units that are pixels where it is as wide as `width`.

    Attributes:
        name: `wide`, `middle` or `narrow`.
        width, height: of everything.
        frames, cards, arrows: from the back to the front.
        band: where what is foreign stands.
        origin: where its left edge is.
    """

    name: str
    width: float
    height: float
    frames: tuple[Frame, ...]
    cards: tuple[Card, ...]
    arrows: tuple[Arrow, ...]
    band: Box | None = None
    origin: float = 0.0
