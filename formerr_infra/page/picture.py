"""The picture of an environment: who reaches it on the left, what stands in the VPC in the middle, what it uses on the right.

The same resources three times: for a wide page, for a narrower one, for a phone. Things that stand in another are drawn in
it; what needs another has an arrow to it. Nothing here knows HTML.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from formerr_infra.objects import APPLICATION
from formerr_infra.page.arrows import LANE, Link, arrows, lanes
from formerr_infra.page.measure import fit, width
from formerr_infra.page.shapes import Box, Card, Frame, Picture, Tile, TileRow
from formerr_infra.page.words import LABELS, Standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from formerr_infra.page.story import Foreign, Part, Story

VISITORS, ALERTS = "visitors", "alerts"
_CARD, _HEAD, _PAD, _GAP = 78.0, 46.0, 16.0, 32.0
_TILE, _TILE_GAP = 11.0, 4.0
_LABEL, _NAME, _DETAIL, _CHIP = 11.5, 14.0, 12.0, 11.0
#: Kinds of objects, by what they are for.
_GROUPS = (
    ("Workloads", ("deployment", "statefulset", "daemonset", "cronjob", "job")),
    (
        "Traffic",
        ("service", "ingress", "ingressroute", "ingressclass", "middleware", "networkpolicy", "apiservice"),
    ),
    ("Settings", ("configmap", "secret", "serviceaccount")),
    ("Storage", ("persistentvolumeclaim",)),
    (
        "Bounds",
        (
            "namespace",
            "resourcequota",
            "limitrange",
            "poddisruptionbudget",
            "horizontalpodautoscaler",
            "priorityclass",
        ),
    ),
)
_OTHER = "Others"


def pictures(story: Story) -> tuple[Picture, Picture, Picture]:
    """For a wide page, a narrower one, and a phone."""
    return wide(story), middle(story), narrow(story)


def wide(story: Story) -> Picture:
    """Three columns."""
    drawn = _Drawing(story)
    top = 4.0
    inside = 604.0
    vpc_x, right_x = 284.0, 284.0 + inside + 44
    balancer_y = top + _HEAD + _HEAD
    drawn.stack([VISITORS, *drawn.edge()], 4, balancer_y, 228)
    bottom = drawn.network(vpc_x, top, inside, columns=2)
    drawn.stack(drawn.outside(), right_x, balancer_y + _CARD + _GAP, 228)
    return drawn.finish("wide", right_x + 232, max(bottom, drawn.bottom), foreign_columns=5)


def middle(story: Story) -> Picture:
    """Two columns: what stands in the VPC, and everything else beside it."""
    drawn = _Drawing(story)
    drawn.stack([VISITORS, *drawn.edge(), *drawn.outside()], 4, 4 + _HEAD, 220)
    bottom = drawn.network(274, 4, 422, columns=1)
    return drawn.finish("middle", 700, max(bottom, drawn.bottom), foreign_columns=3)


def narrow(story: Story) -> Picture:
    """One column."""
    drawn = _Drawing(story)
    left, across = 2.0, 266.0
    y = drawn.stack([VISITORS, *drawn.edge()], left, 4, across) + _GAP
    y = drawn.network(left, y, across, columns=1) + _GAP
    drawn.stack(drawn.outside(), left, y, across)
    return drawn.finish("narrow", 272, drawn.bottom, foreign_columns=1)


@dataclass(slots=True)
class _Drawing:
    """What is drawn so far."""

    story: Story
    cards: list[Card] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)

    @property
    def bottom(self) -> float:
        return max((one.bottom for one in self._places()), default=0.0)

    def _places(self) -> list[Box]:
        return [*(one.box for one in self.cards), *(one.box for one in self.frames)]

    # -- what stands where -----------------------------------------------------------------------------------

    def edge(self) -> list[str]:
        """By what it is reached."""
        keys = ("frontendRecord", "backendRecord", "certificate", "domain")
        return [key for key in keys if self.story.part(key)]

    def outside(self) -> list[str]:
        """What stands beside the VPC, and who watches."""
        keys = ["registry", "project", "uptimeCheck"]
        if not self._in_vpc():
            keys.insert(0, "database")
        return [key for key in keys if self.story.part(key)] + ([ALERTS] if self._alerts() else [])

    def _in_vpc(self) -> bool:
        database = self.story.part("database")
        return database is not None and "vpc" in database.needs

    def _alerts(self) -> list[Part]:
        return [one for one in self.story.parts if one.key.endswith("Alert")]

    # -- drawing ---------------------------------------------------------------------------------------------

    def stack(self, keys: Sequence[str], x: float, y: float, across: float) -> float:
        """Cards below each other; the bottom of the last."""
        for key in keys:
            y = self.card(key, x, y, across) + _GAP
        return y - _GAP if keys else y

    def network(self, x: float, y: float, across: float, *, columns: int) -> float:
        """The VPC with everything in it; its bottom."""
        at = len(self.frames)
        inner_x, inner = x + _PAD, across - 2 * _PAD
        top = y + _HEAD
        data = [key for key in ("database", "databaseFirewall") if self._in_vpc() and self.story.part(key)]
        if columns == 2:
            beside = 212.0
            below = self.card("loadBalancer", inner_x, top + _HEAD, beside) + _GAP
            bottom = self.cluster(inner_x + beside + 52, top, inner - beside - 52)
            bottom = max(bottom, self.stack(data, inner_x, below + _GAP, beside))
        else:
            bottom = self.card("loadBalancer", inner_x, top, inner) + _GAP
            bottom = self.cluster(inner_x, bottom, inner)
            bottom = self.stack(data, inner_x, bottom + _GAP, inner) if data else bottom
        bottom += _PAD
        self.frame("vpc", Box(x, y, across, bottom - y), at)
        return bottom

    def cluster(self, x: float, y: float, across: float) -> float:
        """The cluster with its pool and the application; its bottom."""
        at = len(self.frames)
        keys = [key for key in ("nodePool", APPLICATION) if self.story.part(key)]
        bottom = self.stack(keys, x + _PAD, y + _HEAD, across - 2 * _PAD) + _PAD
        self.frame("cluster", Box(x, y, across, bottom - y), at)
        return bottom

    def card(self, key: str, x: float, y: float, across: float) -> float:
        """One card; its bottom. What the stack does not have takes no room."""
        if key == VISITORS:
            made = Card(key, Box(x, y, across, _CARD), "Visitors", "the internet", "", "", None, "Visitors")
        elif key == ALERTS:
            made = self._group(ALERTS, "Alerts", self._alerts(), x, y, across)
        else:
            part = self.story.part(key)
            if part is None:
                return y
            made = _card(part, Box(x, y, across, _CARD))
            if key == APPLICATION and self.story.objects:
                made = self._tiled(made, _grouped(self.story.objects))
        self.cards.append(made)
        return made.box.bottom

    def frame(self, key: str, box: Box, at: int) -> None:
        """A frame, below those that stand in it."""
        part = self.story.part(key)
        if part is None:
            return
        chip = _chip(part.standing, box.right - _PAD, box.y + 12)
        label_room = width(part.label, _LABEL) + 10
        room = chip.x - box.x - _PAD - label_room - 10
        said = ", ".join(text for text in (part.name, part.detail, part.cost) if text)
        name = fit(said, room, _DETAIL) if room > 40 else ""
        self.frames.insert(at, Frame(key, box, part.label, name, part.standing, chip, _title(part)))

    def _group(self, key: str, label: str, parts: Sequence[Part], x: float, y: float, across: float) -> Card:
        """A card of small resources of one kind."""
        said = f"{len(parts)} {'policy' if len(parts) == 1 else 'policies'}"
        plain = Card(key, Box(x, y, across, _CARD), label, said, "", "", None, f"{label}: {said}")
        of = {"node": "Nodes", "balancer": "Balancer"}
        groups: dict[str, list[Part]] = {}
        for part in parts:
            name = next((word for start, word in of.items() if part.key.startswith(start)), "Uptime")
            groups.setdefault(name, []).append(part)
        return self._tiled(plain, list(groups.items()))

    def _tiled(self, card: Card, groups: Sequence[tuple[str, Sequence[Part]]]) -> Card:
        """The card with a row of tiles for each group."""
        x, room = card.box.x + 14, card.box.w - 28
        label, count = 72.0, 26.0
        fits = max(1, int((room - label - count) // (_TILE + _TILE_GAP)))
        y = card.box.y + (58 if card.detail or card.standing else 56)
        rows = []
        for name, parts in groups:
            tiles = []
            for number, part in enumerate(parts):
                line, column = divmod(number, fits)
                place = Box(
                    x + label + column * (_TILE + _TILE_GAP), y + line * (_TILE + _TILE_GAP), _TILE, _TILE
                )
                tiles.append(Tile(place, part.standing, f"{part.key}: {part.standing}"))
            lines = (len(parts) + fits - 1) // fits
            rows.append(TileRow(x, y + 10, name, tuple(tiles), str(len(parts)), card.box.right - 14))
            y += lines * (_TILE + _TILE_GAP) + 6
        return replace(card, box=replace(card.box, h=y + 8 - card.box.y), rows=tuple(rows))

    # -- the end ---------------------------------------------------------------------------------------------

    def finish(self, name: str, across: float, bottom: float, *, foreign_columns: int) -> Picture:
        """The picture, with arrows and with what is somebody else's below."""
        boxes = {one.key: one.box for one in self.cards}
        links = self._links()
        left = min((one.x for one in self._places()), default=0.0)
        room = lanes(links, boxes) * LANE + 12
        shift = max(0.0, room - left) if lanes(links, boxes) else 0.0
        made = arrows(links, boxes, left)
        band, bottom = self._foreign(across, bottom, foreign_columns, left)
        picture = Picture(name, across, bottom + 4, tuple(self.frames), tuple(self.cards), tuple(made), band)
        return _shifted(picture, shift) if shift else picture

    def _links(self) -> list[Link]:
        """Who needs what, as far as both are cards."""
        entries = [key for key in ("frontendRecord", "backendRecord") if self.story.part(key)]
        links = [Link(VISITORS, key, f"Visitors come by: {LABELS[key]}") for key in entries]
        if not entries and self.story.part("loadBalancer"):
            links = [Link(VISITORS, "loadBalancer", "Visitors come by: Load balancer")]
        for part in self.story.parts:
            if part.standing is not Standing.LEFT_OUT and not part.key.endswith("Alert"):
                links += [
                    Link(part.key, key, f"{part.label} needs: {LABELS.get(key, key)}")
                    for key in part.needs
                    if (part.key, key) not in _UNDRAWN
                ]
        return links

    def _foreign(self, across: float, bottom: float, columns: int, left: float) -> tuple[Box | None, float]:
        """Cards of what else is in the account, in a band of its own."""
        if not self.story.foreign:
            return None, bottom
        top = bottom + _GAP
        columns = min(columns, len(self.story.foreign))
        each = (across - left - 4 - _PAD * 2 - 12 * (columns - 1)) / columns
        for number, one in enumerate(self.story.foreign):
            line, column = divmod(number, columns)
            place = Box(left + _PAD + column * (each + 12), top + 34 + line * (_CARD + 12), each, _CARD)
            self.cards.append(_foreign_card(one, place, number))
        end = self.bottom + _PAD
        return Box(left, top, across - left - 4, end - top), end


