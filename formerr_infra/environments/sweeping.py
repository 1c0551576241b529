"""What is expired, destroyed: one environment after the other, each by the same destroy as a person's."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from formerr_infra.engine.errors import EngineInterrupted
from formerr_infra.environments import account, folder, lifetime
from formerr_infra.environments.backend import EXPIRES, Backend, Listed
from formerr_infra.environments.errors import NoSuchEnvironment, SweepInterrupted
from formerr_infra.environments.listing import Environment, Seen, State, Swept, environments
from formerr_infra.errors import FormerrError
from formerr_infra.settings.sources import LASTING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from formerr_infra.inventory.facts import Access

#: Takes what a stack owns, and raises a FormerrError unless all of it is gone.
Destroy: TypeAlias = "Callable[[str], None]"


def look(project: Path, access: Access, backend: Backend) -> tuple[tuple[Environment, ...], str]:
    """Every environment, and why the account could not be asked (empty if it could).

    Raises:
        SettingsError: the access is unusable.
        BackendFailed: the backend could not be asked.
    """
    seen = _seen(project, access, backend, lambda _: [one.name for one in backend.stacks(tag=EXPIRES)])
    return environments(seen), seen.marks.unknown


def look_again(project: Path, access: Access, backend: Backend, name: str) -> Environment | None:
    """One environment as it is now; None where nothing says any more that it is one.

    Raises:
        SettingsError, BackendFailed: see `look`.
    """
    seen = _seen(
        project, access, backend, lambda stacks: [one.name for one in stacks if one.name == name][:1]
    )
    return next((one for one in environments(seen) if one.name == name), None)


def _seen(
    project: Path, access: Access, backend: Backend, tagged: Callable[[Sequence[Listed]], Sequence[str]]
) -> Seen:
    """Files before anything is asked; `tagged`: of the backend's stacks those whose tags are read."""
    files, troubles = folder.expiries(project)
    stacks = backend.stacks()
    tags = {name: backend.tags(name) for name in tagged(stacks)}
    return Seen(files, stacks, tags, account.marks(access), troubles)


def due(found: Sequence[Environment], now: datetime) -> tuple[Environment, ...]:
    """Those whose time has come; never one whose end cannot be read."""
    return tuple(one for one in found if one.name not in LASTING and one.expired(now))


def named(found: Sequence[Environment], name: str, backend: Backend) -> tuple[Environment, ...]:
    """The environment of a name; nothing where there is none.

    Raises:
        NoSuchEnvironment: what has the name has no time to live, or it cannot be read whether it has.
    """
    chosen = tuple(one for one in found if one.name == name and name not in LASTING)
    for one in chosen:
        if not one.certain:
            raise NoSuchEnvironment(
                f"whether {name!r} is an environment is not known: {one.trouble}. Put the file right, or take the stack down: "
                f"formerr destroy {name}"
            )
    if not chosen and any(one.name == name for one in backend.stacks()):
        raise NoSuchEnvironment(
            f"the stack {name!r} has no time to live, so it is no environment. To take it down: formerr destroy {name}"
        )
    return chosen


def sweep(
    project: Path,
    expired: Sequence[Environment],
    backend: Backend,
    destroy: Destroy,
    progress: Callable[[str], None],
    again: Callable[[str], Environment | None] | None = None,
    now: datetime | None = None,
) -> tuple[Swept, ...]:
    """Destroy each of them, remove its stack and its file, and go on with the next where one fails.

    Args:
        project: folder of Pulumi.yaml.
        expired: what goes.
        backend: that has the stacks.
        destroy: see `Destroy`.
        progress: told what is done now.
        again: looks at one by its name once more, as its turn comes: one that was given more time meanwhile stays. Without it
            each goes, whatever its time.
        now: as of when one is expired.

    Raises:
        SweepInterrupted: this process was told to end; none after it was begun.
    """
    swept: list[Swept] = []
    for one in expired:
        progress(one.name)
        try:
            present = one if again is None or now is None else again(one.name)
            if present is None or (now is not None and not due((present,), now)):
                progress(_stays(one.name, present))
                continue
            _sweep(project, present, backend, destroy)
        except EngineInterrupted as error:
            raise SweepInterrupted(one.name, str(error), tuple(swept)) from None
        except FormerrError as error:
            swept.append(Swept(one.name, gone=False, why=str(error)))
        else:
            swept.append(Swept(one.name, gone=True))
    return tuple(swept)


def _stays(name: str, one: Environment | None) -> str:
    if one is None or one.expires is None:
        return (
            f"{name}: stays; {one.trouble if one is not None else 'nothing says any more that it is to go'}"
        )
    return f"{name}: stays; it lives until {lifetime.written(one.expires)}"


def _sweep(project: Path, one: Environment, backend: Backend, destroy: Destroy) -> None:
    if one.state is State.LOST:
        raise FormerrError(
            f"the VPC {one.vpc} carries its mark, and this backend has no stack {one.name!r}. Log in to the backend that has; "
            f"if its state is lost: formerr env new {one.name} && formerr deploy {one.name} takes back what has the mark, "
            "and the next sweep destroys it."
        )
    if one.state is State.BUSY:
        raise FormerrError("an update is under way; the next sweep looks again.")
    file = folder.stack_file(project, one.name)
    if one.state is State.UP:
        if not file.exists():
            backend.restore_file(one.name)
        destroy(one.name)
    if one.state is not State.FILE:
        backend.remove(one.name)
    file.unlink(missing_ok=True)
