"""What the size of the account does: 10, 1,000 and 10,000 other VPCs, with clusters and load balancers.

A first detection has to read lists; a stack that is up asks for what it knows by id, so its calls may not grow at all.
In the largest account the memory of the program and of the command is looked at, in runs that no time is taken of.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import sides
from bench.figures import LATENCY, Figure
from bench.rows import OURS, Measured, Rows
from formerr_infra.emulator.server import EmulatorServer
from tests.support import tools as toolchain

if TYPE_CHECKING:
    from bench.rows import Run
    from formerr_infra.emulator.client import ControlClient

#: Other VPCs -> other clusters, and as many load balancers.
SIZES = {10: 10, 1_000: 1_000, 10_000: 1_000}
PAIRS = 2
MEGABYTES = 250.0
FIRST_DETECTION = "first detection"
FIRST = "first deploy"
#: Of DigitalOcean's documentation: requests of one token.
AN_HOUR, A_MINUTE = 5_000, 250
#: A range that nobody here asks for; those of others may overlap as they like.
_ELSEWHERE = "192.168.0.0/24"


#: `formerr health` may say that without an application not everything could be asked.
_HEALTH = (0, 4, 8)


@dataclass(frozen=True, slots=True)
class Steady:
    """A command that is run again and again on a stack that is up.

    Attributes:
        name: in the results.
        words: after `formerr`, or after `pulumi`.
        plain: it is `pulumi`.
        codes: that it may end with.
    """

    name: str
    words: tuple[str, ...]
    plain: bool = False
    codes: tuple[int, ...] = (0,)

    def run(self, side: sides.Side, *, memory: bool = False) -> Run:
        """One run."""
        command = side.pulumi if self.plain else side.formerr
        return command(*self.words, codes=self.codes, memory=memory)


STEADY = (
    Steady("detection", ("detect", "-s", "staging")),
    Steady("no-op preview", sides.PREVIEW, plain=True),
    Steady("no-op deploy", (*sides.UP, "--expect-no-changes"), plain=True),
    Steady("formerr preview, no-op", ("preview", "staging")),
    Steady("formerr deploy, no-op", ("deploy", "staging", "--yes", "--no-health")),
    Steady("health", ("health", "staging"), codes=_HEALTH),
)


def measure() -> Measured:
    """All of it.

    Raises:
        LookupError: the engine is not there.
        RuntimeError: a command failed, or a no-op had something to do.
    """
    rows = Rows()
    with tempfile.TemporaryDirectory(prefix="formerr-bench-") as temporary, EmulatorServer() as server:
        folder = Path(temporary)
        tools = toolchain.find(folder / "plugin")
        stacks = {}
        for size, others in SIZES.items():
            stacks[size] = sides.ours(folder / f"{size}", tools, server.control, f"account-{size}")
            _fill(server.control, f"account-{size}", size, others)
        server.control.latency(LATENCY)
        largest = max(stacks)
        for size, side in stacks.items():
            # Each time anew: nothing is kept between two looks.
            for _ in range(PAIRS):
                rows.add(FIRST_DETECTION, OURS, side.formerr("detect", "-s", "staging"), **_of(size))
        peaks = {}
        if sys.platform == "linux":
            peaks["first detection"] = stacks[largest].formerr("detect", "-s", "staging", memory=True)
            peaks["first preview"] = stacks[largest].pulumi("preview", "--non-interactive", memory=True)
        for size, side in stacks.items():
            rows.add(FIRST, OURS, side.pulumi(*sides.UP), **_of(size))
        for number in range(PAIRS + 1):
            kept = rows if number else Rows()  # the first is a warm-up
            for one in STEADY:
                for size, side in stacks.items():
                    kept.add(one.name, OURS, one.run(side), **_of(size))
        if peaks:
            for one in STEADY:
                peaks[one.name] = one.run(stacks[largest], memory=True)
    left_out = () if peaks else ("Memory: it is read from /proc, which this system has not.",)
    memory = Rows()
    for name, run in peaks.items():
        memory.add(f"memory: {name}", OURS, run, **_of(largest))
    figures = [*_calls(rows), *_memory(peaks, largest)]
    return Measured(figures, [*rows.all(), *memory.all()], left_out)


def _of(size: int) -> dict[str, Any]:
    return {"latency": LATENCY, "size": f"{size} VPCs"}


def _fill(control: ControlClient, token: str, vpcs: int, others: int) -> None:
    """Somebody else's things."""
    made = control.seed("vpcs", vpcs, token=token, name="other-{n}", region="fra1", ip_range=_ELSEWHERE)
    within = {"region": "fra1", "vpc_uuid": made[0]}
    control.seed("kubernetes_clusters", others, token=token, name="other-{n}", **within)
    control.seed("load_balancers", others, token=token, name="other-{n}", **within)


def _calls(rows: Rows) -> list[Figure]:
    """Calls of each command at each size: in the steady state they may not differ."""
    found = []
    for one in STEADY:
        calls = [rows.one(one.name, OURS, **_of(size)).calls for size in SIZES]
        found.append(
            Figure(
                f"calls of {one.name}: the most at {max(SIZES):,} VPCs, over those at {min(SIZES)}",
                calls[-1] - calls[0],
                "calls more",
                0,
                detail=f"{', '.join(map(str, calls))} calls at {', '.join(f'{size:,}' for size in SIZES)} VPCs",
            )
        )
    first = rows.one(FIRST_DETECTION, OURS, **_of(max(SIZES)))
    found.append(
        Figure(
            f"calls of a first detection at {max(SIZES):,} VPCs",
            first.calls,
            "calls",
            A_MINUTE,
            detail=f"all of them in {first.median:.2f} s; DigitalOcean takes {A_MINUTE} a minute, {AN_HOUR:,} an hour",
        )
    )
    return found


def _memory(peaks: dict[str, Run], largest: int) -> list[Figure]:
    """The most that the program and the command held in any of the runs."""
    found = []
    for process in ("program", "formerr"):
        held = {name: run.peaks[process] for name, run in peaks.items() if process in run.peaks}
        if held:
            name, most = max(held.items(), key=lambda pair: pair[1])
            where = "the program, in the engine" if process == "program" else "the formerr command"
            found.append(
                Figure(
                    f"memory of {where}, at {largest:,} VPCs",
                    most,
                    "MB",
                    MEGABYTES,
                    detail=f"the most, in: {name}",
                )
            )
    return found
