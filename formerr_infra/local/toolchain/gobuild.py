"""Programs built from published Go modules, every module verified by the go.sum that lies beside the recipe.

Where the modules come from is Go's business and the user's settings (GOPROXY); no address is named here. An
interrupted build goes on where it was, because Go keeps what it downloaded and compiled. Standard library
only.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from formerr_infra.local.toolchain.cache import STAGING
from formerr_infra.local.toolchain.errors import WayFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from formerr_infra.local.toolchain.release import Sayer
    from formerr_infra.local.toolchain.table import GoBuild

MODULES = Path(__file__).resolve().parent / "modules"
NEEDED = (1, 21)  # the first that fetches the toolchain a go.mod asks for
DISK_BYTES = 4_000_000_000
_LAST_LINES = 12
_running: set[subprocess.Popen[str]] = set()
_guard = threading.Lock()
# Builds share most of their packages. One after another, what the first compiled is there for the second; at once,
# both would compile it. What they download is different, and comes side by side.
_one_at_a_time = threading.Lock()

FETCHING = "fetching Go modules"
COMPILING = "compiling"
LINKING = "linking"
WAITING = "waiting for the other build"
_DOWNLOADING = "go: downloading "


def recipe_of(build: GoBuild) -> str:
    """A sum over everything that decides what comes out."""
    digest = hashlib.sha256(f"{build.package}\n{build.ldflags}\n{build.scripts}\n".encode())
    if build.embeds:
        digest.update(f"{build.embeds}\n".encode())
        digest.update((MODULES / build.module / "main.go").read_bytes())
    for name in ("go.mod", "go.sum"):
        digest.update((MODULES / build.module / name).read_bytes())
    return digest.hexdigest()


def go_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The user's Go settings but for those that would change what is built."""
    changed = {"GOFLAGS", "GOWORK", "GOOS", "GOARCH", "GOARM", "GOAMD64", "GO111MODULE", "CGO_ENABLED"}
    env = {name: value for name, value in environ.items() if name not in changed}
    # A C compiler is nothing that a fresh machine has.
    return env | {"GOWORK": "off", "GOFLAGS": "", "CGO_ENABLED": "0", "GO111MODULE": "on"}


def make(build: GoBuild, name: str, into: Path, environ: Mapping[str, str], sayer: Sayer) -> None:
    """Build the program into `into`, with the scripts that belong beside it.

    Raises:
        WayFailed: Go is missing or too old, a module cannot be had or verified, or it does not compile.
    """
    go = _go(environ)
    env = go_environment(environ)
    with _source(build, into, go, env, sayer) as folder:
        sayer.say(FETCHING)
        listed = _watched(
            [go, "list", "-mod=readonly", "-deps", build.package], folder, env, _Downloads(sayer)
        )
        flags = f"-s -w {build.ldflags}".strip()
        command = [go, "build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-v", "-ldflags", flags]
        if not _one_at_a_time.acquire(blocking=False):
            sayer.say(WAITING)
            _one_at_a_time.acquire()
        try:
            sayer.say(COMPILING)
            packages = listed.split()
            heard = _Compiled(sayer, len(packages), main=packages[-1] if packages else "")
            _watched([*command, "-o", os.fspath(into / name), build.package], folder, env, heard)
        finally:
            _one_at_a_time.release()
        for module, path in build.scripts:
            _copy_out(module, path, into, go, folder, env)


@contextmanager
def _source(build: GoBuild, into: Path, go: str, env: dict[str, str], sayer: Sayer) -> Iterator[Path]:
    """The folder to build in: the recipe's own, or a copy of it with the files that the program embeds.

    The copy lies beside `into` under a name that the cache sweeps, should nobody come back to remove it.
    """
    recipe = MODULES / build.module
    if not build.embeds:
        yield recipe
        return
    with tempfile.TemporaryDirectory(prefix=f"{STAGING}source-", dir=into.parent) as made:
        folder = Path(made)
        for name in ("go.mod", "go.sum", "main.go"):
            shutil.copyfile(recipe / name, folder / name)
        for module in dict.fromkeys(module for module, _ in build.embeds):
            sayer.say(FETCHING, module)
            _watched([go, "mod", "download", module], folder, env, _Downloads(sayer))
        for module, path in build.embeds:
            _copy_out(module, path, folder, go, folder, env)
        yield folder


