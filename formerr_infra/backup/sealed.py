"""The form of a backup: a line that names the form, a header, the encrypted state, a checksum. Pure functions.

    formerr-state-backup 1
    {"project": ..., "stack": ..., ...}     JSON on one line; nothing secret
    <AES-256-GCM over the compressed export of the stack; the two lines before are authenticated with it>
    <SHA-256 over everything before, 32 bytes>

The checksum finds damage without a passphrase. The cipher refuses what was changed on purpose, the header too, and
a wrong passphrase. The key is made by scrypt with a salt of each backup's own, so no key is used twice.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from formerr_infra.backup.errors import BackupDamaged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.backup.state import Facts

NAME = b"formerr-state-backup "
FORM = b"1"
DIGEST = 32
#: scrypt with these takes 128 MB and about half a second.
COST, BLOCK, PARALLEL = 2**17, 8, 1
_SALT, _NONCE, _KEY = 16, 12, 32
#: What a header may ask for; it is read before anything can be authenticated.
_MOST_MEMORY = 2**30
_LONGEST_HEADER = 2**16


@dataclass(frozen=True, slots=True)
class Header:
    """What a backup says of itself without a passphrase.

    Attributes:
        project, stack: whose state it is.
        taken: when the backup was made.
        saved: when the engine had last written the state.
        engine: the version of the engine that wrote it.
        form: the version of the export's form.
        resources: how many the state has.
        pending: how many operations were noted as interrupted.
        checksum: of what the state holds, see `state.checksum`.
    """

    project: str
    stack: str
    taken: datetime
    saved: datetime | None
    engine: str
    form: int
    resources: int
    pending: int
    checksum: str

    @classmethod
    def of(cls, project: str, stack: str, taken: datetime, facts: Facts) -> Header:
        return cls(
            project, stack, taken, facts.saved, facts.engine, facts.form, facts.resources, len(facts.pending),
            facts.checksum,
        )  # fmt: skip

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "project": self.project,
            "stack": self.stack,
            "taken": self.taken.isoformat(),
            "saved": self.saved.isoformat() if self.saved else None,
            "engine": self.engine,
            "form": self.form,
            "resources": self.resources,
            "pending": self.pending,
            "checksum": self.checksum,
        }


@dataclass(frozen=True, slots=True)
class Sealed:
    """A backup whose checksum is right and whose header can be read.

    Attributes:
        header: see there.
        cost, block, parallel, salt, nonce: of the cipher.
        bound: the bytes that are authenticated with the state.
        body: the encrypted state.
    """

    header: Header
    cost: int
    block: int
    parallel: int
    salt: bytes
    nonce: bytes
    bound: bytes
    body: bytes


def seal(export: Mapping[str, Any], header: Header, passphrase: str, *, cost: int = COST) -> bytes:
    """The bytes of a backup."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    cipher = {"cost": cost, "block": BLOCK, "parallel": PARALLEL, "salt": salt.hex(), "nonce": nonce.hex()}
    line = json.dumps(header.document() | {"cipher": cipher}, separators=(",", ":"))
    bound = NAME + FORM + b"\n" + line.encode() + b"\n"
    plain = zlib.compress(json.dumps(export, separators=(",", ":")).encode(), 9)
    whole = bound + AESGCM(_key(passphrase, salt, cost, BLOCK, PARALLEL)).encrypt(nonce, plain, bound)
    return whole + hashlib.sha256(whole).digest()


def inspect(data: bytes) -> Sealed:
    """Check what can be checked without a passphrase.

    Raises:
        BackupDamaged: it is no backup, or not what was written.
    """
    first, _, rest = data.partition(b"\n")
    if not first.startswith(NAME):
        raise BackupDamaged("it is not a backup of a state")
    if hashlib.sha256(data[:-DIGEST]).digest() != data[-DIGEST:]:
        raise BackupDamaged("its checksum is wrong: it is not what was written")
    if first != NAME + FORM:
        raise BackupDamaged(
            f"it has the form {first.removeprefix(NAME)[:20]!r}, which a newer formerr may read"
        )
    line = rest[:_LONGEST_HEADER].partition(b"\n")[0]
    bound = first + b"\n" + line + b"\n"
    try:
        told = json.loads(line)
        cipher = told["cipher"]
        cost, block, parallel = int(cipher["cost"]), int(cipher["block"]), int(cipher["parallel"])
        salt, nonce = bytes.fromhex(cipher["salt"]), bytes.fromhex(cipher["nonce"])
        header = _header(told)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        raise BackupDamaged("its header cannot be read") from None
    if not (cost > 1 and block > 0 and 0 < parallel <= 16 and 128 * cost * block <= _MOST_MEMORY):
        raise BackupDamaged("its header asks for more memory than any backup needs")
    return Sealed(header, cost, block, parallel, salt, nonce, bound, data[len(bound) : -DIGEST])


def unseal(sealed: Sealed, passphrase: str) -> dict[str, Any]:
    """The export of the stack.

    Raises:
        BackupDamaged: the passphrase is another one, or it was changed on purpose.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        key = _key(passphrase, sealed.salt, sealed.cost, sealed.block, sealed.parallel)
        plain = AESGCM(key).decrypt(sealed.nonce, sealed.body, sealed.bound)
        export = json.loads(zlib.decompress(plain))
    except InvalidTag:
        raise BackupDamaged(
            "it cannot be decrypted: it was made with another passphrase, or was changed"
        ) from None
    except (MemoryError, RecursionError, ValueError, zlib.error) as error:
        raise BackupDamaged(f"it cannot be decrypted: {type(error).__name__}") from None
    if not isinstance(export, dict):
        raise BackupDamaged("it holds no export of a stack")
    return export


def _key(passphrase: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=salt, length=_KEY, n=cost, r=block, p=parallel).derive(passphrase.encode())


def _header(told: Mapping[str, Any]) -> Header:
    words = {key: told[key] for key in ("project", "stack", "engine", "checksum")}
    numbers = {key: told[key] for key in ("form", "resources", "pending")}
    if not all(isinstance(value, str) for value in words.values()):
        raise TypeError("a text is expected")
    if not all(isinstance(value, int) for value in numbers.values()):
        raise TypeError("a number is expected")
    saved = told["saved"]
    return Header(
        words["project"], words["stack"], _time(told["taken"]), _time(saved) if saved else None, words["engine"],
        numbers["form"], numbers["resources"], numbers["pending"], words["checksum"],
    )  # fmt: skip


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment.astimezone(UTC)
