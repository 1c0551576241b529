"""Whether there is a backup of the present state, and how old it is; production is not taken down without one. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from formerr_infra.destroy.stops import Stop

#: How old a backup may be.
FRESH = timedelta(hours=1)


class Backup(Protocol):
    """What is asked of a backup; see `formerr_infra.backup`."""

    @property
    def taken(self) -> datetime: ...

    @property
    def checksum(self) -> str: ...


def stale(stack: str, latest: Backup | None, checksum: str, now: datetime) -> Stop | None:
    """Why the latest backup is not enough; None where it is.

    Args:
        stack: short name.
        latest: the newest backup that is whole, if there is one.
        checksum: of the present state.
        now: with a time zone.
    """
    settle = f"`formerr state backup {stack}`, then again"
    if latest is None:
        return Stop(f"there is no backup of the state of {stack}", settle)
    age = now - latest.taken
    if latest.checksum != checksum:
        return Stop(
            f"the backup of {latest.taken.isoformat()} is of another state than the present one", settle
        )
    if age > FRESH:
        hours = age.total_seconds() / 3600
        return Stop(f"the backup of {latest.taken.isoformat()} is {hours:.1f} hours old", settle)
    return None
