"""A bill as machines read it: amounts are texts with two decimals, so that no reader makes floats of them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from formerr_infra.cost import table
from formerr_infra.cost.amount import Amount, Price, Unpriced
from formerr_infra.cost.bill import OWNERS, Bill, Total, all_of, difference, total
from formerr_infra.report import clean

if TYPE_CHECKING:
    from collections.abc import Sequence


def document(bills: Sequence[Bill]) -> dict[str, Any]:
    """Everything of these environments, and their sum.

    Shape: `{currency, period, table, environments: [{environment, lines: [{slot, what, owner, now, then, source}], now,
    then, change, by_owner: {managed|adopted|refused: {now, then}}}], together: {now, then, change}}`; a price is
    `{low, high}` or `{unknown}`, a sum `{low, high, unknown: [...]}`.
    """
    together = all_of(bills)
    return {
        "currency": "USD",
        "period": "month",
        "table": table.CHECKED,
        "environments": [environment(one) for one in bills],
        "together": {
            "now": _total(total((one, one.now) for one in together)),
            "then": _total(total((one, one.then) for one in together)),
            "change": _total(difference(together)),
        },
    }


def environment(bill: Bill) -> dict[str, Any]:
    """One environment."""
    return {
        "environment": bill.environment,
        "lines": [
            {
                "slot": one.slot,
                "what": clean(one.what),
                "owner": one.owner,
                "now": _price(one.now),
                "then": _price(one.then),
                "source": one.source,
            }
            for one in bill.lines
        ],
        "now": _total(bill.now()),
        "then": _total(bill.then()),
        "change": _total(bill.change),
        "by_owner": {
            owner: {"now": _total(bill.now(owner)), "then": _total(bill.then(owner))} for owner in OWNERS
        },
    }


def _price(price: Price) -> dict[str, str]:
    match price:
        case Amount(low, high):
            return {"low": _text(low), "high": _text(high)}
        case Unpriced(reason):
            return {"unknown": clean(reason)}


def _total(of: Total) -> dict[str, Any]:
    return {
        "low": _text(of.amount.low),
        "high": _text(of.amount.high),
        "unknown": [clean(one) for one in of.unknown],
    }


def _text(dollars: Decimal) -> str:
    return str(dollars.quantize(Decimal("0.01")))
