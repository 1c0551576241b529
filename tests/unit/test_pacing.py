"""An account is asked no faster than it says, however the answers come, and nobody waits for what cannot help."""

from __future__ import annotations

import heapq

from hypothesis import given
from hypothesis import strategies as st

from formerr_infra.inventory.pacing import Pace

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
    pace.close(15.0)
    pace.close(12.0)

    assert pace.begin(11.0, left=20.0) == 4.0
    assert pace.begin(15.0, left=20.0) == 0.0


def test_an_account_that_tells_nothing_is_asked_at_once() -> None:
    pace = Pace()

    assert [pace.begin(0.0, left=1.0) for _ in range(30)] == [0.0] * 30
