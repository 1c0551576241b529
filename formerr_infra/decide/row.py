"""What a row of the decision table is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from formerr_infra.decide.case import Case
    from formerr_infra.decide.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Cells:
    """One row of the published table, as it is read.

    Attributes:
        number: as published; a letter marks a row that was added between two others.
        held, live, policy, outcome: the cells of the page.
    """

    number: str
    held: str
    live: str
    policy: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Row(Cells):
    """One row that matches by itself.

    Attributes:
        matches: whether the row decides the case.
        verdict: what it says.
    """

    matches: Callable[[Case], bool]
    verdict: Callable[[Case], Verdict]
