"""Backups of a stack's state, the way back, and places for the state itself.

A backup is the export of the stack, encrypted whole: what is secret in a state is ciphertext there already, names, ids and
addresses are not.

    latest(folder, stack)     the newest backup that is not damaged, or None: when it was taken, of which state
    take(folder, stack, ...)  a new one, and old ones let go of
    checksum(export)          of what a state holds: that of a backup of the same state is the same
"""

from __future__ import annotations

from formerr_infra.backup.errors import (
    BackendUnusable,
    BackupDamaged,
    BackupMissing,
    RestoreRefused,
    StateFailed,
)
from formerr_infra.backup.shelf import Backup, Damaged
from formerr_infra.backup.state import checksum
from formerr_infra.backup.take import Taken, latest, shelf, take

__all__ = [
    "BackendUnusable",
    "Backup",
    "BackupDamaged",
    "BackupMissing",
    "Damaged",
    "RestoreRefused",
    "StateFailed",
    "Taken",
    "checksum",
    "latest",
    "shelf",
    "take",
]
