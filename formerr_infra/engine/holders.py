"""What is said of whoever holds a stack, as far as this machine can tell."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from formerr_infra.engine import locks, process

if TYPE_CHECKING:
    from formerr_infra.engine.locks import Lock


def advice(stack: str, held: tuple[Lock, ...]) -> str:
    """Who holds the stack, and what to do about it; see `locks.advice`."""
    alive = frozenset(one.pid for one in held if process.runs(one.pid))
    return locks.advice(stack, held, host=socket.gethostname(), alive=alive)
