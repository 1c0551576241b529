"""A sweep in parts: which cells are whose, and a file of results that is written cell by cell and can be gone on with."""

from __future__ import annotations

import json
import time
import zlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from tests.campaign.sweep import Call, Cell, Seen

Json = dict[str, Any]


def name(cell: Cell | Json) -> str:
    """A cell, or one of a file, as text, the same in every process."""
    return json.dumps(cell if isinstance(cell, dict) else asdict(cell), sort_keys=True)


def share(cells: Iterable[Cell], part: int, of: int, first: Sequence[str]) -> list[Cell]:
    """The cells of one part, by their names, so that parts agree though their calls arrive in another order.

    Args:
        first: faults that come before the others, at calls that write; reads come last. Within each, the cells of all
            operations are mixed, so that a part that was cut short has seen something of everything.
    """

    def place(cell: Cell) -> tuple[int, int]:
        early = 0 if cell.fault in first else 1
        return (early if cell.call.writes else 2, zlib.crc32(name(cell).encode()))

    return sorted((cell for cell in cells if zlib.crc32(name(cell).encode()) % of == part), key=place)


class Notes:
    """The file of one part.

    Args:
        output: the file; what it holds already is gone on with if `resume` is true, and written over otherwise.
        part: which one.
        of: of how many.
        calls: of each operation.
    """

    def __init__(
        self, output: Path, part: int, of: int, calls: Mapping[str, Sequence[Call]], *, resume: bool
    ) -> None:
        self._output = output
        self._began = time.monotonic()
        known: Json = json.loads(output.read_text("utf-8")) if resume and output.exists() else {}
        if known and (known["part"], known["of"]) != (part, of):
            raise SystemExit(f"{output} is part {known['part']} of {known['of']}, not {part} of {of}")
        self._spent: float = known.get("seconds", 0.0)
        self.cells: list[Json] = known.get("cells", [])
        self._head: Json = {
            "part": part,
            "of": of,
            "operations": {one: [asdict(call) for call in many] for one, many in calls.items()},
        }
        output.parent.mkdir(parents=True, exist_ok=True)
        self._write()

    @property
    def wrong(self) -> int:
        """How many cells are."""
        return sum(bool(one["wrong"]) for one in self.cells)

    def left(self, cells: Iterable[Cell]) -> list[Cell]:
        """Those that are not in the file."""
        seen = {name(one["cell"]) for one in self.cells}
        return [cell for cell in cells if name(cell) not in seen]

    def add(self, *seen: Seen) -> None:
        """One cell more, or all of one run."""
        self.cells += [one.plain() for one in seen]
        self._write()

    def _write(self) -> None:
        seconds = round(self._spent + time.monotonic() - self._began, 1)
        fresh = self._output.with_suffix(".new")
        fresh.write_text(json.dumps({**self._head, "seconds": seconds, "cells": self.cells}) + "\n", "utf-8")
        fresh.replace(self._output)
