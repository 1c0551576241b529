"""What stops a command on the state on purpose.

    FormerrError
    └── StateFailed          exit 16   a backup, a restore or a backend
        ├── BackupMissing    exit 16
        ├── BackupDamaged    exit 16
        ├── RestoreRefused   exit 16
        └── BackendUnusable  exit 16

A wrong address or a missing passphrase is a `SettingsError` (exit 2): it stops before anything is asked.
"""

from __future__ import annotations

from formerr_infra.errors import FormerrError


class StateFailed(FormerrError):
    """A backup could not be written or read, or a backend cannot be used."""

    exit_code = 16


class BackupMissing(StateFailed):
    """There is no such backup."""


class BackupDamaged(StateFailed):
    """A backup is not what was written, or the passphrase is another one; nothing was restored."""


class RestoreRefused(StateFailed):
    """The backup is of something else, or the stack is in use; nothing was restored."""


class BackendUnusable(StateFailed):
    """The place for the state cannot be reached, read or written, or holds another state already."""
