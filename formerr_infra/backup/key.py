"""The passphrase of backups, from the environment alone: never an argument, never a file of the project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from formerr_infra import files
from formerr_infra.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "FORMERR_BACKUP_PASSPHRASE"
FILE_VARIABLE = f"{VARIABLE}_FILE"
SHORTEST = 16


def passphrase(environ: Mapping[str, str]) -> str:
    """The passphrase.

    Raises:
        SettingsError: there is none, or one that could be guessed.
    """
    given, file = environ.get(VARIABLE), environ.get(FILE_VARIABLE)
    if given and file:
        raise SettingsError([f"{VARIABLE} and {FILE_VARIABLE} are both set: one of them is meant"])
    if file:
        try:
            given = files.text_of(Path(file), pipe=True).rstrip("\r\n")
        except OSError as error:
            raise SettingsError([f"{FILE_VARIABLE}={file}: cannot be read: {error}"]) from None
    if not given:
        raise SettingsError(
            [
                f"{VARIABLE} is not set: a backup is encrypted with it, and restored with it alone. Make one, and keep it elsewhere than the backups: openssl rand -base64 33"
            ]
        )
    if len(given) < SHORTEST:
        raise SettingsError([f"{VARIABLE} has {len(given)} characters: at least {SHORTEST} are needed"])
    return given
