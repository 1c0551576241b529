"""Who holds a stack, since when, and how that is cleared; read, never cleared here.

A state in a folder or in a bucket keeps its locks as files beside it. Pulumi Cloud says whether an update is under way,
and keeps the rest to itself.
"""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from formerr_infra import files
from formerr_infra.backup.address import Cloud, parse
from formerr_infra.backup.locks import held
from formerr_infra.doctor.model import Finding, Level
from formerr_infra.engine.locks import Lock, advice
from formerr_infra.errors import FormerrError, SettingsError
from formerr_infra.local import process
from formerr_infra.naming import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

URL = "PULUMI_BACKEND_URL"
TOPIC = "lock"


def backend(folder: Path, environ: Mapping[str, str]) -> str:
    """Where Pulumi keeps the state, in its own order: environment, Pulumi.yaml, the last `pulumi login`; empty: nowhere."""
    return environ.get(URL) or _of_project(folder) or _of_login(environ)


def _of_project(folder: Path) -> str:
    from formerr_infra.settings.document import text_of
    from formerr_infra.settings.parsing import parsed

    try:
        document = parsed(text_of(folder / "Pulumi.yaml"), "Pulumi.yaml")
        return str(document["backend"]["url"] or "")
    # Most projects have no such key; what is wrong with the file is for another check to say.
    except (SettingsError, LookupError, TypeError):
        return ""


def _of_login(environ: Mapping[str, str]) -> str:
    home = environ.get("PULUMI_CREDENTIALS_PATH") or environ.get("PULUMI_HOME")
    own = files.home(environ)
    if not home and own is None:
        return ""
    where = Path(home) if home else (own or Path()) / ".pulumi"
    try:
        return str(files.json_of(where / "credentials.json").get("current") or "")
    except (OSError, AttributeError):
        return ""


def look(
    url: str,
    folder: Path,
    stack: str,
    environ: Mapping[str, str],
    listed: Callable[[], list[Mapping[str, Any]] | None],
    *,
    now: datetime | None = None,
) -> list[Finding]:
    """The locks of a stack.

    Args:
        url: where the state is kept.
        folder: of Pulumi.yaml; what a relative address is relative to.
        stack: its name.
        environ: a bucket's credentials.
        listed: what `pulumi stack ls` says of all stacks; None where it says nothing.
        now: for how long they are held.
    """
    if not url:
        fix = (
            "pulumi login file://~ (a folder), or set PULUMI_BACKEND_URL; formerr state init sets a place up"
        )
        return [Finding(TOPIC, Level.UNKNOWN, "Pulumi is not told where to keep the state", fix, stack)]
    try:
        address = parse(url, folder)
    except SettingsError:
        return [_not_read(url, "it is of a kind that is not read here", stack)]
    if isinstance(address, Cloud):
        return [_in_cloud(stack, listed())]
    try:
        found = held(address, PROJECT, stack, environ)
    except FormerrError as error:
        return [_not_read(address.shown, " ".join(str(error).split()), stack)]
    if not found:
        return [Finding(TOPIC, Level.OK, "nobody holds the stack", "", stack)]
    return [_told(one, stack, now or datetime.now(UTC)) for one in found]


def _not_read(url: str, why: str, stack: str) -> Finding:
    """That nothing is known; of an address without its query, which may hold what nobody else should read."""
    parts = urlsplit(url)
    where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.scheme else url
    return Finding(
        TOPIC,
        Level.UNKNOWN,
        f"who holds the stack is not known: {where}: {why}",
        f"a run says who holds it; if none is under way, `pulumi cancel -s {stack} --yes` clears it",
        stack,
    )


def _told(lock: Lock, stack: str, now: datetime) -> Finding:
    here = lock.host == socket.gethostname()
    alive = frozenset({lock.pid} if runs(lock) else ())
    message = advice(stack, (lock,), host=socket.gethostname(), alive=alive) + _age(lock, now)
    if here and alive:  # it will end
        return Finding(TOPIC, Level.WARNING, message, "", stack)
    return Finding(TOPIC, Level.STOPS, message, _clear(stack), stack)


def runs(lock: Lock) -> bool:
    """Whether the process that took a lock still runs on this machine: its number may be another's by now."""
    found = process.look(lock.pid)
    return found is not None and ("pulumi" in found.command or not found.command)


def runs_here(lock: Lock) -> bool:
    """Whether the run that took a lock still goes on, on this machine; of another one that is not known."""
    return lock.host == socket.gethostname() and runs(lock)


def _age(lock: Lock, now: datetime) -> str:
    try:
        began = datetime.fromisoformat(lock.since)
    except ValueError:
        return ""
    if began.tzinfo is None:
        return ""
    minutes = (now - began).total_seconds() / 60
    return f" It is held for {minutes:.0f} minutes." if minutes >= 1 else ""


def _clear(stack: str) -> str:
    return f"once you are sure that no run of it is under way: pulumi cancel -s {stack} --yes"


def _in_cloud(stack: str, listed: list[Mapping[str, Any]] | None) -> Finding:
    if listed is None:
        return Finding(
            TOPIC, Level.UNKNOWN, "`pulumi stack ls` does not say whether an update is under way", "", stack
        )
    of_it = [one for one in listed if str(one.get("name", "")).rpartition("/")[2] == stack]
    if any(one.get("updateInProgress") for one in of_it):
        message = "an update is under way, says Pulumi Cloud; who runs it is on the stack's page"
        return Finding(TOPIC, Level.WARNING, message, _clear(stack), stack)
    if not of_it:
        return Finding(TOPIC, Level.OK, "the backend knows no such stack, so that nobody holds it", "", stack)
    return Finding(TOPIC, Level.OK, "no update is under way, says Pulumi Cloud", "", stack)
