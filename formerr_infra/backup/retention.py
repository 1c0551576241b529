"""Which backups stay: the last few, and one for each of the last days, weeks and months that have any. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

DAILY, WEEKLY, MONTHLY = 7, 5, 12


@dataclass(frozen=True, slots=True)
class Retention:
    """How many stay. Days, weeks and months without a backup do not count, so a pause costs none of the old ones.

    Attributes:
        last: the newest, whenever they were taken; at least one.
        daily, weekly, monthly: the newest of each day, ISO week and month, in UTC.
    """

    last: int
    daily: int = DAILY
    weekly: int = WEEKLY
    monthly: int = MONTHLY

    def __post_init__(self) -> None:
        if self.last < 1 or min(self.daily, self.weekly, self.monthly) < 0:
            raise ValueError("at least the newest backup stays")


def dispensable(taken: Mapping[str, datetime], retention: Retention) -> list[str]:
    """The names of the backups that need not stay, oldest first; never the newest."""
    newest_first = sorted(taken, key=lambda name: (taken[name], name), reverse=True)
    kept = set(newest_first[: retention.last])
    for many, period in (
        (retention.daily, _day),
        (retention.weekly, _week),
        (retention.monthly, _month),
    ):
        kept |= _newest_of_each(newest_first, taken, period, many)
    return [name for name in reversed(newest_first) if name not in kept]


def _newest_of_each(
    newest_first: list[str], taken: Mapping[str, datetime], period: Callable[[datetime], Hashable], many: int
) -> set[str]:
    seen: dict[Hashable, str] = {}
    for name in newest_first:
        seen.setdefault(period(taken[name].astimezone(UTC)), name)
    return set(list(seen.values())[:many])


def _day(moment: datetime) -> Hashable:
    return moment.date()


def _week(moment: datetime) -> Hashable:
    return moment.isocalendar()[:2]


def _month(moment: datetime) -> Hashable:
    return (moment.year, moment.month)
