"""Settings of a stack: typed and checked once, at the edge, before the first call."""

from __future__ import annotations

from formerr_infra.inventory.facts import Access
from formerr_infra.settings.account import access_of
from formerr_infra.settings.schema import Settings
from formerr_infra.settings.sources import (
    access,
    check,
    check_name,
    complete,
    engine_access,
    engine_slack,
    for_application,
    from_config,
    from_engine,
    from_files,
)

__all__ = [
    "Access",
    "Settings",
    "access",
    "access_of",
    "check",
    "check_name",
    "complete",
    "engine_access",
    "engine_slack",
    "for_application",
    "from_config",
    "from_engine",
    "from_files",
]
