"""Runs side by side: several of one stack, a look or a destroy amid an update, two stacks of one account.

The state lies in a folder, whose lock is a file that each run writes and then looks for others'. Of rivals at most one
writes to the account; whoever loses is told who holds the lock and how to go on, and has written nothing. That none
gets through, because each saw the other's file, is allowed: nothing is lost by it, and running again goes on.
"""

from __future__ import annotations

import copy
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tests.campaign import rules
from tests.campaign.actions import ACTIONS
from tests.campaign.arena import Arena, Ground, Tally
from tests.campaign.settle import converge
from tests.campaign.views import look
from tests.support import account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.campaign.arena import Player
    from tests.support.stack import Stack, Step

#: What a loser reads: whose the lock is, and how to go on.
_WHO = ("locked by", "pid ", "pulumi cancel")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one scene."""

    what: str
    expected: str
    seen: str
    holds: bool

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def rival(stack: Stack, folder: Path) -> Stack:
    """The same stack, project and state, as another user has it."""
    folder.mkdir(parents=True)
    twin = copy.copy(stack)
    twin.folder = folder
    twin.environment = stack.environment | {"PULUMI_HOME": str(folder / "home")}
    return twin


def at_once(*runs: Callable[[], Step]) -> list[Step]:
    """All of them side by side."""
    with ThreadPoolExecutor(len(runs)) as pool:
        return [waiting.result() for waiting in [pool.submit(one) for one in runs]]


def deploys(ground: Ground, folder: Path, many: int, start: str, **settings: object) -> Outcome:
    """Several `pulumi up` of one stack at once."""
    arena = _arena(ground, folder, start)
    player = arena.first
    player.set(**settings)
    before, mark = look(ground.cloud), len(ground.cloud.requests())
    steps = at_once(*(rival(player.stack, folder / f"rival-{number}").up for number in range(many)))
    wrong = _one_writer(steps)
    wrong += _once(arena, mark)
    _take_note(arena, player, before)
    wrong += _at_rest(arena, player)
    through = sum(step.code == 0 for step in steps)
    what = f"{many} deploys of one stack at once, {'first deployment' if start == 'empty' else 'a change'}"
    seen = f"{through} through, {many - through} told of the lock; then at rest"
    return Outcome(
        what, "at most one through, each other told who holds the lock", "; ".join(wrong) or seen, not wrong
    )


def beside_an_update(ground: Ground, folder: Path, command: str) -> Outcome:
    """A preview, or a destroy, while an update of the same stack waits for its first create."""
    arena = _arena(ground, folder, "empty")
    player, cloud = arena.first, ground.cloud
    before, mark = look(cloud), len(cloud.requests())
    cloud.fault("POST", "^/v2/vpcs$", delay=8.0)
    other = rival(player.stack, folder / "rival")

    def later() -> Step:
        for _ in range(3000):
            if cloud.faults()[0]["matched"]:
                break
            time.sleep(0.02)
        # Not `preview()`: the requests of both are one record, so that the update's writes would be its own.
        return other.run("preview") if command == "preview" else other.destroy()

    first, second = at_once(player.stack.up, later)
    cloud.clear_faults()
    wrong = [] if first.code == 0 else [f"the update failed: {rules.words(first)}"]
    if command == "preview":
        # A preview takes no lock, and what it sees is half made: it ends in a plan or a refusal, and writes nothing.
        seen = f"the preview ended with {second.code} and wrote nothing"
    else:
        seen = "the update went through, the destroy was told of the lock"
        wrong += [f"a loser was not told {word!r}" for word in _WHO if word not in second.said]
    _take_note(arena, player, before)
    wrong += _once(arena, mark)
    wrong += _at_rest(arena, player)
    expected = "the update goes through; the other writes nothing"
    return Outcome(f"a {command} during an update", expected, "; ".join(wrong) or seen, not wrong)


def two_stacks(ground: Ground, folder: Path) -> Outcome:
    """Both stacks' first deployments at once, in an account whose plan allows one registry."""
    arena = _arena(ground, folder, "empty")
    before = look(ground.cloud)
    players = list(arena.players.values())
    steps = at_once(*(player.stack.up for player in players))
    for player in players:
        _take_note(arena, player, before)
    wrong = [line for player in players for line in _at_rest(arena, player)]
    names = {"formerr-staging", "formerr-registry"} & {one for _, one in _names(ground)}
    if len(names) != 1:
        wrong.append(f"one registry is expected, found {sorted(names)}")
    codes = ", ".join(str(step.code) for step in steps)
    return Outcome(
        "two stacks at once in one account",
        "each makes its own; whoever comes second to the registry is told, and then uses the other's",
        "; ".join(wrong) or f"ended with {codes}; then both at rest, one registry",
        not wrong,
    )


def scenes(ground: Ground, folder: Path) -> Iterator[Outcome]:
    """All of them, one after another."""
    for many in (2, 3, 4, 8):
        yield deploys(ground, folder / f"first-{many}", many, "empty")
    for many in (2, 8):
        yield deploys(ground, folder / f"change-{many}", many, "deployed", nodeCount=5)
    for command in ("preview", "destroy"):
        yield beside_an_update(ground, folder / command, command)
    yield two_stacks(ground, folder / "two")


def _arena(ground: Ground, folder: Path, start: str) -> Arena:
    arena = Arena(ground, Tally(), folder)
    ACTIONS["begin"](arena, start)
    return arena


def _names(ground: Ground) -> list[tuple[str, str]]:
    return [(kind, str(one.get("name"))) for (kind, _), one in look(ground.cloud).things.items()]


def _one_writer(steps: list[Step]) -> list[str]:
    """At most one run got through, and each other was told whose the lock is. Their requests mix in the record."""
    through = [step for step in steps if step.code == 0]
    wrong = [f"{len(through)} runs went through at once"] if len(through) > 1 else []
    for step in steps:
        if step.code != 0:
            wrong += [
                f"a loser was not told {word!r}: {rules.words(step)}"
                for word in _WHO
                if word not in step.said
            ]
    return wrong


def _once(arena: Arena, mark: int) -> list[str]:
    """No create was sent twice."""
    made = [one.path for one in arena.cloud.requests()[mark:] if one.method == "POST" and one.applied]
    return [f"made more than once: {path}" for path in {*made} if made.count(path) > 1]


def _take_note(arena: Arena, player: Player, before: Any) -> None:
    """What came meanwhile and stands in the stack's state is the stack's; and the pools of its cluster."""
    kept = {one.key for one in player.kept() if not one.external}
    now = arena.view().things
    player.mine |= {key for key in now.keys() - before.things.keys() if key in kept}
    player.mine |= {
        key for key, one in now.items() if ("kubernetes_clusters", str(one.get("cluster"))) in kept
    }


def _at_rest(arena: Arena, player: Player) -> list[str]:
    try:
        converge(arena, player)
    except AssertionError as error:
        return [str(error)[:600]]
    counts = account.counts(arena.cloud)
    return [] if max(counts.values()) <= len(arena.players) else [f"too many: {counts}"]
