"""A stack on an empty account: what it made stays its own, run after run, until it is destroyed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import account

if TYPE_CHECKING:
    from formerr_infra.emulator.client import ControlClient
    from tests.support.stack import Stack

pytestmark = pytest.mark.engine

SLOTS = {"vpc", "cluster", "workers", "registry", "load-balancer"}


def test_what_was_created_is_kept_by_every_later_run_and_taken_by_destroy(
    stack: Stack, cloud: ControlClient
) -> None:
    given = account.world(cloud)
    plan = stack.preview().ok()
    assert plan.log.ops == dict.fromkeys(SLOTS, "create")
    assert account.world(cloud) == given

    first = stack.up().ok()
    assert first.log.ops == dict.fromkeys(SLOTS, "create")
    assert account.counts(cloud) == dict.fromkeys(account.KINDS, 1)
    live = account.world(cloud)

    assert stack.preview(expect_no_changes=True).quiet().log.ops == dict.fromkeys(SLOTS, "same")
    assert stack.up().quiet().log.ops == dict.fromkeys(SLOTS, "same")
    assert stack.up().quiet().log.ops == dict.fromkeys(SLOTS, "same")
    assert account.world(cloud) == live

    gone = stack.destroy().ok()
    assert {step.name for step in gone.log.of("delete")} == SLOTS
    assert account.world(cloud) == given
    assert stack.resources() == {}
