"""Who holds a stack, read from the files that the engine's own backends keep their locks in. Reads, clears nothing.

Pulumi Cloud keeps its locks to itself: nothing is known of them here, and the engine says so itself when it is asked to
write.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from formerr_infra.backup.address import Cloud
from formerr_infra.backup.errors import BackupMissing
from formerr_infra.backup.places import place
from formerr_infra.engine.locks import Lock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.backup.address import Address


def held(address: Address, project: str, stack: str, environ: Mapping[str, str]) -> tuple[Lock, ...]:
    """The locks of a stack.

    Args:
        address: of the backend.
        project, stack: of the stack.
        environ: a bucket's credentials.

    Raises:
        SettingsError: the credentials are missing.
        StateFailed: the backend cannot be read.
    """
    if isinstance(address, Cloud):
        return ()
    where = place(address, environ)
    found = []
    for name in where.names(f".pulumi/locks/organization/{project}/{stack}"):
        if not name.endswith(".json"):
            continue
        try:
            found.append(_read(where.read(name)))
        except BackupMissing:
            continue  # the run ended meanwhile
    return tuple(found)


def _read(text: bytes) -> Lock:
    """One lock; a run that was killed while it wrote it leaves one that says nothing."""
    try:
        told = json.loads(text)
        return Lock(str(told["username"]), str(told["hostname"]), int(told["pid"]), str(told["timestamp"]))
    except (LookupError, TypeError, ValueError):
        return Lock("somebody", "a machine that is not named", 0, "an unknown time")
