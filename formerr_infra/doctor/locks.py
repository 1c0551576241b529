"""Who holds a stack, since when, and how that is cleared; read, never cleared here.

A state in a folder keeps its locks as files beside it. What another backend keeps, it keeps to itself: Pulumi Cloud
says whether an update is under way, a bucket is not asked.
"""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from formerr_infra.doctor.model import Finding, Level
from formerr_infra.engine.locks import Lock, advice
from formerr_infra.local import process
from formerr_infra.naming import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

URL = "PULUMI_BACKEND_URL"
TOPIC = "lock"


@dataclass(frozen=True, slots=True)
class Backend:
    """Where the state is kept.

    Attributes:
        url: as Pulumi has it, without a query: that may hold what nobody else should read.
        folder: of a state in a folder.
    """

    url: str
    folder: Path | None = None

    @property
    def cloud(self) -> bool:
        """Whether it is Pulumi Cloud, or a service of its kind."""
        return self.url.startswith(("https://", "http://"))


def backend(folder: Path, environ: Mapping[str, str]) -> Backend | None:
    """Where Pulumi keeps the state, in its own order: environment, Pulumi.yaml, the last `pulumi login`; None: nowhere."""
    url = environ.get(URL) or _of_project(folder) or _of_login(environ)
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme != "file":
        shown = parts._replace(
            netloc=parts.hostname or parts.netloc.rpartition("@")[2], query="", fragment=""
        )
        return Backend(shown.geturl())
    path = Path(unquote(f"{parts.netloc}{parts.path}"))
    home = Path(environ.get("HOME") or Path.home())
    if path.parts[:1] == ("~",):
        path = home.joinpath(*path.parts[1:])
    return Backend(f"file://{path}", (folder / path).absolute())


def _of_project(folder: Path) -> str:
    from ruamel.yaml import YAML

    try:
        document = YAML(typ="safe", pure=True).load((folder / "Pulumi.yaml").read_text("utf-8"))
        return str(document["backend"]["url"] or "")
    # The reader's constructors raise whatever they meet, and most projects have no such key.
    except Exception:
        return ""


def _of_login(environ: Mapping[str, str]) -> str:
    home = environ.get("PULUMI_CREDENTIALS_PATH") or environ.get("PULUMI_HOME")
    where = Path(home) if home else Path(environ.get("HOME") or Path.home()) / ".pulumi"
    try:
        return str(json.loads((where / "credentials.json").read_text("utf-8")).get("current") or "")
    except (OSError, ValueError, AttributeError):
        return ""


def look(
    found: Backend | None,
    stack: str,
    listed: Callable[[], list[Mapping[str, Any]] | None],
    *,
    now: datetime | None = None,
) -> list[Finding]:
    """The locks of a stack.

    Args:
        found: where the state is kept.
        stack: its name.
        listed: what `pulumi stack ls` says of all stacks; None where it says nothing.
        now: for how long they are held.
    """
    if found is None:
        fix = "pulumi login file://~ (a folder), or set PULUMI_BACKEND_URL"
        return [Finding(TOPIC, Level.UNKNOWN, "Pulumi is not told where to keep the state", fix, stack)]
    if found.folder is not None:
        return _in_folder(found.folder, stack, now or datetime.now(UTC))
    if found.cloud:
        return [_in_cloud(stack, listed())]
    where = f"{found.url}/.pulumi/locks/organization/{PROJECT}/{stack}/"
    return [
        Finding(
            TOPIC,
            Level.UNKNOWN,
            f"the locks of a state at {found.url} are not read here; each is a file below {where}",
            f"a run says who holds the stack; if none runs, `pulumi cancel -s {stack} --yes` clears it",
            stack,
        )
    ]


def _in_folder(root: Path, stack: str, now: datetime) -> list[Finding]:
    where = root / ".pulumi" / "locks" / "organization" / PROJECT / stack
    try:
        files = sorted(where.glob("*.json"))
        held = [_read(file) for file in files]
    except OSError as error:
        return [Finding(TOPIC, Level.UNKNOWN, f"{where} cannot be read: {error.strerror}", "", stack)]
    if not files:
        return [Finding(TOPIC, Level.OK, "nobody holds the stack", "", stack)]
    found = []
    for file, one in zip(files, held, strict=True):
        if one is None:
            message = f"a lock that says nothing: a run was killed while it wrote {file}"
            found.append(Finding(TOPIC, Level.STOPS, message, _clear(stack), stack))
            continue
        alive = frozenset({one.pid} if runs(one) else ())
        here = one.host == socket.gethostname()
        message = advice(stack, (one,), host=socket.gethostname(), alive=alive) + _age(one, now)
        # A run that is under way will end; what nobody will ever give back stops every other one.
        level = Level.WARNING if here and alive else Level.STOPS
        found.append(Finding(TOPIC, level, message, "" if level is Level.WARNING else _clear(stack), stack))
    return found


def runs(lock: Lock) -> bool:
    """Whether the process that took a lock still runs on this machine: its number may be another's by now."""
    found = process.look(lock.pid)
    return found is not None and ("pulumi" in found.command or not found.command)


def _read(file: Path) -> Lock | None:
    try:
        told = json.loads(file.read_text("utf-8"))
        return Lock(str(told["username"]), str(told["hostname"]), int(told["pid"]), str(told["timestamp"]))
    except (LookupError, TypeError, ValueError):
        return None


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
