"""Where a container engine looks for credentials: its own configuration file, of which only `auths` is touched."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from formerr_infra import files
from formerr_infra.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping


def add_auths(auths: Mapping[str, Any]) -> Path:
    """Put credentials into the configuration that DOCKER_CONFIG (or ~/.docker) names; only its owner can read it.

    Raises:
        SettingsError: what is there is no such configuration, or it cannot be written.
    """
    home = files.home(os.environ)
    if home is None and not os.environ.get("DOCKER_CONFIG"):
        raise SettingsError(["DOCKER_CONFIG and HOME are not set: say where docker's configuration lies"])
    folder = Path(os.environ.get("DOCKER_CONFIG") or (home or Path()) / ".docker")
    file = folder / "config.json"
    try:
        held = files.json_of(file) if file.exists() else {}
        if not isinstance(held, dict) or not isinstance(held.setdefault("auths", {}), dict):
            raise SettingsError([f"{file}: is not docker's configuration"])
        held["auths"] |= auths
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        files.put(file, json.dumps(held, indent=2) + "\n", private=True)
    except OSError as error:
        raise SettingsError([f"{file}: cannot be read or written: {error}"]) from None
    return file
