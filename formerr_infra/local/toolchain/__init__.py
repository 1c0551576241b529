"""The programs that local mode runs: found, fetched or built, by one table and one order.

For each program: on the PATH in a version that fits; the official release, its checksum verified; the build
from published Go modules, verified by the go.sum beside it; a package of npm, its integrity pinned. A new program is a row in `table`, and with a
build a folder in `modules/`; no code.

Standard library only: it runs beside the making of the virtual environment. It never changes what it finds on
the PATH and writes nowhere but in the cache.
"""

from __future__ import annotations

from formerr_infra.local.toolchain.errors import Attempt, ToolUnavailable, WayFailed
from formerr_infra.local.toolchain.resolve import Found, Resolver, Way
from formerr_infra.local.toolchain.table import TABLE, GoBuild, Package, Release, Tool, tool

__all__ = [
    "TABLE",
    "Attempt",
    "Found",
    "GoBuild",
    "Package",
    "Release",
    "Resolver",
    "Tool",
    "ToolUnavailable",
    "Way",
    "WayFailed",
    "tool",
]
