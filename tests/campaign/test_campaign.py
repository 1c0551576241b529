"""The bounded share of the campaign: some accounts, some dozens of actions on each, always the same ones.

`make campaign` goes on from here with other seeds (docs/campaign.md). A failure prints the actions that led to it;
`python -m tests.campaign replay FILE` does them again.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

import pytest

from tests.campaign.arena import Tally
from tests.campaign.machine import Campaign, draw

if TYPE_CHECKING:
    from tests.campaign.arena import Ground

pytestmark = [pytest.mark.engine, pytest.mark.slow]

#: 204 actions in all, of at most 36 on one account.
SEEDS, ACTIONS, ON_ONE_ACCOUNT = (1, 2, 3), 68, 36


@pytest.mark.parametrize("number", SEEDS)
def test_nothing_foreign_is_touched_and_nothing_owned_is_lost_or_doubled_and_every_stack_comes_to_rest(
    ground: Ground, number: int
) -> None:
    parts = {"ground": ground, "tally": Tally(), "most": ACTIONS}
    machine = cast("type[Campaign]", type("Bounded", (Campaign,), parts))
    draw(machine, number, accounts=9, actions=ON_ONE_ACCOUNT)
    assert machine.tally.actions.total() == ACTIONS, machine.tally
    sys.stdout.write(f"{machine.tally}\n")
