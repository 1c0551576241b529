"""`python -m tests.campaign`: the whole campaign, a part of it, one scenario again, or a smaller one that fails alike.

run     --seed N --actions M --output FILE
sweep   --part I --of N --output FILE --resume
cluster --part I --of N --output FILE --resume --every-fault
replay  FILE
shrink  FILE
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from formerr_infra.emulator.server import EmulatorServer
from tests.campaign import parts, rivals, sweep, whole
from tests.campaign.actions import GROUP
from tests.campaign.arena import BASE, Arena, Broken, Ground, Tally
from tests.campaign.cluster import run as cluster
from tests.campaign.machine import Campaign, draw
from tests.campaign.settle import converge
from tests.support.stack import Stack
from tests.support.tools import find

if TYPE_CHECKING:
    from collections.abc import Iterator


Script = list[tuple[str, dict[str, Any]]]
#: Actions of one scenario, and scenarios of one draw of hypothesis.
ACTIONS, ACCOUNTS = 40, 9


@contextmanager
def ground(*names: str) -> Iterator[Ground]:
    """An emulator and empty stacks: those of the names, or both."""
    folder = Path(tempfile.mkdtemp(prefix="campaign-ground-"))
    try:
        with EmulatorServer() as server:
            tools = find(folder / "plugin")
            blanks = {
                name: Stack(folder / name, tools, server.control, name).init() for name in names or BASE
            }
            yield Ground(server.control, blanks, folder / "deployed")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(number: int, actions: int, output: Path) -> int:
    """Scenario after scenario until so many actions were taken; a failure is written down, and it goes on."""
    tally, began = Tally(), time.monotonic()
    failures: list[dict[str, Any]] = []
    told = [0.0]
    output.parent.mkdir(parents=True, exist_ok=True)

    def note() -> None:
        output.write_text(json.dumps(_result(number, tally, failures, began), indent=1) + "\n", "utf-8")

    def watch(_arena: Arena) -> None:
        now = time.monotonic() - began
        if now - told[0] >= 15:
            told[0] = now
            note()
            say(f"seed {number}: {tally.actions.total()} of {actions} actions, {tally.scenarios} accounts, "
                f"{tally.runs.total()} runs of the engine, {len(failures)} failures, {now:.0f} s")  # fmt: skip

    with ground() as stands:
        own = {"ground": stands, "tally": tally, "most": actions, "after": staticmethod(watch)}
        machine = cast("type[Campaign]", type("Whole", (Campaign,), own))
        drawn = number * 1000
        while tally.actions.total() < actions:
            drawn += 1
            try:
                draw(machine, drawn, ACCOUNTS, ACTIONS)
            except Broken as error:
                failures.append({"seed": drawn, "message": str(error)})
                say(f"seed {number}, draw {drawn}: {error}")
    note()
    say(f"seed {number}: {tally.actions.total()} actions, {len(failures)} failures")
    return 1 if failures else 0


def _result(number: int, tally: Tally, failures: list[dict[str, Any]], began: float) -> dict[str, Any]:
    return {
        "seed": number,
        "seconds": round(time.monotonic() - began, 1),
        "scenarios": tally.scenarios,
        "actions": dict(tally.actions),
        "groups": {name: GROUP[name] for name in tally.actions},
        "seconds_by_action": {name: round(value, 1) for name, value in tally.seconds.items()},
        "runs": dict(tally.runs),
        "refused": dict(tally.refused),
        "failed": tally.failed,
        "failures": failures,
    }


def swept(part: int, of: int, output: Path, *, resume: bool) -> int:
    """One part of the sweep's cells, kills first; each is written down when it has ended."""
    told = time.monotonic()
    with ground("staging") as stands:
        folder = stands.folder.parent / "cells"
        courses = {
            name: sweep.undisturbed(stands, name, folder / f"{number}")
            for number, name in enumerate(sweep.OPERATIONS)
        }
        every = [cell for course in courses.values() for cell in sweep.cells(course)]
        calls = {name: course.calls for name, course in courses.items()}
        notes = parts.Notes(output, part, of, calls, resume=resume)
        mine = notes.left(parts.share(every, part, of, tuple(sweep.KILLS)))
        for number, cell in enumerate(mine, start=1):
            at = folder / f"cell-{number}"
            seen = sweep.met(stands, courses[cell.operation], cell, at)
            shutil.rmtree(at, ignore_errors=True)
            notes.add(seen)
            if seen.wrong:
                say(f"{cell}: {seen.wrong}")
            if time.monotonic() - told >= 15:
                told = time.monotonic()
                say(f"sweep, part {part}: {number} of {len(mine)} cells, {notes.wrong} wrong")
    return 1 if notes.wrong else 0


