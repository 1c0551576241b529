"""The engine's event log, as far as tests ask about it: steps, the summary, what was said.

Form: one JSON object a line (`pulumi ... --event-log FILE`); each has one key that says what it is.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_STYLE = re.compile(r"<\{%.*?%\}>|\x1b\[[0-9;]*m")

#: What the engine calls a step that leaves everything as it is.
QUIET = frozenset({"same", "refresh", "read"})
_LOGICAL = frozenset({"refresh", "replace", "discard-replaced"})


@dataclass(frozen=True, slots=True)
class Event:
    """One step of the engine on one resource: `op` is create, same, import, relinquish, delete, replace, ..."""

    op: str
    type: str
    name: str
    urn: str
    diffs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Log:
    """Everything one operation logged.

    Attributes:
        steps: in order; in an update with its preview, both.
        changes: the last summary: operation -> how many.
        said: every message, without styles.
    """

    steps: tuple[Event, ...] = ()
    changes: dict[str, int] = field(default_factory=dict)
    said: str = ""

    def of(self, *ops: str, cloud: bool = True) -> tuple[Event, ...]:
        """The steps of these operations, on resources of the cloud only unless told otherwise."""
        return tuple(
            step
            for step in self.steps
            if step.op in ops and (not cloud or step.type.startswith("digitalocean:"))
        )

    @property
    def ops(self) -> dict[str, str]:
        """Logical name of each resource of the cloud -> what was done with it last.

        Left out: a refresh, the logical half of a replacement, and what the engine only forgets because it takes the
        same thing in.
        """
        return {
            step.name: step.op
            for step in self.steps
            if step.type.startswith("digitalocean:") and step.op not in _LOGICAL
        }


def read(file: Path) -> Log:
    """Read an event log; an absent one is empty, and a line that a killed engine left half-written is left out."""
    if not file.exists():
        return Log()
    steps: list[Event] = []
    changes: dict[str, int] = {}
    said: list[str] = []
    for line in file.read_text("utf-8").splitlines():
        try:
            event: dict[str, Any] = json.loads(line)
        except ValueError:
            continue
        if "resourcePreEvent" in event:
            steps.append(_step(event["resourcePreEvent"]["metadata"]))
        elif "diagnosticEvent" in event:
            if event["diagnosticEvent"].get("severity") != "debug":
                said.append(event["diagnosticEvent"].get("message", ""))
        elif "summaryEvent" in event:
            changes = event["summaryEvent"].get("resourceChanges") or {}
    return Log(tuple(steps), changes, _STYLE.sub("", "".join(said)))


def _step(metadata: dict[str, Any]) -> Event:
    return Event(
        op=metadata["op"],
        type=metadata["type"],
        name=metadata["urn"].rsplit("::", 1)[1],
        urn=metadata["urn"],
        diffs=tuple(metadata.get("diffs") or ()),
    )
