"""The programs of a control plane, for tests that run one; nothing is fetched or built here."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "FORMERR_TEST_KUBERNETES"


def find() -> Path:
    """The folder of the programs. LookupError if there is none."""
    named = os.environ.get(VARIABLE)
    if not named:
        raise LookupError(f"no control plane's programs: set {VARIABLE} to their folder")
    return Path(named)
