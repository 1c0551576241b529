"""Parts of a sweep take each cell once, and what one has noted is kept whenever it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.campaign import parts, sweep

if TYPE_CHECKING:
    from pathlib import Path

CALLS = [sweep.Call(method, f"/v2/{kind}", n) for method in ("GET", "POST") for kind in "abc" for n in (0, 1)]
CELLS = sweep.cells(sweep.Course("change", tuple(CALLS), {}))


def test_each_cell_is_in_one_part_in_whatever_order_the_calls_arrived() -> None:
    there = [parts.share(CELLS[:: 1 if at % 2 else -1], at, 3, ()) for at in range(3)]
    assert all(there)
    assert sorted(parts.name(one) for part in there for one in part) == sorted(map(parts.name, CELLS))


def test_kills_come_before_other_faults_and_reads_last() -> None:
    drawn = parts.share(CELLS, 0, 1, tuple(sweep.KILLS))
    places = [2 if not cell.call.writes else cell.fault not in sweep.KILLS for cell in drawn]
    assert places == sorted(places)


def test_what_was_seen_is_in_the_file_at_once_and_is_not_done_again(tmp_path: Path) -> None:
    file = tmp_path / "sweep-0.json"
    first = parts.Notes(file, 0, 2, {"change": CALLS}, resume=True)
    first.add(sweep.Seen(CELLS[0], fired=True, code=1, more=1))
    first.add(sweep.Seen(CELLS[1], fired=True, code=1, more=1, wrong="it is"))
    assert [one["end"] for one in json.loads(file.read_text("utf-8"))["cells"]] == ["1 more", "wrong"]

    again = parts.Notes(file, 0, 2, {"change": CALLS}, resume=True)
    assert again.left(CELLS) == CELLS[2:]
    assert again.wrong == 1
    assert parts.Notes(file, 0, 2, {"change": CALLS}, resume=False).left(CELLS) == CELLS


def test_the_file_of_another_part_is_not_gone_on_with(tmp_path: Path) -> None:
    file = tmp_path / "sweep-0.json"
    parts.Notes(file, 0, 2, {}, resume=False)
    with pytest.raises(SystemExit, match="is part 0 of 2, not 1 of 2"):
        parts.Notes(file, 1, 2, {}, resume=True)
