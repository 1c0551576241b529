"""The real plan of a sample of states: what is held, what is live and what is wanted drawn at random, by seed.

Each draw is decided in this process; where nothing is refused, the engine previews it, and its plan is held against
the model of the engine that runs the whole table (`tests/unit/test_transitions.py`).
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from formerr_infra import ledger
from formerr_infra.detect import Assessment, assess
from formerr_infra.inventory.facts import Access
from formerr_infra.local.environment import TOKEN
from formerr_infra.model import Holding, Outcome, Policy
from formerr_infra.settings import from_files
from formerr_infra.slots import SLOTS
from tests.support import account, checkpoint
from tests.support.fake_engine import Plan, declared, plan, state_of

if TYPE_CHECKING:
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient
    from tests.support.events import Event
    from tests.support.stack import Snapshot, Stack

pytestmark = pytest.mark.engine

DRAWS = 10
#: The engine's words for a step that deletes. What was external and is imported is a replacement by name only: the
#: engine imports it and discards what it knew of it.
DELETES = ("delete", "delete-replaced", "create-replacement")
_LOGICAL = {slot.key: slot.name for slot in SLOTS}
_LIVE = {"cluster": "kubernetes_clusters", "registry": "registries", "loadBalancer": "load_balancers"}
_POLICIES = ("vpcPolicy", "clusterPolicy", "registryPolicy", "loadBalancerPolicy")


@pytest.mark.parametrize("seed", range(DRAWS))
def test_the_real_plan_of_an_allowed_transition_deletes_nothing_and_is_the_modelled_one(
    risen: Snapshot, cloud: ControlClient, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311  (a draw that can be repeated)
    stack, assessment = _draw(dice, risen, cloud, tmp_path)
    live = {one for kind in account.KINDS for one in account.ids(cloud, kind)}
    live |= {pool["id"] for one in cloud.list("kubernetes_clusters") for pool in one["node_pools"]}
    step = stack.preview().ok()
    doomed = [event for event in step.log.of(*DELETES) if _id(risen, event) in live]
    assert not doomed, step.said
    for slot, decision in assessment.decisions.items():
        modelled = plan(state_of(decision.held), declared(decision), live, replaces=decision.replaces)
        assert _did(step.log.ops.get(_LOGICAL[slot])) == _kind(modelled, decision.outcome), (slot, step.said)


def _draw(
    dice: random.Random, risen: Snapshot, cloud: ControlClient, folder: Path
) -> tuple[Stack, Assessment]:
    """The first draw that is not refused, as a stack on an account."""
    for number in range(200):
        cloud.reset()
        cloud.load(str(risen.account))
        for kind in _LIVE.values():
            if dice.random() < 0.2:
                account.lose(cloud, kind)
        policies = {key: dice.choice([None, None, *Policy]) for key in _POLICIES}
        ways = [Holding.MANAGED, *Holding]
        holdings = {slot.key: dice.choice(ways) for slot in SLOTS}
        stack = risen.stack.copy(folder / str(number), cloud)
        stack.config(**{key: policy.value for key, policy in policies.items() if policy})
        export = checkpoint.hold(stack, holdings)
        access = Access(cloud.endpoint, TOKEN, local=True)
        seen = assess(stack.name, from_files(stack.project, stack.name), access, ledger.read(export))
        if not seen.refused and not seen.errors:
            return stack, seen
    raise AssertionError("every draw was refused")


def _id(risen: Snapshot, event: Event) -> str | None:
    return next((one["id"] for name, one in risen.stack.resources().items() if name == event.name), None)


def _kind(modelled: Plan, outcome: Outcome) -> str:
    if outcome is Outcome.OMIT:
        return "none"
    if modelled.created:
        return "create"
    if modelled.after.external:
        return "read"
    return "import" if outcome is Outcome.IMPORT else "keep"


def _did(op: str | None) -> str:
    match op:
        case None | "discard":
            return "none"
        case "same" | "update":
            return "keep"
        case "import" | "import-replacement":
            return "import"
        case "read" | "read-replacement" | "relinquish":
            return "read"
        case _:
            return op
