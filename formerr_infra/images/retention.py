"""Which images of a registry may go: pure, from what is there and what runs.

What runs is never among them, nor what nothing names: a manifest without a tag may be a part of an image that has one
(each platform of it, its attestations), and what it is a part of is not told. Nor is anything that was there before a
name was said: an image goes only when it is old and many newer ones are there.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from formerr_infra.images.model import Image, Reference


@dataclass(frozen=True, slots=True)
class Kept:
    """An image that stays, and why."""

    image: Image
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a retention does.

    Attributes:
        kept: what stays.
        going: what goes.
        missing: images that run and that the registry does not hold.
    """

    kept: tuple[Kept, ...]
    going: tuple[Image, ...]
    missing: tuple[Reference, ...]

    @property
    def freed(self) -> int:
        """Bytes that what goes takes up, where nothing else shares them."""
        return sum(one.size for one in self.going)


def plan(
    images: Sequence[Image], running: Iterable[Reference], *, now: datetime, keep: int, days: int
) -> Plan:
    """Decide about every image.

    Args:
        images: all of the registry.
        running: of the same registry, what any stack runs.
        now: UTC.
        keep: the newest of each repository that stay whatever their age.
        days: how old an image is that may go.
    """
    wanted = tuple(running)
    tagged: dict[str, list[Image]] = defaultdict(list)
    for image in images:
        if image.tags:
            tagged[image.repository].append(image)
    newest = {
        image.digest
        for held in tagged.values()
        for image in sorted(held, key=lambda one: (one.updated, one.digest), reverse=True)[:keep]
    }
    since = now - timedelta(days=days)
    kept, going = [], []
    for image in images:
        why = _why(image, wanted, newest=image.digest in newest, young=image.updated > since)
        if why:
            kept.append(Kept(image, why))
        else:
            going.append(image)
    missing = tuple(one for one in wanted if not any(image.is_named_by(one) for image in images))
    return Plan(tuple(kept), tuple(going), missing)


def _why(image: Image, running: tuple[Reference, ...], *, newest: bool, young: bool) -> str:
    """Why it stays; empty where it goes."""
    if any(image.is_named_by(one) for one in running):
        return "it runs"
    if not image.tags:
        return "it has no tag, and may be a part of an image that has one"
    if newest:
        return "it is one of the newest"
    return "it is young" if young else ""
