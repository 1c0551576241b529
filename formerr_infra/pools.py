"""The worker pools of a live DOKS cluster, and which of them is what; plain data in, plain data out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from formerr_infra.model import Found, Mark

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Name of the stack's own pool in its cluster, beside the small default pool.
WORKER_POOL = "workers"
#: Name of the default pool of a cluster that this project makes.
SYSTEM_POOL = "system"
#: The tag by which the provider knows a cluster's default pool.
DEFAULT_POOL_TAG = "terraform:default-node-pool"


def default_pool(details: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The pool that the provider takes for the default one, if it can tell (`details`: OpenAPI `cluster`)."""
    return next((pool for pool in raw_pools(details) if DEFAULT_POOL_TAG in _tags(pool)), None)


def pools(cluster: Found) -> tuple[Found, ...] | None:
    """All pools of a live cluster, None where it does not tell them; a pool shares its cluster's mark."""
    if not isinstance(cluster.details.get("node_pools"), list):
        return None
    return tuple(
        Found(
            id=str(pool["id"]),
            name=str(pool.get("name") or ""),
            mark=cluster.mark if cluster.mark is not Mark.UNMARKED else Mark.UNMARKABLE,
            owner=cluster.owner,
            facts={"size": None if pool.get("size") is None else str(pool["size"])},
            details=pool,
        )
        for pool in raw_pools(cluster.details)
        if pool.get("id")
    )


def is_default(pool: Found) -> bool:
    """Whether a pool is declared within its cluster, and so cannot be a resource of its own."""
    return DEFAULT_POOL_TAG in _tags(pool.details)


def node_count(cluster: Found) -> int:
    """How many nodes all pools of a live cluster have, as far as it says."""
    counts = (pool.get("count") for pool in raw_pools(cluster.details))
    return sum(count for count in counts if isinstance(count, int))


def raw_pools(details: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The pools as the API has them, whatever they lack (`details`: OpenAPI `cluster`)."""
    raw = details.get("node_pools")
    return [pool for pool in raw if isinstance(pool, dict)] if isinstance(raw, list) else []


def _tags(pool: Mapping[str, Any]) -> list[Any]:
    tags = pool.get("tags")
    return tags if isinstance(tags, list) else []


def import_would_write(cluster: Found) -> str | None:
    """Why importing a cluster would write to it, or None: the provider's importer tags an untagged default pool."""
    tagged = [str(pool.get("name")) for pool in raw_pools(cluster.details) if DEFAULT_POOL_TAG in _tags(pool)]
    if len(tagged) == 1:
        return None
    if tagged:
        return f"the provider imports no cluster with several default pools, and {', '.join(tagged)} carry {DEFAULT_POOL_TAG}"
    return (
        f"importing the cluster would make the provider write the tag {DEFAULT_POOL_TAG} to one of its pools, because "
        "none carries it"
    )
