"""Programs out of packages of the npm registry: fetched by npm, verified by the integrity that is pinned, unpacked by node.

No script of a package is ever run, and nothing is installed outside the cache. Standard library only.
"""

from __future__ import annotations

import base64
import hashlib
import platform
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from formerr_infra.local.toolchain.errors import WayFailed
from formerr_infra.local.toolchain.release import space_needed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.local.toolchain.release import Sayer
    from formerr_infra.local.toolchain.table import Package

SECONDS = 900
#: Unpacked and packed, with room.
DISK_BYTES = 600_000_000
#: What npm is for: to hand over, unpacked, what is compressed in a way that the standard library does not know.
_UNBROTLI = "process.stdin.pipe(require('zlib').createBrotliDecompress()).pipe(process.stdout)"


def make(package: Package, into: Path, environ: Mapping[str, str], sayer: Sayer) -> None:
    """Put the files of a package into an empty folder, side by side.

    Raises:
        WayFailed: it could not be had, is not the pinned one, or is not for this machine.
    """
    if (platform.system(), platform.machine()) not in package.machines:
        raise WayFailed(f"there is no package for {platform.system()} on {platform.machine()}")
    npm, node = (_program(name, environ) for name in ("npm", "node"))
    space_needed(into, DISK_BYTES)
    with tempfile.TemporaryDirectory(dir=into.parent) as folder:
        sayer.say("fetching the package", f"{package.name}@{package.version}")
        archive = _fetch(package, npm, Path(folder), environ)
        sayer.say("unpacking", package.name)
        with tarfile.open(archive, "r:gz") as tar:
            for member, name in package.files.items():
                packed = _member(tar, member, Path(folder))
                if name:
                    _unpack(node, packed, into / name, environ)
                else:
                    plain = packed.with_suffix(".tar")
                    _unpack(node, packed, plain, environ)
                    _side_by_side(plain, into)
    for name, text in package.texts.items():
        (into / name).write_text(text, "utf-8")


def recipe_of(package: Package) -> str:
    """What it is made from; another recipe makes it again."""
    texts = "\0".join(f"{name}\0{text}" for name, text in sorted(package.texts.items()))
    return f"{package.sha512} {hashlib.sha256(texts.encode()).hexdigest()}"


def _fetch(package: Package, npm: str, folder: Path, environ: Mapping[str, str]) -> Path:
    command = [npm, "pack", f"{package.name}@{package.version}", "--silent", "--ignore-scripts"]
    try:
        done = subprocess.run(
            command, cwd=folder, env=dict(environ), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise WayFailed(f"`npm pack {package.name}` gave no answer in {SECONDS} s") from None
    archives = list(folder.glob("*.tgz"))
    if done.returncode != 0 or len(archives) != 1:
        said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
        raise WayFailed(f"`npm pack {package.name}@{package.version}` says: {said}")
    with archives[0].open("rb") as file:
        found = base64.b64encode(hashlib.file_digest(file, "sha512").digest()).decode()
    if found != package.sha512:
        raise WayFailed(f"{package.name}: its SHA-512 is {found}, pinned is {package.sha512}; it is not used")
    return archives[0]


def _member(tar: tarfile.TarFile, name: str, folder: Path) -> Path:
    try:
        source = tar.extractfile(f"package/{name}")
    except KeyError:
        source = None
    if source is None:
        raise WayFailed(f"the package holds no {name}")
    target = folder / Path(name).name
    with source, target.open("wb") as file:
        shutil.copyfileobj(source, file)
    return target


def _unpack(node: str, packed: Path, target: Path, environ: Mapping[str, str]) -> None:
    with packed.open("rb") as source, target.open("wb") as file:
        done = subprocess.run(
            [node, "-e", _UNBROTLI], stdin=source, stdout=file, stderr=subprocess.PIPE, env=dict(environ),
            timeout=SECONDS, check=False,
        )  # fmt: skip
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise WayFailed(f"{packed.name} cannot be unpacked: {said[-1] if said else done.returncode}")


def _side_by_side(archive: Path, into: Path) -> None:
    """The files of a tar, without their folders."""
    with tarfile.open(archive) as tar:
        for member in tar:
            source = tar.extractfile(member) if member.isfile() else None
            if source is not None:
                with source, (into / Path(member.name).name).open("wb") as file:
                    shutil.copyfileobj(source, file)


def _program(name: str, environ: Mapping[str, str]) -> str:
    found = shutil.which(name, path=environ.get("PATH"))
    if found is None:
        raise WayFailed(f"there is no {name} on the PATH")
    return found
