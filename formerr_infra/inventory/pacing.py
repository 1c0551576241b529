"""How fast an account may be asked, as its answers tell: requests that are left, and when there will be more.

A request that the limit has no room for is not sent, where waiting for the room is worth it; one that waits too long is
sent all the same, for the account to say so itself. Nothing here talks to anything.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime

#: A look again at requests that are under way and may have used up what is left; seconds.
_SOON = 0.02
#: What two answers of one window may differ by in when it ends; seconds.
_WHOLE = 1.5
#: The wait after a refusal, whatever less it asks for, and what it is doubled up to while nothing else comes; seconds.
_LEAST, _MOST = 0.1, 2.0
#: More than any limit asks for; seconds.
_A_DAY = 86_400.0


@dataclass(slots=True)
class Pace:
    """What the rate limit allows. All times are of one clock, in seconds.

    Attributes:
        not_before: the account has said that it takes nothing until then.
        remaining: requests that it still takes in this window, those under way not counted off; None where not told.
        until: the end of this window; None where not told.
        limit: requests of a whole window; None where not told.
        under_way: requests without an answer yet.
        patience: the least wait after the last refusal; 0 where an answer came since.
    """

    not_before: float = 0.0
    remaining: int | None = None
    until: float | None = None
    limit: int | None = None
    under_way: int = 0
    patience: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, now: float, left: float) -> float:
        """Seconds to wait before asking again whether a request may be sent; 0: it may, and is under way from now on.

        Args:
            now: the time.
            left: seconds that whoever asks has left.
        """
        with self._lock:
            if self.not_before > now:
                return self.not_before - now
            if self.until is not None and now >= self.until:
                self.remaining, self.until = self.limit, None
            if self.remaining is not None and self.remaining <= self.under_way and self.until is not None:
                wait = self.until - now
                if wait <= left:
                    return min(wait, _SOON) if self.remaining > 0 else wait
            self.under_way += 1
            return 0.0

    def end(self) -> None:
        """A request that was under way has its answer, or will have none."""
        with self._lock:
            self.under_way -= 1

    def tell(self, *, remaining: int, reset_in: float | None, limit: int | None, now: float) -> None:
        """What an answer says. Answers may come in another order than they were given: of one window the least counts."""
        with self._lock:
            until = None if reset_in is None else now + reset_in
            if self.remaining is not None and _same(self.until, until):
                remaining = min(remaining, self.remaining)
            self.remaining, self.until = remaining, until
            self.limit = limit if limit is not None else self.limit

    def refuse(self, now: float, *, wait: float) -> None:
        """A request was one too many: nothing is sent for as long as is asked for, and for longer each time in a row.

        One that comes while nothing is sent was under way before, and is no further one.
        """
        with self._lock:
            if now >= self.not_before:
                self.patience = min(max(2 * self.patience, _LEAST), _MOST)
            self.not_before = max(self.not_before, now + max(wait, self.patience))

    def accept(self) -> None:
        """A request was not one too many."""
        with self._lock:
            self.patience = 0.0

    def allowance(self, now: float) -> tuple[int | None, float | None]:
        """Requests that the account still takes, and seconds until it takes more; None where not told."""
        with self._lock:
            return self.remaining, None if self.until is None else max(0.0, self.until - now)


def _same(one: float | None, other: float | None) -> bool:
    """Whether two ends are those of one window; they are told in whole seconds."""
    return one is not None and other is not None and abs(one - other) < _WHOLE


def wait_that_is_asked_for(text: str | None, now: float) -> float | None:
    """Seconds that a Retry-After asks for, a number or a date; None where it is neither, or longer than any limit's.

    Args:
        text: the header.
        now: the time, in epoch seconds.
    """
    if not text:
        return None
    try:
        wait = float(text)
    except ValueError:
        try:
            until = parsedate_to_datetime(text)
        except (IndexError, OverflowError, TypeError, ValueError):
            return None
        wait = max(0.0, (until if until.tzinfo else until.replace(tzinfo=UTC)).timestamp() - now)
    return wait if 0 <= wait <= _A_DAY else None
