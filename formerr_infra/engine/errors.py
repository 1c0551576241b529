"""What stops a run of the engine, as a person should read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.errors import FormerrError, Refused

if TYPE_CHECKING:
    from formerr_infra.engine.events import Result


class EngineFailed(FormerrError):
    """Pulumi ended with an error; the message is what it said itself.

    Attributes:
        seen: what the engine had planned, done and said until then; None where it came to nothing.
    """

    exit_code = 14

    def __init__(self, message: str, seen: Result | None = None) -> None:
        self.seen = seen
        super().__init__(message)


class EngineInterrupted(FormerrError):
    """Interrupted: the engine was told to stop, and ended in order."""

    exit_code = 130


class StackMissing(Refused):
    """There is no such stack in the state's backend."""


class StackLocked(Refused):
    """Another run holds the stack's lock, or a killed one left it."""
