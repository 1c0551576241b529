"""How each slot is priced: what of it is live, and what is declared.

What a component declares for something that it keeps (`components`) is told here a second time, in the few fields that
cost something: a kept cluster keeps the size of its default pool, a kept load balancer its number of nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from formerr_infra.cost import table
from formerr_infra.cost.amount import FREE, TIMES, Amount, Price, Unpriced
from formerr_infra.cost.prices import SIZES, balancer_nodes, database_nodes, nodes, plan, plan_source
from formerr_infra.inventory.facts import Prices, Unknown
from formerr_infra.model import READ_ONLY, Decision, Found, Holding, Outcome
from formerr_infra.monitors import MONITORS
from formerr_infra.pools import SYSTEM_POOL, WORKER_POOL, default_pool, pools
from formerr_infra.preflight import declared_tier

if TYPE_CHECKING:
    from formerr_infra.detect import Assessment

MANAGED, ADOPTED, REFUSED = "managed", "adopted", "refused"


@dataclass(frozen=True, slots=True)
class Item:
    """A thing of a slot, with its price now and after the decisions; see `bill.Line`. Without an owner it is the slot's."""

    what: str
    now: Price
    then: Price
    source: str = ""
    identity: str | None = None
    owner: str = ""


Priced = Callable[[Decision, "Assessment", Prices], list[Item]]


def _free(what: str) -> Priced:
    return lambda _decision, _assessment, _prices: [Item(what, FREE, FREE)]


def _live(decision: Decision) -> Found | None:
    """What is live in the slot, and is this stack's or read by it."""
    return decision.target


def _stays(decision: Decision) -> bool:
    """Whether what is live stays exactly as it is: it is only read, or taken in as it is."""
    return decision.outcome in READ_ONLY or decision.outcome is Outcome.IMPORT


def _cluster(decision: Decision, assessment: Assessment, prices: Prices) -> list[Item]:
    live, settings = _live(decision), assessment.settings
    was = live is not None and bool(live.details.get("ha"))
    will = was if live is not None and _stays(decision) else was or settings.highly_available
    if decision.outcome is Outcome.OMIT:
        return []
    if decision.anew:
        will = settings.highly_available
    identity = live.id if live is not None else None
    said = "control plane, highly available" if will else "control plane"
    plane = Item(said, _plane(was), _plane(will), table.SOURCE, f"cluster {identity}" if identity else None)
    return [plane, *_own_pools(decision, assessment, prices)]


def _plane(highly_available: bool) -> Price:  # noqa: FBT001 - the one thing it is about
    return Amount.of(table.HIGHLY_AVAILABLE) if highly_available else FREE


def _own_pools(decision: Decision, assessment: Assessment, prices: Prices) -> list[Item]:
    """The pools that are part of the cluster's own declaration, or somebody else's in it."""
    settings, live = assessment.settings, _live(decision)
    wanted = nodes(prices, settings.system_node_size, settings.system_node_count)
    if live is None:
        said = _nodes(SYSTEM_POOL, settings.system_node_size, settings.system_node_count)
        return [Item(said, FREE, wanted, SIZES)]
    known = pools(live)
    if known is None:
        unknown = Unpriced("the API does not tell the cluster's pools")
        return [Item("nodes", unknown, unknown, SIZES, f"pools of {live.id}")]
    workers = assessment.decisions.get("nodePool")
    apart = workers.target.id if workers is not None and workers.target is not None else None
    mine = default_pool(live.details)
    items = []
    for pool in known:
        if pool.id == apart:
            continue
        now, said = _pool(pool, prices), _pool_said(pool)
        then = now
        if decision.anew:
            then = FREE
        elif (
            not _stays(decision)
            and mine is not None
            and mine.get("id") == pool.id
            and pool.name == SYSTEM_POOL
        ):
            size, count = _size(pool), settings.system_node_count
            then, said = nodes(prices, size, count), _nodes(pool.name, size, count)
        items.append(Item(said, now, then, SIZES, f"pool {pool.id}"))
    if decision.anew:
        said = _nodes(SYSTEM_POOL, settings.system_node_size, settings.system_node_count)
        items.append(Item(said, FREE, wanted, SIZES))
    return items


