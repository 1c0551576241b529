"""`formerr report` and `formerr cost` of a stack that the real engine has deployed, on the bundled DigitalOcean."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from formerr_infra.emulator.server import EmulatorServer
from formerr_infra.local.paths import CHECKOUT
from tests.support.command import formerr
from tests.support.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient
    from tests.support.tools import Tools

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def account() -> Iterator[ControlClient]:
    """An account of this module's own."""
    with EmulatorServer() as server:
        yield server.control


@pytest.fixture(scope="module")
def deployed(account: ControlClient, tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """The cloud of staging, brought up; nothing here changes it."""
    stack = Stack(tmp_path_factory.mktemp("shown"), tools, account).init()
    stack.up().ok()
    return stack


def test_a_deployed_stack_is_all_owned_clean_and_changes_nothing_on_the_bill(deployed: Stack) -> None:
    ran = formerr(deployed, "report", "staging", "--health", "--drift", "--json").ok()
    assert ran.writes == ()
    told = ran.json
    assert {one["standing"] for one in told["slots"]} == {"owned"}
    assert told["headline"] == "Everything is there: an update changes no slot"
    assert told["drift"] == []
    assert "ok" in {one["state"] for one in told["health"]}
    cost = told["cost"]
    assert cost["change"] == {"low": "0.00", "high": "0.00", "unknown": []}
    assert cost["now"] == cost["then"]
    assert Decimal(cost["now"]["low"]) == 4 * Decimal(24) + 5 + 12


def test_what_changed_behind_the_stacks_back_is_on_the_page(deployed: Stack) -> None:
    (balancer,) = deployed.control.list("load_balancers")
    deployed.control.update("load_balancers", balancer["id"], name="renamed")
    try:
        formerr(deployed, "report", "staging", "--drift", "--output", "drift.html").ok()
    finally:
        deployed.control.update("load_balancers", balancer["id"], name=balancer["name"])
    text = (deployed.project / "drift.html").read_text("utf-8")
    drift = re.search(r'<section aria-labelledby="drift">.*?</section>', text, re.DOTALL)
    assert drift is not None
    assert '<span class="tag failed">changed</span>' in drift[0]
    assert "renamed" in drift[0]


def test_more_nodes_are_an_update_that_the_guard_lets_pass_and_what_they_cost_more(
    deployed: Stack, tmp_path: Path
) -> None:
    larger = deployed.copy(tmp_path / "larger", deployed.control).config(nodeCount=5)
    assert "$113.00 now, $161.00 then; +$48.00" in formerr(larger, "cost", "staging", "--preview").ok().out
    pack = str(CHECKOUT / "policy")
    ran = formerr(larger, "report", "staging", "--preview", "--policy-pack", pack, "--markdown", "-").ok()
    assert ran.writes == ()
    said = ran.out.replace("\\", "")
    assert "It lets the preview pass. The engine's preview: 1 update." in said
    assert "### Cost a month: +$48.00" in said


def test_a_preview_that_fails_is_a_finding_and_the_comment_is_written_all_the_same(
    deployed: Stack, tmp_path: Path
) -> None:
    moved = deployed.copy(tmp_path / "moved", deployed.control).config(vpcCidr="10.99.0.0/16")
    ran = formerr(moved, "report", "staging", "--preview", "--json").ok()
    assert ran.writes == ()
    told = ran.json
    assert told["stops"]
    (finding,) = [one for one in told["findings"] if one["name"] == "preview"]
    assert finding["state"] == "error"
    assert "would-replace" in finding["message"]
