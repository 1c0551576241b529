"""Ranges and ports that nobody has. Pure.

The search begins at a place that follows from the environment's name, not at the first free one: two that are made at
the same time, by people who do not see each other's files, then rarely ask for the same. If they do, the second is
refused before its first write, because the account has the range by then (`preflight`, `range-overlaps`).
"""

from __future__ import annotations

import hashlib
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from formerr_infra.settings.schema import PRIVATE, RESERVED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

#: Size of an environment's VPC: 4094 addresses, as DigitalOcean's own choice has.
VPC_PREFIX = 20
#: Node ports that Kubernetes leaves to those who name them (KEP-3668: the first 86 of the default range).
PORTS = range(30000, 30086)


def free_range(
    name: str, prefix: int, taken: Iterable[IPv4Network], pools: Sequence[IPv4Network] = PRIVATE
) -> IPv4Network | None:
    """A range of that size inside the pools that overlaps nothing that is taken; None where there is none.

    Args:
        name: whose it will be.
        prefix: its length.
        taken: what others have; DigitalOcean's own reserved ranges are never given in any case.
        pools: where to look, the first before the second.
    """
    used = (*taken, *RESERVED)
    for pool in pools:
        if pool.prefixlen <= prefix and (found := _in_pool(name, prefix, pool, used)) is not None:
            return found
    return None


def _in_pool(name: str, prefix: int, pool: IPv4Network, used: Sequence[IPv4Network]) -> IPv4Network | None:
    """The first free one at or behind the name's place, else the first one of all; by number within the pool."""
    size = 1 << (32 - prefix)
    base, many = int(pool.network_address), 1 << (prefix - pool.prefixlen)
    blocked = sorted(
        ((int(one.network_address) - base) // size, (int(one.broadcast_address) - base) // size)
        for one in used
        if one.overlaps(pool)
    )
    for start, end in ((_place(name, many), many), (0, many)):
        number = start
        for low, high in blocked:
            if low > number:
                break
            number = max(number, high + 1)
        if number < end:
            return IPv4Network((base + number * size, prefix))
    return None


def free_port(name: str, taken: Collection[int], ports: Sequence[int] = PORTS) -> int | None:
    """A node port that nobody has; None where there is none."""
    start = _place(name, len(ports))
    ordered = (ports[(start + step) % len(ports)] for step in range(len(ports)))
    return next((port for port in ordered if port not in taken), None)


def _place(name: str, many: int) -> int:
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:8], "big") % many
