"""A figure, its target, and the table of them."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console

#: What the emulator adds to each answer; seconds.
LATENCY = 0.05


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    Attributes:
        name: what was measured.
        value: the figure.
        unit: `x` for a ratio, `s` for seconds, `calls`.
        target: what it has to be; None for one that is only shown.
        above: the target is a lower bound; otherwise an upper one.
        detail: the numbers behind it.
    """

    name: str
    value: float
    unit: str
    target: float | None = None
    above: bool = False
    detail: str = ""

    @property
    def met(self) -> bool:
        """Whether it is as promised."""
        if self.target is None:
            return True
        return self.value >= self.target if self.above else self.value <= self.target

    def plain(self) -> dict[str, object]:
        """As JSON has it."""
        return asdict(self) | {"met": self.met}


def pairs(
    one: Callable[[], float], other: Callable[[], float], count: int
) -> tuple[list[float], list[float]]:
    """Measure two things in turn, each after the other, so that both see the same machine."""
    firsts, seconds = [], []
    for _ in range(count):
        firsts.append(one())
        seconds.append(other())
    return firsts, seconds


def ratio(name: str, measured: Sequence[float], base: Sequence[float], target: float | None) -> Figure:
    """Median over median, both in seconds."""
    ours, theirs = statistics.median(measured), statistics.median(base)
    detail = f"{ours * 1000:.0f} ms : {theirs * 1000:.0f} ms, medians of {len(measured)} pairs"
    return Figure(name, ours / theirs, "x", target, detail=detail)


def show(figures: Sequence[Figure], console: Console) -> None:
    """Print the table."""
    table = Table(title=f"{LATENCY * 1000:.0f} ms added to each answer")
    for heading in ("figure", "measured", "target", "", "behind it"):
        table.add_column(heading, overflow="fold")
    for figure in figures:
        target = (
            ""
            if figure.target is None
            else f"{'>=' if figure.above else '<='} {figure.target:g} {figure.unit}"
        )
        verdict = "" if figure.target is None else "[green]met[/]" if figure.met else "[red]missed[/]"
        table.add_row(figure.name, f"{figure.value:.3g} {figure.unit}", target, verdict, figure.detail)
    console.print(table)
