"""The cache of tools: a version is there completely or not at all, whatever happens to the run that makes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from formerr_infra.local.paths import CHECKOUT
from formerr_infra.local.toolchain.cache import ToolCache

if TYPE_CHECKING:
    from pathlib import Path


def _make(cache: ToolCache, text: str = "one", recipe: str = "r") -> Path:
    def fill(folder: Path) -> None:
        (folder / "tool").write_text(text, "utf-8")

    return cache.make("tool", "1.0.0", "build", recipe, fill).program("tool")


def test_what_was_made_is_found_and_executable(tmp_path: Path) -> None:
    program = _make(ToolCache(tmp_path))

    entry = ToolCache(tmp_path).entry("tool", "1.0.0")

    assert entry is not None
    assert (entry.way, entry.recipe) == ("build", "r")
    assert os.access(program, os.X_OK)


def test_a_making_that_fails_publishes_nothing_and_leaves_the_old_one(tmp_path: Path) -> None:
    cache = ToolCache(tmp_path)
    program = _make(cache)

    def fail(folder: Path) -> None:
        (folder / "tool").write_text("half", "utf-8")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        cache.make("tool", "1.0.0", "build", "other", fail)

    assert program.read_text("utf-8") == "one"
    assert [p.name for p in (tmp_path / "tool").iterdir()] == ["1.0.0"]


@pytest.mark.parametrize("harm", ["truncated", "removed", "not executable", "no record", "cut record"])
def test_a_harmed_version_counts_as_absent(tmp_path: Path, harm: str) -> None:
    cache = ToolCache(tmp_path)
    program = _make(cache)
    record = program.parent / ".made.json"
    match harm:
        case "truncated":
            program.write_text("o", "utf-8")
        case "removed":
            program.unlink()
        case "not executable":
            program.chmod(0o644)
        case "no record":
            record.unlink()
        case "cut record":
            record.write_text(record.read_text("utf-8")[:20], "utf-8")

    assert cache.entry("tool", "1.0.0") is None


def test_making_again_replaces_the_version(tmp_path: Path) -> None:
    cache = ToolCache(tmp_path)
    _make(cache)

    program = _make(cache, "two", "r2")

    entry = cache.entry("tool", "1.0.0")
    assert entry is not None
    assert entry.recipe == "r2"
    assert program.read_text("utf-8") == "two"


_KILLED = """
import os, signal, sys
from pathlib import Path
from formerr_infra.local.toolchain.cache import ToolCache

def fill(folder):
    (folder / "tool").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)

cache = ToolCache(Path(sys.argv[1]))
with cache.locked("tool", print):
    cache.make("tool", "1.0.0", "build", "r", fill)
"""


def test_a_killed_making_is_cleaned_up_by_the_next_and_holds_no_lock(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _KILLED, tmp_path], cwd=CHECKOUT, check=False)
    assert done.returncode == -signal.SIGKILL
    cache = ToolCache(tmp_path)
    assert cache.entry("tool", "1.0.0") is None

    waited: list[str] = []
    with cache.locked("tool", waited.append):
        _make(cache)

    assert waited == []
    assert sorted(p.name for p in (tmp_path / "tool").iterdir()) == [".lock", "1.0.0"]


_HOLDING = """
import sys
from pathlib import Path
from formerr_infra.local.toolchain.cache import ToolCache

with ToolCache(Path(sys.argv[1])).locked("tool", print):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_two_runs_do_not_work_on_a_tool_at_once(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDING, tmp_path], cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:  # fmt: skip
        assert other.stdout is not None
        assert other.stdin is not None
        stdin = other.stdin
        assert other.stdout.readline() == "held\n"
        waited: list[str] = []

        def waiting(who: str) -> None:
            waited.append(who)
            if len(waited) == 1:
                stdin.close()

        with ToolCache(tmp_path).locked("tool", waiting):
            pass

    assert waited[0] == f"process {other.pid}"
