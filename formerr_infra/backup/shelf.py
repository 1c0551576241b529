"""The backups of one stack in a place: `<place>/<project>/<stack>/<time>-<random>.backup`. Adds, lists, and lets go of old ones.

What has another name is somebody else's: never read, never removed. What is damaged is said, counts for nothing, and
is not removed either.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from formerr_infra.backup import sealed
from formerr_infra.backup.errors import BackupDamaged, BackupMissing, StateFailed
from formerr_infra.backup.retention import dispensable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from formerr_infra.backup.places import Place
    from formerr_infra.backup.retention import Retention

_NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}\.backup")


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup whose checksum is right.

    Attributes:
        name: of its file.
        where: the place it lies in.
        size: in bytes.
        header: what it says of itself; the same facts as `taken` and the others below.
    """

    name: str
    where: str
    size: int
    header: sealed.Header

    @property
    def taken(self) -> datetime:
        """When it was made."""
        return self.header.taken

    @property
    def checksum(self) -> str:
        """Of the state it holds: `state.checksum` of an export says whether that is still the state."""
        return self.header.checksum

    @property
    def resources(self) -> int:
        """How many the state in it has."""
        return self.header.resources


@dataclass(frozen=True, slots=True)
class Damaged:
    """What has a backup's name and cannot be used as one."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """The backups of one stack.

    Attributes:
        place: where they lie.
        project, stack: whose they are.
    """

    place: Place
    project: str
    stack: str

    @property
    def folder(self) -> str:
        return f"{self.project}/{self.stack}"

    def names(self) -> list[str]:
        """What has a backup's name, newest first.

        Raises:
            StateFailed: the place cannot be read.
        """
        listed = (name.rpartition("/")[2] for name in self.place.names(self.folder))
        return sorted((name for name in listed if _NAME.fullmatch(name)), reverse=True)

    def entries(self) -> Iterator[Backup | Damaged]:
        """Each of them, newest first, read whole and its checksum verified.

        Raises:
            StateFailed: the place cannot be read.
        """
        for name in self.names():
            try:
                data = self.read(name)
                yield self.judged(name, data)
            except BackupMissing:
                continue  # somebody else let go of it meanwhile
            except BackupDamaged as error:
                yield Damaged(name, str(error))

    def latest(self) -> Backup | None:
        """The newest that is not damaged.

        Raises:
            StateFailed: the place cannot be read.
        """
        return next((one for one in self.entries() if isinstance(one, Backup)), None)

    def read(self, name: str) -> bytes:
        """The bytes of one.

        Raises:
            BackupMissing: there is none of that name.
            StateFailed: the place cannot be read.
        """
        return self.place.read(f"{self.folder}/{name}")

    def judged(self, name: str, data: bytes) -> Backup:
        """What bytes of that name are.

        Raises:
            BackupDamaged: they are no backup of this stack.
        """
        header = sealed.inspect(data).header
        if (header.project, header.stack) != (self.project, self.stack):
            raise BackupDamaged(
                f"it is a backup of {header.project}/{header.stack}, and lies in the wrong folder"
            )
        return Backup(name, self.place.shown, len(data), header)

    def add(self, export: Mapping[str, Any], header: sealed.Header, passphrase: str) -> Backup:
        """Write a new one, and read it back.

        Raises:
            StateFailed: it could not be written, or is not read back as it was written.
        """
        data = sealed.seal(export, header, passphrase)
        name = f"{header.taken:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}.backup"
        self.place.write(f"{self.folder}/{name}", data)
        if self.read(name) != data:
            raise StateFailed(f"{self.place.shown}: {self.folder}/{name} is not read back as it was written")
        return self.judged(name, data)

    def tidy(self, retention: Retention, keep: str) -> list[str]:
        """Remove what need not stay, `keep` never; the names of what was removed.

        Raises:
            StateFailed: the place cannot be read, or one cannot be removed.
        """
        taken = {one.name: one.taken for one in self.entries() if isinstance(one, Backup)}
        old = [name for name in dispensable(taken, retention) if name != keep]
        for name in old:
            self.place.remove(f"{self.folder}/{name}")
        return old
