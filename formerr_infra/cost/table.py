"""Prices that the API does not tell: a table with source and date, looked up on 2026-11-25.

The pages, all below docs.digitalocean.com/products/, and what they said:

| what | page | its own date |
| --- | --- | --- |
| control plane free, a highly available one $40 a month | kubernetes/details/pricing | edited 2025-10-20 |
| nodes at the price of droplets, at most 672 hours a month | kubernetes/details/pricing | edited 2025-10-20 |
| a regional load balancer for http, $12 a month for each of its nodes | networking/load-balancers/details/pricing | verified 2026-07-13 |
| registry: starter free, basic $5, professional $20 (the API's price goes before it) | container-registry/details/pricing | |
| volumes, $0.10 a GiB | volumes/details/pricing | |
| managed PostgreSQL on shared processors, by size, for each node | databases/postgresql/details/pricing | 2026-09-30 |
| Spaces, $5 a month for all buckets, 250 GiB included | spaces/details/pricing | |
| an uptime check, $1 a month; alerts free | uptime/details | generated 2026-03-27 |

`/v2/databases/options` names sizes and tells no price. Sizes of databases that are not here are unknown, and so is what
additional storage costs.
"""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: When the table was looked up.
CHECKED = "2026-11-25"
#: What a line says of a price from here.
SOURCE = f"price table of {CHECKED}"

HIGHLY_AVAILABLE = Decimal(40)
#: By type; a live load balancer that tells no type is a regional one.
LOAD_BALANCER_NODE: Mapping[str, Decimal] = MappingProxyType({"REGIONAL": Decimal(12)})
REGISTRY: Mapping[str, Decimal] = MappingProxyType(
    {"starter": Decimal(0), "basic": Decimal(5), "professional": Decimal(20)}
)
VOLUME_GIB = Decimal("0.10")
DATABASE_NODE: Mapping[str, Decimal] = MappingProxyType(
    {
        "db-s-1vcpu-1gb": Decimal("15.15"),
        "db-s-1vcpu-2gb": Decimal("30.45"),
        "db-s-2vcpu-4gb": Decimal("60.90"),
        "db-s-4vcpu-8gb": Decimal("122.10"),
    }
)
#: GiB that come with a size; more of it is additional storage.
DATABASE_DISK: Mapping[str, int] = MappingProxyType(
    {"db-s-1vcpu-1gb": 10, "db-s-1vcpu-2gb": 30, "db-s-2vcpu-4gb": 60, "db-s-4vcpu-8gb": 140}
)
SPACES = Decimal(5)
UPTIME_CHECK = Decimal(1)