def rivalled(output: Path) -> int:
    """The runs side by side."""
    found = []
    with ground() as stands:
        for one in rivals.scenes(stands, stands.folder.parent / "scenes"):
            found.append(one)
            say(f"{one.what}: {one.seen}")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps([one.plain() for one in found], indent=1) + "\n", "utf-8")
    return 0 if all(one.holds for one in found) else 1


def replay(script: Script, stands: Ground, *, loud: bool = True) -> str | None:
    """The same actions again; what breaks, or None."""
    folder = Path(tempfile.mkdtemp(prefix="campaign-"))
    try:
        arena = Arena(stands, Tally(), folder)
        try:
            for name, arguments in script:
                if loud:
                    say(f"{name} {arguments}")
                arena.play(name, **arguments)
            for index, player in enumerate(arena.players.values()):
                if player.kept() or index == 0:
                    converge(arena, player)
        except Broken as error:
            return str(error)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return None


def shrink(script: Script, stands: Ground) -> Script:
    """Fewer actions that break the same rule: leave out halves, quarters, single ones."""

    def kind(message: str | None) -> str | None:
        """The rule, without ids and numbers."""
        if message is None:
            return None
        return "".join(c for c in message.splitlines()[1][:90] if not c.isdigit())[:40]

    wanted = kind(replay(script, stands, loud=False))
    say(f"to be kept: {wanted}")
    if wanted is None:
        return script
    size = max(1, len(script) // 2)
    while True:
        at = 0
        while at < len(script):
            less = script[:at] + script[at + size :]
            if less and kind(replay(less, stands, loud=False)) == wanted:
                script = less
                say(f"{len(script)} actions")
            else:
                at += size
        if size == 1:
            return script
        size = max(1, size // 2)


def say(line: str) -> None:
    """One line of progress."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _script(file: Path) -> Script:
    text = file.read_text("utf-8")
    start = text.index("[[")
    found: Script = [(name, arguments) for name, arguments in json.JSONDecoder().raw_decode(text[start:])[0]]
    return found


def main(arguments: list[str]) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign")
    commands = parser.add_subparsers(dest="command", required=True)
    everything = commands.add_parser("whole")
    everything.add_argument("--seed", type=int, default=1)
    everything.add_argument("--actions", type=int, default=2000)
    everything.add_argument("--no-sweep", action="store_true")
    everything.add_argument("--resume", action="store_true")
    everything.add_argument("--every-fault", action="store_true")
    commands.add_parser("page")
    one = commands.add_parser("run")
    one.add_argument("--seed", type=int, default=1)
    one.add_argument("--actions", type=int, default=1000)
    one.add_argument("--output", type=Path, required=True)
    for name in ("sweep", "cluster"):
        part = commands.add_parser(name)
        part.add_argument("--part", type=int, default=0)
        part.add_argument("--of", type=int, default=1)
        part.add_argument("--resume", action="store_true")
        part.add_argument("--output", type=Path, required=True)
        if name == "cluster":
            part.add_argument("--every-fault", action="store_true")
    commands.add_parser("rivals").add_argument("--output", type=Path, required=True)
    for name in ("replay", "shrink"):
        commands.add_parser(name).add_argument("file", type=Path)
    given = parser.parse_args(arguments)
    os.environ.setdefault("GOGC", "400")
    if given.command == "run":
        return run(given.seed, given.actions, given.output)
    if given.command == "page":
        return whole.write()
    if given.command == "whole":
        return whole.whole(
            given.seed,
            given.actions,
            with_sweep=not given.no_sweep,
            resume=given.resume,
            every_fault=given.every_fault,
        )
    if given.command == "rivals":
        return rivalled(given.output)
    if given.command == "sweep":
        return swept(given.part, given.of, given.output, resume=given.resume)
    if given.command == "cluster":
        return cluster.swept(given.part, given.of, given.output, resume=given.resume, every=given.every_fault)
    with ground() as stands:
        if given.command == "shrink":
            say(json.dumps(shrink(_script(given.file), stands)))
            return 0
        broke = replay(_script(given.file), stands)
    say(broke or "every rule holds")
    return 1 if broke else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
