"""A place for the state of stacks: whether it can be reached and written, and by the engine too; and a stack's move to it.

What was the place until then is only read: the old state stays where it is.
"""

from __future__ import annotations

import json
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from formerr_infra import files
from formerr_infra.backup import state
from formerr_infra.backup.address import Bucket, Cloud, Folder, parse
from formerr_infra.backup.errors import BackendUnusable, StateFailed
from formerr_infra.backup.locks import held
from formerr_infra.backup.places import FolderPlace
from formerr_infra.engine import Engine, StackMissing, words
from formerr_infra.engine.command import Command
from formerr_infra.errors import SettingsError
from formerr_infra.naming import PROJECT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.backup.address import Address

URL, CLOUD_TOKEN = "PULUMI_BACKEND_URL", "PULUMI_ACCESS_TOKEN"


@dataclass(frozen=True, slots=True)
class Checked:
    """A place that was tried.

    Attributes:
        address: of it.
        versions: whether it keeps earlier versions of a file; None where that is its own business.
        user: who the engine is there.
    """

    address: Address
    versions: bool | None
    user: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A stack whose state stands in another place too; `resources` of it, and whether it stood there before."""

    stack: str
    resources: int
    was_there: bool


def pointed(environ: Mapping[str, str], address: Address) -> dict[str, str]:
    """The environment in which the engine keeps its state there."""
    return {**environ, URL: address.backend}


def check(
    address: Address, folder: Path, environ: Mapping[str, str], *, turn_on_versions: bool = False
) -> Checked:
    """Try a place: written, read back, taken away again; then by the engine.

    Raises:
        SettingsError: credentials are missing.
        BackendUnusable: what does not work, and why.
    """
    versions: bool | None = None
    probe = f".formerr-probe-{secrets.token_hex(8)}"
    match address:
        case Bucket():
            from formerr_infra.backup.s3 import BucketPlace

            place = BucketPlace.of(address, environ)
            place.probe(probe)
            if turn_on_versions:
                place.keep_versions()
            versions = place.versioned()
        case Folder(path):
            here = FolderPlace(path)
            try:
                here.write(probe, probe.encode())
                here.remove(probe)
            except StateFailed as error:
                raise BackendUnusable(str(error)) from None
        case Cloud(url):
            _has_token(url, environ)
    return Checked(address, versions, _user(address, folder, environ))


def login(address: Address, folder: Path, environ: Mapping[str, str]) -> None:
    """Have the engine keep its state there wherever PULUMI_BACKEND_URL does not say otherwise.

    Raises:
        BackendUnusable: the engine's own words.
    """
    done = Command(environ).quick(["login", address.backend], folder)
    if done.code != 0:
        raise BackendUnusable(f"{address.shown}: `pulumi login` failed: {words.told((done.err, done.out))}")


def current(folder: Path, environ: Mapping[str, str]) -> Address | None:
    """Where the engine keeps the state now; None where it says nothing that is known here.

    Raises:
        BackendUnusable: it keeps it nowhere, or cannot reach it.
    """
    url = str(_whoami(folder, environ, "the place of the state").get("url") or "")
    if url.startswith("https://"):
        return Cloud(url)
    try:
        return parse(url, folder)
    except SettingsError:
        return None


def move(folder: Path, stack: str, address: Address, environ: Mapping[str, str]) -> Moved:
    """Put the state of a stack, as it is now, into another place, and look whether it stands there.

    Raises:
        StackMissing: the present place does not know the stack.
        BackendUnusable: the new place is the present one, or has another state of that stack.
        StateFailed: a run holds the stack, or what stands there is not what was put there.
        EngineFailed: the engine's own words.
    """
    before = current(folder, environ)
    if before == address:
        raise BackendUnusable(
            f"the state lies there already: {address.shown}. Unset {URL}, or point it at the old place"
        )
    locks = held(before, PROJECT, stack, environ) if before is not None else ()
    if locks:
        raise StateFailed(
            f"{stack} is not moved while a run holds it: {'; '.join(one.holder for one in locks)}. "
            f"Wait for it; if it is gone, `pulumi cancel -s {stack} --yes`."
        )
    export = Engine(folder, stack, environ).export()
    with tempfile.TemporaryDirectory(prefix="formerr-move-") as copy:
        # A new stack may get a salt in its file; the checkout's file is none of the new place's business.
        for file in ("Pulumi.yaml", f"Pulumi.{stack}.yaml"):
            if (folder / file).exists():
                shutil.copy(folder / file, copy)
        there = Engine(Path(copy), stack, pointed(environ, address))
        was_there = _stands_there(there, export, address)
        if not was_there:
            there.import_state(export)
        left = state.difference(there.export(), export)
    if not left.none:
        raise StateFailed(f"the state of {stack} at {address.shown} is not what it is here: {left}")
    return Moved(stack, len(state.things(export)), was_there)


def _stands_there(there: Engine, export: Mapping[str, object], address: Address) -> bool:
    """Whether the new place has that state already; makes the stack where it has none."""
    try:
        present = there.export()
    except StackMissing:
        there.init()
        return False
    if not state.things(present):
        return False
    if state.difference(present, export).none:
        return True
    raise BackendUnusable(
        f"{address.shown} has another state of {there.stack}, with {len(state.things(present))} resources; "
        "nothing was written over it. If it is not wanted, remove it there: pulumi stack rm --preserve-config"
    )


def _has_token(url: str, environ: Mapping[str, str]) -> None:
    home = Path(environ.get("PULUMI_HOME") or (files.home(environ) or Path("/")) / ".pulumi")
    try:
        known = files.json_of(home / "credentials.json").get("accessTokens") or {}
    except (OSError, AttributeError):
        known = {}
    if not environ.get(CLOUD_TOKEN) and url not in known:
        raise SettingsError(
            [f"{CLOUD_TOKEN} is not set: {url} needs it, for this command and for every run of Pulumi"]
        )


def _user(address: Address, folder: Path, environ: Mapping[str, str]) -> str:
    return str(_whoami(folder, pointed(environ, address), address.shown).get("user") or "")


def _whoami(folder: Path, environ: Mapping[str, str], what: str) -> Mapping[str, object]:
    """What the engine says of itself at a backend; it opens the backend for that, and marks a new one as its own."""
    done = Command(environ).quick(["whoami", "--json"], folder)
    if done.code != 0:
        said = words.told(words.errors(f"{done.err}\n{done.out}") or (done.err,))
        raise BackendUnusable(f"{what}: the engine cannot use it: {said}")
    found: Mapping[str, object] = json.loads(done.out)
    return found
