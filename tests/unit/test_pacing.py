"""An account is asked no faster than it says, however the answers come, and nobody waits for what cannot help."""

from __future__ import annotations

import heapq
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formerr_infra.inventory.pacing import Pace, wait_that_is_asked_for

BUDGET = 1e6


def _asked(limit: int, window: float, many: int, lasts: list[float]) -> tuple[list[int], int]:
    """Many requests, twelve at once, of an account that counts in windows: how many in each, and how many it refused."""
    pace, now, waiting, counted, refused = Pace(limit=limit), 0.0, many, [0], 0
    answers: list[tuple[float, int, int, float]] = []
    asked = 0
    while waiting or answers:
        pause = pace.begin(now, BUDGET) if waiting and len(answers) < 12 else 0.02
        if waiting and len(answers) < 12 and pause == 0.0:
            number = int(now // window)
            counted += [0] * (number + 1 - len(counted))
            counted[number] += 1
            refused += counted[number] > limit
            told = max(0, limit - counted[number])
            heapq.heappush(answers, (now + lasts[asked % len(lasts)], asked, told, (number + 1) * window))
            waiting, asked = waiting - 1, asked + 1
            continue
        now += min(pause, answers[0][0] - now) if answers and answers[0][0] > now else pause
        while answers and answers[0][0] <= now:
            _, _, remaining, ends = heapq.heappop(answers)
            pace.tell(remaining=remaining, reset_in=max(0.0, ends - now), limit=limit, now=now)
            pace.end()
    return counted, refused


@given(
    limit=st.integers(12, 60),
    many=st.integers(1, 150),
    lasts=st.lists(st.floats(0.01, 0.4), min_size=1, max_size=8),
)
def test_no_window_takes_more_than_it_has_room_for(limit: int, many: int, lasts: list[float]) -> None:
    counted, refused = _asked(limit, 60.0, many, lasts)

    assert refused == 0
    assert sum(counted) == many
    assert len(counted) <= -(-many // limit) + 1


def test_who_has_not_the_time_to_wait_asks_all_the_same() -> None:
    pace = Pace()
    pace.tell(remaining=0, reset_in=3600.0, limit=5000, now=10.0)

    assert pace.begin(11.0, left=20.0) == 0.0


def test_what_the_account_says_it_takes_nothing_until_is_waited_for_by_everybody() -> None:
    pace = Pace()
    pace.refuse(10.0, wait=5.0)
    pace.refuse(10.0, wait=2.0)

    assert pace.begin(11.0, left=20.0) == 4.0
    assert pace.begin(15.0, left=20.0) == 0.0


def test_an_account_that_tells_nothing_is_asked_at_once() -> None:
    pace = Pace()

    assert [pace.begin(0.0, left=1.0) for _ in range(30)] == [0.0] * 30


def test_refusals_in_a_row_are_waited_for_longer_each_time_up_to_two_seconds() -> None:
    pace, now, waits = Pace(), 0.0, []
    for _ in range(40):
        assert pace.begin(now, left=20.0) == 0.0
        pace.refuse(now, wait=0.0)
        waits.append(pace.begin(now, left=20.0))
        now = pace.not_before

    assert waits[:6] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 2.0])
    assert waits[6:] == pytest.approx([2.0] * 34)


def test_refusals_of_requests_that_were_under_way_together_count_once() -> None:
    pace = Pace()
    for _ in range(12):
        pace.refuse(5.0, wait=0.0)

    assert pace.begin(5.0, left=20.0) == pytest.approx(0.1)


def test_after_an_answer_refusals_begin_anew() -> None:
    pace = Pace()
    pace.refuse(0.0, wait=0.0)
    pace.refuse(1.0, wait=0.0)
    pace.accept()
    pace.refuse(2.0, wait=0.0)

    assert pace.begin(2.0, left=20.0) == pytest.approx(0.1)


NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("0.5", 0.5),
        (format_datetime(NOW + timedelta(seconds=7), usegmt=True), 7.0),
        (format_datetime(NOW - timedelta(days=400), usegmt=True), 0.0),
        ("Tue, 01 Jan 2030 00:00:07 -0000", 7.0),
        (None, None),
        ("", None),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("1e11", None),
        ("soon", None),
        ("Tue, 01 Jan 9999 00:00:00 GMT", None),
        ("Tue, 99 Jan 2030 00:00:00 +9999", None),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0.0),
    ],
)
def test_what_is_asked_for_is_a_number_or_a_time_of_day_and_at_most_a_day(
    text: str | None, seconds: float | None
) -> None:
    assert wait_that_is_asked_for(text, NOW.timestamp()) == seconds


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [-+]\d{4}"))
def test_whatever_is_asked_for_the_wait_is_bounded(text: str) -> None:
    wait = wait_that_is_asked_for(text, NOW.timestamp())

    assert wait is None or 0 <= wait <= 86_400
