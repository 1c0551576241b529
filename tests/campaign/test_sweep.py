"""A sample of the sweep: some calls of some operations met by some faults, always the same ones; `make campaign` does all."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.campaign import sweep

if TYPE_CHECKING:
    from pathlib import Path

    from tests.campaign.arena import Ground

pytestmark = [pytest.mark.engine, pytest.mark.slow]

#: Operation -> cells of it that are run here.
SAMPLE = {"change": 2, "destroy": 3, "import": 1}


@pytest.mark.parametrize("operation", SAMPLE)
def test_an_operation_that_a_fault_met_ends_as_if_none_had(
    ground: Ground, tmp_path: Path, operation: str
) -> None:
    course = sweep.undisturbed(ground, operation, tmp_path / "undisturbed")
    drawn = random.Random(operation).sample(sweep.cells(course), SAMPLE[operation])  # noqa: S311  (to be repeated)
    for number, cell in enumerate(drawn):
        seen = sweep.met(ground, course, cell, tmp_path / str(number))
        assert not seen.wrong, seen


def test_every_call_is_met_by_every_fault_of_the_list() -> None:
    read, write = (sweep.Call(method, "/v2/vpcs/ID", 0) for method in ("GET", "DELETE"))
    met = sweep.cells(sweep.Course("destroy", (read, write), {}))
    assert {cell.fault for cell in met if cell.call == write} == set(sweep.FAULTS)
    assert {cell.fault for cell in met if cell.call == read} == set(sweep.FAULTS) - sweep.OF_WRITES
