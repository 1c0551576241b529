"""What an environment costs a month: each resource priced, now and after its decisions are carried out.

Pure: an assessment and prices in, a bill out; `inventory.prices` asks the API for the prices it tells, `table` has
the others, with date and source. What has no known price is said and never counted as nothing.

Left out, because nobody knows it before: traffic and storage beyond what is included, snapshots, taxes, discounts.
"""

from __future__ import annotations

from formerr_infra.cost.amount import FREE, Amount, Price, Unpriced, change, money
from formerr_infra.cost.bill import Bill, Line, Total, bill, total

__all__ = [
    "FREE",
    "Amount",
    "Bill",
    "Line",
    "Price",
    "Total",
    "Unpriced",
    "bill",
    "change",
    "money",
    "total",
]
