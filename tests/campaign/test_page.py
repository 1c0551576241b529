"""The page of the campaign is what its results say."""

from __future__ import annotations

import json

from tests.campaign.page import PAGE, RESULTS, page


def test_the_page_is_that_of_the_results_beside_it() -> None:
    result = json.loads(RESULTS.read_text("utf-8"))
    assert PAGE.read_text("utf-8") == page(result), "run `python -m tests.campaign page`"
