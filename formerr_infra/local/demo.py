"""Values for the application's secrets in local runs: made once, kept in the local folder, worth nothing outside it.

What the user has set is used as it is, and neither kept nor printed. Standard library only; which of them a
stack needs is the program's business.
"""

from __future__ import annotations

import json
import os
import secrets
from typing import TYPE_CHECKING

from formerr_infra import files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAMES = (
    "GITHUB_CLIENT_ID",
    "GITHUB_CLIENT_SECRET",
    "JWT_SECRET",
    "SESSION_SECRET",
    "DB_PASSWORD",
    "DATABASE_URL",
)
# Who names the parts of the managed database has named it.
_SAME_AS_URL = "DB_HOST"


def values(file: Path) -> dict[str, str]:
    """The generated values: those of an earlier run, with new ones for what is missing.

    Only the owner can read the file, from its first byte on.
    """
    try:
        kept = files.json_of(file)
        known = {name: str(kept[name]) for name in NAMES if isinstance(kept.get(name), str) and kept[name]}
    except (OSError, AttributeError):
        known = {}
    if len(known) < len(NAMES):
        known = _made() | known
        write_private(file, json.dumps(known, indent=2) + "\n")
    return known


def exports(file: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """What to add to `environ`: the names that it has not set, or has from here."""
    found = {
        name: value for name, value in values(file).items() if not environ.get(name) or environ[name] == value
    }
    if environ.get(_SAME_AS_URL):
        found.pop("DATABASE_URL", None)
    return found


def write_private(file: Path, text: str) -> None:
    """Put `text` into `file` in one step; nobody but the owner can ever read it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as made:
        made.write(text)
    new.replace(file)


def _made() -> dict[str, str]:
    password = secrets.token_urlsafe(24)
    return {
        "GITHUB_CLIENT_ID": f"local-{secrets.token_hex(8)}",
        "GITHUB_CLIENT_SECRET": secrets.token_hex(20),
        "JWT_SECRET": secrets.token_urlsafe(48),
        "SESSION_SECRET": secrets.token_urlsafe(48),
        "DB_PASSWORD": password,
        # A name that nothing answers to: nobody runs the application's containers here.
        "DATABASE_URL": f"postgresql://formerr:{password}@database.invalid:25060/formerr?sslmode=verify-full",
    }
