"""What an export of a stack says, and what differs between two. Pure functions; nothing is decided here.

The export is that of `pulumi stack export`, version 3: secrets in it are ciphertext.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from formerr_infra.backup.errors import StateFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Facts:
    """What a state is, without what it holds.

    Attributes:
        saved: when the engine last wrote it; None for a stack that was never run.
        engine: the version of the engine that did.
        form: of the export.
        resources: how many there are.
        pending: URNs of operations that were interrupted.
        checksum: see `checksum`.
        provider: of the secrets: passphrase, service, ...; empty where the state has none.
    """

    saved: datetime | None
    engine: str
    form: int
    resources: int
    pending: tuple[str, ...]
    checksum: str
    provider: str


@dataclass(frozen=True, slots=True)
class Thing:
    """A resource in a state. `id` is empty for a component."""

    urn: str
    id: str
    external: bool

    @property
    def shown(self) -> str:
        kind, _, name = self.urn.split("::", 2)[2].rpartition("::")
        owner = " (adopted)" if self.external else ""
        return f"{kind.rsplit('$', 1)[-1]} {name}" + (f" {self.id}" if self.id else "") + owner


@dataclass(frozen=True, slots=True)
class Difference:
    """From a state to a backup of it.

    Attributes:
        forgotten: what the state has and the backup lacks.
        back: what the backup has and the state lacks.
        other: (in the state, in the backup) of what both have with another id or owner.
    """

    forgotten: tuple[Thing, ...]
    back: tuple[Thing, ...]
    other: tuple[tuple[Thing, Thing], ...]

    @property
    def none(self) -> bool:
        return not (self.forgotten or self.back or self.other)


def facts(export: Mapping[str, Any]) -> Facts:
    """What the export of a stack says of itself.

    Raises:
        StateFailed: it has another form.
    """
    try:
        deployment = export["deployment"] or {}
        manifest = deployment.get("manifest") or {}
        pending = deployment.get("pending_operations") or []
        provider = deployment.get("secrets_providers") or {}
        return Facts(
            _time(manifest.get("time")),
            str(manifest.get("version") or ""),
            int(export["version"]),
            len(deployment.get("resources") or []),
            tuple(str(one["resource"]["urn"]) for one in pending),
            checksum(export),
            str(provider.get("type") or ""),
        )
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise StateFailed(
            f"the export of the stack has an unknown form ({type(error).__name__}: {error})"
        ) from None


def checksum(export: Mapping[str, Any]) -> str:
    """SHA-256 of what the state holds: a run that changed nothing but the time it was saved at leaves it as it is."""
    held = {key: value for key, value in (export["deployment"] or {}).items() if key != "manifest"}
    return hashlib.sha256(json.dumps(held, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def things(export: Mapping[str, Any]) -> dict[str, Thing]:
    """URN -> resource; what only waits to be deleted is left out.

    Raises:
        StateFailed: the export has another form.
    """
    try:
        resources = (export["deployment"] or {}).get("resources") or []
        return {
            one["urn"]: Thing(str(one["urn"]), str(one.get("id") or ""), bool(one.get("external")))
            for one in resources
            if not one.get("delete")
        }
    except (AttributeError, LookupError, TypeError) as error:
        raise StateFailed(
            f"the export of the stack has an unknown form ({type(error).__name__}: {error})"
        ) from None


def difference(state: Mapping[str, Any], backup: Mapping[str, Any]) -> Difference:
    """What a restore would change in the state."""
    now, then = things(state), things(backup)
    return Difference(
        tuple(one for urn, one in now.items() if urn not in then),
        tuple(one for urn, one in then.items() if urn not in now),
        tuple((one, then[urn]) for urn, one in now.items() if urn in then and then[urn] != one),
    )


def strangers(urns: Iterable[str], project: str, stack: str) -> list[str]:
    """The URNs that are of another project or stack."""
    own = f"urn:pulumi:{stack}::{project}::"
    return [urn for urn in urns if not urn.startswith(own)]


def _time(text: str | None) -> datetime | None:
    """A time of the engine (RFC 3339, up to nanoseconds); it writes the year 1 for none."""
    if not text:
        return None
    moment = datetime.fromisoformat(text).astimezone(UTC)
    return moment if moment.year > 1 else None
