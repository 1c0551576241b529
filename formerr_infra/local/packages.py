"""The virtual environment: made, filled from the locked requirements, and left alone while nothing changed.

pip installs one pinned program, uv, by hash; uv installs the rest by hash, in a tenth of pip's time. Where uv
is not to be had, pip does all of it. Standard library only. It never removes a package that it did not
install.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from formerr_infra.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from formerr_infra.local.toolchain.release import Sayer

BOOTSTRAP = "requirements/bootstrap.txt"
LOCKS = ("requirements.txt", "requirements-dev.txt")
STAMP = ".formerr-infra.json"
_MAKING = ".being-made"
# Bump when what is written into the environment beside the packages changes.
_LAYOUT = 1

_SCRIPT = """#!{python}
import sys

from formerr_infra.cli.app import main

sys.exit(main())
"""


class RequirementsUnavailable(SetupError):
    """The virtual environment could not be made or filled; the message holds the installer's last words."""

    exit_code = 11


@dataclass(frozen=True, slots=True)
class Environment:
    """The virtual environment of a checkout.

    Attributes:
        checkout: the folder with the requirements; the environment is `.venv` in it.
        environ: index, proxies and certificates come from here.
        locks: what is installed: for a run against the real cloud the first alone.
    """

    checkout: Path
    environ: Mapping[str, str]
    locks: tuple[str, ...] = LOCKS

    @property
    def folder(self) -> Path:
        return self.checkout / ".venv"

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def wanted(self) -> dict[str, object]:
        """What the stamp says when nothing is to be done."""
        digest = hashlib.sha256()
        for name in (BOOTSTRAP, *self.locks):
            digest.update((self.checkout / name).read_bytes())
        return {"layout": _LAYOUT, "checkout": os.fspath(self.checkout), "requirements": digest.hexdigest()}

    def is_ready(self) -> bool:
        try:
            stamp = json.loads((self.folder / STAMP).read_text("utf-8"))
        except (OSError, ValueError):
            return False
        return bool(stamp == self.wanted()) and os.access(self.python, os.X_OK)

    def ensure(self, sayer: Sayer) -> bool:
        """Make and fill it where that is needed; whether anything was done.

        Raises:
            RequirementsUnavailable: it cannot be made or filled.
        """
        if self.is_ready():
            return False
        (self.folder / STAMP).unlink(missing_ok=True)
        self._create(sayer)
        self._fill(sayer)
        self._make_importable()
        (self.folder / STAMP).write_text(json.dumps(self.wanted(), indent=2) + "\n", "utf-8")
        return True

    def _create(self, sayer: Sayer) -> None:
        making = self.folder / _MAKING
        broken = making.exists() or ((self.folder / "pyvenv.cfg").exists() and not _runs(self.python))
        if broken:
            shutil.rmtree(self.folder)
        if (self.folder / "pyvenv.cfg").exists():
            return
        sayer.say("making the virtual environment")
        self.folder.mkdir(parents=True, exist_ok=True)
        making.touch()
        failed = self._run([sys.executable, "-m", "venv", os.fspath(self.folder)])
        if failed is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise RequirementsUnavailable(
                f"`{sys.executable} -m venv` failed:\n{failed}\n"
                "Debian and Ubuntu keep that module in a package of its own: apt install python3-venv"
            )
        making.unlink()

    def _fill(self, sayer: Sayer) -> None:
        uv = self._uv(sayer)
        files = [word for name in self.locks for word in ("-r", name)]
        failed: str | None = "uv is not to be had"
        if uv is not None:
            sayer.say("installing the locked requirements")
            options = ["--require-hashes", "--compile-bytecode", "--python", os.fspath(self.python)]
            failed = self._run([uv, "pip", "install", *options, *files], self._for_uv())
        if failed is not None:
            sayer.say("installing the locked requirements with pip", failed.strip().splitlines()[-1])
            pip = [os.fspath(self.python), "-m", "pip", "install", "--require-hashes", "--no-input"]
            second = self._run([*pip, *files])
            if second is not None:
                raise RequirementsUnavailable(
                    f"The locked requirements could not be installed.\nuv: {failed}\npip: {second}\n"
                    "Both read PIP_INDEX_URL, HTTPS_PROXY, SSL_CERT_FILE and pip's configuration."
                )

    def _uv(self, sayer: Sayer) -> str | None:
        """The pinned uv in the environment, installed by pip where it is not there yet."""
        uv = self.folder / "bin" / "uv"
        pinned = (self.checkout / BOOTSTRAP).read_text("utf-8").split("uv==", 1)[1].split()[0]
        if uv.exists():
            said = subprocess.run(
                [uv, "--version"], capture_output=True, text=True, check=False
            ).stdout.split()
            if len(said) > 1 and said[1] == pinned:
                return os.fspath(uv)
        sayer.say("installing uv")
        pip = [os.fspath(self.python), "-m", "pip", "install", "--require-hashes", "--no-input", "-q"]
        failed = self._run([*pip, "-r", BOOTSTRAP])
        return None if failed is not None or not uv.exists() else os.fspath(uv)

    def _for_uv(self) -> dict[str, str]:
        """uv does not read pip's settings; the index that pip was given is meant for both."""
        env = dict(self.environ) | {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
        told = any(name in env for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_CONFIG_FILE"))
        if not told:
            asked = [os.fspath(self.python), "-m", "pip", "config", "get"]
            for key, name in (("index-url", "UV_DEFAULT_INDEX"), ("extra-index-url", "UV_INDEX")):
                for section in (":env:", "global"):
                    done = subprocess.run(
                        [*asked, f"{section}.{key}"], env=env, capture_output=True, text=True, check=False
                    )
                    if done.returncode == 0 and done.stdout.strip():
                        env.setdefault(name, " ".join(done.stdout.split()))
        return env

    def _make_importable(self) -> None:
        """Let the environment import the checkout, and give it the `formerr` command; no build, no
        network."""
        site = next((self.folder / "lib").glob("python3*/site-packages"))
        (site / "formerr-infra.pth").write_text(f"{self.checkout}\n", "utf-8")
        script = self.folder / "bin" / "formerr"
        script.write_text(_SCRIPT.format(python=self.python), "utf-8")
        script.chmod(0o755)

    def _run(self, command: list[str], environ: Mapping[str, str] | None = None) -> str | None:
        """None if it worked, else its last words."""
        env = dict(self.environ if environ is None else environ)
        env.pop("PYTHONPATH", None)
        env.pop("VIRTUAL_ENV", None)
        done = subprocess.run(
            command, cwd=self.checkout, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        if done.returncode == 0:
            return None
        words = (
            done.stderr.strip() or done.stdout.strip() or f"it ended with {done.returncode}"
        ).splitlines()
        return "\n".join(words[-15:])


def _runs(python: Path) -> bool:
    """Whether the interpreter still starts and has pip; a Python that was removed or replaced leaves a
    husk."""
    try:
        done = subprocess.run(
            [python, "-c", "import sys, pip; sys.exit(sys.version_info < (3, 11))"],
            stdin=subprocess.DEVNULL, capture_output=True, check=False,
        )  # fmt: skip
    except OSError:
        return False
    return done.returncode == 0
