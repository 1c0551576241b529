"""The record of requests: what was asked, by whom, and whether it changed anything.

Neither tokens nor values of bodies are kept: only the names of the keys, and id and name of the resource. The record
lives in memory and holds the last 100,000 requests.
"""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from formerr_infra.emulator.store import Json

KEPT = 100_000


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request to the API. `status` is None if no answer was given (hang, dropped connection)."""

    number: int
    method: str
    path: str
    query: dict[str, str]
    status: int | None
    at: float
    """Seconds since the epoch by the wall clock."""
    seconds: float
    """How long it took."""
    token_name: str
    """Name of the account; empty if the token was not known."""
    applied: bool
    """Whether the request changed anything."""
    body_keys: list[str]
    resource_id: str = ""
    resource_name: str = ""
    fault: int | None = None
    """Id of the fault that ended it."""


@dataclass(slots=True)
class RequestLog:
    """The record, with a mark to count from."""

    records: deque[RequestRecord] = field(default_factory=lambda: deque(maxlen=KEPT))
    count: int = 0
    marked: int = 0

    def add(self, record: RequestRecord) -> None:
        """Write one request down."""
        self.records.append(record)

    def next_number(self) -> int:
        """The number of the next request, from 1."""
        self.count += 1
        return self.count

    def mark(self) -> int:
        """Remember this moment; gives the number of the last request before it."""
        self.marked = self.count
        return self.marked

    def select(self, *, writes: bool, since_mark: bool) -> list[Json]:
        """The requests, oldest first: only those that are no GET, only those after the mark."""
        return [
            asdict(r)
            for r in self.records
            if not (writes and r.method in ("GET", "HEAD", "OPTIONS"))
            and not (since_mark and r.number <= self.marked)
        ]

    def clear(self) -> None:
        """Forget everything."""
        self.records.clear()
        self.count = self.marked = 0