def _node_pool(decision: Decision, assessment: Assessment, prices: Prices) -> list[Item]:
    live, settings = _live(decision), assessment.settings
    now = _pool(live, prices) if live is not None else FREE
    identity = f"pool {live.id}" if live is not None else None
    if decision.outcome is Outcome.OMIT:
        return []
    if live is not None and _stays(decision):
        return [Item(_pool_said(live), now, now, SIZES, identity)]
    least, most = settings.nodes_at_start, settings.nodes_at_most
    then = nodes(prices, settings.node_size, least, most)
    said = _nodes(WORKER_POOL, settings.node_size, least, most)
    return [Item(said, now, then, SIZES, identity)]


def _pool(pool: Found, prices: Prices) -> Price:
    """A live pool: its nodes, or its bounds where it scales by itself."""
    bounds = _bounds(pool)
    if bounds is None:
        return Unpriced(f"the API does not tell how many nodes the pool {pool.name!r} has")
    return nodes(prices, _size(pool), *bounds)


def _pool_said(pool: Found) -> str:
    return _nodes(pool.name, _size(pool), *(_bounds(pool) or (None, None)))


def _size(pool: Found) -> str | None:
    size = pool.facts.get("size")
    return str(size) if size is not None else None


def _bounds(pool: Found) -> tuple[int, int] | None:
    least, most = pool.details.get("min_nodes"), pool.details.get("max_nodes")
    if pool.details.get("auto_scale") and isinstance(least, int) and isinstance(most, int):
        return least, most
    count = pool.details.get("count")
    return (count, count) if isinstance(count, int) else None


def _nodes(pool: str, size: str | None, least: int | None, most: int | None = None) -> str:
    return f"pool {pool}: {_many(size, least, most)}"


def node_words(pool: Found) -> str:
    """How many nodes of which size a live pool has."""
    return _many(_size(pool), *(_bounds(pool) or (None, None)))


def _many(size: str | None, least: int | None, most: int | None = None) -> str:
    many = "?" if least is None else str(least) if most in (None, least) else f"{least} to {most}"
    return f"{many} {TIMES} {size or 'unknown size'}"


def _registry(decision: Decision, assessment: Assessment, prices: Prices) -> list[Item]:
    """The account's one subscription, whatever number of registries it is for."""
    if isinstance(prices.subscription, Unknown):
        now: Price = Unpriced(
            f"the account's registry plan could not be learned: {prices.subscription.reason}"
        )
        current = None
    else:
        current = prices.subscription
        now = FREE if current is None else plan(prices, current)
    wanted = declared_tier(assessment.settings.registry_tier, current)
    then = now if _stays(decision) or isinstance(now, Unpriced) else plan(prices, wanted)
    tier = current if _stays(decision) else wanted
    return [
        Item(
            f"registry plan {tier or 'unknown'} of the account",
            now,
            then,
            plan_source(prices),
            "registry plan",
        )
    ]


def _load_balancer(decision: Decision, _assessment: Assessment, _prices: Prices) -> list[Item]:
    live = _live(decision)
    now = FREE if live is None else balancer_nodes(live.details.get("type"), live.details.get("size_unit", 1))
    many = 1 if live is None or decision.anew else live.details.get("size_unit", 1)
    then = balancer_nodes(None, 1) if live is None or decision.anew else now
    said = f"load balancer, {many} node{'' if many == 1 else 's'}"
    return [Item(said, now, then, table.SOURCE, f"load balancer {live.id}" if live else None)]


def _database(decision: Decision, assessment: Assessment, _prices: Prices) -> list[Item]:
    live, settings = _live(decision), assessment.settings
    wanted, count = settings.database_size, settings.database_nodes
    then = database_nodes(wanted, count)
    if live is None:
        return [Item(_database_said(wanted, count), FREE, then, table.SOURCE)]
    size, many = live.details.get("size"), live.details.get("num_nodes")
    now = database_nodes(size, many)
    if _stays(decision):
        wanted, count, then = str(size), many if isinstance(many, int) else 0, now
    items = [Item(_database_said(wanted, count), now, then, table.SOURCE, f"database {live.id}")]
    disk, more = live.details.get("storage_size_mib"), table.DATABASE_DISK.get(str(size))
    if isinstance(disk, int) and (more is None or disk > more * 1024):
        unknown = Unpriced("what storage beyond the size's own costs is not in the table")
        items.append(Item(f"storage, {disk // 1024} GiB in all", unknown, unknown, "", f"storage {live.id}"))
    return items


