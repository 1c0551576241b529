"""Takes backups of a stack and finds them again."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from formerr_infra.backup import state
from formerr_infra.backup.address import parse
from formerr_infra.backup.errors import StateFailed
from formerr_infra.backup.key import passphrase
from formerr_infra.backup.places import place
from formerr_infra.backup.retention import Retention
from formerr_infra.backup.sealed import Header
from formerr_infra.backup.shelf import Shelf
from formerr_infra.naming import PROJECT, require_stack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.backup.shelf import Backup

#: Where backups lie where nothing else is said: a folder beside Pulumi.yaml, which git is told to ignore.
WHERE, FOLDER = "FORMERR_BACKUP_TO", "backups"
KEEP = 10


@dataclass(frozen=True, slots=True)
class Taken:
    """A new backup, and the names of old ones that were let go of for it."""

    backup: Backup
    removed: tuple[str, ...]


def shelf(
    folder: Path, stack: str, *, to: str | None = None, environ: Mapping[str, str] | None = None
) -> Shelf:
    """The backups of a stack.

    Args:
        folder: of Pulumi.yaml.
        stack: its name.
        to: the place: a folder or `s3://...`; FORMERR_BACKUP_TO, else `backups` in the folder, if left out.
        environ: this process's own if left out.

    Raises:
        SettingsError: the address or the name is wrong, or a bucket's credentials are missing.
    """
    require_stack(stack)
    environ = os.environ if environ is None else environ
    base = folder if to is None and not environ.get(WHERE) else Path.cwd()
    return Shelf(place(parse(to or environ.get(WHERE) or FOLDER, base), environ), PROJECT, stack)


def latest(
    folder: Path, stack: str, *, to: str | None = None, environ: Mapping[str, str] | None = None
) -> Backup | None:
    """The newest backup of a stack that is not damaged; see `shelf`. Needs no passphrase.

    Raises:
        SettingsError: the address is wrong, or a bucket's credentials are missing.
        StateFailed: the place cannot be read.
    """
    return shelf(folder, stack, to=to, environ=environ).latest()


def take(
    folder: Path,
    stack: str,
    *,
    to: str | None = None,
    keep: int = KEEP,
    export: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Taken:
    """Back a stack up.

    Args:
        folder, stack, to, environ: see `shelf`.
        keep: how many of the newest stay; beside them one stays for each of the last days, weeks and months.
        export: the state, if it was exported just now.

    Raises:
        SettingsError: address, credentials or passphrase are wrong or missing.
        StackMissing: there is no such stack.
        StateFailed: it cannot be written, or the export has an unknown form.
    """
    from formerr_infra.engine import Engine

    environ = os.environ if environ is None else environ
    key = passphrase(environ)
    into = shelf(folder, stack, to=to, environ=environ)
    held = Engine(folder, stack, environ).export() if export is None else export
    facts = state.facts(held)
    strangers = state.strangers(state.things(held), PROJECT, stack)
    if strangers:
        raise StateFailed(
            f"the state of {stack} holds what is of another project or stack, and was not backed up: {strangers[0]}"
        )
    now = datetime.now(UTC).replace(microsecond=0)
    backup = into.add(held, Header.of(PROJECT, stack, now, facts), key)
    return Taken(backup, tuple(into.tidy(Retention(keep), backup.name)))
