"""Official releases: fetched with resume, verified by the published sums, unpacked by name.

A host that does not answer is given up within seconds, because the next way may be a build. Nothing is
unpacked before its sum is right, and nothing is written but the named executables. Standard library only;
proxies are those of the environment.
"""

from __future__ import annotations

import http.client
import json
import os
import platform
import queue
import re
import shutil
import tarfile
import threading
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from formerr_infra.local.toolchain.cache import sha256_of
from formerr_infra.local.toolchain.errors import WayFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from formerr_infra.local.toolchain.table import Release, Tool

CONNECT_SECONDS = 4.0
PROBE_SECONDS = 10.0
READ_SECONDS = 30.0
TRIES = 4
_BLOCK = 1 << 18

MIRROR = "FORMERR_RELEASE_URL"


class Sayer(Protocol):
    def say(self, phase: str, detail: str = "") -> None: ...


@dataclass(frozen=True, slots=True)
class Asset:
    """The archive of this machine in a folder that answered, with its published sum."""

    url: str
    name: str
    sha256: str


def _words(release: Release) -> dict[str, str]:
    """What is replaced in the names of a release, for this machine.

    Raises:
        WayFailed: there is no archive for it.
    """
    system, machine = platform.system().lower(), platform.machine().lower()
    arch = release.arches.get(machine)
    if system not in release.systems or arch is None:
        raise WayFailed(f"there is no release for {system} on {machine}")
    ext = "zip" if system == "darwin" else "tar.gz"
    return {
        "version": release.version, "os": system, "system": system.capitalize(), "arch": arch, "ext": ext
    }  # fmt: skip


def names(release: Release) -> tuple[str, str]:
    """(archive, sums) for this machine.

    Raises:
        WayFailed: there is no archive for it.
    """
    words = _words(release)
    return release.archive.format_map(words), release.sums.format_map(words)


