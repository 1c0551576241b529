"""The sweep: each call of each operation, met by each fault in turn, and what became of it.

An operation is run once undisturbed, which gives its calls and the account it ends in. Then, for every call and every
fault, it is run again from the same start with just that call failing, all rules are asked, and it is run on without
the fault until it ends well: with the same account, and nothing made twice.

A call that never answers is killed while it hangs, before or after its change; the kill is SIGKILL to engine, language
host, program and plugin. Calls that are alike are told apart by their number, in the order in which they arrive; what
the engine sends side by side may arrive in another order another time, so that a cell may meet its neighbour's call.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tests.campaign import rules
from tests.campaign.actions import ACTIONS
from tests.campaign.arena import Arena, Ground, Tally
from tests.campaign.faults import BROKEN
from tests.support import account
from tests.support.stack import QUESTION

if TYPE_CHECKING:
    from pathlib import Path

    from tests.campaign.arena import Player
    from tests.support.stack import Step

#: Operation -> how its scenario begins, the settings, the command.
OPERATIONS: dict[str, tuple[str, dict[str, Any], str]] = {
    "first deployment": ("empty", {}, "up"),
    "change": ("deployed", {"nodeCount": 5, "tags": ["campaign"], "ingressNodePort": 30081}, "up"),
    "adoption": ("foreign", {}, "up"),
    "import": (
        "lost",
        {f"{slot}Policy": "import" for slot in ("vpc", "cluster", "registry", "loadBalancer")},
        "up",
    ),
    "destroy": ("deployed", {}, "destroy"),
}
KILLS = {"killed-before": False, "killed-after": True}
#: Faults that only mean something where something is changed.
OF_WRITES = frozenset({"killed-after", "lost-before", "lost-after", "503-after"})
FAULTS = (*KILLS, *(name for name in BROKEN if name != "403"))
#: Runs after the disturbed one until it has to have ended well.
PATIENCE = 3
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an operation: the n-th of its method and path, from 0."""

    method: str
    path: str
    number: int

    @property
    def writes(self) -> bool:
        """Whether it may change something."""
        return self.method not in ("GET", "HEAD") and self.path != QUESTION


@dataclass(frozen=True, slots=True)
class Cell:
    """One fault at one call of one operation."""

    operation: str
    call: Call
    fault: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of a cell.

    Attributes:
        fired: whether the call came, so that the fault met it.
        code: exit code of the disturbed run.
        more: runs after it until one ended well.
        wrong: what does not hold; empty if all does.
        beside: how many other calls met a fault in the same run.
    """

    cell: Cell
    fired: bool
    code: int
    more: int
    wrong: str = ""
    beside: int = 0

    @property
    def end(self) -> str:
        """In a word."""
        if self.wrong:
            return "wrong"
        return "not met" if not self.fired else "at once" if self.more == 0 else f"{self.more} more"

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self) | {"end": self.end}


@dataclass(frozen=True, slots=True)
class Course:
    """An operation undisturbed: its calls, and the account it ends in."""

    operation: str
    calls: tuple[Call, ...]
    shape: dict[str, list[Any]]


class Place(Protocol):
    """Where faults are set: the control plane of an emulator, or a proxy."""

    def fault(self, method: str = "*", path_regex: str = "", **fields: Any) -> int:
        """A new fault."""

    def faults(self) -> list[dict[str, Any]]:
        """All of them."""

    def clear_faults(self) -> None:
        """None any more."""


def undisturbed(ground: Ground, operation: str, folder: Path) -> Course:
    """Run an operation once, without a fault."""
    arena = _begun(ground, operation, folder)
    step = arena.run(arena.first, OPERATIONS[operation][2])
    assert step.code == 0, step.said
    numbers: Counter[tuple[str, str]] = Counter()
    calls = []
    for one in step.requests:
        key = (one.method, _ID.sub("ID", one.path))
        calls.append(Call(*key, numbers[key]))
        numbers[key] += 1
    return Course(operation, tuple(calls), account.shape(account.world(ground.cloud)))


def cells(course: Course) -> list[Cell]:
    """Every fault at every call."""
    return [
        Cell(course.operation, call, fault)
        for call in course.calls
        for fault in FAULTS
        if call.writes or fault not in OF_WRITES
    ]


def met(ground: Ground, course: Course, cell: Cell, folder: Path) -> Seen:
    """Run one cell."""
    arena = _begun(ground, cell.operation, folder)
    command = OPERATIONS[cell.operation][2]
    try:
        return _met(arena, course, cell, command)
    except AssertionError as error:
        return Seen(cell, fired=True, code=-1, more=0, wrong=str(error))


def put(place: Place, cell: Cell) -> int:
    """Set the fault of a cell; gives its id."""
    kill = cell.fault in KILLS
    what = {"hang": True, "after_apply": KILLS[cell.fault]} if kill else BROKEN[cell.fault]
    path = f"^{re.escape(cell.call.path).replace('ID', '[^/]+')}$"
    return place.fault(cell.call.method, path, skip=cell.call.number, times=1, **what)


def disturb(arena: Arena, place: Place, cell: Cell, command: str) -> tuple[Step, bool]:
    """A run with one call failing, and whether the call came."""
    kept, arena.faulty = arena.faulty, True
    put(place, cell)
    if cell.fault in KILLS:
        step = arena.run(arena.first, command, kill=lambda: bool(place.faults()[0]["fired"]))
    else:
        step = arena.run(arena.first, command)
    fired = bool(place.faults()[0]["fired"])
    place.clear_faults()
    arena.faulty = kept
    return step, fired


def run_on(arena: Arena, step: Step, command: str) -> tuple[Step, int]:
    """Run on without the fault until a run ends well, or patience ends; the last run, and how many there were."""
    player, more = arena.first, 0
    while step.code != 0 and more < PATIENCE:
        if step.code < 0:
            player.stack.cancel()
        more += 1
        step = arena.run(player, command)
    return step, more


def _met(arena: Arena, course: Course, cell: Cell, command: str) -> Seen:
    cloud = arena.cloud
    step, fired = disturb(arena, cloud, cell, command)
    code = step.code
    step, more = run_on(arena, step, command)
    if step.code != 0:
        return Seen(cell, fired, code, more, f"it never ends well: {rules.words(step)}")
    if account.shape(account.world(cloud)) != course.shape:
        return Seen(cell, fired, code, more, "the account is not as after an undisturbed run")
    return Seen(cell, fired, code, more)


def _begun(ground: Ground, operation: str, folder: Path) -> Arena:
    start, settings, _ = OPERATIONS[operation]
    arena = Arena(ground, Tally(), folder)
    ACTIONS["begin"](arena, "deployed" if start == "lost" else start)
    player: Player = arena.first
    if start == "lost":
        arena.lose(player)
    player.set(**settings)
    return arena
