"""The project's own program breaks no rule, and the pack does not get in the way of what the program may do."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.policy.conftest import PACK, said
from tests.support.stack import Stack

if TYPE_CHECKING:
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient
    from tests.policy.conftest import Said
    from tests.support.stack import Step
    from tests.support.tools import Tools

pytestmark = pytest.mark.engine


def _told(stack: Stack, step: Step) -> list[Said]:
    return said(max(stack.folder.glob("events-*.json"), key=lambda log: log.stat().st_mtime_ns))


def _checked(stack: Stack) -> tuple[Step, list[Said]]:
    step = stack.preview("--policy-pack", os.fspath(PACK))
    return step, _told(stack, step)


def test_staging_breaks_no_rule_before_and_after_it_is_up(
    tmp_path: Path, tools: Tools, cloud: ControlClient
) -> None:
    stack = Stack(tmp_path / "stack", tools, cloud).init()
    for step, told in (_checked(stack), (stack.up("--policy-pack", os.fspath(PACK)), []), _checked(stack)):
        step.ok()
        assert told == []


def test_production_without_a_certificate_breaks_that_rule_and_no_other(
    tmp_path: Path, tools: Tools, cloud: ControlClient
) -> None:
    stack = Stack(tmp_path / "stack", tools, cloud, "production").init()
    step, told = _checked(stack)
    assert step.code != 0
    assert {(one.rule, one.resource) for one in told} == {("tls-in-production", "load-balancer")}


def test_production_that_keeps_nothing_is_stopped(tmp_path: Path, tools: Tools, cloud: ControlClient) -> None:
    stack = Stack(tmp_path / "stack", tools, cloud, "production").init()
    stack.config(protect=False, retainOnDelete=False)
    step, told = _checked(stack)
    assert step.code != 0
    rules = {one.rule: set[str]() for one in told}
    for one in told:
        rules[one.rule].add(one.resource)
    assert rules["protected-in-production"] == {"vpc", "cluster", "workers", "registry", "load-balancer"}
    assert rules["retained-in-production"] == {"network", "kubernetes", "images", "ingress"}


def test_an_import_of_what_has_no_mark_is_let_through_and_marked_by_the_next_run(
    tmp_path: Path, tools: Tools, cloud: ControlClient
) -> None:
    cloud.put("vpc", name="formerr-staging-vpc", region="nyc3", ip_range="10.20.0.0/16", description="theirs")
    stack = Stack(tmp_path / "stack", tools, cloud).init().config(vpcPolicy="import")
    step, told = _checked(stack)
    step.ok()
    assert told == []
    stack.up("--policy-pack", os.fspath(PACK)).ok()
    step, told = _checked(stack)
    step.ok()
    assert told == []


def test_what_is_adopted_needs_no_mark(tmp_path: Path, tools: Tools, cloud: ControlClient) -> None:
    cloud.put("vpc", name="formerr-staging-vpc", region="nyc3", ip_range="10.20.0.0/16", description="theirs")
    step, told = _checked(Stack(tmp_path / "stack", tools, cloud).init())
    step.ok()
    assert told == []


def test_the_pack_runs_from_the_folder_of_another_checkout(
    tmp_path: Path, tools: Tools, cloud: ControlClient
) -> None:
    """Nothing but the requirements: no set-up has made the checkout importable, and the caller stands elsewhere."""
    checkout = tmp_path / "checkout"
    stack = Stack(checkout, tools, cloud).init()
    shutil.copytree(PACK, stack.project / "policy", ignore=shutil.ignore_patterns("__pycache__"))
    step = stack.preview("--policy-pack", "policy").ok()
    summary = [
        json.loads(line) for line in max(checkout.glob("events-*.json")).read_text("utf-8").splitlines()
    ]
    packs = [event["summaryEvent"]["PolicyPacks"] for event in summary if "summaryEvent" in event]
    assert len(packs[-1]) == 1, step.said
