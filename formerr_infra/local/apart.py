"""Virtual environments of their own for tools that neither a run nor the tests need: made by hash, when they are first asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from formerr_infra import children
from formerr_infra.errors import SetupError
from formerr_infra.local.paths import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path


def interpreter(name: str, *, sees_checkout: bool = False) -> Path:
    """The Python of `.formerr/<name>/venv`, with what `requirements/<name>.txt` locks; made anew where that has changed.

    Args:
        name: of both.
        sees_checkout: let it import this checkout and the packages of its own environment too.

    Raises:
        SetupError: it cannot be made.
    """
    venv, lock = CHECKOUT / ".formerr" / name / "venv", CHECKOUT / "requirements" / f"{name}.txt"
    python, stamp = venv / "bin" / "python", venv / "made-from"
    wanted = lock.read_text("utf-8")
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return python
    shutil.rmtree(venv, ignore_errors=True)
    venv.parent.mkdir(parents=True, exist_ok=True)
    pip = [
        os.fspath(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--require-hashes",
        "--no-deps",
        "-r",
        os.fspath(lock),
    ]
    for command in ([sys.executable, "-m", "venv", os.fspath(venv)], pip):
        done = subprocess.run(
            command,
            env=children.for_tool(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise SetupError(
                f"{lock.name} could not be installed: {(done.stderr or done.stdout).strip()[-800:]}"
            )
    if sees_checkout:
        (site,) = (venv / "lib").glob("python3*/site-packages")
        packages = [os.fspath(one) for one in (CHECKOUT / ".venv" / "lib").glob("python3*/site-packages")]
        (site / "checkout.pth").write_text("\n".join([*packages, os.fspath(CHECKOUT)]) + "\n", "utf-8")
    stamp.write_text(wanted, "utf-8")
    return python
