"""How a thing is priced with what the API tells, and with the table where it tells nothing."""

from __future__ import annotations

from formerr_infra.cost import table
from formerr_infra.cost.amount import Amount, Price, Unpriced
from formerr_infra.inventory.facts import Prices, Unknown

#: What a line says of a price that the API told.
SIZES, REGISTRY = "/v2/sizes", "/v2/registries"


def nodes(prices: Prices, size: str | None, least: int, most: int | None = None) -> Price:
    """So many nodes of a cluster, of one size."""
    if isinstance(prices.sizes, Unknown):
        return Unpriced(f"prices of sizes could not be learned: {prices.sizes.reason}")
    if size is None:
        return Unpriced("the API does not tell of which size they are")
    if size not in prices.sizes:
        return Unpriced(f"/v2/sizes has no price of {size!r}")
    return Amount.of(prices.sizes[size], least, most)


def plan(prices: Prices, tier: str) -> Price:
    """A registry plan: the API's price, or the table's where the API tells none."""
    known = table.REGISTRY if isinstance(prices.plans, Unknown) else prices.plans
    price = known.get(tier)
    return Unpriced(f"no price of the registry plan {tier!r} is known") if price is None else Amount.of(price)


def plan_source(prices: Prices) -> str:
    """Where the price of a registry plan is from."""
    return table.SOURCE if isinstance(prices.plans, Unknown) else REGISTRY


def database_nodes(size: object, nodes: object) -> Price:
    """The nodes of a managed PostgreSQL."""
    price = table.DATABASE_NODE.get(str(size))
    if price is None or not isinstance(nodes, int):
        return Unpriced(f"no price of {nodes} nodes of the database size {str(size)!r} is known")
    return Amount.of(price, nodes)


def balancer_nodes(kind: object, nodes: object) -> Price:
    """The nodes of a load balancer."""
    price = table.LOAD_BALANCER_NODE.get(str(kind or "REGIONAL"))
    if price is None or not isinstance(nodes, int):
        return Unpriced(f"no price of {nodes} nodes of a load balancer of type {kind!r} is known")
    return Amount.of(price, nodes)
