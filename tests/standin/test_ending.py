"""The plugin ends when the engine says so: one that does not listen is killed, five seconds later, in each run."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.standin.wire import environment, started

if TYPE_CHECKING:
    from formerr_infra.emulator.client import ControlClient


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_in_order(cloud: ControlClient, ending: signal.Signals) -> None:
    with started(environment(cloud.endpoint)) as wire:
        wire.process.send_signal(ending)

        assert wire.process.wait(timeout=4) == 0


@pytest.mark.may_skip(reason="which thread takes a signal is read from /proc")
@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")
def test_no_thread_of_a_library_can_take_the_engines_signal(cloud: ControlClient) -> None:
    with started(environment(cloud.endpoint)) as wire:
        threads = Path(f"/proc/{wire.process.pid}/task")
        blocked = {
            one.name: int((one / "status").read_text().partition("SigBlk:")[2].split()[0], 16)
            for one in threads.iterdir()
            if one.name
            != str(wire.process.pid)  # it waits for the signal, and while it does the kernel lets that in
        }

    assert blocked
    for thread, mask in blocked.items():
        assert mask & 1 << (signal.SIGINT - 1), f"thread {thread} of {threads}"
