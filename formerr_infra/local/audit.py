"""Whether a requirement that is locked has a known vulnerability.

Where the internet is there, pip-audit asks; it is pinned in `requirements/audit.txt`. Where it is not, AUDIT_DATA names a copy of
OSV's export for PyPI, the archive `PyPI/all.zip` of its public bucket, and the advisories in it are held against the locks here.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from formerr_infra.errors import SettingsError
from formerr_infra.local import apart
from formerr_infra.local.paths import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

VARIABLE = "AUDIT_DATA"
LOCKS = (
    "requirements.txt",
    "requirements-dev.txt",
    "requirements/bootstrap.txt",
    "requirements/fuzz.txt",
    "requirements/audit.txt",
)
_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, order=True)
class Vulnerable:
    """A requirement that an advisory is about."""

    name: str
    version: str
    advisory: str
    summary: str


def pins(texts: list[str]) -> dict[str, set[str]]:
    """Name of each requirement -> its locked versions."""
    found: dict[str, set[str]] = {}
    for text in texts:
        for name, version in _PIN.findall(text):
            found.setdefault(canonicalize_name(name), set()).add(version)
    return found


def advisories(file: Path) -> Iterator[Mapping[str, Any]]:
    """Those of the archive that were not taken back.

    Raises:
        SettingsError: it is no such archive, or there is none in it.
    """
    read = 0
    try:
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                if name.endswith(".json"):
                    advisory, read = json.loads(archive.read(name)), read + 1
                    if not advisory.get("withdrawn"):
                        yield advisory
    except (OSError, zipfile.BadZipFile, ValueError, AttributeError) as error:
        raise SettingsError([f"{VARIABLE}={file}: is not OSV's export for PyPI: {error}"]) from None
    if not read:
        raise SettingsError([f"{VARIABLE}={file}: is not OSV's export for PyPI: there is no advisory in it"])


def vulnerable(held: Mapping[str, set[str]], known: Iterator[Mapping[str, Any]]) -> list[Vulnerable]:
    """The requirements that an advisory is about; one whose version cannot be compared counts too."""
    found = set()
    for advisory in known:
        for one in advisory.get("affected") or ():
            package = one.get("package") or {}
            name = canonicalize_name(str(package.get("name") or ""))
            if package.get("ecosystem") != "PyPI" or name not in held:
                continue
            found |= {
                Vulnerable(name, version, str(advisory.get("id")), str(advisory.get("summary") or ""))
                for version in held[name]
                if _is_affected(version, one)
            }
    return sorted(found)


def _is_affected(version: str, affected: Mapping[str, Any]) -> bool:
    if version in (affected.get("versions") or ()):
        return True
    ranges = [one for one in affected.get("ranges") or () if one.get("type") == "ECOSYSTEM"]
    return any(_is_within(version, one.get("events") or ()) for one in ranges)


def _is_within(version: str, events: Iterable[Mapping[str, str]]) -> bool:
    """Whether it lies between `introduced` and `fixed` (or `last_affected`) of a range of OSV."""
    try:
        own, inside = Version(version), False
        for event in events:
            (kind, said), *_ = event.items()
            bound = Version("0" if said == "0" else said)
            if kind == "introduced" and own >= bound:
                inside = True
            if (kind == "fixed" and own >= bound) or (kind == "last_affected" and own > bound):
                inside = False
        return inside
    except InvalidVersion:
        return True


def main() -> int:
    """Audit the locks; 1 if something is known of one of them."""
    if data := os.environ.get(VARIABLE):
        held = pins([(CHECKOUT / file).read_text("utf-8") for file in LOCKS])
        found = vulnerable(held, advisories(Path(data)))
        for one in found:
            sys.stdout.write(f"{one.name} {one.version}: {one.advisory}: {one.summary}\n")
        sys.stdout.write(f"{len(held)} requirements, {len(found)} advisories about them\n")
        return 1 if found else 0
    python = apart.interpreter("audit")
    files = [word for file in LOCKS for word in ("-r", file)]
    command = [
        os.fspath(python),
        "-m",
        "pip_audit",
        "--disable-pip",
        "--require-hashes",
        "--progress-spinner=off",
        *files,
    ]
    return subprocess.call(command, cwd=CHECKOUT, stdin=subprocess.DEVNULL)
