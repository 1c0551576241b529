"""What a person sees of each command, whole: `pytest tests/commands/test_snapshots.py --snapshot-update` after a change that is meant.

What differs from run to run is masked: ids, addresses, times, and the machine's own paths and programs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.command import formerr

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from formerr_infra.emulator.client import ControlClient
    from tests.support.stack import Stack

pytestmark = pytest.mark.engine

_MASKED = (
    (r"[0-9a-f]{8}(\\?-[0-9a-f]{4}){3}\\?-[0-9a-f]{12}", "<id>"),
    (r"\b198\.18\.\d+\.\d+\b", "<address>"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:<port>"),
    (r"\b\d{4}-\d\d-\d\dT\d\d:?\d\d:?\d\d(\.\d+)?(Z|\+00:00)?", "<time>"),
    (r"\b\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?( UTC)?", "<time>"),
    (r"\b\d+(\.\d+)? s\b", "<seconds>"),
    (r"(?<![$\d])\d+\.\d\d\b(?= *│$)", "<seconds>"),
    # Which droplets a load balancer has at that moment follows the pool by and by.
    (r"^changed behind the stack's back: load-balancer \(dropletIds\)\n", ""),
    # The frame of a table is as wide as what was masked in it.
    (r"[─━═]{2,}", "──"),
    (r" {2,}", "  "),
)


def shown(stack: Stack, code: int, *words: str) -> str:
    """What is printed, with what differs masked."""
    ran = formerr(stack, *words, environ={"COLUMNS": "240"}).ended(code)
    text = ran.out if ran.out.strip() else ran.err
    text = text.replace(str(stack.folder), "<folder>")
    for pattern, mask in _MASKED:
        text = re.sub(pattern, mask, text, flags=re.MULTILINE)
    return "\n".join(line.rstrip() for line in text.splitlines())


def test_what_is_shown_of_a_stack_that_is_up_of_its_drift_and_of_its_end(
    deployed: Stack, cloud: ControlClient, snapshot: SnapshotAssertion
) -> None:
    def holds(name: str, code: int, *words: str) -> None:
        assert shown(deployed, code, *words) == snapshot(name=name)

    holds("detect", 0, "detect", "-s", "staging")
    holds("explain", 0, "explain", "cluster", "-s", "staging")
    holds("preview", 0, "preview", "staging")
    holds("health", 0, "health", "staging")
    holds("cost", 0, "cost", "staging")
    holds("comment", 0, "report", "staging", "--markdown", "-")
    holds("drift, none", 0, "drift", "staging")

    (cluster,) = cloud.list("kubernetes_clusters")
    (pool,) = [one for one in cluster["node_pools"] if one["name"] == "workers"]
    cloud.update("node_pools", pool["id"], count=5)
    holds("drift", 9, "drift", "staging")
    holds("deploy", 0, "deploy", "staging", "--yes", "--no-health")

    holds("destroy, nobody asked", 3, "destroy", "staging")
    holds("destroy", 0, "destroy", "staging", "--confirm", "staging")
    holds("detect, nothing left", 0, "detect", "-s", "staging")