def _copy_out(module: str, path: str, into: Path, go: str, folder: Path, env: dict[str, str]) -> None:
    """Copy a file of a verified module into a folder."""
    where = _output([go, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module], folder, env).strip()
    source = Path(where) / path
    if not where or not source.is_file():
        raise WayFailed(f"the module {module} holds no {path}")
    shutil.copyfile(source, into / source.name)


def stop_all() -> None:
    """End every build that runs, and let none begin; for the way out of an interrupted run."""
    _guard.acquire()
    for process in _running:
        process.terminate()


def _go(environ: Mapping[str, str]) -> str:
    go = shutil.which("go", path=environ.get("PATH"))
    if go is None:
        raise WayFailed("there is no `go` on the PATH")
    said = _output([go, "env", "GOVERSION"], MODULES, dict(environ)).strip()
    match = re.match(r"go(\d+)\.(\d+)", said)
    if match and (int(match[1]), int(match[2])) < NEEDED:
        raise WayFailed(f"{go} is {said}, and Go {NEEDED[0]}.{NEEDED[1]} or newer is needed")
    return go


def _output(command: list[str], folder: Path, env: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise WayFailed(f"`{' '.join(command[:3])}` failed: {done.stderr.strip()[-800:]}")
    return done.stdout


class _Downloads:
    """Hears Go tell of the modules it downloads."""

    def __init__(self, sayer: Sayer) -> None:
        self._sayer = sayer
        self._count = 0

    def hear(self, text: str) -> bool:
        """Whether it was progress and nothing to be kept for an error message."""
        if not text.startswith(_DOWNLOADING):
            return False
        self._count += 1
        self._sayer.say(FETCHING, f"{self._count}: {text.removeprefix(_DOWNLOADING)}")
        return True


class _Compiled:
    """Hears Go tell of the packages it compiles; those that are cached already it does not tell of."""

    def __init__(self, sayer: Sayer, packages: int, *, main: str) -> None:
        self._sayer = sayer
        self._packages = packages
        self._main = main
        self._count = 0

    def hear(self, text: str) -> bool:
        """Whether it was progress and nothing to be kept for an error message."""
        if not text or " " in text:
            return False
        self._count += 1
        if text == self._main:
            # The last of them; what follows is the longest step of which Go says nothing.
            self._sayer.say(LINKING)
            return True
        self._sayer.say(COMPILING, f"{self._count} of at most {self._packages} packages: {text}")
        return True


def _started(
    command: list[str], folder: Path, env: dict[str, str], printed: IO[str]
) -> subprocess.Popen[str]:
    """Start Go; whoever stops all builds finds it from its first moment on."""
    with _guard:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=printed,
            stderr=subprocess.PIPE, text=True, errors="replace",
        )  # fmt: skip
        _running.add(process)
    return process


def _watched(command: list[str], folder: Path, env: dict[str, str], ear: _Downloads | _Compiled) -> str:
    """Run Go and let `ear` hear what it says; what it printed."""
    last: list[str] = []
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as printed,
        _started(command, folder, env, printed) as process,
    ):
        try:
            for line in process.stderr or ():
                if not ear.hear(line.strip()):
                    last = [*last[-_LAST_LINES + 1 :], line.rstrip()]
            code = process.wait()
        except BaseException:
            process.terminate()
            raise
        finally:
            with _guard:
                _running.discard(process)
        if code != 0:
            raise WayFailed(f"`{' '.join(command[:2])}` ended with {code}:\n" + "\n".join(last))
        printed.seek(0)
        return printed.read()
