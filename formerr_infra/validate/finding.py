"""What is found, and how SARIF 2.1.0 says it (OASIS, "Static Analysis Results Interchange Format", 3.13 and 3.27)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_PLACE = re.compile(r"(?P<file>[\w./-]+\.ya?ml)(:(?P<line>\d+))?: (?P<rest>.*)", re.DOTALL)


class Level(StrEnum):
    """What a finding means for a run; the words are SARIF's."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        file: relative to the checkout.
        line: from 1; 0 where no line is to blame.
        rule: which check found it.
        message: what, and what to do; never a secret's value.
        level: whether a run would end with it.
    """

    file: str
    line: int
    rule: str
    message: str
    level: Level = Level.ERROR

    @property
    def text(self) -> str:
        """As compilers say it: `file:line: error: message [rule]`."""
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.level.value}: {self.message} [{self.rule}]"


def placed(message: str, file: str, rule: str) -> Finding:
    """A finding from a message that may begin with its place: `Pulumi.staging.yaml:3: ...`."""
    if match := _PLACE.fullmatch(message):
        return Finding(match["file"], int(match["line"] or 0), rule, match["rest"])
    return Finding(file, 0, rule, message)


def sarif(findings: Sequence[Finding]) -> dict[str, Any]:
    """The findings as a SARIF log with one run."""
    rules = sorted({one.rule for one in findings})
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "formerr validate", "rules": [{"id": rule} for rule in rules]}},
                "results": [_result(one) for one in findings],
            }
        ],
    }


def _result(one: Finding) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": one.file}}
    if one.line:
        place["region"] = {"startLine": one.line}
    return {
        "ruleId": one.rule,
        "level": one.level.value,
        "message": {"text": one.message},
        "locations": [{"physicalLocation": place}],
    }
