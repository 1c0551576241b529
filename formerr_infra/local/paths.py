"""Where local mode keeps its things: the only reader of FORMERR_LOCAL_DIR and FORMERR_CACHE_DIR.

Creates nothing and checks nothing. Standard library only: set-up runs it before anything is installed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from formerr_infra import files
from formerr_infra.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class LocalPaths:
    """The folders of one checkout's local mode.

    Attributes:
        checkout: the folder with Pulumi.yaml.
        local_dir: everything that belongs to this checkout's local runs; removing it forgets them.
        cache_dir: what checkouts share, by version: tools and their downloads.
        home: the user's home, whose ~/.pulumi/plugins is read and never written.
    """

    checkout: Path
    local_dir: Path
    cache_dir: Path
    home: Path

    @classmethod
    def of(cls, environ: Mapping[str, str] | None = None, *, checkout: Path = CHECKOUT) -> LocalPaths:
        """The paths that `environ` (default: the process's own) asks for."""
        env = os.environ if environ is None else environ
        home = files.home(env)
        if home is None:
            raise SetupError("HOME is not set, and the system knows no home of this user: set HOME")
        base = Path(env["XDG_CACHE_HOME"]) if env.get("XDG_CACHE_HOME") else home / ".cache"
        local = Path(env["FORMERR_LOCAL_DIR"]) if env.get("FORMERR_LOCAL_DIR") else checkout / ".formerr"
        cache = Path(env["FORMERR_CACHE_DIR"]) if env.get("FORMERR_CACHE_DIR") else base / "formerr-infra"
        return cls(
            checkout=checkout,
            local_dir=local.expanduser().absolute(),
            cache_dir=cache.expanduser().absolute(),
            home=home,
        )

    @property
    def venv(self) -> Path:
        return self.checkout / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def tools(self) -> Path:
        """tools/<name>/<version>/<program>"""
        return self.cache_dir / "tools"

    @property
    def downloads(self) -> Path:
        return self.cache_dir / "downloads"

    @property
    def state(self) -> Path:
        """The folder of the file backend."""
        return self.local_dir / "state"

    @property
    def pulumi_home(self) -> Path:
        return self.local_dir / "pulumi-home"

    @property
    def config(self) -> Path:
        """The stack files that local runs use: the checkout's, with the salt of the local state."""
        return self.local_dir / "config"

    @property
    def bin(self) -> Path:
        """The programs out of the cache, side by side."""
        return self.local_dir / "bin"

    @property
    def kubernetes(self) -> Path:
        """The programs of a local cluster, side by side."""
        return self.local_dir / "kubernetes"

    @property
    def kubeconfigs(self) -> Path:
        """What `formerr local kubeconfig` writes; a token is in it."""
        return self.local_dir / "kubeconfig"

    @property
    def demo_secrets(self) -> Path:
        """Generated values of the application's secrets."""
        return self.local_dir / "secrets.json"

    @property
    def stand_in(self) -> Path:
        """The folder that stand-in mode puts on the PATH."""
        return self.local_dir / "plugins" / "stand-in"

    @property
    def run(self) -> Path:
        """Process file, ready file, log and lock of the local DigitalOcean."""
        return self.local_dir / "run"

    @property
    def account(self) -> Path:
        """The saved account of the local DigitalOcean."""
        return self.local_dir / "account.json"

    @property
    def toolchain_stamp(self) -> Path:
        return self.local_dir / "toolchain.json"
