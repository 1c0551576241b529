"""Lets sockets reach loopback and Unix sockets, and nothing else; names resolve only if they are local.

Python imports a module of this name at its start when the folder is on PYTHONPATH, as it is for whatever a
test starts; the tests themselves import it in their conftest. It works through audit events, which no library
can go around from Python and which cannot be taken off again. Programs that are not Python are not held by
it: they find dead proxies in their environment.
"""

from __future__ import annotations

import ipaddress
import sys

_LOCAL_NAMES = frozenset({"", "localhost", "ip6-localhost"})
_installed = False


class OutsideAddress(RuntimeError):
    """A test, or a Python that it started, wanted to leave the machine."""


def is_local(host: object) -> bool:
    """Whether a host (a name, or an address in text or bytes) is this machine; None is."""
    if host is None:
        return True
    text = host.decode("ascii", "replace") if isinstance(host, bytes | bytearray) else str(host)
    if text.lower() in _LOCAL_NAMES:
        return True
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
        if isinstance(address, tuple) and address and not is_local(address[0]):
            raise OutsideAddress(f"{event} to {address[0]}:{address[1]}: tests stay on this machine")
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"} and not is_local(arguments[0]):
        raise OutsideAddress(f"{event} of {arguments[0]!r}: tests stay on this machine")


def install() -> None:
    """Put the guard up, once, for as long as this Python runs."""
    global _installed
    if not _installed:
        _installed = True
        sys.addaudithook(_watch)


install()
