"""Where files of a state lie: a folder of this machine, or a bucket (`s3`). I/O, no decisions."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from formerr_infra.backup.address import Bucket, Cloud, Folder
from formerr_infra.backup.errors import BackendUnusable, BackupMissing, StateFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from formerr_infra.backup.address import Address


class Place(Protocol):
    """Files by name; a name may have slashes. Errors are `StateFailed`."""

    @property
    def shown(self) -> str:
        """As a message names it."""

    def names(self, under: str) -> list[str]:
        """What lies directly in a folder, by its whole name; empty where there is no such folder."""

    def read(self, name: str) -> bytes:
        """A file. Raises BackupMissing where there is none."""

    def write(self, name: str, data: bytes) -> None:
        """A new file, whole or not at all, for nobody else to read."""

    def remove(self, name: str) -> None:
        """Take a file away."""


@dataclass(frozen=True, slots=True)
class FolderPlace:
    """A folder of this machine; made when something is first written."""

    root: Path

    @property
    def shown(self) -> str:
        return os.fspath(self.root)

    def names(self, under: str) -> list[str]:
        try:
            return [f"{under}/{one.name}" for one in (self.root / under).iterdir() if one.is_file()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StateFailed(f"{self.root / under} cannot be read: {error.strerror}") from None

    def read(self, name: str) -> bytes:
        try:
            return (self.root / name).read_bytes()
        except FileNotFoundError:
            raise BackupMissing(f"there is no {name} in {self.root}") from None
        except OSError as error:
            raise StateFailed(f"{self.root / name} cannot be read: {error.strerror}") from None

    def write(self, name: str, data: bytes) -> None:
        final = self.root / name
        part = final.with_name(f".{final.name}.{secrets.token_hex(4)}")
        try:
            final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(final)
            _sync(final.parent)
        except OSError as error:
            with suppress(OSError):
                part.unlink()
            raise StateFailed(f"{final} cannot be written: {error.strerror}") from None

    def remove(self, name: str) -> None:
        try:
            (self.root / name).unlink(missing_ok=True)
        except OSError as error:
            raise StateFailed(f"{self.root / name} cannot be removed: {error.strerror}") from None


def place(address: Address, environ: Mapping[str, str]) -> Place:
    """The place of an address.

    Raises:
        BackendUnusable: nothing can be kept there.
        SettingsError: a bucket's credentials are not in the environment.
    """
    match address:
        case Folder(path):
            return FolderPlace(path)
        case Bucket():
            from formerr_infra.backup.s3 import BucketPlace

            return BucketPlace.of(address, environ)
        case Cloud(url):
            raise BackendUnusable(f"{url} keeps stacks and no files: name a folder or a bucket")


def _sync(folder: Path) -> None:
    """So that the new name outlives a power cut, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
