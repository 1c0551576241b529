"""Free ports on loopback, below those that systems hand out to connections, so that a port is still free later."""

from __future__ import annotations

import asyncio
import random
import socket

_LOWEST, _HIGHEST = 16_000, 29_999
_CHANCE = random.SystemRandom()


def is_free(port: int) -> bool:
    """Whether a program could listen there now."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


async def same_port(port: int) -> int:
    """That port, which a killed program may hold for a moment more; any free one if others have it."""
    for _ in range(30):
        if is_free(port):
            return port
        await asyncio.sleep(0.1)
    return free_port()


def free_port() -> int:
    """Any free port."""
    for _ in range(1000):
        port = _CHANCE.randint(_LOWEST, _HIGHEST)
        if is_free(port):
            return port
    raise OSError(f"no free port between {_LOWEST} and {_HIGHEST}")
