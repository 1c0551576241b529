"""A part of the sweep of a cluster's calls, from the start of its control plane to the file of its cells."""

from __future__ import annotations

import shutil
import sys
import time
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

from formerr_infra.emulator.client import ControlError
from tests.campaign import parts
from tests.campaign.cluster import sweep, together
from tests.campaign.cluster.site import Restless, site
from tests.campaign.sweep import KILLS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.campaign.cluster.site import Site
    from tests.campaign.cluster.sweep import Course
    from tests.campaign.sweep import Call, Cell

#: One cell of so many is asked for a preview too.
PREVIEWED = 4
#: How often everything is built anew where the control plane itself has come to an end; a busy machine does that.
SITES = 5
#: What says that it has.
_DOWN = (httpx.HTTPError, ControlError, OSError, Restless)


@dataclass(slots=True)
class Part:
    """One part, across the sites that it takes.

    Attributes:
        every: all faults at all calls alone, none together with others.
        resume: the file is gone on with.
        courses: the operations undisturbed, on the present site.
        notes: the file, once the calls are known.
    """

    part: int
    of: int
    output: Path
    every: bool
    resume: bool
    courses: dict[str, Course] = field(default_factory=dict)
    notes: parts.Notes | None = None

    def run(self, stands: Site) -> None:
        """All cells that are left, kills first; each is written down when it has ended."""
        folder = stands.ground.folder.parent / "cells"
        for number, name in enumerate(sweep.OPERATIONS):
            began = time.monotonic()
            self.courses[name] = course = sweep.undisturbed(stands, name, folder / f"{number}")
            _say(f"{name}: {len(course.calls)} calls, {time.monotonic() - began:.0f} s, next {course.loud}")
        calls = {name: course.calls for name, course in self.courses.items()}
        mine, notes = self._left(calls)
        self._alone(stands, mine, notes, folder)
        if not self.every:
            self._together(stands, notes, folder)

    def _alone(self, stands: Site, mine: Sequence[Cell], notes: parts.Notes, folder: Path) -> None:
        told, began = time.monotonic(), time.monotonic()
        for number, cell in enumerate(mine, start=1):
            at = folder / f"cell-{number}"
            preview = zlib.crc32(parts.name(cell).encode()[::-1]) % PREVIEWED == 0
            seen = sweep.met(stands, self.courses[cell.operation], cell, at, preview=preview)
            shutil.rmtree(at, ignore_errors=True)
            notes.add(seen)
            if seen.wrong:
                _say(f"{cell}: {seen.wrong}")
            if time.monotonic() - told >= 15:
                told = time.monotonic()
                each = (told - began) / number
                _say(
                    f"cluster, part {self.part}: {number} of {len(mine)} cells, {notes.wrong} wrong, {each:.1f} s each"
                )

    def _together(self, stands: Site, notes: parts.Notes, folder: Path) -> None:
        """What is not run alone, many in a run."""
        calls = {name: course.calls for name, course in self.courses.items()}
        mine = notes.left(together.left(calls, self.part, self.of))
        runs, many = 0, len(mine)
        for name, course in self.courses.items():
            rounds = together.Rounds(cell for cell in mine if cell.operation == name)
            while drawn := rounds.draw():
                at, runs = folder / f"together-{runs}", runs + 1
                seen = together.met(stands, course, rounds, drawn, at, preview=runs % PREVIEWED == 0)
                shutil.rmtree(at, ignore_errors=True)
                notes.add(*seen)
                many -= len(seen)
                if seen[0].wrong:
                    _say(
                        f"{name}: {', '.join(f'{one.cell.call} {one.cell.fault}' for one in seen)}: {seen[0].wrong}"
                    )
                _say(
                    f"cluster, part {self.part}, {name}: {len(seen)} cells in a run, {many} left, {notes.wrong} wrong"
                )

    def _left(self, calls: Mapping[str, Sequence[Call]]) -> tuple[list[Cell], parts.Notes]:
        resume = self.resume or self.notes is not None
        self.notes = parts.Notes(self.output, self.part, self.of, calls, resume=resume)
        cells = sweep.cells(calls.items(), every=self.every)
        return self.notes.left(parts.share(cells, self.part, self.of, tuple(KILLS))), self.notes


def swept(part: int, of: int, output: Path, *, resume: bool, every: bool) -> int:
    """One part of the cells; 1 if any is wrong."""
    mine = Part(part, of, output, every, resume)
    for built in range(1, SITES + 1):
        try:
            with site() as stands:
                mine.run(stands)
            break
        except _DOWN as error:
            why = [f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())]
            _say(f"cluster, part {part}: everything is built anew: {'; '.join(why)}")
            if built == SITES:
                raise
    return 1 if mine.notes is not None and mine.notes.wrong else 0


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
