"""An environment made, or given more time: the file, the stack, its tags. Nothing of it makes anything in the account."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from formerr_infra.environments import account, folder, lifetime
from formerr_infra.environments.backend import CREATED, EXPIRES, FROM, Backend
from formerr_infra.environments.errors import EnvironmentExists, NoRoom, NoSuchEnvironment
from formerr_infra.environments.names import require_name
from formerr_infra.environments.pattern import Choice, entries
from formerr_infra.environments.ranges import VPC_PREFIX, free_port, free_range
from formerr_infra.environments.stackfile import compose, secrets_of, with_key
from formerr_infra.errors import SettingsError
from formerr_infra.naming import PROJECT
from formerr_infra.settings import from_files
from formerr_infra.settings.document import replace_text, text_of
from formerr_infra.settings.folder import stacks_of

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from ipaddress import IPv4Network
    from pathlib import Path

    from formerr_infra.environments.account import Used
    from formerr_infra.inventory.facts import Access
    from formerr_infra.settings import Settings


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for.

    Attributes:
        name: of the environment.
        ttl: how long it may live from now on.
        shared: whether it stands on staging's cluster.
        image_tag: of both images; None: staging's.
    """

    name: str
    ttl: timedelta
    shared: bool = False
    image_tag: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """What came of it.

    Attributes:
        name: of the environment.
        expires: when it may go.
        settings: what its file comes to.
        secrets: keys of staging's secrets that it has not.
        anew: whether it was made; otherwise it was there and lives longer.
    """

    name: str
    expires: datetime
    settings: Settings
    secrets: tuple[str, ...] = ()
    anew: bool = True


def new(project: Path, wanted: Wanted, access: Access, now: datetime, backend: Backend) -> Made:
    """Make an environment: its file and its stack.

    Raises:
        SettingsError: the name cannot be one, or a stack file is wrong.
        EnvironmentExists: a file or a stack of that name is there.
        UnknownIsNotAbsent: what the account has could not be learned.
        NoRoom: no range or no port is free.
        BackendFailed: the stack could not be made, or not marked; then neither stack nor file stays.
    """
    require_name(wanted.name)
    with folder.held(project):
        return _new(project, wanted, access, now, backend)


def _new(project: Path, wanted: Wanted, access: Access, now: datetime, backend: Backend) -> Made:
    """The same where the folder is held."""
    file = folder.stack_file(project, wanted.name)
    staging = from_files(project, folder.SOURCE)
    text = text_of(folder.stack_file(project, folder.SOURCE))
    _require_free(file, wanted.name, backend)
    choice = _chosen(wanted, staging, now, _all_used(project, wanted.name, access))
    own = entries(staging, choice)
    made, secrets = compose(text, f"Pulumi.{folder.SOURCE}.yaml", own, choice)
    folder.write_new(file, made)
    with ExitStack() as undone:
        undone.callback(file.unlink, missing_ok=True)
        settings = from_files(project, wanted.name)
        _require_apart(project, wanted.name, settings, shared=wanted.shared)
        backend.init(wanted.name)
        undone.callback(backend.remove, wanted.name)
        # Pulumi has written the whole file anew to put in what its secrets are encrypted with.
        replace_text(file, made + secrets_of(text_of(file)))
        tags = {EXPIRES: choice.expires, CREATED: lifetime.written(now), FROM: folder.SOURCE}
        backend.tag(wanted.name, tags)
        undone.pop_all()
    return Made(wanted.name, now + wanted.ttl, settings, secrets)


def new_or_longer(project: Path, wanted: Wanted, access: Access, now: datetime, backend: Backend) -> Made:
    """Make an environment, or give one that is there its file back, the image asked for, and more time.

    Raises:
        NoSuchEnvironment: what is there has no time to live, so that it is none of these.
        FormerrError: see `new`.
    """
    require_name(wanted.name)
    with folder.held(project):
        return _new_or_longer(project, wanted, access, now, backend)


def _new_or_longer(project: Path, wanted: Wanted, access: Access, now: datetime, backend: Backend) -> Made:
    file = folder.stack_file(project, wanted.name)
    stack = next((one for one in backend.stacks() if one.name == wanted.name), None)
    if not file.exists():
        if stack is not None:
            _require_ours(wanted.name, backend)
            if stack.resources:
                backend.restore_file(wanted.name)
            else:
                backend.remove(wanted.name)  # begun and never deployed: no update has kept its file
        if stack is None or not stack.resources:
            return _new(project, wanted, access, now, backend)
    # Before the first write: what has no time to live stays as it is.
    _known_end(wanted.name, from_files(project, wanted.name), backend, stack=stack is not None)
    if stack is None:
        backend.init(wanted.name)
    if wanted.image_tag is not None:
        replace_text(file, with_key(text_of(file), file.name, "imageTag", wanted.image_tag))
    return _longer(project, wanted.name, now + wanted.ttl, backend, keep=True)


