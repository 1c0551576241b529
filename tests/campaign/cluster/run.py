"""A part of the sweep of a cluster's calls, from the start of its control plane to the file of its cells."""

from __future__ import annotations

import shutil
import sys
import time
import zlib
from typing import TYPE_CHECKING

from tests.campaign import parts
from tests.campaign.cluster import sweep
from tests.campaign.cluster.site import site
from tests.campaign.sweep import KILLS

if TYPE_CHECKING:
    from pathlib import Path

#: One cell of so many is asked for a preview too.
PREVIEWED = 4


def swept(part: int, of: int, output: Path, *, resume: bool, every: bool) -> int:
    """One part of the cells, kills first; each is written down when it has ended. `every`: all faults at all calls."""
    with site() as stands:
        folder = stands.ground.folder.parent / "cells"
        courses = {}
        for number, name in enumerate(sweep.OPERATIONS):
            began = time.monotonic()
            courses[name] = sweep.undisturbed(stands, name, folder / f"{number}")
            _say(
                f"{name}: {len(courses[name].calls)} calls, {time.monotonic() - began:.0f} s, {courses[name].loud}"
            )
        calls = {name: course.calls for name, course in courses.items()}
        cells = sweep.cells(calls.items(), every=every)
        notes = parts.Notes(output, part, of, calls, resume=resume)
        mine = notes.left(parts.share(cells, part, of, tuple(KILLS)))
        told, began = time.monotonic(), time.monotonic()
        for number, cell in enumerate(mine, start=1):
            at = folder / f"cell-{number}"
            preview = zlib.crc32(parts.name(cell).encode()[::-1]) % PREVIEWED == 0
            seen = sweep.met(stands, courses[cell.operation], cell, at, preview=preview)
            shutil.rmtree(at, ignore_errors=True)
            notes.add(seen)
            if seen.wrong:
                _say(f"{cell}: {seen.wrong}")
            if time.monotonic() - told >= 15:
                told = time.monotonic()
                each = (told - began) / number
                _say(
                    f"cluster, part {part}: {number} of {len(mine)} cells, {notes.wrong} wrong, {each:.1f} s each"
                )
    return 1 if notes.wrong else 0


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
