"""What stops a command about environments on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.engine.errors import EngineInterrupted
from formerr_infra.errors import FormerrError, PreflightFailed, Refused

if TYPE_CHECKING:
    from formerr_infra.environments.listing import Swept


class EnvironmentExists(Refused):
    """An environment of that name is there already; nothing was written."""


class NoSuchEnvironment(Refused):
    """There is no environment of that name, or it is none that `formerr env` may change."""


class NoRoom(PreflightFailed):
    """No range, or no port, is free; nothing was written."""


class BackendFailed(FormerrError):
    """Pulumi could not read or change the stacks of the backend; the message holds its own words."""

    exit_code = 14


class SweepInterrupted(EngineInterrupted):
    """Interrupted: the environment that was under way ended in order, and no other was begun.

    Attributes:
        swept: what had become of those before it.
    """

    def __init__(self, name: str, why: str, swept: tuple[Swept, ...]) -> None:
        self.swept = swept
        gone = ", ".join(one.name for one in swept if one.gone)
        left = "".join(f"\n  {one.name}: {one.why}" for one in swept if not one.gone)
        super().__init__(
            f"{name}: {why}. No other was begun. Swept until then: {gone or 'none'}"
            + (f"; still there:{left}" if left else "")
        )


class SweepIncomplete(FormerrError):
    """Something that is expired is still there; each one's own reason was said. The others were swept."""

    exit_code = 17
