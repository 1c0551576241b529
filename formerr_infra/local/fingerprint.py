"""What set-up has made, in a form that two set-ups of one commit have in common: each package by its files, each tool by its sum.

Left out is what differs and means nothing: who installed a package and when, compiled bytecode, and scripts that begin with the
path of their interpreter. A file that is not as it was installed is no difference but an error.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from formerr_infra.errors import SetupError
from formerr_infra.local.paths import CHECKOUT, LocalPaths
from formerr_infra.local.tools import Toolbox

if TYPE_CHECKING:
    from collections.abc import Iterator

_OF_THE_INSTALLATION = frozenset(
    {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json"}
)


def packages(site: Path) -> dict[str, str]:
    """Name and version of each package of an environment -> the digest of its files.

    Args:
        site: its `site-packages`.

    Raises:
        SetupError: a file is gone, or is not as it was installed.
    """
    return {
        record.parent.name.removesuffix(".dist-info"): _digest("\n".join(sorted(_files(record))).encode())
        for record in sorted(site.glob("*.dist-info/RECORD"))
    }


def _files(record: Path) -> Iterator[str]:
    with record.open(encoding="utf-8", newline="") as lines:
        for name, recorded, *_ in csv.reader(lines):
            file = record.parents[1] / name
            if (
                not recorded
                or Path(name).name in _OF_THE_INSTALLATION
                or name.startswith("..")
                or name.endswith(".pyc")
            ):
                continue
            kind, _, wanted = recorded.partition("=")
            try:
                found = (
                    base64.urlsafe_b64encode(hashlib.new(kind, file.read_bytes()).digest())
                    .rstrip(b"=")
                    .decode()
                )
            except OSError as error:
                raise SetupError(
                    f"{file} cannot be read: {error.strerror}. Make the environment anew: make clean setup"
                ) from None
            if found != wanted:
                raise SetupError(
                    f"{file} is not as it was installed. Make the environment anew: make clean setup"
                )
            yield f"{name} {recorded}"


def tools() -> dict[str, str]:
    """Name and version of each tool that set-up found or made -> the digest of its program."""
    found = Toolbox(LocalPaths.of(), os.environ).programs()
    return {f"{name} {one.version}": _digest(one.path.read_bytes()) for name, one in sorted(found.items())}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def main() -> int:
    """Print it as JSON; the same text for the same set."""
    (site,) = (CHECKOUT / ".venv" / "lib").glob("python3*/site-packages")
    held = {"packages": packages(site), "tools": tools()}
    whole = _digest(json.dumps(held, sort_keys=True).encode())
    sys.stdout.write(json.dumps({"whole": whole, **held}, indent=2, sort_keys=True) + "\n")
    return 0
