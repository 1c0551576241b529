"""Breaking things on purpose: faults by method and path, reproducible by seed.

A fault matches requests that have a valid token. The first fault that fires decides how the request ends; those that
only bend lists (`hide_from_lists`, `move_across_pages`) add up. Faults are not part of the saved state.
"""

from __future__ import annotations

import random
import re
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from formerr_infra.emulator.store import Json


@dataclass(slots=True)
class Fault:
    """One fault; see the fields. It fires on matches after the first `skip`, `times` times (None: always)."""

    method: str = "*"
    """HTTP method, or `*`."""
    path: str = ""
    """Regular expression searched in the path (without the query)."""
    status: int | None = None
    """Answer with this status; without `after_apply` nothing is changed."""
    message: str | None = None
    retry_after: float | None = None
    """Seconds in a Retry-After header of the answer."""
    delay: float = 0.0
    """Seconds to wait before the request is looked at."""
    hang: bool = False
    """Never answer, until the client goes away."""
    drop: Literal["before", "after"] | None = None
    """Close the connection without an answer, before or after the change is applied."""
    body: Literal["truncated", "cut", "html"] | None = None
    """`truncated`: whole HTTP, half the JSON. `cut`: the connection closes in mid-body. `html`: an error page."""
    after_apply: bool = False
    """Apply the change first, then answer `status`, or hang."""
    times: int | None = None
    skip: int = 0
    probability: float = 1.0
    """Chance to fire on a match; drawn from the seed."""
    hide_from_lists: str | None = None
    """Id (registries: name) that is missing from the lists that match."""
    move_across_pages: str | None = None
    """Id that changes its place after a matching list was answered: to the front, or to the end if it was seen."""
    token_name: str | None = None
    """Only requests of the account of that name."""
    id: int = 0
    matched: int = 0
    fired: int = 0

    @property
    def bends_lists_only(self) -> bool:
        """Whether the request itself goes through."""
        return bool(self.hide_from_lists or self.move_across_pages) and not self.ends_request

    @property
    def ends_request(self) -> bool:
        """Whether the request does not get its proper answer."""
        return bool(self.status or self.hang or self.drop or self.body)


SETTABLE = frozenset(f.name for f in fields(Fault)) - {"id", "matched", "fired"}


@dataclass(slots=True)
class FaultBook:
    """The faults in force."""

    seed: int
    faults: list[Fault] = field(default_factory=list)
    _made: int = 0
    _random: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """No faults any more, and the chances start anew."""
        self.faults.clear()
        self._random = random.Random(self.seed)  # noqa: S311 - chances of faults, no secrets

    def add(self, data: Json) -> Fault:
        """A new fault; ValueError on an unknown field or an expression that is none."""
        unknown = set(data) - SETTABLE
        if unknown:
            raise ValueError(f"unknown fault fields: {', '.join(sorted(unknown))}")
        re.compile(data.get("path", ""))
        self._made += 1
        fault = Fault(**data)
        fault.id = self._made
        self.faults.append(fault)
        return fault

    def fire(self, method: str, path: str, token_name: str) -> list[Fault]:
        """The faults that fire on a request, at most one of them ending it."""
        if not self.faults:
            return []
        fired: list[Fault] = []
        ended = False
        for fault in self.faults:
            if fault.method not in ("*", method) or not re.search(fault.path, path):
                continue
            if fault.token_name is not None and fault.token_name != token_name:
                continue
            if fault.ends_request and ended:
                continue
            fault.matched += 1
            if fault.matched <= fault.skip or (fault.times is not None and fault.fired >= fault.times):
                continue
            if fault.probability < 1.0 and self._random.random() >= fault.probability:
                continue
            fault.fired += 1
            ended = ended or fault.ends_request
            fired.append(fault)
        return fired

    def describe(self) -> list[Json]:
        """All faults with their counts."""
        return [asdict(fault) for fault in self.faults]
