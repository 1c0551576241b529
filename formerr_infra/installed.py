"""Where Pulumi's own installer puts the engine: found there by all that look for it, on a PATH that lacks it."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from formerr_infra import files

if TYPE_CHECKING:
    from collections.abc import Mapping


def pulumi(environ: Mapping[str, str]) -> str | None:
    """The engine below the user's home; None where it or the home is not there."""
    home = files.home(environ)
    return None if home is None else shutil.which("pulumi", path=os.fspath(home / ".pulumi" / "bin"))
