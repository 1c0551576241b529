"""A run that is killed while it waits for an answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from formerr_infra.emulator.client import ControlClient
    from tests.support.stack import Stack

_SECONDS = 20.0


def kill_amid(stack: Stack, cloud: ControlClient, path: str, *, applied: bool) -> None:
    """SIGKILL to all of an `up` that has sent a POST, which is noted before this returns."""
    cloud.fault("POST", path, hang=True, after_apply=applied, times=1)
    killed = stack.up(kill=lambda: bool(cloud.faults()[0]["fired"]))
    assert killed.code < 0, killed.said
    cloud.clear_faults()
    wait_until_noted(cloud)


def wait_until_noted(cloud: ControlClient) -> None:
    """The API notes a request that hung when its connection is gone: wait for that, so that it is not counted among the
    requests of the next step."""
    until = time.monotonic() + _SECONDS
    while not any(one.fault for one in cloud.requests()):
        assert time.monotonic() < until, "the request of the killed run was never noted"
        time.sleep(0.05)
