"""What stops a command about environments on purpose."""

from __future__ import annotations

from formerr_infra.errors import FormerrError, PreflightFailed, Refused


class EnvironmentExists(Refused):
    """An environment of that name is there already; nothing was written."""


class NoSuchEnvironment(Refused):
    """There is no environment of that name, or it is none that `formerr env` may change."""


class NoRoom(PreflightFailed):
    """No range, or no port, is free; nothing was written."""


class BackendFailed(FormerrError):
    """Pulumi could not read or change the stacks of the backend; the message holds its own words."""

    exit_code = 14


class SweepIncomplete(FormerrError):
    """Something that is expired is still there; each one's own reason was said. The others were swept."""

    exit_code = 17