def extend(project: Path, name: str, ttl: timedelta, now: datetime, backend: Backend) -> Made:
    """Let an environment live until `ttl` from now.

    Raises:
        NoSuchEnvironment: there is none, or it would live shorter.
        BackendFailed: the stack's tag could not be set.
    """
    require_name(name)
    if not any(one.name == name for one in backend.stacks()):
        raise NoSuchEnvironment(
            f"there is no stack {name!r} in this backend. `formerr env list` shows the environments."
        )
    file = folder.stack_file(project, name)
    if not file.exists():
        _require_ours(name, backend)
        backend.restore_file(name)
    return _longer(project, name, now + ttl, backend, keep=False)


def _longer(project: Path, name: str, until: datetime, backend: Backend, *, keep: bool) -> Made:
    file = folder.stack_file(project, name)
    known = _known_end(name, from_files(project, name), backend)
    if known > until and not keep:
        raise NoSuchEnvironment(
            f"{name!r} lives until {lifetime.written(known)}, which is later. "
            f"To have it gone sooner: formerr env remove {name}"
        )
    until = max(known, until)
    text = lifetime.written(until)
    replace_text(file, with_key(text_of(file), file.name, "expiresAt", text))
    backend.tag(name, {EXPIRES: text})
    return Made(name, until, from_files(project, name), anew=False)


def _known_end(name: str, settings: Settings, backend: Backend, *, stack: bool = True) -> datetime:
    """When it may go, by its file and by its stack's tag, if there is a stack.

    Raises:
        NoSuchEnvironment: neither says so.
    """
    tagged = backend.tags(name).get(EXPIRES, "") if stack else ""
    known = lifetime.latest(lifetime.read(settings.expires_at or ""), lifetime.read(tagged))
    if known is None:
        raise NoSuchEnvironment(
            f"{name!r} has no time to live, so it is no environment of `formerr env new`, and nothing sweeps it."
        )
    return known


def _require_free(file: Path, name: str, backend: Backend) -> None:
    there = [file.name] if file.exists() else []
    there += [f"the stack {name!r}" for one in backend.stacks() if one.name == name]
    if there:
        raise EnvironmentExists(
            f"{name!r} is there already: {' and '.join(there)}. "
            f"Take another name, `formerr env new {name} --or-extend` to go on with it, or `formerr env remove {name}`."
        )


def _require_ours(name: str, backend: Backend) -> None:
    if EXPIRES not in backend.tags(name):
        raise NoSuchEnvironment(
            f"the stack {name!r} has no tag {EXPIRES}, so it is no environment of `formerr env new`. Take another name."
        )


def _all_used(project: Path, name: str, access: Access) -> Used:
    files, live = folder.used_by_files(project, name), account.used(access)
    return account.Used((*files.ranges, *live.ranges), files.ports | live.ports)


def _chosen(wanted: Wanted, staging: Settings, now: datetime, used: Used) -> Choice:
    choice = Choice(wanted.name, lifetime.written(now + wanted.ttl), image_tag=wanted.image_tag)
    if wanted.shared:
        port = free_port(wanted.name, used.ports)
        if port is None:
            raise NoRoom(
                ["every node port that is kept for this is taken; sweep or destroy an environment first"]
            )
        return replace(choice, node_port=port)
    sizes = [VPC_PREFIX]
    if staging.cluster_subnet and staging.service_subnet:
        sizes += [int(one.partition("/")[2]) for one in (staging.cluster_subnet, staging.service_subnet)]
    taken = list(used.ranges)
    found: list[IPv4Network] = []
    for size in sizes:
        free = free_range(wanted.name, size, taken)
        if free is None:
            raise NoRoom(
                [
                    f"no private range of the size /{size} is free in the account; sweep or destroy an environment first"
                ]
            )
        found.append(free)
        taken.append(free)
    subnets = (str(found[1]), str(found[2])) if len(found) > 1 else None
    return replace(choice, vpc_range=str(found[0]), subnets=subnets)


def _require_apart(project: Path, name: str, settings: Settings, *, shared: bool) -> None:
    """No name, range or host of another stack's, but for what is shared on purpose."""
    from formerr_infra.validate.pair import collisions

    same = {"registryName", *(("vpcName", "clusterName") if shared else ())}
    wrong = []
    for other in stacks_of(project):
        if other == name:
            continue
        pair = (f"Pulumi.{other}.yaml", from_files(project, other))
        for one in collisions(pair, (f"Pulumi.{name}.yaml", settings), lambda _file, _key: 0):
            key = one.message.partition(": ")[0].removeprefix(f"{PROJECT}:")
            if one.rule in ("same-name", "ranges-collide") and key not in same:
                wrong.append(f"{one.message}; take another name for the environment")
    if wrong:
        raise SettingsError(wrong)
