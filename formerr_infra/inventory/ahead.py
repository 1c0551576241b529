"""The client is imported beside whatever is waited for first, which is the state; a look does it otherwise."""

from __future__ import annotations

import importlib
import threading
from contextlib import suppress


def import_client() -> None:
    """Begin to import it, on a thread that keeps no process alive. What goes wrong is said by the first look."""
    threading.Thread(target=_import, daemon=True).start()


def _import() -> None:
    with suppress(Exception):  # whoever needs it imports it again, and fails there
        importlib.import_module("formerr_infra.inventory.transport")
