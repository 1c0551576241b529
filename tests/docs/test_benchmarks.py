"""The page of the benchmarks is what its results say, and what is derived from a record of requests is right."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.figures import Figure
from bench.page import page
from bench.results import PAGE, merged, read
from bench.rows import OURS, Measured, Row, Rows, Run
from bench.running import called
from bench.trips import chain

SPANS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 6)).map(lambda one: (float(one[0]), float(sum(one)))),
    max_size=9,
)


def test_the_page_is_that_of_the_results_beside_it() -> None:
    assert PAGE.read_text("utf-8") == page(read()), "run `python -m bench page`"


def _longest(spans: list[tuple[float, float]]) -> int:
    """The same by trying: of each request, the longest row that ends with it."""
    best: dict[int, int] = {}
    for at in sorted(range(len(spans)), key=lambda at: (spans[at][1], spans[at][0])):
        earlier = [best[other] for other in best if spans[other][1] <= spans[at][0]]
        best[at] = 1 + max(earlier, default=0)
    return max(best.values(), default=0)


@given(SPANS)
def test_the_longest_row_of_requests_is_the_longest_that_can_be_found(
    spans: list[tuple[float, float]],
) -> None:
    assert chain(spans) == _longest(spans)


def test_requests_side_by_side_are_one_in_a_row_and_each_after_the_other_are_all() -> None:
    assert chain([(0.0, 1.0), (0.1, 1.1), (0.2, 0.9)]) == 1
    assert chain([(0.0, 1.0), (1.0, 2.0), (2.5, 3.0)]) == 3


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("/a/formerr-infra/tools/pulumi preview --stack formerr", "engine"),
        ("/a/.venv/bin/python /a/formerr-infra/pulumi-language-python-exec --monitor 127.0.0.1:1", "program"),
        ("/a/pulumi-language-python 127.0.0.1:1", "language host"),
        ("/a/.venv/bin/python -m formerr_infra.local.standin 127.0.0.1:1", "plugin"),
        ("/a/pulumi-resource-digitalocean 127.0.0.1:1", "plugin"),
        ("/a/.venv/bin/python /a/formerr-infra/.venv/bin/formerr deploy staging", "formerr"),
        ("/a/.venv/bin/python -m pip list", None),
    ],
)
def test_a_process_is_known_by_what_it_runs_and_not_by_where_that_lies(line: str, name: str | None) -> None:
    assert called(line.split()) == name


def test_a_part_that_is_measured_again_leaves_the_others_as_they_are() -> None:
    held = {"start": {"figures": [], "rows": []}, "detection": {"figures": ["old"], "rows": []}}

    after = merged(held, "detection", Measured([Figure("new", 1, "s")]), seconds=2.0, around={"commit": "c"})

    assert after["start"] == held["start"]
    assert [one["name"] for one in after["detection"]["figures"]] == ["new"]
    assert (after["detection"]["commit"], after["detection"]["seconds"]) == ("c", 2.0)


def test_runs_of_one_command_are_one_row_with_the_most_calls_of_any() -> None:
    rows = Rows()
    rows.add("preview", OURS, Run(1.0, calls=5, chain=2, peaks={"program": 90.0}), latency=0.05)
    rows.add("preview", OURS, Run(3.0, calls=6, chain=3, peaks={"program": 80.0}), latency=0.05)
    rows.add("preview", OURS, Run(9.0, calls=1, chain=1), latency=0.2)

    row = rows.one("preview", OURS, latency=0.05)

    assert (row.seconds, row.calls, row.chain, row.peaks) == ((1.0, 3.0), 6, 3, {"program": 90.0})
    assert Row.of(row.plain()) == row


@pytest.mark.parametrize(("value", "word"), [(1.2, "**missed**"), (1.0, "met")])
def test_a_missed_target_is_said(value: float, word: str) -> None:
    figure = Figure("preview", value, "x", 1.1)
    held: dict[str, Any] = merged({}, "preview", Measured([figure]), seconds=1, around=_AROUND)

    (line,) = [one for one in page(held).splitlines() if one.startswith("| preview | preview |")]

    assert f"| {word} |" in line


def test_a_side_that_could_not_be_measured_is_said_and_not_shown_as_nothing() -> None:
    measured = Measured(
        [], [Row("no-op deploy", OURS, 0.05, "", (1.0,), 5, 2)], ("The old design: not here.",)
    )

    assert "The old design: not here." in page(merged({}, "deployments", measured, seconds=1, around=_AROUND))


_AROUND = {"commit": "c", "at": "now", "machine": "m", "plugin": "p"}
