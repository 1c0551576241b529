"""The prices that the API tells: droplet sizes, registry plans, and which plan the account has. Reads only."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import partial
from typing import TYPE_CHECKING, Any

from formerr_infra.inventory.account import older_tier, read_tier
from formerr_infra.inventory.crew import StillRunning, side_by_side
from formerr_infra.inventory.facts import Access, Limits, Prices, Unknown
from formerr_infra.inventory.listing import MOST_PAGES, PER_PAGE
from formerr_infra.inventory.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SIZES, _PLANS = "/v2/sizes", "/v2/registries/options"


def read_prices(access: Access, *, limits: Limits | None = None) -> Prices:
    """What the API tells of prices; what it does not tell is unknown.

    Raises:
        NotLoopback, SettingsError: the access is unusable. Nothing that the other side does raises.
    """
    session = Session(access, limits or Limits())
    try:
        jobs: list[Callable[[], Any]] = [
            partial(_sizes, session),
            partial(_plans, session),
            partial(_subscription, session),
        ]
        answers = side_by_side(jobs, width=len(jobs), timeout=session.limits.budget + 0.5)
        late = Unknown(f"no answer within {session.limits.budget:g} s")
        sizes, plans, subscription = (late if isinstance(one, StillRunning) else one for one in answers)
        return Prices(sizes, plans, subscription)
    finally:
        session.close()


def _subscription(session: Session) -> str | Unknown | None:
    return older_tier(session, read_tier(session))


def _sizes(session: Session) -> Mapping[str, Decimal] | Unknown:
    """Every size and its price; all pages, because a size that is left out would be an unknown price.

    The end is where the API's own count is reached, or a page holds nothing new: it may give less on a page than was
    asked for.
    """
    known: dict[str, Decimal] = {}
    seen: set[str] = set()
    for number in range(1, MOST_PAGES):
        answer = session.read(_SIZES, "sizes:read", session.client.sizes.list, per_page=PER_PAGE, page=number)
        if answer.trouble or answer.status != 200 or answer.body is None:
            return Unknown(answer.trouble or f"GET {_SIZES}: {answer.status}")
        listed = answer.body.get("sizes")
        if not isinstance(listed, list):
            return Unknown(f"GET {_SIZES}: no list of sizes")
        before = len(seen)
        for one in listed:
            slug = one.get("slug") if isinstance(one, dict) else None
            if not isinstance(slug, str):
                continue
            seen.add(slug)
            price = dollars(one.get("price_monthly"))
            if price is not None:
                known[slug] = price
        meta = answer.body.get("meta")
        total = meta.get("total") if isinstance(meta, dict) else None
        if len(seen) == before or (isinstance(total, int) and len(seen) >= total > 0):
            return known
    return Unknown(f"GET {_SIZES}: too many pages")


def _plans(session: Session) -> Mapping[str, Decimal] | Unknown:
    answer = session.read(_PLANS, "registry:read", session.client.registries.get_options)
    if answer.trouble or answer.status != 200 or answer.body is None:
        return Unknown(answer.trouble or f"GET {_PLANS}: {answer.status}")
    options = answer.body.get("options")
    listed = options.get("subscription_tiers") if isinstance(options, dict) else None
    if not isinstance(listed, list):
        return Unknown(f"GET {_PLANS}: no subscription_tiers")
    known: dict[str, Decimal] = {}
    for one in listed:
        cents = dollars(one.get("monthly_price_in_cents")) if isinstance(one, dict) else None
        if cents is not None and isinstance(one.get("slug"), str):
            known[one["slug"]] = cents / 100
    return known


def dollars(value: object) -> Decimal | None:
    """A number of an answer as it was written; None for anything that is no price."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and number >= 0 else None
