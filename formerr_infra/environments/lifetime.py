"""Times to live: how they are written, and when one has ended. Pure; the clock is handed in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from formerr_infra.errors import SettingsError
from formerr_infra.settings.kinds import MOMENT

_TTL = re.compile(r"([0-9]{1,5})([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
SHORTEST, LONGEST = timedelta(minutes=10), timedelta(days=90)


def time_to_live(text: str) -> timedelta:
    """A time to live such as 90m, 72h or 14d.

    Raises:
        SettingsError: it is not one, or too short or too long for one.
    """
    match = _TTL.fullmatch(text)
    found = int(match[1]) * _UNITS[match[2]] if match else None
    if found is None or not SHORTEST <= found <= LONGEST:
        raise SettingsError(
            [f"--ttl {text}: a time such as 90m, 72h or 14d is expected, from 10m to {LONGEST.days}d"]
        )
    return found


def written(moment: datetime) -> str:
    """A moment as settings and tags have it."""
    return moment.astimezone(UTC).strftime(MOMENT)


def read(text: str) -> datetime | None:
    """The moment that a text says; None for one that says none, which is never taken for one that has come."""
    try:
        return datetime.strptime(text, MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None


def asked(text: str) -> datetime:
    """A moment that a user named.

    Raises:
        SettingsError: it is none.
    """
    found = read(text)
    if found is None:
        raise SettingsError([f"--now {text}: a time such as 2026-11-28T15:00:00Z is expected"])
    return found


def latest(*moments: datetime | None) -> datetime | None:
    """The last of those that are known: of two that disagree neither may come early."""
    return max((one for one in moments if one is not None), default=None)
