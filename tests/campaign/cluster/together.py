"""Many calls failing in one run, each by a fault of its own: so that each call meets each fault without a run for each.

The run goes on after an error, but what depends on a call that failed does not come. So those that came are left out of
the next run, which reaches what depends on them, and so on down to the last; then all begin again with other faults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.campaign.cluster.sweep import OTHERS, cells, ended
from tests.campaign.sweep import Call, Cell, Seen, put

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from tests.campaign.arena import Arena
    from tests.campaign.cluster.site import Site
    from tests.campaign.cluster.sweep import Course
    from tests.support.stack import Step


def left(courses: Mapping[str, Sequence[Call]], part: int, of: int) -> list[Cell]:
    """The cells of one part that are not run alone; a part has some faults, at all calls."""
    alone = set(cells(courses.items(), every=False))
    mine = {*OTHERS[part::of]}
    every = cells(courses.items(), every=True)
    return [cell for cell in every if cell.fault in mine and cell not in alone]


class Rounds:
    """Which cells of one operation are met in one run, run after run, until each was met or never can be."""

    def __init__(self, waiting: Iterable[Cell]) -> None:
        self._waiting: dict[Call, list[Cell]] = {}
        for cell in waiting:
            self._waiting.setdefault(cell.call, []).append(cell)
        self._out: set[Call] = set()

    def draw(self) -> list[Cell]:
        """The next ones, no two at one path; none when there are no more."""
        if not self._waiting.keys() - self._out:
            self._out.clear()
        drawn: dict[tuple[str, str], Cell] = {}
        for at, (call, waiting) in enumerate(self._waiting.items()):
            if call not in self._out:
                drawn.setdefault((call.method, call.path), waiting[at % len(waiting)])
        return list(drawn.values())

    def met(self, drawn: Sequence[Cell], came: Sequence[bool]) -> list[Cell]:
        """What is done with after a run: those whose calls came; all of them if none did, for nothing was in their way."""
        done = [cell for cell, here in zip(drawn, came, strict=True) if here] or list(drawn)
        for cell in done:
            self._out.add(cell.call)
            self._waiting[cell.call].remove(cell)
            if not self._waiting[cell.call]:
                del self._waiting[cell.call]
        return done


def met(
    site: Site, course: Course, rounds: Rounds, drawn: Sequence[Cell], folder: Path, *, preview: bool
) -> list[Seen]:
    """One run with all of these, and what became of those that are done with."""

    def together(arena: Arena, command: str) -> tuple[Step, list[bool]]:
        numbers = [put(site.proxy, cell) for cell in drawn]
        step = arena.run(arena.first, command, "--continue-on-error")
        came = {one["id"]: bool(one["fired"]) for one in site.proxy.faults()}
        site.proxy.clear_faults()
        return step, [came[number] for number in numbers]

    end = ended(site, course, folder, together, preview=preview)
    came = end.fired or [True] * len(drawn)
    return [
        Seen(cell, any(came), end.code, end.more, end.wrong, beside=max(sum(came) - 1, 0))
        for cell in rounds.met(drawn, came)
    ]
