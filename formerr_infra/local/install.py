"""All the set-up: virtual environment and toolchain side by side; nothing where both are there.

Run by a bare Python 3.11 or newer, as `python -m formerr_infra.local.install`, so it imports nothing but the
standard library. A stamp for each half makes a warm run cost a few milliseconds. It starts nothing and
deploys nothing.

Exit codes: 0 everything is there; 2 a setting is wrong; 11 the virtual environment or the requirements; 12 a
program of the toolchain; 130 interrupted (the next run goes on where this one was). 10 is
`setup/bootstrap.py`: no Python fits. Where both halves fail, the first one's code counts and both are
explained.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

from formerr_infra import children
from formerr_infra.errors import FormerrError
from formerr_infra.local import bytecode
from formerr_infra.local.packages import LOCKS, Environment
from formerr_infra.local.paths import LocalPaths
from formerr_infra.local.progress import Progress, clock
from formerr_infra.local.toolchain import gobuild
from formerr_infra.local.tools import Toolbox, ToolSet

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


def main(argv: list[str] | None = None) -> int:
    """Set everything up; the exit code."""
    sets = _sets(argv)
    began = time.monotonic()
    paths = LocalPaths.of()
    try:
        toolbox = Toolbox(paths, os.environ, sets) if sets else None
    except FormerrError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    environment = Environment(paths.checkout, children.for_tool(os.environ), LOCKS if sets else LOCKS[:1])
    bytecode.write(paths.checkout)
    if environment.is_ready() and (toolbox is None or toolbox.is_ready()):
        return 0
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with Progress() as progress:
            failures = _both(environment, toolbox, paths, progress)
    except KeyboardInterrupt:
        gobuild.stop_all()
        sys.stderr.write("interrupted; what is there so far is kept, and the next run goes on from it\n")
        sys.stderr.flush()
        # Threads may be waiting for programs that were just told to end; nobody waits for them.
        os._exit(130)
    for failure in failures:
        sys.stderr.write(f"\n{failure}\n")
    if failures:
        return failures[0].exit_code
    sys.stderr.write(f"set-up done in {clock(time.monotonic() - began)}\n")
    return 0


def _sets(argv: list[str] | None) -> frozenset[ToolSet]:
    parser = argparse.ArgumentParser(prog="setup", description="Prepare everything that local mode needs.")
    parser.add_argument(
        "--no-application",
        action="store_true",
        help="leave out what only the application on the cluster needs",
    )
    parser.add_argument(
        "--runtime",
        action="store_true",
        help="only what a run against the real cloud needs: its requirements, no program of the toolchain",
    )
    parser.add_argument("--lint", action="store_true", help="what only the linters need, too")
    parser.add_argument("--checks", action="store_true", help="what only the linters and the tests need, too")
    asked = parser.parse_args(argv)
    if asked.runtime:
        return frozenset()
    application = frozenset() if asked.no_application else frozenset({ToolSet.APPLICATION})
    checks = frozenset({ToolSet.CHECKS}) if asked.checks else frozenset()
    lint = frozenset({ToolSet.LINT}) if asked.lint or asked.checks else frozenset()
    return frozenset({ToolSet.CORE}) | application | lint | checks


def _both(
    environment: Environment, toolbox: Toolbox | None, paths: LocalPaths, progress: Progress
) -> list[FormerrError]:
    failures: list[FormerrError] = []
    paths.local_dir.mkdir(parents=True, exist_ok=True)
    with (paths.local_dir / "setup.lock").open("a") as lock:
        _take(lock.fileno(), progress)

        def packages() -> None:
            with progress.task("Python packages") as task:
                if environment.ensure(task):
                    progress.note(f"  Python packages: installed in {clock(task.elapsed)}")

        def tool(name: str, box: Toolbox) -> Callable[[], None]:
            def work() -> None:
                with progress.task(name) as task:
                    found = box.ensure(name, task)
                    if found is not None:
                        progress.note(f"  {box.told(found)} ({clock(task.elapsed)})")

            return work

        def guarded(work: Callable[[], None]) -> Callable[[], None]:
            def run() -> None:
                try:
                    work()
                except FormerrError as error:
                    failures.append(error)
                except Exception as error:  # a thread's error would otherwise end as a success
                    failures.append(FormerrError(f"set-up: {type(error).__name__}: {error}"))

            return run

        works = [packages]
        if toolbox is not None:
            works += [tool(name, toolbox) for name in toolbox.open()]
        threads = [threading.Thread(target=guarded(work), daemon=True) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.2)
        # What there is stays known where something else failed: the four slots need no Kubernetes.
        if toolbox is not None:
            toolbox.remember()
    return failures


def _take(lock: int, progress: Progress) -> None:
    """Wait for another set-up of this checkout."""
    told = False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if not told:
                progress.note("  another set-up of this checkout is running; waiting for it")
                told = True
            time.sleep(0.2)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
