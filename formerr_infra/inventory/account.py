"""What the account allows and holds, for the checks before the first write. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

from formerr_infra.inventory.facts import KubernetesOptions, Network, Unknown
from formerr_infra.inventory.kinds import KINDS, Raw
from formerr_infra.inventory.listing import MOST_PAGES, PER_PAGE
from formerr_infra.inventory.session import NOT_OFFERED

if TYPE_CHECKING:
    from formerr_infra.inventory.session import Answer, Session

#: The API object behind a fact.
Part = Mapping[str, Any]
NOT_ASKED = Unknown("not asked for")


def read_account(session: Session) -> tuple[str | Unknown, int | Unknown]:
    """Status and droplet limit of the account."""
    answer = session.read("/v2/account", "account:read", session.client.account.get)
    account = _object(answer, "account", "GET /v2/account")
    if isinstance(account, Unknown):
        return account, account
    status = account.get("status")
    limit = account.get("droplet_limit")
    return (
        status if isinstance(status, str) and status else Unknown("GET /v2/account: no status"),
        limit if _is_count(limit) else Unknown("GET /v2/account: no droplet_limit", missing=limit is None),
    )


def read_droplets(session: Session) -> int | Unknown:
    """How many droplets the account has, from the count of a list of one; from the whole list if it has no count."""
    answer = session.read("/v2/droplets", "droplet:read", session.client.droplets.list, per_page=1, page=1)
    body = _body(answer, "GET /v2/droplets")
    if isinstance(body, Unknown):
        return body
    meta = body.get("meta")
    total = meta.get("total") if isinstance(meta, dict) else meta
    if isinstance(meta, dict) and _is_count(total):
        return total
    listed = body.get("droplets")
    if total is not None or not isinstance(listed, list):
        return Unknown("GET /v2/droplets: no meta.total")
    return _count_droplets(session) if listed else 0


def _count_droplets(session: Session) -> int | Unknown:
    seen: set[object] = set()
    for number in range(1, MOST_PAGES):
        where = f"/v2/droplets page {number}"
        answer = session.read(
            where, "droplet:read", session.client.droplets.list, per_page=PER_PAGE, page=number
        )
        body = _body(answer, f"GET {where}")
        if isinstance(body, Unknown):
            return body
        listed = body.get("droplets")
        if not isinstance(listed, list) or not all(isinstance(one, dict) and "id" in one for one in listed):
            return Unknown(f"GET {where}: no list of droplets")
        before = len(seen)
        seen |= {str(one["id"]) for one in listed}
        if len(seen) == before:
            return before
    return Unknown("GET /v2/droplets: too many pages")


def read_options(session: Session) -> KubernetesOptions | Unknown:
    """What DOKS offers."""
    where = "GET /v2/kubernetes/options"
    answer = session.read("/v2/kubernetes/options", "kubernetes:read", session.client.kubernetes.list_options)
    options = _object(answer, "options", where)
    if isinstance(options, Unknown):
        return options
    slugs: dict[str, tuple[str, ...] | None] = {}
    for key in ("versions", "regions", "sizes"):
        entries = options.get(key)
        if entries is None:
            slugs[key] = None
            continue
        if not isinstance(entries, list) or not all(
            isinstance(entry, dict) and isinstance(entry.get("slug"), str) for entry in entries
        ):
            return Unknown(f"{where}: no slugs in {key}")
        slugs[key] = tuple(entry["slug"] for entry in entries)
    versions = slugs["versions"]
    if versions is None:
        return Unknown(f"{where}: no versions", missing=True)
    return KubernetesOptions(versions, slugs["regions"], slugs["sizes"])


def read_tier(session: Session, *, older: bool = False) -> str | Unknown | None:
    """Slug of the registry subscription; None for an account without one.

    The API answers 404 or 412 where there is none, pydo raises or returns; both are the same here.

    Args:
        session: the look.
        older: ask the older endpoint, for an API that has only that one.
    """
    registries = session.client.registry if older else session.client.registries
    path = "/v2/registry/subscription" if older else "/v2/registries/subscription"
    where = f"GET {path}"
    answer = session.read(path, "registry:read", registries.get_subscription)
    if not answer.trouble and answer.status in (404, 412):
        return None
    if not answer.trouble and answer.body is not None and answer.body.get("subscription", 0) is None:
        return None
    subscription = _object(answer, "subscription", where)
    if isinstance(subscription, Unknown):
        return subscription
    tier = subscription.get("tier")
    slug = tier.get("slug") if isinstance(tier, dict) else subscription.get("tier_slug")
    if not subscription or (isinstance(tier, dict) and slug == ""):
        return None
    return slug if isinstance(slug, str) and slug else Unknown(f"{where}: no tier")


def older_tier(session: Session, newer: str | Unknown | None) -> str | Unknown | None:
    """The same from the older endpoint where the newer one could not tell; what that one said where there is no older."""
    untold = newer is None and session.older_registries
    if not untold and not (isinstance(newer, Unknown) and newer.missing):
        return newer
    older = read_tier(session, older=True)
    return newer if isinstance(older, Unknown) and older.missing else older


def registry_names(items: tuple[Raw, ...] | Unknown) -> tuple[str, ...] | Unknown:
    """The names in a complete list of registries."""
    return items if isinstance(items, Unknown) else tuple(sorted(item["name"] for item in items))


def networks(items: tuple[Raw, ...] | Unknown) -> tuple[Network, ...] | Unknown:
    """What of a complete list of VPCs is needed to see overlaps and collisions."""
    if isinstance(items, Unknown):
        return items
    kind = KINDS["vpc"]
    result: list[Network] = []
    for item in items:
        facts = kind.facts(item)
        region, ip_range = facts["region"], facts["ip_range"]
        result.append(
            Network(
                id=item["id"],
                name=item["name"],
                region=region if isinstance(region, str) else None,
                ip_range=ip_range if isinstance(ip_range, str) else None,
                default=facts["default"] is True,
            )
        )
    return tuple(result)


def _object(answer: Answer, key: str, where: str) -> Part | Unknown:
    body = _body(answer, where)
    if isinstance(body, Unknown):
        return body
    part = body.get(key)
    return part if isinstance(part, dict) else Unknown(f"{where}: no {key}")


def _body(answer: Answer, where: str) -> Part | Unknown:
    missing = answer.status in NOT_OFFERED
    if answer.trouble:
        return Unknown(answer.trouble, missing=missing)
    if answer.status != 200 or answer.body is None:
        return Unknown(f"{where}: {answer.status}", missing=missing)
    return answer.body


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
