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
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from formerr_infra.emulator.server import EmulatorServer
from tests.standin.engine import TOKEN, Engine
from tests.standin.programs import CHANGES, FIRST, REPLACEMENTS, edited, import_ids, imported, looked_at
from tests.standin.steady import INTERNAL, steady

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.tools import Tools

OFFICIAL = "FORMERR_TEST_OFFICIAL_PLUGIN"
CHANGED_BEHIND = {
    "PATCH /v2/vpcs/{vpc}": {"description": "three"},
    "PUT /v2/domains/{domain}/records/{record}": {"type": "A", "ttl": 900},
    "PUT /v2/databases/{database}/firewall": {"rules": []},
    "PUT /v2/uptime/checks/{check}": {
        "name": "check", "type": "http", "target": "http://192.0.2.7", "regions": ["us_east"], "enabled": False
    },
}  # fmt: skip
GONE = dict.fromkeys((
    "DELETE /v2/databases/{database}/dbs/{db}",
    "DELETE /v2/databases/{database}/users/{user}",
    "DELETE /v2/domains/{domain}/records/{record}",
    "DELETE /v2/certificates/{certificate}",
    "DELETE /v2/uptime/checks/{check}/alerts/{alert}",
    "DELETE /v2/monitoring/alerts/{policy}",
    "DELETE /v2/firewalls/{firewall}",
    "DELETE /v2/load_balancers/{balancer}",
    "DELETE /v2/kubernetes/clusters/{cluster}/node_pools/{pool}",
))  # fmt: skip

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.timeout(900),  # some thirty runs of the engine with each plugin
    pytest.mark.may_skip("it needs the official plugin"),
]

Phase = tuple[str, dict[str, Any]]


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


def behind_its_back(endpoint: str, edits: dict[str, Any], ids: dict[str, str]) -> None:
    """Change or take away things as somebody else would, in the API."""
    for where, body in edits.items():
        method, path = where.split(" ")
        request = Request(
            endpoint + path.format(**ids),
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
        )
        try:
            urlopen(request, timeout=30).close()
        except HTTPError as error:
            raise AssertionError(f"{method} {request.full_url}: {error.read().decode()}") from None


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
        state = engine.export()
        ids = import_ids(state)
        known = {name: ident.rsplit(",", 1)[-1] for name, ident in ids.items()}
        known["certificate"] = state["certificate"]["outputs"]["uuid"]
        engine.forget()
        engine.declare(looked_at(second, ids))
        preview = engine.preview()
        engine.up().ok()
        note("looked at", preview)
        engine.declare(imported(second, ids))
        preview = engine.preview()
        engine.up().ok()
        note("imported", preview)
        engine.declare(second)
        note("imported and kept", engine.preview())
        note("imported and refreshed", engine.preview("--refresh"))
        behind_its_back(emulator.endpoint, CHANGED_BEHIND, known)
        cloud.mark()
        engine.refresh().ok()
        note("found changed", engine.preview())
        engine.up().ok()
        note("put right", engine.preview())
        behind_its_back(emulator.endpoint, GONE, known)
        cloud.mark()
        engine.refresh().ok()
        note("found gone", engine.preview())
        engine.up().ok()
        note("made again", engine.preview())
        engine.destroy().ok()
        note("destroyed", {})
        return seen


def differences(mine: Any, other: Any, where: str) -> Iterator[str]:
    """Where the stand-in's and the official plugin's differ, and in what."""
    if isinstance(mine, dict) and isinstance(other, dict):
        for key in sorted(mine.keys() | other.keys()):
            yield from differences(mine.get(key), other.get(key), f"{where} / {key}")
    elif mine != other:
        yield f"{where}: stand-in {json.dumps(mine)}, official {json.dumps(other)}"


def test_the_stand_in_does_as_the_official_plugin(tmp_path: Path, tools: Tools, shim: Path) -> None:
    named = os.environ.get(OFFICIAL)
    if not named:
        pytest.skip(f"set {OFFICIAL} to the official plugin's executable")
    with ThreadPoolExecutor(2) as pool:
        ours = pool.submit(lives, tmp_path / "stand-in", tools, shim)
        theirs = pool.submit(lives, tmp_path / "official", tools, Path(named).parent)
        pairs = zip(ours.result(), theirs.result(), strict=True)
        found = [line for (name, mine), (_, other) in pairs for line in differences(mine, other, name)]
    assert not found, "\n".join(found)
