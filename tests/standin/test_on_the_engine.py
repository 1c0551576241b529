"""Every resource kind through its whole life on the real engine: one account, one stack, step after step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.standin.engine import Engine
from tests.standin.programs import (
    CHANGED,
    CHANGES,
    FIRST,
    GOTTEN,
    PULL,
    REPLACED,
    REPLACEMENTS,
    edited,
    gotten,
    import_ids,
    imported,
)

if TYPE_CHECKING:
    from pathlib import Path

    from formerr_infra.emulator.client import ControlClient
    from formerr_infra.emulator.server import EmulatorServer
    from tests.support.tools import Tools

pytestmark = [pytest.mark.engine, pytest.mark.slow]

KINDS = 19


def writes(cloud: ControlClient) -> list[tuple[str, str]]:
    """Method and path of every write since the mark."""
    return [(r.method, r.path) for r in cloud.requests(writes=True, since_mark=True)]


def test_every_kind_lives_its_whole_life(
    tmp_path: Path, tools: Tools, shim: Path, emulator: EmulatorServer, cloud: ControlClient
) -> None:
    engine = Engine(tmp_path / "life", tools, emulator.endpoint, shim)

    engine.declare(FIRST + PULL)
    engine.up().ok()
    made = engine.export()
    assert len(made) == KINDS

    cloud.mark()
    assert changes(engine.preview()) == {}, "what was just made is to be changed"
    assert changes(engine.preview("--refresh")) == {}, "a refresh finds a change in what was just made"
    assert writes(cloud) == []

    second = edited(FIRST + PULL, CHANGES)
    engine.declare(second)
    engine.up().ok()
    now = engine.export()
    assert {name for name in now if now[name]["inputs"] != made[name]["inputs"]} == CHANGED
    assert {name: item["id"] for name, item in now.items()} == {
        name: item["id"] for name, item in made.items()
    }

    engine.declare(edited(second, REPLACEMENTS))
    planned = {name: step for name, step in engine.preview().items() if "replace" in step["op"]}
    assert planned.keys() >= REPLACED

    relinquished_and_taken_back(engine, cloud, second, now)

    taken_away(engine, cloud, second)

    engine.destroy("--refresh").ok()
    assert engine.export() == {}
    for kind in (
        "cluster",
        "registry",
        "load_balancer",
        "domain",
        "certificate",
        "firewall",
        "database",
        "uptime_check",
    ):
        assert cloud.list(kind) == []


def changes(planned: dict[str, Any]) -> dict[str, str]:
    """The steps that change something."""
    return {name: step["op"] for name, step in planned.items() if step["op"] not in {"same", "refresh"}}


def relinquished_and_taken_back(
    engine: Engine, cloud: ControlClient, program: str, state: dict[str, Any]
) -> None:
    """The stack forgets everything; then the same program with the ids takes all of it in, without a write."""
    alive = {kind: len(cloud.list(kind)) for kind in ("vpc", "cluster", "load_balancer", "registry")}
    engine.forget()
    assert engine.export() == {}
    cloud.mark()

    engine.declare(GOTTEN.format(**{name: item["id"] for name, item in state.items()}))
    engine.up().ok()
    assert all(item["external"] for item in engine.export().values())
    assert writes(cloud) == [], "adopting wrote"

    ids = import_ids(state)
    without = program.replace(PULL.strip().replace(")", ", write=True)"), "")
    engine.declare(imported(without, ids))
    engine.up().ok()
    assert [path for _, path in writes(cloud)] == member_writes(state), "importing wrote"
    back = engine.export()
    assert {name for name, item in back.items() if not item.get("external")} == set(state) - {"pull"}

    four = ("vpc", "cluster", "registry", "balancer")
    engine.declare(gotten(without, {name: item["id"] for name, item in state.items()}))
    cloud.mark()
    engine.up().ok()
    after = engine.export()
    assert all(after[name]["external"] for name in four)
    assert writes(cloud) == [], "relinquishing wrote"
    assert alive == {kind: len(cloud.list(kind)) for kind in alive}

    engine.declare(imported(without, {name: ids[name] for name in four}))
    engine.up().ok()


def member_writes(state: dict[str, Any]) -> list[str]:
    """ProjectResources cannot be imported: it is declared anew, which assigns."""
    return [f"/v2/projects/{state['project']['id']}/resources"]


def taken_away(engine: Engine, cloud: ControlClient, program: str) -> None:
    """What is deleted behind the stack's back leaves the state with a refresh, and is made again."""
    state = engine.export()
    cloud.remove("load_balancer", state["balancer"]["id"])
    cloud.remove("firewall", state["firewall"]["id"])
    engine.refresh().ok()
    assert set(state) - set(engine.export()) == {"balancer", "firewall"}
    engine.declare(program)
    engine.up().ok()
    assert {"balancer", "firewall", "pull"} <= set(engine.export())
