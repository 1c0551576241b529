"""The stack files of a project's folder: read, written in one step, and held while a range is chosen."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from formerr_infra.environments.account import Used
from formerr_infra.errors import SettingsError
from formerr_infra.naming import PROJECT
from formerr_infra.settings import from_files
from formerr_infra.settings.document import text_of
from formerr_infra.settings.folder import stacks_of
from formerr_infra.settings.parsing import parsed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCE = "staging"
_EXPIRES = f"{PROJECT}:expiresAt"


def stack_file(folder: Path, stack: str) -> Path:
    """Where a stack's file stands."""
    return folder / f"Pulumi.{stack}.yaml"


def write_new(file: Path, text: str) -> None:
    """Write a file that is not there yet.

    Raises:
        SettingsError: it is there, or cannot be written.
    """
    try:
        with file.open("x", encoding="utf-8") as made:
            made.write(text)
    except OSError as error:
        raise SettingsError([f"{file.name}: cannot be written: {error}"]) from None


def expiries(folder: Path) -> tuple[dict[str, str | None], dict[str, str]]:
    """Stack -> what its file says of its end, as it stands there, None where it says nothing; and why a file cannot be used."""
    found: dict[str, str | None] = {}
    troubles: dict[str, str] = {}
    for stack in stacks_of(folder):
        try:
            value = _config(stack_file(folder, stack)).get(_EXPIRES)
        except SettingsError as error:
            troubles[stack] = "; ".join(error.findings)
        else:
            found[stack] = None if value in (None, "") else str(value)
    return found, troubles


def used_by_files(folder: Path, without: str) -> Used:
    """Ranges and ports that the stack files name, whether they are deployed or not.

    Raises:
        SettingsError: one of the files is wrong; what it would take is then not known.
    """
    settings = [from_files(folder, stack) for stack in stacks_of(folder) if stack != without]
    ranges = tuple(
        IPv4Network(text)
        for one in settings
        for text in (one.vpc_cidr, one.cluster_subnet, one.service_subnet)
        if text
    )
    return Used(ranges, frozenset(one.ingress_node_port for one in settings))


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """While it lasts, nobody else chooses a range in this folder.

    Raises:
        SettingsError: there is no project here.
    """
    try:
        file = (folder / "Pulumi.yaml").open("rb")
    except OSError:
        raise SettingsError([f"Pulumi.yaml: not found in {folder.resolve()}"]) from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _config(file: Path) -> dict[str, Any]:
    loaded = parsed(text_of(file), file.name)
    config = loaded.get("config") if isinstance(loaded, dict) else None
    return config if isinstance(config, dict) else {}
