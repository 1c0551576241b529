"""What a set-up says where lines are not redrawn: something at least every heartbeat, and no more than helps."""

from __future__ import annotations

import io
import time

import pytest

from formerr_infra.local import progress
from formerr_infra.local.progress import Progress

BEAT = 0.3


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "HEARTBEAT_SECONDS", BEAT)
    monkeypatch.setattr(progress, "REDRAW_SECONDS", 0.02)


def _lines(said: io.StringIO, name: str) -> list[str]:
    return [line for line in said.getvalue().splitlines() if line.startswith(f"  {name}: ")]


def test_a_step_that_says_nothing_for_long_is_told_of_again_and_again() -> None:
    said = io.StringIO()
    with Progress(said, live=False) as shown, shown.task("etcd") as task:
        task.say("compiling", "1 of 3")
        time.sleep(5 * BEAT)

    assert len(_lines(said, "etcd")) >= 4
    assert "compiling (1 of 3)" in said.getvalue()


def test_a_step_that_moves_on_all_the_time_is_told_of_too() -> None:
    said = io.StringIO()
    with Progress(said, live=False) as shown, shown.task("etcd") as task:
        until = time.monotonic() + 4 * BEAT
        while time.monotonic() < until:
            task.say("compiling", "more")
            time.sleep(0.01)

    assert 3 <= len(_lines(said, "etcd")) <= 6


def test_those_that_wait_are_silent_while_another_one_works() -> None:
    said = io.StringIO()
    with (
        Progress(said, live=False) as shown,
        shown.task("etcd") as works,
        shown.task("kwok") as waits,
    ):
        works.say("compiling")
        waits.say("waiting for the other build")
        time.sleep(4 * BEAT)

    assert len(_lines(said, "kwok")) == 1
    assert len(_lines(said, "etcd")) >= 3


def test_where_everybody_waits_that_is_said() -> None:
    said = io.StringIO()
    with Progress(said, live=False) as shown, shown.task("kwok") as waits:
        waits.say("waiting for process 7")
        time.sleep(4 * BEAT)

    assert len(_lines(said, "kwok")) >= 3