#: Said by where things are drawn, or by another arrow.
_UNDRAWN = frozenset(
    {
        ("cluster", "vpc"),
        ("nodePool", "cluster"),
        ("loadBalancer", "vpc"),
        ("database", "vpc"),
        ("databaseFirewall", "cluster"),
        (APPLICATION, "cluster"),
        (APPLICATION, "loadBalancer"),
        ("uptimeCheck", "loadBalancer"),
        ("uptimeCheck", "frontendRecord"),
    }
)


def _card(part: Part, box: Box) -> Card:
    chip = _chip(part.standing, box.right - 12, box.y + 10)
    room = box.w - 28
    cost = fit(part.cost, room * 0.7, _DETAIL)
    cost_room = width(cost, _DETAIL) + 12 if cost else 0.0
    beside_name = width(part.name, _NAME, bold=True) + cost_room <= room
    return Card(
        part.key,
        box,
        fit(part.label, chip.x - box.x - 14 - 22, _LABEL),
        fit(part.name, room, _NAME, bold=True),
        fit(part.detail, room if beside_name else room - cost_room, _DETAIL),
        cost,
        part.standing,
        _title(part),
        chip,
        cost_y=45 if beside_name else 65,
    )


def _foreign_card(foreign: Foreign, box: Box, number: int) -> Card:
    room = box.w - 28
    names = ", ".join(foreign.names) + (f" and {foreign.more} more" if foreign.more else "")
    first, rest = _broken(foreign, room)
    total = len(foreign.names) + foreign.more
    label = f"{foreign.kind}{'' if total == 1 or foreign.unknown else f': {total}'}"
    said = f"not known: {foreign.unknown}" if foreign.unknown else names
    chip = _chip(Standing.FOREIGN, box.right - 12, box.y + 10)
    return Card(
        f"foreign-{number}", box, fit(label, chip.x - box.x - 36, _LABEL), first, rest, "",
        Standing.FOREIGN, f"{label}, foreign: {said}", chip,
    )  # fmt: skip