def places(release: Release, environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """(folder, address of the sums), each to be tried in turn: the mirror alone where one is set.

    Raises:
        WayFailed: there is no archive for this machine.
    """
    words = _words(release)
    mirror = environ.get(MIRROR)
    bases = [base.format_map(words).rstrip("/") for base in ((mirror,) if mirror else release.bases)]
    if release.listing and not mirror:
        return tuple((base, release.listing.format_map(words)) for base in bases)
    return tuple((base, f"{base}/{release.sums.format_map(words)}") for base in bases)


def find(release: Release, environ: Mapping[str, str], sayer: Sayer) -> Asset:
    """Ask each folder for its sums; the first that has one for this machine's archive is it.

    Raises:
        WayFailed: none has; every folder is named with its reason.
    """
    archive, _ = names(release)
    why: list[str] = []
    for base, url in places(release, environ):
        sayer.say("asking for the release", url)
        try:
            text = _small(url)
        except (OSError, http.client.HTTPException, ValueError) as error:
            why.append(f"{url}: {_reason(error)}")
            continue
        found = sum_of(archive, text)
        if found is not None:
            return Asset(url=f"{base}/{archive}", name=archive, sha256=found)
        why.append(f"{url}: no sum for {archive}")
    raise WayFailed("\n".join(why))


def sum_of(archive: str, text: str) -> str | None:
    """The SHA-256 of `archive` out of what was published: lines of sum and name, the bare sum of the one
    file, or GitHub's list of a release's files with their digests."""
    if re.fullmatch(r"[0-9a-fA-F]{64}\s*", text):
        return text.strip().lower()
    if text.lstrip().startswith("{"):
        return _digest(archive, text)
    for line in text.splitlines():
        fields = line.split()
        if len(fields) == 2 and fields[1].lstrip("*") == archive and len(fields[0]) == 64:
            return fields[0].lower()
    return None


def _digest(archive: str, text: str) -> str | None:
    try:
        told = {str(one["name"]): one.get("digest") for one in json.loads(text)["assets"]}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    match = re.fullmatch(r"sha256:([0-9a-fA-F]{64})", str(told.get(archive)))
    return match[1].lower() if match else None


def fetch(asset: Asset, folder: Path, sayer: Sayer) -> Path:
    """The archive, downloaded or from an earlier run, its sum verified.

    A cut download goes on where it was cut, in this run or in a later one. A sum that is wrong after such a
    continuation may mean that the halves do not belong together: it is fetched once more from the start.

    Raises:
        WayFailed: it could not be had, or its sum is wrong; a wrong file is not kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    final = folder / asset.name
    if final.exists():
        if sha256_of(final) == asset.sha256:
            return final
        final.unlink()
    part = folder / f"{asset.name}.part"
    resumed = part.exists() and part.stat().st_size > 0
    _download(asset, part, sayer)
    sayer.say("verifying the checksum", asset.name)
    found = sha256_of(part)
    if found != asset.sha256 and resumed:
        part.unlink()
        _download(asset, part, sayer)
        found = sha256_of(part)
    if found != asset.sha256:
        part.unlink()
        raise WayFailed(
            f"{asset.url}: its SHA-256 is {found}, published is {asset.sha256}; it was removed, not used"
        )
    part.replace(final)
    return final


def unpack(archive: Path, tool: Tool, into: Path) -> None:
    """Put the executables of `tool` into `into`, wherever they lie in the archive.

    Raises:
        WayFailed: one is missing, or the archive is damaged.
    """
    try:
        if archive.name.endswith((".tar.gz", ".tgz")):
            _unpack_tar(archive, tool, into)
        elif archive.name.endswith(".zip"):
            _unpack_zip(archive, tool, into)
        else:
            archive.replace(into / tool.name)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError) as error:
        raise WayFailed(f"{archive.name} cannot be unpacked: {error}") from error
    missing = [name for name in tool.files if not (into / name).exists()]
    if missing:
        raise WayFailed(f"{archive.name} holds no {', '.join(missing)}")


def _unpack_tar(archive: Path, tool: Tool, into: Path) -> None:
    wanted = {*tool.files, *tool.optional_companions}
    with tarfile.open(archive, "r:gz") as tar:
        for member in tar:
            name = member.name.rsplit("/", 1)[-1]
            source = tar.extractfile(member) if name in wanted and member.isfile() else None
            if source is not None:
                with source, (into / name).open("wb") as target:
                    shutil.copyfileobj(source, target)


def _unpack_zip(archive: Path, tool: Tool, into: Path) -> None:
    wanted = {*tool.files, *tool.optional_companions}
    with zipfile.ZipFile(archive) as packed:
        for member in packed.infolist():
            name = member.filename.rsplit("/", 1)[-1]
            if name in wanted and not member.is_dir():
                with packed.open(member) as source, (into / name).open("wb") as target:
                    shutil.copyfileobj(source, target)


def _download(asset: Asset, part: Path, sayer: Sayer) -> None:
    error: Exception | None = None
    for attempt in range(TRIES):
        before = part.stat().st_size if part.exists() else 0
        try:
            _continue(asset, part, sayer)
            return
        except (OSError, http.client.HTTPException) as caught:
            error = caught
            after = part.stat().st_size if part.exists() else 0
            if isinstance(caught, urllib.error.HTTPError) and caught.code == 416:
                part.unlink(missing_ok=True)
            elif after == before and attempt > 0:
                break
    raise WayFailed(
        f"{asset.url}: {_reason(error)}; what was received is kept, and the next run goes on from there"
    )


def _continue(asset: Asset, part: Path, sayer: Sayer) -> None:
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(asset.url)  # noqa: S310  (https, or the mirror that the user set)
    if have:
        request.add_header("Range", f"bytes={have}-")
    with urllib.request.urlopen(request, timeout=READ_SECONDS) as answer:  # noqa: S310
        goes_on = answer.status == 206
        length = answer.headers.get("Content-Length")
        done = have if goes_on else 0
        total = done + int(length) if length else None
        with part.open("ab" if goes_on else "wb") as file:
            while block := answer.read(_BLOCK):
                file.write(block)
                done += len(block)
                of = f" of {total / 1e6:.0f}" if total else ""
                sayer.say("downloading the release", f"{done / 1e6:.0f}{of} MB")
        if total is not None and done < total:
            raise ConnectionError(f"cut after {done} of {total} bytes")


def _small(url: str) -> str:
    """A small text, or an error within `PROBE_SECONDS`, slow name servers included."""
    answers: queue.SimpleQueue[str | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            with urllib.request.urlopen(url, timeout=CONNECT_SECONDS) as answer:  # noqa: S310
                answers.put(answer.read(1 << 20).decode("utf-8"))
        except (OSError, http.client.HTTPException, ValueError) as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        got = answers.get(timeout=PROBE_SECONDS)
    except queue.Empty:
        raise TimeoutError(f"no answer within {PROBE_SECONDS:.0f} s") from None
    if isinstance(got, Exception):
        raise got
    return got


def _reason(error: Exception | None) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"answered {error.code}"
    if isinstance(error, urllib.error.URLError):
        return f"cannot be reached ({error.reason})"
    return str(error) or type(error).__name__


def space_needed(folder: Path, wanted: int) -> None:
    """Refuse early where the disk cannot hold it.

    Raises:
        WayFailed: fewer than `wanted` bytes are free.
    """
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < wanted:
        raise WayFailed(f"{os.fspath(folder)} has {free / 1e6:.0f} MB free, {wanted / 1e6:.0f} MB are needed")
