"""The oracle itself: each rule is broken by a run that breaks it, and by none that does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from formerr_infra.emulator.records import RequestRecord
from tests.campaign import rules
from tests.campaign.rules import Run
from tests.campaign.views import Kept, View
from tests.support.events import Log
from tests.support.stack import Step

VPC, LB, POOL = ("vpcs", "v"), ("load_balancers", "l"), ("node_pools", "p")
CLUSTER, REGISTRY = ("kubernetes_clusters", "c"), ("registries", "formerr-staging")
NAMES = {VPC: "vpc", CLUSTER: "cluster", POOL: "workers", REGISTRY: "formerr-staging", LB: "lb"}
LOGICAL = {VPC: "vpc", CLUSTER: "cluster", POOL: "workers", REGISTRY: "registry", LB: "load-balancer"}
SETTINGS = {
    f"{slot}Name": NAMES[key] for slot, key in zip(rules.SLOTS, (VPC, CLUSTER, REGISTRY, LB), strict=True)
}


def world() -> View:
    things = {key: {"name": name, "vpc_uuid": "v", "count": 3} for key, name in NAMES.items()}
    things[POOL]["cluster"] = "c"
    return View(things)


def without(view: View, *keys: Any) -> View:
    return View({key: one for key, one in view.things.items() if key not in keys})


def beside(view: View, key: Any, **fields: Any) -> View:
    return View({**view.things, key: fields})


def request(method: str, path: str) -> RequestRecord:
    return RequestRecord(1, method, path, {}, 200, 0.0, 0.0, "local", True, [])


def step(code: int = 0, said: str = "", *requests: RequestRecord) -> Step:
    return Step("up", code, said, Log(), requests)


HELD = tuple(Kept(name, key, external=False, doomed=False) for key, name in LOGICAL.items())
GOOD = Run(
    command="up",
    step=step(),
    stack="staging",
    settings=SETTINGS | {"nodeCount": 3},
    before=world(),
    after=world(),
    held=HELD,
    holds=HELD,
    mine=frozenset(NAMES),
    calm=True,
    knowable=True,
    unfinished=False,
)
REFUSED = "vpc: refused (gone, row 5): 'v' is gone.\n    to go on: set recreateMissing=true."


def test_a_run_that_changes_nothing_breaks_no_rule() -> None:
    assert rules.broken(GOOD) == []


BROKEN: dict[str, tuple[Run, str]] = {
    "a traceback": (replace(GOOD, step=step(0, "Traceback (most recent call last)")), "traceback"),
    "a preview that writes": (
        replace(GOOD, command="preview", step=step(0, "", request("PUT", "/v2/vpcs/v"))),
        "a preview sent",
    ),
    "a write to what is foreign": (
        replace(GOOD, before=beside(world(), ("vpcs", "x"), name="x"), step=step(0, "", request("PUT", "/v2/vpcs/x"))),
        "not the stack's",
    ),
    "a write to what is only read": (
        replace(
            GOOD,
            held=(replace(HELD[0], external=True), *HELD[1:]),
            step=step(0, "", request("PUT", "/v2/vpcs/v")),
        ),
        "did not manage",
    ),
    "a delete by an update": (replace(GOOD, after=without(world(), LB)), "nobody asked for it"),
    "a delete of what is foreign": (
        replace(GOOD, command="destroy", before=beside(world(), ("vpcs", "x"), name="x"), after=View({}), holds=()),
        "is not managed",
    ),
    "a second one": (
        replace(GOOD, after=beside(world(), ("load_balancers", "m"), name="lb")),
        "was made beside",
    ),
    "another's that changed": (
        replace(
            GOOD,
            before=beside(world(), ("vpcs", "x"), name="x", description="a"),
            after=beside(world(), ("vpcs", "x"), name="x", description="b"),
        ),
        "was changed and is not managed",
    ),
    "a registry taken without a right": (
        replace(GOOD, held=tuple(one for one in HELD if one.key != REGISTRY), mine=GOOD.mine - {REGISTRY}),
        "nothing gave the stack a right",
    ),
    "a state that holds what is gone": (
        replace(GOOD, before=without(world(), LB), after=without(world(), LB)),
        "which is not there",
    ),
    "too few nodes": (replace(GOOD, settings=SETTINGS | {"nodeCount": 5}), "has 3 nodes, wanted 5"),
    "a failure without words": (replace(GOOD, step=step(1, "error: it failed")), "said nothing of use"),
    "a refusal after a write": (
        replace(GOOD, step=step(1, REFUSED, request("PUT", "/v2/vpcs/v"))),
        "a refused up wrote",
    ),
    "unknown while all answers": (
        replace(GOOD, step=step(1, REFUSED.replace("gone, row 5", "unknown, row 1"))),
        "unknown, and nothing failed",
    ),
    "a refusal without a way on": (
        replace(GOOD, step=step(1, "vpc: refused (gone, row 5): 'v' is gone.\n    to go on: pray.")),
        "no way on",
    ),
    "a destroy that leaves one": (replace(GOOD, command="destroy", holds=()), "is still there"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_each_rule_is_broken_by_what_it_forbids(case: str) -> None:
    run, words = BROKEN[case]
    assert any(words in line for line in rules.broken(run)), rules.broken(run)


def test_a_refusal_with_what_and_how_is_none_of_the_rules_business() -> None:
    assert rules.broken(replace(GOOD, step=step(1, REFUSED))) == []
    assert rules.refusals(REFUSED)[0].code == "gone"
