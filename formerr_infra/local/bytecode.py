"""Bytecode of the project's own modules, written at set-up.

Python writes it by itself at the first import, but not with PYTHONDONTWRITEBYTECODE, which many container images set:
there every run of the engine would compile the program, the plugin and the emulator anew, a tenth of a second each.

A module that is edited afterwards is compiled in memory, as always: bytecode that is older than its source is not used.
It is written for the Python that runs the set-up; another one ignores it.
"""

from __future__ import annotations

import compileall
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = "formerr_infra"


def write(checkout: Path) -> bool:
    """Compile what has no bytecode, or an old one.

    A module that does not compile says so where it is imported, and a folder that cannot be written to costs time and
    nothing else, so neither stops the set-up.

    Returns:
        Whether every module has its bytecode now.
    """
    try:
        return bool(compileall.compile_dir(checkout / PACKAGE, quiet=2))
    except OSError:
        return False
