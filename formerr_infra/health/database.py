"""Whether a managed PostgreSQL answers, and in TLS: no user, no password, no query.

A client of PostgreSQL asks for TLS before it says who it is; that much is done here. The server's certificate is
checked against the authority that DigitalOcean names for it.
"""

from __future__ import annotations

import socket
import ssl
import struct
from dataclasses import dataclass

from formerr_infra.health.web import NoAnswer, tls_context, trouble

#: SSLRequest (PostgreSQL's documentation, "Message Formats"): length and code.
_ASK_FOR_TLS = struct.pack("!ii", 8, 80877103)
_AGREED = b"S"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database is.

    Attributes:
        host: its name.
        port: of it.
        authority: PEM; None where it is not known, which leaves the certificate unchecked.
    """

    host: str
    port: int
    authority: str | None


def connect(place: Place, *, timeout: float) -> NoAnswer | None:
    """None if it speaks PostgreSQL in TLS; otherwise why not."""
    try:
        context = _context(place)
    except (ValueError, ssl.SSLError):
        return NoAnswer("the authority that DigitalOcean names for it cannot be used", own=True)
    try:
        with socket.create_connection((place.host, place.port), timeout=timeout) as plain:
            plain.sendall(_ASK_FOR_TLS)
            if plain.recv(1) != _AGREED:
                return NoAnswer("it does not speak PostgreSQL in TLS")
            with context.wrap_socket(plain, server_hostname=place.host):
                return None
    except OSError as error:
        return trouble(error)


def _context(place: Place) -> ssl.SSLContext:
    if place.authority is not None:
        return tls_context(place.authority)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
