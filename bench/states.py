"""What the size of the state does: 10, 1,000 and 5,000 further resources in it, against the floor with as many.

The further resources are components, which need no plugin: both programs declare them after their own (`many/program.py`),
so the engine goes through each of them in every run. They get into the state by an import of it: one is made for real,
and what the export says of it is written down again and again under other names.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import sides
from bench.figures import LATENCY
from bench.rows import OURS, STATIC, Measured, Rows, against
from formerr_infra.emulator.server import EmulatorServer
from formerr_infra.local.paths import CHECKOUT
from tests.support import tools as toolchain

if TYPE_CHECKING:
    from bench.sides import Side
    from tests.support.stack import Stack

#: Further resources -> pairs. The engine and its SDK take some milliseconds for each in every run, on both sides alike.
SIZES = {10: 2, 1_000: 2, 5_000: 1}
#: From here on without a warm-up, and without updates, which take as long as previews.
MANY = 5_000
VARIABLE = "BENCH_MANY"
TARGET = 1.1
PREVIEW, NO_OP = "no-op preview", "no-op deploy"


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
        mine = sides.ours(folder / "ours", tools, server.control, "ours")
        floor = sides.static(folder / "static", tools, server.control, "static")
        for one in (mine, floor):
            _declare_more(one.stack)
            one.stack.environment[VARIABLE] = "1"
            one.pulumi(*sides.UP)
        server.control.latency(LATENCY)
        for size, pairs in SIZES.items():
            for one in (mine, floor):
                _multiply(one.stack, size)
            for number in range(pairs + (size < MANY)):
                kept = rows if number or size >= MANY else Rows()  # the first is a warm-up
                _round(mine, floor, kept, size)
        figures = []
        for size in SIZES:
            preview, static = (rows.one(PREVIEW, side, **_of(size)) for side in (OURS, STATIC))
            name = f"no-op preview : static, {size:,} further resources in the state"
            figures.append(against(name, preview, static, TARGET))
        return Measured(figures, rows.all())


def _round(mine: Side, floor: Side, rows: Rows, size: int) -> None:
    """Each command once, each of a pair after the other."""
    of = _of(size)
    rows.add(PREVIEW, OURS, mine.pulumi(*sides.PREVIEW), **of)
    rows.add(PREVIEW, STATIC, floor.pulumi(*sides.PREVIEW), **of)
    rows.add("detection", OURS, mine.formerr("detect", "-s", "staging"), **of)
    rows.add("health", OURS, mine.formerr("health", "staging", codes=(0, 4, 8)), **of)
    rows.add("formerr preview, no-op", OURS, mine.formerr("preview", "staging"), **of)
    if size < MANY:
        rows.add(NO_OP, OURS, mine.pulumi(*sides.UP, "--expect-no-changes"), **of)
        rows.add(NO_OP, STATIC, floor.pulumi(*sides.UP, "--expect-no-changes"), **of)
        deploy = ("deploy", "staging", "--yes", "--no-health")
        rows.add("formerr deploy, no-op", OURS, mine.formerr(*deploy), **of)


def _of(size: int) -> dict[str, Any]:
    return {"latency": LATENCY, "size": f"{size:,} resources"}


def _declare_more(stack: Stack) -> None:
    """The project's program becomes a module, beside one that runs it and declares more."""
    (stack.project / "__main__.py").rename(stack.project / "program.py")
    shutil.copy(CHECKOUT / "bench" / "many" / "program.py", stack.project / "__main__.py")


def _multiply(stack: Stack, size: int) -> None:
    """The state as if so many had been made."""
    exported: dict[str, Any] = json.loads(stack.run("stack", "export").ok().out)
    resources = exported["deployment"]["resources"]
    kept = [one for one in resources if not one["type"].startswith("bench:")]
    (example,) = (one for one in resources if one["urn"].endswith("::other-1"))
    head = example["urn"].rpartition("::")[0]
    more = [{**example, "urn": f"{head}::other-{number + 1}"} for number in range(size)]
    exported["deployment"]["resources"] = [*kept, *more]
    file = stack.folder / "more.json"
    file.write_text(json.dumps(exported), "utf-8")
    stack.run("stack", "import", "--file", str(file)).ok()
    stack.environment[VARIABLE] = f"{size}"
