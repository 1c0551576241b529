"""No core dump of what is run here, nor of what that starts: all secrets of a run would lie in it (docs/adr/0062-no-core-dumps.md)."""

from __future__ import annotations

from contextlib import suppress


def none() -> None:
    """Forbid them to this process and to every one that it starts, where the system knows such a limit."""
    # Windows has neither the module nor the dumps.
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
