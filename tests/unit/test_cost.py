"""What a bill says of an assessment: exact sums, bounds where something grows by itself, unknown never counted as nothing."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formerr_infra.cost import FREE, Amount, Bill, Line, Unpriced, bill, change, money, total
from formerr_infra.cost.bill import all_of, difference
from formerr_infra.cost.form import document
from formerr_infra.cost.priced import PRICED
from formerr_infra.detect import Assessment
from formerr_infra.inventory.facts import Prices, Unknown
from formerr_infra.inventory.prices import dollars
from formerr_infra.ledger import EMPTY
from formerr_infra.model import Code, Decision, Found, Outcome
from formerr_infra.pools import DEFAULT_POOL_TAG
from formerr_infra.settings import check
from formerr_infra.slots import SLOTS

SIZES = MappingProxyType({"s-2vcpu-4gb": Decimal(24), "s-4vcpu-8gb": Decimal("48.5")})
PLANS = MappingProxyType({"starter": Decimal(0), "basic": Decimal(5), "professional": Decimal(20)})
PRICES = Prices(SIZES, PLANS, "basic")
cents = st.decimals(min_value=0, max_value=100_000, places=2)


def one(slot: str, outcome: Outcome, target: Found | None = None, **more: Any) -> Decision:
    return Decision(slot, outcome, "3", "why", id=target.id if target else None, target=target, **more)


def priced(*decisions: Decision, prices: Prices = PRICES, **settings: Any) -> Bill:
    found = Assessment("staging", check(settings, "staging"), EMPTY, {each.slot: each for each in decisions})
    return bill(found, prices)


def pool(name: str, count: int = 2, size: str = "s-2vcpu-4gb", **more: Any) -> dict[str, Any]:
    return {"id": f"{name}-id", "name": name, "size": size, "count": count, **more}


def cluster(*pools: dict[str, Any], **details: Any) -> Found:
    return Found("c-1", "cluster", details={"node_pools": list(pools), **details})


def worker(raw: dict[str, Any]) -> Found:
    return Found(raw["id"], raw["name"], facts={"size": raw["size"]}, details=raw)


def line(now: Any, then: Any, owner: str = "managed", identity: str | None = None) -> Line:
    return Line("vpc", "it", owner, now, then, identity=identity)


# -- the slots -----------------------------------------------------------------------------------------------


def test_every_slot_has_somebody_who_says_what_it_costs() -> None:
    assert {slot.key for slot in SLOTS} - set(PRICED) == set()


def test_a_slot_that_nobody_prices_is_unknown_and_not_free() -> None:
    found = priced(one("mystery", Outcome.KEEP))
    assert found.then().unknown


def test_an_autoscaled_pool_costs_from_its_least_to_its_most_nodes() -> None:
    found = priced(one("nodePool", Outcome.CREATE), nodeMin=3, nodeMax=5, nodeSize="s-4vcpu-8gb")
    assert found.then().amount == Amount(Decimal("145.5"), Decimal("242.5"))
    assert found.now().amount == FREE


def test_a_kept_pool_is_priced_as_it_is_now_and_as_it_is_declared() -> None:
    raw = pool("workers", 2)
    found = priced(one("nodePool", Outcome.KEEP, worker(raw)), nodeCount=3)
    assert (found.now().amount, found.then().amount) == (Amount.of(Decimal(48)), Amount.of(Decimal(72)))
    assert found.change.amount == Amount.of(Decimal(24))


def test_an_adopted_pool_costs_what_it_does_whatever_the_settings_want() -> None:
    found = priced(one("nodePool", Outcome.ADOPT, worker(pool("workers", 7))), nodeCount=3)
    assert found.change.amount == FREE
    assert found.then("adopted").amount == Amount.of(Decimal(7 * 24))
    assert found.then("managed").amount == FREE


def test_a_kept_cluster_keeps_the_size_of_its_default_pool_and_foreign_pools() -> None:
    live = cluster(
        pool("system", 1, "s-4vcpu-8gb", tags=[DEFAULT_POOL_TAG]), pool("workers", 3), pool("gpu", 2), ha=True
    )
    kept = one("cluster", Outcome.KEEP, live)
    found = priced(kept, one("nodePool", Outcome.KEEP, worker(pool("workers", 3))), nodeCount=3)
    assert [each.what for each in found.lines if each.slot == "cluster"] == [
        "control plane, highly available",
        "pool system: 1 × s-4vcpu-8gb",  # noqa: RUF001
        "pool gpu: 2 × s-2vcpu-4gb",  # noqa: RUF001
    ]
    assert found.then().amount == Amount.of(Decimal(40) + Decimal("48.5") + 48 + 72)
    assert found.change.amount == FREE


def test_high_availability_is_never_taken_back_so_it_stays_on_the_bill() -> None:
    found = priced(one("cluster", Outcome.KEEP, cluster(ha=True)), highlyAvailable=False)
    assert found.then().amount == Amount.of(Decimal(40))


def test_a_cluster_that_is_replaced_ends_its_old_pools() -> None:
    live = cluster(pool("system", 5, tags=[DEFAULT_POOL_TAG]))
    found = priced(one("cluster", Outcome.KEEP, live, replaces=True))
    assert (found.now().amount, found.then().amount) == (Amount.of(Decimal(120)), Amount.of(Decimal(24)))


def test_a_cluster_that_does_not_tell_its_pools_has_an_unknown_price() -> None:
    assert priced(one("cluster", Outcome.ADOPT, Found("c-1", "cluster"))).then().unknown


@pytest.mark.parametrize("subscription", ["starter", "basic", "professional", None])
def test_the_accounts_registry_plan_is_never_priced_below_what_it_has(subscription: str | None) -> None:
    prices = Prices(SIZES, PLANS, subscription)
    found = priced(one("registry", Outcome.CREATE), prices=prices, registryTier="basic")
    paid = PLANS[subscription] if subscription else Decimal(0)
    assert found.now().amount == Amount.of(paid)
    assert found.then().amount == Amount.of(max(paid, PLANS["basic"]))


def test_a_registry_plan_without_a_price_of_the_api_is_priced_by_the_table() -> None:
    found = priced(one("registry", Outcome.CREATE), prices=Prices(SIZES, Unknown("403"), None))
    assert found.then().amount == Amount.of(Decimal(5))
    assert found.lines[0].source.startswith("price table")


def test_an_unknown_subscription_leaves_the_plan_unknown() -> None:
    found = priced(one("registry", Outcome.CREATE), prices=Prices(SIZES, PLANS, Unknown("403")))
    assert found.then().unknown
    assert found.then().amount == FREE


@pytest.mark.parametrize(
    ("details", "amount"),
    [
        ({}, 12),
        ({"size_unit": 3}, 36),
        ({"type": "REGIONAL", "size_unit": 2}, 24),
        ({"type": "GLOBAL"}, None),
    ],
)
def test_a_load_balancer_costs_by_its_nodes_and_another_type_is_unknown(
    details: dict[str, Any], amount: int | None
) -> None:
    found = priced(one("loadBalancer", Outcome.KEEP, Found("l-1", "lb", details=details)))
    assert bool(found.then().unknown) is (amount is None)
    assert found.then().amount == Amount.of(Decimal(amount or 0))


def test_a_database_costs_for_each_node_and_storage_beyond_its_own_is_unknown() -> None:
    details = {"size": "db-s-1vcpu-2gb", "num_nodes": 2, "storage_size_mib": 30 * 1024}
    found = priced(one("database", Outcome.ADOPT, Found("d-1", "db", details=details)))
    assert found.then() == total([(found.lines[0], Amount.of(Decimal("60.90")))])
    more = {**details, "storage_size_mib": 31 * 1024}
    assert len(priced(one("database", Outcome.ADOPT, Found("d-1", "db", details=more))).then().unknown) == 1
    other = {**details, "size": "gd-2vcpu-8gb"}
    found = priced(one("database", Outcome.ADOPT, Found("d-1", "db", details=other)))
    assert found.then().amount == FREE
    assert len(found.then().unknown) == 2


def test_a_size_that_is_not_offered_any_more_is_unknown() -> None:
    found = priced(one("nodePool", Outcome.ADOPT, worker(pool("workers", size="s-old"))))
    assert "s-old" in found.then().unknown[0]


def test_what_is_refused_and_live_goes_on_to_cost_and_what_is_not_decided_is_unknown() -> None:
    live = Found("l-1", "lb", details={"size_unit": 2})
    refused = one("loadBalancer", Outcome.REFUSE, code=Code.DOES_NOT_FIT, found=(live,))
    found = priced(refused)
    assert (found.now("refused"), found.then("refused").amount) == (
        found.then("refused"),
        Amount.of(Decimal(24)),
    )
    both = one("loadBalancer", Outcome.REFUSE, code=Code.AMBIGUOUS, found=(live, live))
    assert priced(both).now().unknown
    assert priced(both).change.unknown
    absent = one("loadBalancer", Outcome.REFUSE, code=Code.NOT_FOUND)
    assert priced(absent).now() == total([])
    assert priced(absent).then().unknown


def test_what_never_costs_anything_is_free_also_where_it_is_refused() -> None:
    found = priced(one("certificate", Outcome.REFUSE, code=Code.AMBIGUOUS))
    assert found.then() == found.change == total([])


# -- sums ----------------------------------------------------------------------------------------------------


@given(st.lists(st.one_of(st.builds(Amount.of, cents), st.builds(Unpriced, st.text()))))
def test_a_sum_is_exactly_its_known_parts_and_counts_the_others(prices: list[Amount | Unpriced]) -> None:
    found = total((line(each, each), each) for each in prices)
    known = [each for each in prices if isinstance(each, Amount)]
    assert found.amount.low == sum((each.low for each in known), Decimal(0))
    assert len(found.unknown) == len(prices) - len(known)


@given(st.lists(st.tuples(cents, cents, cents)))
def test_what_is_added_is_the_difference_of_the_sums(rows: list[tuple[Decimal, Decimal, Decimal]]) -> None:
    lines = [line(Amount.of(now), Amount(then, then + more)) for now, then, more in rows]
    found = Bill("staging", tuple(lines))
    assert found.change.amount == found.then().amount - found.now().amount


def test_a_price_that_becomes_known_or_unknown_is_an_unknown_change() -> None:
    assert difference([line(Unpriced("why"), FREE)]).unknown
    assert difference([line(FREE, Unpriced("why"))]).unknown
    assert difference([line(Unpriced("why"), Unpriced("why"))]).unknown == ()


def test_what_two_environments_of_one_account_share_is_counted_once() -> None:
    mine, other = line(FREE, Amount.of(Decimal(5)), identity="plan"), line(FREE, Amount.of(Decimal(7)))
    bills = [Bill("staging", (mine, other), "a"), Bill("production", (mine, other), "a")]
    assert total((each, each.then) for each in all_of(bills)).amount == Amount.of(Decimal(19))
    apart = [Bill("staging", (mine,), "a"), Bill("production", (mine,), "b")]
    assert total((each, each.then) for each in all_of(apart)).amount == Amount.of(Decimal(10))


# -- how it is said ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "said"),
    [("0", "$0.00"), ("1234.5", "$1,234.50"), ("-3", "-$3.00"), ("0.1", "$0.10"), ("-0.001", "$0.00")],
)
def test_money_has_two_decimals_and_thousands(amount: str, said: str) -> None:
    assert money(Decimal(amount)) == said


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [("0", "0", "no change"), ("12", "12", "+$12.00"), ("-3", "-3", "-$3.00"), ("-3", "9", "-$3.00 to +$9.00"),
     ("0", "9", "$0.00 to +$9.00"), ("0.001", "0.001", "no change")],
)  # fmt: skip
def test_a_change_has_its_sign(low: str, high: str, said: str) -> None:
    assert change(Amount(Decimal(low), Decimal(high))) == said


def test_the_document_has_amounts_as_texts_that_add_up() -> None:
    found = priced(one("nodePool", Outcome.CREATE), one("loadBalancer", Outcome.CREATE), nodeMin=1, nodeMax=2)
    told = document([found])
    (environment,) = told["environments"]
    assert environment["then"] == {"low": "36.00", "high": "60.00", "unknown": []}
    parts = [Decimal(each["then"]["low"]) for each in environment["lines"]]
    assert sum(parts) == Decimal(told["together"]["then"]["low"])


@pytest.mark.parametrize("value", [None, True, "NaN", "Infinity", -1, [], {}, "ten"])
def test_what_is_no_price_is_none(value: object) -> None:
    assert dollars(value) is None


def test_a_price_is_read_as_it_was_written() -> None:
    assert dollars(0.1) == Decimal("0.1")
    assert dollars("12.50") == Decimal("12.5")
