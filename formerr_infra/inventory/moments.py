"""Times as the APIs write them: DigitalOcean's, and an API server's."""

from __future__ import annotations

from datetime import UTC, datetime

#: Nothing of an account is older; before it are the times that stand for none (Go's is in the year 1).
_OLDEST_YEAR = 2000


def moment(value: object) -> datetime | None:
    """RFC 3339, with up to nanoseconds, as UTC; None where there is none, also where a zero is written for it."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year >= _OLDEST_YEAR else None
