"""The page of the campaign is what its results say."""

from __future__ import annotations

import json

from tests.campaign.page import PAGE, RESULTS, page
from tests.campaign.whole import text


def test_the_page_is_that_of_the_results_beside_it() -> None:
    result = json.loads(RESULTS.read_text("utf-8"))
    assert PAGE.read_text("utf-8") == page(result), "run `python -m tests.campaign page`"


def test_the_results_are_written_a_line_a_cell_and_read_as_they_were() -> None:
    result = json.loads(RESULTS.read_text("utf-8"))
    assert json.loads(text(result)) == result
    assert text(result) + "\n" == RESULTS.read_text("utf-8")
    lines = {line.rstrip(",") for line in text(result).splitlines()}
    cells = [cell for part in (*result["sweep"], *result["cluster"]) for cell in part["cells"]]
    assert {json.dumps(cell, separators=(",", ":")) for cell in cells} <= lines
