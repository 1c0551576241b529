"""Phases and the engine's steps as they happen, with the time that each takes: drawn at a terminal, lines elsewhere.

On stderr, so that what a command prints can be read by a program.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.text import Text

from formerr_infra.cli.options import console, verbose
from formerr_infra.engine import Phase
from formerr_infra.guard.kinds import LOGICAL
from formerr_infra.report import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.progress import Progress, TaskID

    from formerr_infra.deploy import Report
    from formerr_infra.engine import Event

_STYLE = {"done": "green", "failed": "bold red"}


class Screen:
    """What a person sees; see `deploy.Screen`.

    Args:
        plan: where decisions, changes and verdict go; None where the command prints one document.
    """

    def __init__(self, plan: Console | None) -> None:
        self._console = console(stderr=True)
        self._plan = plan
        self._live: Progress | None = None
        self._steps: dict[str, TaskID] = {}
        self._began: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """A phase, from its beginning to its end."""
        began = time.monotonic()
        with self._drawn(name):
            how = "failed"
            try:
                yield
                how = "done"
            finally:
                self._steps.clear()
                self._began.clear()
                self._line(f"{name:<9} {how} in {time.monotonic() - began:.1f} s", _STYLE[how])

    def say(self, text: str) -> None:
        """A line."""
        self._line(text)

    def interrupted(self) -> None:
        """Somebody wants it to end."""
        self._line(
            "the engine ends in order: what it has begun comes to its end. Again, and it ends at once, which can leave "
            "something behind that the next run has to take in",
            "yellow",
        )

    def plan(self, report: Report) -> None:
        """Decisions, changes and verdict."""
        if self._plan is not None:
            from formerr_infra.cli.plan import plan

            plan(report, self._plan)

    def event(self, event: Event) -> None:
        """A step of the engine; what it says, if that is wanted."""
        if event.diagnostic is not None and verbose():
            for line in event.diagnostic.text.splitlines():
                self._line(f"  {line}", "dim")
        change = event.change
        if change is None or change.quiet or change.type.startswith(LOGICAL) or event.planning:
            return
        match event.phase:
            case Phase.BEGUN:
                self._began[change.urn] = time.monotonic()
                if self._live is not None:
                    self._steps[change.urn] = self._live.add_task(
                        clean(f"  {change.op} {change.name}"), total=None
                    )
                else:
                    self._line(f"  {change.name}: {change.op}")
            case Phase.DONE | Phase.FAILED:
                task = self._steps.pop(change.urn, None)
                if self._live is not None and task is not None:
                    self._live.remove_task(task)
                took = time.monotonic() - self._began.pop(change.urn, time.monotonic())
                how = "done" if event.phase is Phase.DONE else "failed"
                identity = change.new_id or change.id
                shown = f" ({identity})" if identity else ""
                self._line(f"  {change.name}: {change.op} {how} in {took:.1f} s{shown}", _STYLE[how])
            case _:
                pass

    @contextmanager
    def _drawn(self, name: str) -> Iterator[None]:
        """While it lasts: a spinner with the time, at a terminal."""
        if not self._console.is_terminal:
            self._line(name)
            yield
            return
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns: tuple[Any, ...] = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console, transient=True) as live:
            live.add_task(name, total=None)
            self._live = live
            try:
                yield
            finally:
                self._live = None

    def _line(self, text: str, style: str = "") -> None:
        self._console.print(Text(clean(text), style=style), soft_wrap=True)
