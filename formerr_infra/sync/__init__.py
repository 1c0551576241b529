"""Staging brought up to production's pattern: what differs, what stays staging's own, and the file that comes of it.

Pure: texts in, texts out. It knows no engine, no account and no other file than the two it is given.
"""

from __future__ import annotations

from formerr_infra.sync.brought import Brought, Change, Kind, bring

__all__ = ["Brought", "Change", "Kind", "bring"]
