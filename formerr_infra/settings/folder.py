"""The stacks that a project's folder has files of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: What stands beside them under such a name, `Pulumi.staging.bak.yaml`, is no stack's: a name has no dot.
_FILE = re.compile(r"Pulumi\.([A-Za-z0-9_-]{1,100})\.yaml")


def stacks_of(folder: Path) -> tuple[str, ...]:
    """Their names, sorted."""
    matches = (_FILE.fullmatch(one.name) for one in folder.glob("Pulumi.*.yaml"))
    return tuple(sorted(one[1] for one in matches if one is not None))
