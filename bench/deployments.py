"""A deployment from nothing, the second one, a preview: this project, the floor, the obvious port, the old design.

Each side has an account of its own on the same emulator, and all of them are gone through in turn, so that a slow or
busy machine slows all of them. What is said of the second run of the obvious port and of the old design is what it
destroys, as much as how long it takes.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench import sides
from bench.rows import OBVIOUS, OLD, OURS, STATIC, Measured, Rows, against
from formerr_infra.emulator.server import EmulatorServer
from tests.support import tools as toolchain

if TYPE_CHECKING:
    from bench.figures import Figure
    from formerr_infra.emulator.client import ControlClient
    from tests.support.tools import Tools

#: Seconds added to each answer -> how often each side is brought up from nothing, and pairs of what comes after.
ROUNDS = {0.0: (1, 4), 0.05: (2, 4), 0.2: (1, 4)}
PREVIEW_TARGET = 1.1
OLD_TARGET = 1.0

FIRST = "first deploy"
SECOND = "second deploy"
NO_OP = "no-op deploy"
PREVIEW = "no-op preview"
DETECT = "detection"
#: The command of this project that validates, detects, previews, judges and updates, where plain Pulumi does two of these.
DEPLOY = "formerr deploy, no-op"
#: The old design where nothing of the four is its own, so that it has nothing to do.
ALL_THERE = "deploy where all of it was there before"
_NO_OLD = (
    "The old design is left out: terraform, doctl and the official provider are not on this machine (FORMERR_TEST_DOCTL, "
    "FORMERR_TEST_TERRAFORM_PROVIDER)."
)


def measure() -> Measured:
    """All of it.

    Raises:
        LookupError: the engine is not there.
        RuntimeError: a command failed, or a no-op had something to do.
    """
    rows = Rows()
    programs = sides.Programs.find()
    with tempfile.TemporaryDirectory(prefix="formerr-bench-") as temporary, EmulatorServer() as server:
        folder = Path(temporary)
        tools = toolchain.find(folder / "plugin")
        for latency, (rounds, pairs) in ROUNDS.items():
            _at(latency, rounds, pairs, rows, folder / f"{latency}", tools, server.control, programs)
    left_out = () if programs else (_NO_OLD,)
    return Measured(_figures(rows, old=programs is not None), rows.all(), left_out)


def _at(
    latency: float,
    rounds: int,
    pairs: int,
    rows: Rows,
    folder: Path,
    tools: Tools,
    control: ControlClient,
    programs: sides.Programs | None,
) -> None:
    """Everything with so much added to each answer."""
    for number in range(rounds):
        token = f"{round(latency * 1000)}-{number}"
        place = folder / f"{number}"
        control.latency(0)
        mine = sides.ours(place / "ours", tools, control, f"ours-{token}")
        floor = sides.static(place / "static", tools, control, f"static-{token}")
        port = sides.obvious(place / "obvious", tools, control, f"obvious-{token}")
        old = sides.Old(place / "old", programs, control, f"old-{token}") if programs else None
        control.latency(latency)
        rows.add(FIRST, OURS, mine.pulumi(*sides.UP), latency=latency)
        rows.add(FIRST, STATIC, floor.pulumi(*sides.UP), latency=latency)
        rows.add(FIRST, OBVIOUS, port.pulumi(*sides.UP), latency=latency)
        if old is not None:
            rows.add(FIRST, OLD, old.deploy(), latency=latency)
            rows.add(SECOND, OLD, old.deploy(), latency=latency)
        rows.add(SECOND, OBVIOUS, port.pulumi(*sides.UP), latency=latency)
        rows.add(SECOND, OURS, mine.pulumi(*sides.UP, "--expect-no-changes"), latency=latency)
        rows.add(SECOND, STATIC, floor.pulumi(*sides.UP, "--expect-no-changes"), latency=latency)
    steady = _there_before(folder / "steady", control, f"steady-{token}", programs)
    for number in range(pairs + 1):
        kept = rows if number else Rows()  # the first is a warm-up
        kept.add(PREVIEW, OURS, mine.pulumi(*sides.PREVIEW), latency=latency)
        kept.add(PREVIEW, STATIC, floor.pulumi(*sides.PREVIEW), latency=latency)
        kept.add(NO_OP, OURS, mine.pulumi(*sides.UP, "--expect-no-changes"), latency=latency)
        kept.add(NO_OP, STATIC, floor.pulumi(*sides.UP, "--expect-no-changes"), latency=latency)
        kept.add(DEPLOY, OURS, mine.formerr("deploy", "staging", "--yes", "--no-health"), latency=latency)
        if steady is not None:
            kept.add(ALL_THERE, OLD, steady.deploy(), latency=latency)
        kept.add(DETECT, OURS, mine.formerr("detect", "-s", "staging"), latency=latency)


def _there_before(
    folder: Path, control: ControlClient, token: str, programs: sides.Programs | None
) -> sides.Old | None:
    """The old design on an account where somebody else has made all four."""
    if programs is None:
        return None
    old = sides.Old(folder, programs, control, token)
    vpc = control.put("vpcs", token=token, name="old-vpc", region="nyc3", ip_range="10.20.0.0/16")["id"]
    pools = [{"name": "workers", "size": "s-2vcpu-4gb", "count": 3}]
    control.put("kubernetes_clusters", token=token, name="old-cluster", vpc_uuid=vpc, node_pools=pools)
    control.put("registries", token=token, name=old.registry, region="nyc3")
    control.put("load_balancers", token=token, name="old-lb", region="nyc3", vpc_uuid=vpc)
    return old


def _figures(rows: Rows, *, old: bool) -> list[Figure]:
    found: list[Figure] = []
    for latency in ROUNDS:
        shown = f"{latency * 1000:.0f} ms"
        preview, floor = (rows.one(PREVIEW, side, latency=latency) for side in (OURS, STATIC))
        found.append(against(f"no-op preview : static, {shown}", preview, floor, PREVIEW_TARGET))
        deploy, floor = (rows.one(NO_OP, side, latency=latency) for side in (OURS, STATIC))
        found.append(against(f"no-op deploy : static, {shown}", deploy, floor, None))
        first, plain = (rows.one(FIRST, side, latency=latency) for side in (OURS, STATIC))
        found.append(against(f"first deploy : static, {shown}", first, plain, None))
        second = rows.one(SECOND, OBVIOUS, latency=latency)
        found.append(against(f"no-op deploy : the obvious port's second run, {shown}", deploy, second, None))
        if old:
            second, steady = (rows.one(what, OLD, latency=latency) for what in (SECOND, ALL_THERE))
            whole = rows.one(DEPLOY, OURS, latency=latency)
            found += [
                against(f"no-op deploy : the old design's second run, {shown}", deploy, second, OLD_TARGET),
                against(f"static, no-op deploy : the old design's second run, {shown}", floor, second, None),
                against(f"no-op deploy : the old design with nothing to do, {shown}", deploy, steady, None),
                against(
                    f"no-op formerr deploy : the old design's second run, {shown}", whole, second, OLD_TARGET
                ),
            ]
    return found
