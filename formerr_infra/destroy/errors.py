"""What stops a destroy on purpose, and what it ends with where something is left."""

from __future__ import annotations

from formerr_infra.errors import FormerrError, Refused


class DestroyRefused(Refused):
    """The stack is not taken down as it stands; nothing was deleted."""


class LeftBehind(FormerrError):
    """The stack was taken down, and something is there that should not be."""

    exit_code = 15
