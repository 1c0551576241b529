"""Amounts of money a month: exact, and from one bound to the other where something grows by itself."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

#: Between how many there are and what.
TIMES = "\N{MULTIPLICATION SIGN}"
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Amount:
    """US dollars a month, from `low` to `high`; the same twice where nothing grows by itself."""

    low: Decimal
    high: Decimal

    @classmethod
    def of(cls, each: Decimal, least: int = 1, most: int | None = None) -> Amount:
        """`least` to `most` of something that costs `each`."""
        return cls(each * least, each * (least if most is None else most))

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.low + other.low, self.high + other.high)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.low - other.low, self.high - other.high)

    def __str__(self) -> str:
        low, high = money(self.low), money(self.high)
        return low if low == high else f"{low} to {high}"


@dataclass(frozen=True, slots=True)
class Unpriced:
    """A price that is not known, and why. Never the same as nothing."""

    reason: str


Price: TypeAlias = Amount | Unpriced
FREE = Amount(Decimal(0), Decimal(0))


def money(dollars: Decimal) -> str:
    """`$1,234.50`, with a minus before it where it is one."""
    rounded = dollars.quantize(_CENT)
    return f"{'-' if rounded < 0 else ''}${abs(rounded):,.2f}"


def change(amount: Amount) -> str:
    """The same for a difference: `+$12.00`, `-$3.00 to +$9.00`, `no change`."""
    low, high = (f"{'+' if bound >= _CENT / 2 else ''}{money(bound)}" for bound in (amount.low, amount.high))
    if low == high:
        return "no change" if low == money(Decimal(0)) else low
    return f"{low} to {high}"
