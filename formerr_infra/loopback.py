"""The one check that an endpoint is on this machine; used by local mode, the stand-in and the tests."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from formerr_infra.errors import NotLoopback

_PLAIN = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{0,5})?")


def is_loopback(url: str) -> bool:
    """Whether `url` names a loopback address literally (127.0.0.0/8, ::1) or `localhost`.

    Other names are refused even if they resolve to loopback today: a name may resolve elsewhere tomorrow.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    # What stands beside the host, before an @ or a bracket for one, is read as the host by some and not by others.
    if parts.scheme not in ("http", "https") or not host or not _PLAIN.fullmatch(parts.netloc):
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def shown(url: str) -> str:
    """A URL for a message, without what stands before an @: a password can."""
    before, at, rest = url.rpartition("@")
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", before)
    return f"{scheme[0] if scheme else ''}…@{rest}" if at else url


def require_loopback(url: str, *, what: str = "endpoint") -> str:
    """Return `url` unchanged.

    Raises:
        NotLoopback: if it is not on loopback.
    """
    if not is_loopback(url):
        raise NotLoopback(
            f"{what} is {shown(url)!r}, which is not a loopback address. Local mode talks to this machine only; "
            "unset FORMERR_LOCAL to use the real DigitalOcean, or set DIGITALOCEAN_API_URL to the address that "
            "`formerr local status` prints."
        )
    return url