def _database_said(size: str, nodes: int) -> str:
    return f"managed PostgreSQL, {nodes} {TIMES} {size}"


def _uptime_check(decision: Decision, _assessment: Assessment, _prices: Prices) -> list[Item]:
    live = _live(decision)
    price = Amount.of(table.UPTIME_CHECK)
    return [
        Item(
            "uptime check",
            FREE if live is None else price,
            price,
            table.SOURCE,
            f"check {live.id}" if live else None,
        )
    ]


def volumes(assessment: Assessment) -> list[Item]:
    """The volumes of the application's claims; they are made with the objects that claim them."""
    from formerr_infra.application import key, manifests

    items = []
    for manifest in manifests(assessment.plan) if assessment.plan is not None else ():
        decision = assessment.objects.get(key(manifest))
        for name, gibibytes in _claims(manifest):
            said, price = f"volume {name}, {gibibytes} GiB", Amount.of(table.VOLUME_GIB, gibibytes)
            if decision is None or decision.outcome is Outcome.REFUSE:
                unknown = Unpriced("refused: it is not decided whether it is made")
                items.append(Item(said, unknown, unknown, table.SOURCE, owner=REFUSED))
            else:
                now = FREE if decision.target is None else price
                items.append(Item(said, now, price, table.SOURCE, owner=MANAGED))
    return items


def _claims(manifest: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Name and GiB of each volume that an object claims."""
    match manifest["kind"]:
        case "PersistentVolumeClaim":
            return [(str(manifest["metadata"]["name"]), _gibibytes(manifest["spec"]))]
        case "StatefulSet":
            spec = manifest["spec"]
            return [
                (
                    f"{claim['metadata']['name']}-{manifest['metadata']['name']}-{number}",
                    _gibibytes(claim["spec"]),
                )
                for number in range(spec.get("replicas", 1))
                for claim in spec.get("volumeClaimTemplates", ())
            ]
        case _:
            return []


def _gibibytes(spec: Mapping[str, Any]) -> int:
    return int(str(spec["resources"]["requests"]["storage"]).removesuffix("Gi"))


def spaces() -> Item:
    """The account's subscription of Spaces."""
    price = Amount.of(table.SPACES)
    return Item("Spaces, of all buckets of the account", price, price, table.SOURCE, "spaces", ADOPTED)


def no_longer_wanted(assessment: Assessment) -> list[tuple[str, Item]]:
    """What the state holds and the settings no longer want: the engine deletes it."""
    held = assessment.ledger.held.get("uptimeCheck")
    if "uptimeCheck" in assessment.decisions or held is None or held.holding is not Holding.MANAGED:
        return []
    price = Amount.of(table.UPTIME_CHECK)
    return [("uptimeCheck", Item("uptime check, no longer wanted", price, FREE, table.SOURCE))]


#: Slot key -> what it is, of those that never cost anything.
FREE_SLOTS: Mapping[str, str] = MappingProxyType(
    {
        "vpc": "VPC",
        "project": "project",
        "databaseFirewall": "trusted sources",
        "domain": "DNS zone",
        "certificate": "certificate",
        "frontendRecord": "DNS record",
        "backendRecord": "DNS record",
        "downAlert": "alert",
        "tlsAlert": "alert",
        **{monitor.slot: "alert" for monitor in MONITORS},
    }
)
#: Slot key -> how it is priced; every slot is here.
PRICED: Mapping[str, Priced] = MappingProxyType(
    {
        "cluster": _cluster,
        "nodePool": _node_pool,
        "registry": _registry,
        "loadBalancer": _load_balancer,
        "database": _database,
        "uptimeCheck": _uptime_check,
        **{slot: _free(what) for slot, what in FREE_SLOTS.items()},
    }
)
