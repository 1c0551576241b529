"""`python -m tests.support.confined FOLDER`: a stack's life on the local DigitalOcean, where there is no network but loopback.

To be started in a network namespace of its own (`unshare`), which has nothing but a loopback interface that is down. There
the kernel counts what found no way out, and every socket that listens belongs to what is run here; so what is printed, as
JSON, is what was tried, not what one program says of itself.

    unrouted: packets and connections, by IPv4 and IPv6, for which there was no way out
    listening: addresses of this namespace that were listened on at some time
    ended: exit code of each step
"""

from __future__ import annotations

import fcntl
import json
import socket
import struct
import sys
import threading
from pathlib import Path

from formerr_infra.emulator.server import EmulatorServer
from tests.support.stack import Stack
from tests.support.tools import find

_SIOCSIFFLAGS, _UP_AND_RUNNING = 0x8914, 0x41
_LISTENS = "0A"


def loopback_up() -> None:
    """`ip link set lo up`, where there is no `ip`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH14s", b"lo", _UP_AND_RUNNING, b""))


def unrouted() -> tuple[int, int]:
    """How much found no route since this namespace was made (RFC 4293, ipSystemStatsOutNoRoutes)."""
    names, values = (line.split() for line in _lines("snmp") if line.startswith("Ip:"))
    six = [line.split()[1] for line in _lines("snmp6") if line.startswith("Ip6OutNoRoutes")]
    return int(dict(zip(names, values, strict=True))["OutNoRoutes"]), int(six[0])


def listening() -> set[str]:
    """Local addresses of the TCP sockets that listen."""
    found = set()
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for line in _lines(table)[1:]:
            _, local, _, state, *_ = line.split()
            if state == _LISTENS:
                words = bytes.fromhex(local.partition(":")[0])
                # The kernel prints each word of 32 bits in the machine's own order.
                turned = b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4))
                found.add(socket.inet_ntop(family, turned))
    return found


def _lines(table: str) -> list[str]:
    return Path("/proc/net", table).read_text("ascii").splitlines()


def main(folder: Path) -> None:
    """Up, again, and down; what was seen meanwhile is printed."""
    loopback_up()
    seen: set[str] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            seen.update(listening())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    with EmulatorServer() as server:
        server.control.reset()
        stack = Stack(folder, find(folder / "plugin"), server.control).init()
        ended = [step.code for step in (stack.up(preview=True), stack.preview(), stack.destroy())]
    over.set()
    watcher.join()
    sys.stdout.write(json.dumps({"unrouted": unrouted(), "listening": sorted(seen), "ended": ended}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
