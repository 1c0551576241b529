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
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from formerr_infra.local.toolchain.errors import WayFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.local.toolchain.release import Sayer
    from formerr_infra.local.toolchain.table import GoBuild

MODULES = Path(__file__).resolve().parent / "modules"
NEEDED = (1, 21)  # the first that fetches the toolchain a go.mod asks for
DISK_BYTES = 4_000_000_000
_LAST_LINES = 12
_running: set[subprocess.Popen[str]] = set()
_guard = threading.Lock()


def recipe_of(build: GoBuild) -> str:
    """A sum over everything that decides what comes out."""
    digest = hashlib.sha256(f"{build.package}\n{build.ldflags}\n{build.scripts}\n".encode())
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
    folder = MODULES / build.module
    flags = f"-s -w {build.ldflags}".strip()
    command = [go, "build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-v", "-ldflags", flags]
    _watched([*command, "-o", os.fspath(into / name), build.package], folder, env, build.packages, sayer)
    for module, path in build.scripts:
        where = _output([go, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module], folder, env).strip()
        source = Path(where) / path
        if not where or not source.is_file():
            raise WayFailed(f"the module {module} holds no {path}")
        shutil.copyfile(source, into / source.name)


def stop_all() -> None:
    """End every build that runs; for the way out of an interrupted run."""
    with _guard:
        running = list(_running)
    for process in running:
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


def _watched(command: list[str], folder: Path, env: dict[str, str], packages: int, sayer: Sayer) -> None:
    modules = compiled = 0
    last: list[str] = []
    sayer.say("building from Go modules", "looking at the modules")
    with subprocess.Popen(
        command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, errors="replace",
    ) as process:  # fmt: skip
        with _guard:
            _running.add(process)
        try:
            for line in process.stderr or ():
                text = line.strip()
                if text.startswith("go: downloading"):
                    modules += 1
                    sayer.say(
                        "building from Go modules",
                        f"module {modules}: {text.removeprefix('go: downloading ')}",
                    )
                elif " " not in text:
                    compiled += 1
                    sayer.say("building from Go modules", f"{compiled} of about {packages} packages: {text}")
                if not text.startswith("go: downloading") and text:
                    last = [*last[-_LAST_LINES + 1 :], text]
            code = process.wait()
        except BaseException:
            process.terminate()
            raise
        finally:
            with _guard:
                _running.discard(process)
    if code != 0:
        raise WayFailed(f"`go build` ended with {code}:\n" + "\n".join(last))