def _broken(foreign: Foreign, room: float) -> tuple[str, str]:
    """The names in two lines."""
    if foreign.unknown:
        return "not known", fit(foreign.unknown, room, _DETAIL)
    lines: list[list[str]] = [[], []]
    left = list(foreign.names)
    for line in lines:
        while left and (not line or width(", ".join([*line, left[0]]) + ",", _DETAIL, bold=True) <= room):
            line.append(left.pop(0))
    missing = len(left) + foreign.more
    second = ", ".join(lines[1]) + (f" and {missing} more" if missing else "")
    if width(second, _DETAIL) > room and missing and len(lines[1]) > 1:
        second = ", ".join(lines[1][:-1]) + f" and {missing + 1} more"
    return fit(", ".join(lines[0]), room, _DETAIL, bold=True), fit(second, room, _DETAIL)


def _chip(standing: Standing, right: float, y: float) -> Box:
    across = width(standing.value, _CHIP) + 14
    return Box(right - across, y, across, 19)


def _title(part: Part) -> str:
    parts = (
        part.label,
        part.name,
        part.detail,
        part.standing.value,
        part.cost and f"{part.cost} a month",
        part.id,
    )
    return ", ".join(one for one in parts if one)


def _grouped(objects: Sequence[Part]) -> list[tuple[str, list[Part]]]:
    """Objects by what they are for, in the order of the groups."""
    of = {kind: name for name, kinds in _GROUPS for kind in kinds}
    groups: dict[str, list[Part]] = {name: [] for name in (*(name for name, _ in _GROUPS), _OTHER)}
    for one in objects:
        groups[of.get(one.label, _OTHER)].append(one)
    return [(name, parts) for name, parts in groups.items() if parts]


def _shifted(picture: Picture, by: float) -> Picture:
    """The same with room on the left: the drawing begins further left, and nothing else changes."""
    return replace(picture, origin=-by, width=picture.width + by)
