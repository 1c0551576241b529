"""A stack taken down from its name on: for the command, and for whoever destroys without a person to ask."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from formerr_infra.destroy.backups import stale
from formerr_infra.destroy.errors import LeftBehind
from formerr_infra.destroy.look import look_without_state
from formerr_infra.destroy.render import left_message
from formerr_infra.destroy.run import carry_out, prepare
from formerr_infra.destroy.stops import PRODUCTION, Stop, nothing_held, require
from formerr_infra.errors import FormerrError, UnknownIsNotAbsent
from formerr_infra.naming import PROJECT
from formerr_infra.running import engines
from formerr_infra.tokens import variable_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from formerr_infra.destroy.model import Outcome
    from formerr_infra.destroy.run import Prepared
    from formerr_infra.inventory.facts import Access


def begin(
    folder: Path,
    stack: str,
    access: Access,
    *,
    unprotect: bool = False,
    delete_data: bool = False,
    gone: bool = False,
) -> Prepared | None:
    """Look, and say what a destroy would do; None where the stack was destroyed before and nothing is left. Reads only.

    Args:
        folder: of Pulumi.yaml.
        stack: its name.
        access: where the account is.
        unprotect, delete_data, gone: the words that were given.

    Raises:
        DestroyRefused: there is no state.
        UnknownIsNotAbsent: there is none, and it could not be seen whether anything carries the stack's mark.
        FormerrError: the engine could not say what the state holds.
    """
    from formerr_infra.engine import StackMissing

    try:
        export: dict[str, Any] | None = engines(folder, stack)({}).export()
    except StackMissing:
        export = None
    if export is None or not _holds(export):
        _require_nothing_left(stack, access, exists=export is not None)
        return None
    more = _locked(folder, stack) + (_backup(folder, stack, export) if stack == PRODUCTION else ())
    return prepare(
        export,
        access,
        stack,
        unprotect=unprotect,
        delete_data=delete_data,
        gone=gone,
        token=variable_of(stack, os.environ),
        more=more,
    )


def take_down(
    folder: Path,
    stack: str,
    access: Access,
    *,
    unprotect: bool = False,
    delete_data: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Outcome | None:
    """Destroy a stack without asking anybody; None where it was destroyed before.

    Raises:
        DestroyRefused, UnknownIsNotAbsent: see `begin`; nothing was deleted.
        LeftBehind: something is left that should not be.
        FormerrError: the engine failed, or it is not known whether everything is gone.
    """
    prepared = begin(folder, stack, access, unprotect=unprotect, delete_data=delete_data)
    if prepared is None:
        return None
    require(prepared.stops)
    engine = engines(folder, stack, interrupted=lambda: progress("the engine ends in order"))
    outcome, failed = carry_out(prepared, engine, access, progress=progress)
    end(outcome, failed)
    return outcome


def end(outcome: Outcome, failed: Exception | None) -> None:
    """Say how it ended, where it did not end well.

    Raises:
        LeftBehind: something is left that should not be.
        UnknownIsNotAbsent: it is not known whether everything is gone.
        Exception: what ended the engine's work.
    """
    if failed is not None:
        raise failed
    if outcome.unexpected:
        raise LeftBehind(left_message(outcome))
    if outcome.unknown:
        lines = "\n".join(f"  {one}" for one in outcome.unknown)
        raise UnknownIsNotAbsent(f"taken down, but whether everything is gone is not known:\n{lines}")


def _holds(export: Mapping[str, Any]) -> bool:
    deployment = export.get("deployment") or {}
    return bool(deployment.get("resources") or deployment.get("pending_operations"))


def _require_nothing_left(stack: str, access: Access, *, exists: bool) -> None:
    found, unknown = look_without_state(access, stack)
    # A default VPC cannot be deleted: it is what a complete destroy leaves.
    left = [
        f"{kind} {one.name} {one.id}"
        for kind, many in found.items()
        for one in many
        if one.facts.get("default") is not True
    ]
    if exists and not left and not unknown:
        return
    refused = nothing_held(stack, left, unknown, exists=exists)
    raise refused if left or not unknown else UnknownIsNotAbsent(str(refused))


def _locked(folder: Path, stack: str) -> tuple[Stop, ...]:
    """Who holds the stack, where the backend tells; the engine is asked again before the first write."""
    from formerr_infra.backup.address import parse
    from formerr_infra.backup.locks import held

    url = os.environ.get("PULUMI_BACKEND_URL", "")
    try:
        found = held(parse(url, folder), PROJECT, stack, os.environ) if url else ()
    except FormerrError:
        found = ()
    if not found:
        return ()
    who = "; ".join(one.holder for one in found)
    settle = f"wait for that run; if it is gone, `pulumi cancel -s {stack} --yes` takes the lock away"
    return (Stop(f"stack {stack} is locked by {who}", settle),)


def _backup(folder: Path, stack: str, export: Mapping[str, Any]) -> tuple[Stop, ...]:
    """Why the backups of the state are not enough, if they are not."""
    from formerr_infra import backup

    found = stale(stack, backup.latest(folder, stack), backup.checksum(export), datetime.now(UTC))
    return () if found is None else (found,)
