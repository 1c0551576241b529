"""What was measured, as rows: one for each command on each side, with the times of all its runs; values only."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from bench.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OURS = "formerr-infra"
STATIC = "static"
OBVIOUS = "obvious port"
OLD = "old design"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command.

    Attributes:
        seconds: from its start to its end.
        calls: requests that the account got meanwhile.
        chain: of these, the longest row of answers waited for one after the other.
        deletes: deletions that were carried out.
        said: what it printed.
        code: exit code.
        peaks: process -> the most memory that it held at once, MB; empty where that was not looked at.
    """

    seconds: float
    calls: int
    chain: int
    deletes: int = 0
    said: str = field(default="", repr=False)
    code: int = 0
    peaks: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """All runs of one command on one side.

    Attributes:
        what: the command.
        side: whose it is.
        latency: what was added to each answer; seconds.
        size: of what was varied, as text: of the account or of the state; empty where nothing was.
        seconds: of each run.
        calls, chain, deletes: see `Run`; the most of all runs.
        peaks: see `Run`; the most of all runs.
    """

    what: str
    side: str
    latency: float
    size: str
    seconds: tuple[float, ...]
    calls: int
    chain: int
    deletes: int = 0
    peaks: Mapping[str, float] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """The time that counts."""
        return statistics.median(self.seconds)

    @property
    def limit(self) -> float:
        """Seconds that the answers alone take, where each waits for the one before it."""
        return self.chain * self.latency

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        rounded = {name: round(value, 1) for name, value in self.peaks.items()}
        return asdict(self) | {"seconds": [round(one, 3) for one in self.seconds], "peaks": rounded}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Row:
        """From JSON."""
        return cls(**{**plain, "seconds": tuple(plain["seconds"])})


class Rows:
    """Runs as they come, gathered."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, str, float, str], list[Run]] = {}

    def add(self, what: str, side: str, run: Run, *, latency: float, size: str = "") -> Run:
        """One more run; gives it back."""
        self._runs.setdefault((what, side, latency, size), []).append(run)
        return run

    def all(self) -> list[Row]:
        """A row for each, in the order in which they came first."""
        return [
            Row(
                *key,
                tuple(one.seconds for one in runs),
                max(one.calls for one in runs),
                max(one.chain for one in runs),
                max(one.deletes for one in runs),
                _most(one.peaks for one in runs),
            )
            for key, runs in self._runs.items()
        ]

    def one(self, what: str, side: str, *, latency: float, size: str = "") -> Row:
        """The row of this name.

        Raises:
            LookupError: there is none.
        """
        wanted = (what, side, latency, size)
        for row in self.all():
            if (row.what, row.side, row.latency, row.size) == wanted:
                return row
        raise LookupError(f"nothing was measured of {wanted}")


@dataclass(frozen=True, slots=True)
class Measured:
    """What a part has found.

    Attributes:
        figures: with their targets.
        rows: behind them.
        left_out: what could not be measured here, and why.
    """

    figures: list[Figure]
    rows: list[Row] = field(default_factory=list)
    left_out: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "figures": [figure.plain() for figure in self.figures],
            "rows": [row.plain() for row in self.rows],
            "left_out": list(self.left_out),
        }


def against(name: str, row: Row, base: Row, target: float | None) -> Figure:
    """Median over median."""
    detail = f"{row.median:.2f} s : {base.median:.2f} s, medians of {_counted(row)} and {_counted(base)} runs"
    return Figure(name, row.median / base.median, "x", target, detail=detail)


def _counted(row: Row) -> int:
    return len(row.seconds)


def _most(each: Iterable[Mapping[str, float]]) -> dict[str, float]:
    most: dict[str, float] = {}
    for peaks in each:
        for name, value in peaks.items():
            most[name] = max(most.get(name, 0.0), value)
    return most
