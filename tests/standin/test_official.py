"""The same programs with the official plugin and with the stand-in: plans, states and requests are the same.

It runs where FORMERR_TEST_OFFICIAL_PLUGIN names the official executable. Both get a local DigitalOcean of their own.
Left out of the comparison is what the official plugin keeps for itself (`__meta`, its raw state), the order of sets,
and whether nothing is said or an empty value: none of it reaches a program.
"""

from __future__ import annotations

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.emulator.server import EmulatorServer
from formerr_infra.local.standin.values import SIGNATURE
from tests.standin.engine import Engine
from tests.standin.programs import CHANGES, FIRST, REPLACEMENTS, edited

if TYPE_CHECKING:
    from tests.support.tools import Tools

OFFICIAL = "FORMERR_TEST_OFFICIAL_PLUGIN"
INTERNAL = frozenset({"__meta", "__pulumi_raw_state_delta", "__defaults"})
RACING = frozenset({"dropletIds", "ip"})
"""What depends on which of two things made side by side was there first."""
UNSTEADY = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( \+0000 UTC|Z)?"), "TIME"),
    (re.compile(r"127\.0\.0\.1:\d+"), "HOST"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(-\w+)?"), "ID"),
    (re.compile(r"\b(400\d{6}|\d{6,})\b"), "NUMBER"),
)

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.may_skip("it needs the official plugin")]

Phase = tuple[str, dict[str, Any]]


def steady(value: Any) -> Any:
    """A value without what differs from run to run or says nothing."""
    if isinstance(value, dict):
        if SIGNATURE in value:
            return {"secret": shown} if (shown := steady(json.loads(value["plaintext"]))) else None
        kept = {key: steady(item) for key, item in value.items() if key not in INTERNAL | RACING}
        return {key: item for key, item in kept.items() if item not in (None, "", 0, False, [], {})}
    if isinstance(value, list):
        return sorted((steady(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    if isinstance(value, str):
        for pattern, word in UNSTEADY:
            value = pattern.sub(word, value)
    return value


def planned(preview: dict[str, Any]) -> dict[str, Any]:
    """What a preview is to do, by name: the operation and the properties it is about."""
    return {
        name: {
            "op": step["op"],
            "changed": sorted({re.split(r"[.\[]", path)[0] for path in step["diff"]} - INTERNAL),
        }
        for name, step in preview.items()
        if step["op"] != "same"
    }


def lives(folder: Path, tools: Tools, plugin: Path) -> list[Phase]:
    """What each step shows, with one plugin."""
    with EmulatorServer(seed=7) as emulator:
        engine, cloud = Engine(folder, tools, emulator.endpoint, plugin), emulator.control
        seen: list[Phase] = []

        def note(name: str, preview: dict[str, Any]) -> None:
            asked = cloud.requests(since_mark=True)
            state = {
                name: {key: item.get(key) for key in ("inputs", "outputs")}
                for name, item in engine.export().items()
                if name != "project"  # its members are those that were there when it was read
            }
            seen.append(
                (
                    name,
                    {
                        "preview": planned(preview),
                        "state": steady(state),
                        "writes": sorted(
                            steady(f"{r.method} {r.path} {r.status}") for r in asked if r.method != "GET"
                        ),
                        "reads": sorted({steady(f"{r.path}") for r in asked if r.method == "GET"}),
                    },
                )
            )
            cloud.mark()

        second = edited(FIRST, CHANGES)
        cloud.mark()
        for name, program in (("create", FIRST), ("update", second)):
            engine.declare(program)
            preview = engine.preview()
            engine.up().ok()
            note(name, preview)
        note("nothing to do", engine.preview())
        engine.declare(edited(second, REPLACEMENTS))
        note("replace", engine.preview())
        engine.declare(second)
        engine.refresh().ok()
        note("refresh", engine.preview())
        engine.destroy().ok()
        note("destroy", {})
        return seen


def test_the_stand_in_does_as_the_official_plugin(tmp_path: Path, tools: Tools, shim: Path) -> None:
    named = os.environ.get(OFFICIAL)
    if not named:
        pytest.skip(f"set {OFFICIAL} to the official plugin's executable")
    with ThreadPoolExecutor(2) as pool:
        ours = pool.submit(lives, tmp_path / "stand-in", tools, shim)
        theirs = pool.submit(lives, tmp_path / "official", tools, Path(named).parent)
        for (name, mine), (_, other) in zip(ours.result(), theirs.result(), strict=True):
            for part in mine:
                assert mine[part] == other[part], f"{name}: {part}"
