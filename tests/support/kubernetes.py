"""The programs of a control plane, for tests that run one; nothing is fetched or built here."""

from __future__ import annotations

import os
from pathlib import Path

from formerr_infra.local.paths import LocalPaths
from formerr_infra.local.tools import Toolbox

VARIABLE = "FORMERR_TEST_KUBERNETES"


def find() -> Path:
    """The folder of the programs: the one that is named, else set-up's. LookupError if there is none."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    folder = Toolbox(LocalPaths.of(), os.environ).kubernetes()
    if folder is None:
        raise LookupError(f"no control plane's programs: run `make setup`, or set {VARIABLE} to their folder")
    return folder
