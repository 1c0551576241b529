"""The way back: what a backup would change in the state, and the change itself.

Nothing is written before everything has been checked; what was the state until then is backed up first. The engine's
import is not conditional, so a run that begins in the second between the last look and the import is overwritten:
the lock that is looked for before, and that the engine takes for the import, keep that second short.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from formerr_infra import files
from formerr_infra.backup import sealed, state
from formerr_infra.backup.errors import BackupDamaged, BackupMissing, RestoreRefused, StateFailed
from formerr_infra.backup.shelf import Backup
from formerr_infra.engine import StackMissing, holders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from formerr_infra.backup.shelf import Shelf
    from formerr_infra.backup.state import Difference
    from formerr_infra.engine import Engine
    from formerr_infra.engine.locks import Lock

T = TypeVar("T")
LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Plan:
    """A restore that was checked.

    Attributes:
        backup: what would be restored.
        difference: what that changes.
        pending: URNs of operations that the state notes as interrupted; a restore forgets them.
        missing: the backend does not know the stack: it is made.
        export: of the backup.
        present: of the stack, None where it is missing.
    """

    backup: Backup
    difference: Difference
    pending: tuple[str, ...]
    missing: bool
    export: Mapping[str, Any] = field(repr=False)
    present: Mapping[str, Any] | None = field(repr=False)


def find(shelf: Shelf, wanted: str) -> tuple[Backup, bytes]:
    """The backup that is meant: `latest`, a name as `formerr state list` gives it, or a file of this machine.

    Raises:
        BackupMissing: there is none.
        BackupDamaged: it is damaged, or of another stack and in this one's folder.
        RestoreRefused: the file is of another project or stack.
    """
    if wanted == LATEST:
        newest = shelf.latest()
        if newest is None:
            raise BackupMissing(
                f"there is no backup of {shelf.folder} in {shelf.place.shown}, or none undamaged"
            )
        return newest, shelf.read(newest.name)
    if wanted in shelf.names():
        data = shelf.read(wanted)
        return _judged(wanted, lambda: shelf.judged(wanted, data)), data
    file = Path(wanted)
    try:
        data = files.bytes_of(file, most=files.BY_PROGRAM)
    except OSError as error:
        raise BackupMissing(
            f"there is no backup {wanted} in {shelf.place.shown}/{shelf.folder}, and no such file: {error.strerror}. "
            f"`formerr state list {shelf.stack}` shows what there is."
        ) from None
    header = _judged(wanted, lambda: sealed.inspect(data)).header
    if (header.project, header.stack) != (shelf.project, shelf.stack):
        raise RestoreRefused(
            f"{wanted} is a backup of {header.project}/{header.stack}, and is not restored into {shelf.folder}"
        )
    return Backup(file.name, str(file.absolute().parent), len(data), header), data


def prepare(engine: Engine, shelf: Shelf, wanted: str, key: str) -> Plan:
    """Check everything that a restore needs; writes nothing.

    Raises:
        BackupMissing, BackupDamaged, RestoreRefused: see `find`; or the state in it is of another stack.
    """
    backup, data = find(shelf, wanted)
    export = _judged(wanted, lambda: sealed.unseal(sealed.inspect(data), key))
    facts = state.facts(export)
    if facts.checksum != backup.checksum:
        raise BackupDamaged(f"{wanted}: the state in it is not the one that it names")
    strangers = state.strangers(state.things(export), shelf.project, shelf.stack)
    if strangers:
        raise RestoreRefused(f"{wanted} holds what is of another project or stack: {strangers[0]}")
    present = _present(engine)
    pending = state.facts(present).pending if present is not None else ()
    before = present if present is not None else _NOTHING
    return Plan(backup, state.difference(before, export), pending, present is None, export, present)


def refuse(
    plan: Plan,
    held: tuple[Lock, ...],
    stack: str,
    *,
    despite_pending: bool,
    break_lock: bool = False,
    alive: Callable[[Lock], bool] = lambda _: False,
) -> None:
    """Stop where the stack is in use, or would forget what it began.

    Args:
        plan: what was checked.
        held: the stack's locks.
        stack: its name.
        despite_pending: operations that pend may be forgotten.
        break_lock: a lock whose run is gone may be cleared.
        alive: whether the run that took a lock goes on, as far as this machine can tell.

    Raises:
        RestoreRefused: a lock is held that may not be cleared, or operations pend and nobody said that they may be
            forgotten.
    """
    if held and not break_lock:
        raise RestoreRefused(holders.advice(stack, held) + _BREAK)
    if goes_on := [one for one in held if alive(one)]:
        raise RestoreRefused(
            f"stack {stack!r} is locked by {said(goes_on)}, and that run goes on here: wait for its end, or interrupt it. "
            "--break-lock is for a run that is gone; nothing was restored."
        )
    if plan.pending and not despite_pending:
        raise RestoreRefused(
            f"operations of {stack} were interrupted, and a restore forgets them: {', '.join(plan.pending)}. "
            "Run `formerr deploy` first, which takes in what they made, or give --despite-pending."
        )


def require_no_other(held: tuple[Lock, ...], now: tuple[Lock, ...], stack: str) -> None:
    """Stop where a lock would be cleared that was not there when it was agreed to.

    Raises:
        RestoreRefused: one was taken meanwhile.
    """
    if new := [one for one in now if one not in held]:
        raise RestoreRefused(
            f"stack {stack!r} was locked meanwhile by {said(new)}; nothing was cleared or restored. Wait for that run to end."
        )


def said(held: Iterable[Lock]) -> str:
    """Who holds a stack, one after the other."""
    return "; ".join(one.holder for one in held)


def carry_out(engine: Engine, plan: Plan) -> None:
    """Put the backup in the place of the state, and look whether it stands there.

    Raises:
        RestoreRefused: the state has changed since it was looked at.
        StateFailed: what stands there afterwards is not what the backup holds.
        StackLocked, EngineFailed: the engine refused.
    """
    now = _present(engine)
    if (now is None) != plan.missing or (
        now is not None and plan.present is not None and state.checksum(now) != state.checksum(plan.present)
    ):
        raise RestoreRefused(
            f"the state of {engine.stack} changed meanwhile; nothing was restored. Run again."
        )
    if plan.missing:
        engine.init()
    engine.import_state(plan.export)
    left = state.difference(engine.export(), plan.export)
    if not left.none:
        raise StateFailed(f"the state of {engine.stack} is not what the backup holds: {left}")


def _present(engine: Engine) -> Mapping[str, Any] | None:
    try:
        return engine.export()
    except StackMissing:
        return None


def _judged(wanted: str, judge: Callable[[], T]) -> T:
    """The same error with the name of what it is about."""
    try:
        return judge()
    except BackupDamaged as error:
        raise BackupDamaged(f"{wanted}: {error}; nothing was restored") from None


_NOTHING: Mapping[str, Any] = {"version": 3, "deployment": {}}
_BREAK = " --break-lock has it cleared first."
