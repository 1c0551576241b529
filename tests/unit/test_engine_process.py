"""How a run of the engine's program ends: what would end this process reaches it once, as an interrupt, and is waited for."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

from formerr_infra.engine import process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Counts interrupts; ends by itself after the number that it is given, or when it is told nothing any more.
COUNTS = """
import signal, sys, time
heard = 0
def hear(*_):
    global heard
    heard += 1
signal.signal(signal.SIGINT, hear)
print("ready", flush=True)
until = time.monotonic() + float(sys.argv[1])
while time.monotonic() < until:
    time.sleep(0.02)
print(f"heard {heard}", flush=True)
"""
READY_SECONDS = 20.0


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    """Whoever starts the tests may have them ignore a hang-up, and so would this process."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def _run(tmp_path: Path, *sent: signal.Signals, seconds: float = 1.0) -> tuple[process.Done, list[bool]]:
    """Run it, and send this process signals, a while apart, once it is ready."""
    began = tmp_path / "began"
    script = COUNTS.replace('print("ready", flush=True)', f"open({str(began)!r}, 'w').close()")
    told: list[bool] = []
    left = list(sent)
    last = 0.0

    def tick() -> None:
        nonlocal last
        if left and began.exists() and time.monotonic() > last + 0.2:
            last = time.monotonic()
            os.kill(os.getpid(), left.pop(0))

    done = process.run(
        [sys.executable, "-c", script, str(seconds)],
        folder=tmp_path,
        environ=os.environ,
        tick=tick,
        interrupted=lambda: told.append(True),
    )
    assert left == []
    return done, told


@pytest.mark.parametrize("error", [OSError("the terminal is gone"), SystemExit(1)])
def test_who_cannot_be_told_of_an_interrupt_makes_no_second_one_of_it(
    tmp_path: Path, error: BaseException
) -> None:
    began = tmp_path / "began"
    script = COUNTS.replace('print("ready", flush=True)', f"open({str(began)!r}, 'w').close()")
    sent: list[bool] = []

    def tick() -> None:
        if began.exists() and not sent:
            sent.append(True)
            os.kill(os.getpid(), signal.SIGHUP)

    def told() -> None:
        raise error

    done = process.run(
        [sys.executable, "-c", script, "1"], folder=tmp_path, environ=os.environ, tick=tick, interrupted=told
    )
    assert (done.out.strip(), done.interrupted, process.told_to_end()) == ("heard 1", True, True)


def test_a_watcher_that_fails_after_an_interrupt_adds_no_second_one(tmp_path: Path) -> None:
    began, said = tmp_path / "began", tmp_path / "said"
    script = COUNTS.replace('print("ready", flush=True)', f"open({str(began)!r}, 'w').close()").replace(
        'print(f"heard {heard}", flush=True)', f"open({str(said)!r}, 'w').write(str(heard))"
    )

    def tick() -> None:
        if began.exists():
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(0.2)  # so that two would be told apart
            raise LookupError("nobody reads it any more")

    with pytest.raises(LookupError):
        process.run([sys.executable, "-c", script, "1"], folder=tmp_path, environ=os.environ, tick=tick)
    assert said.read_text() == "1"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_would_end_this_process_reaches_the_engine_as_one_interrupt(
    tmp_path: Path, number: signal.Signals
) -> None:
    before = signal.getsignal(number)

    done, told = _run(tmp_path, number)

    assert (done.code, done.out.strip(), done.interrupted, told) == (0, "heard 1", True, [True])
    assert signal.getsignal(number) is before


def test_a_second_ctrl_c_is_passed_on_and_a_termination_after_one_is_not(tmp_path: Path) -> None:
    assert _run(tmp_path, signal.SIGINT, signal.SIGINT, seconds=1.5)[0].out.strip() == "heard 2"
    (tmp_path / "began").unlink()
    assert _run(tmp_path, signal.SIGINT, signal.SIGTERM, seconds=1.5)[0].out.strip() == "heard 1"


def test_a_program_that_nobody_disturbs_ends_by_itself(tmp_path: Path) -> None:
    done, told = _run(tmp_path, seconds=0.1)

    assert (done.out.strip(), done.interrupted, told) == ("heard 0", False, [])


def test_both_outputs_and_the_code_are_kept_apart(tmp_path: Path) -> None:
    script = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)"

    done = process.run([sys.executable, "-c", script], folder=tmp_path, environ=os.environ)

    assert (done.code, done.out, done.err) == (7, "out\n", "err\n")


def test_it_stands_in_a_process_group_of_its_own_and_can_be_asked_nothing(tmp_path: Path) -> None:
    script = "import os, sys; print(os.getpgid(0) == os.getpid(), sys.stdin.read() == '')"

    done = process.run([sys.executable, "-c", script], folder=tmp_path, environ=os.environ)

    assert done.out.strip() == "True True"


def test_what_takes_too_long_is_killed(tmp_path: Path) -> None:
    began = time.monotonic()

    with pytest.raises(TimeoutError):
        process.run([sys.executable, "-c", COUNTS, "600"], folder=tmp_path, environ=os.environ, timeout=0.3)

    assert time.monotonic() - began < READY_SECONDS


def test_when_its_watcher_fails_it_is_ended_in_order_and_waited_for(tmp_path: Path) -> None:
    said = tmp_path / "said"
    began = tmp_path / "began"
    script = COUNTS.replace('print("ready", flush=True)', f"open({str(began)!r}, 'w').close()").replace(
        'print(f"heard {heard}", flush=True)', f"open({str(said)!r}, 'w').write(str(heard))"
    )

    def tick() -> None:
        if began.exists():
            raise LookupError("the watcher failed")

    with pytest.raises(LookupError):
        process.run([sys.executable, "-c", script, "1"], folder=tmp_path, environ=os.environ, tick=tick)

    assert said.read_text() == "1"
