"""Container registries: the older `/v2/registry` for accounts with one, and `/v2/registries` for all.

Names are global across all accounts. Below the Professional tier an account has one registry; the tier belongs to the
account, not to the registry. What is in a registry is put there by the control plane: no image can be pushed.
"""

from __future__ import annotations

import base64

from formerr_infra.emulator import catalog
from formerr_infra.emulator.errors import Conflict, NotFound, PreconditionFailed, Unprocessable
from formerr_infra.emulator.routing import Answer, Call, Routes
from formerr_infra.emulator.store import Account, Json, World, public

ROUTES = Routes()
KIND = "registries"
REPOSITORIES = "repositories"
NAME = r"[a-z0-9-]{1,63}"
HOST = "registry.digitalocean.com"

_SEVERAL = (
    "This API is not supported if you have created multiple registries. Please use '/v2/registries' instead."
)
_MISSING = "registry does not exist"


def build(world: World, account: Account, fields: Json) -> Json:
    """A registry, without any check. `subscription_tier_slug` sets the account's tier."""
    tier = fields.pop("subscription_tier_slug", None)
    if tier or "tier" not in account.meta:
        set_tier(world, account, tier or "starter")
    registry: Json = {
        "name": f"registry-{account.name}-{len(account[KIND]) + 1}",
        "created_at": world.timestamp(),
        "region": "nyc3",
        "storage_usage_bytes": 0,
        "storage_usage_bytes_updated_at": world.timestamp(),
        **fields,
    }
    return account[KIND].put(registry["name"], registry)


def view(_world: World, _account: Account, registry: Json) -> Json:
    """The registry as the API answers it."""
    return public(registry)


def drop(_world: World, account: Account, registry: Json) -> None:
    """Take a registry and its contents away; the subscription stays."""
    account[KIND].remove(registry["name"])
    for repository in account[REPOSITORIES]:
        if repository["registry_name"] == registry["name"]:
            account[REPOSITORIES].remove(repository["_key"])


def set_tier(world: World, account: Account, slug: str) -> None:
    """Give the account a subscription tier."""
    now = world.timestamp()
    account.meta["tier"] = {
        "slug": slug,
        "created_at": account.meta.get("tier", {}).get("created_at", now),
        "at": now,
    }
    world.revision += 1


def find(call: Call) -> Json:
    """The registry a path names."""
    registry = call.account[KIND].get(call.params[0])
    if registry is None:
        raise NotFound(_MISSING)
    call.touched[:] = [registry["name"], registry["name"]]
    return registry


def _only(call: Call) -> Json:
    found = call.account[KIND].values()
    if len(found) > 1:
        raise PreconditionFailed(_SEVERAL)
    if not found:
        raise NotFound(_MISSING)
    return found[0]


def _subscription(account: Account) -> Json:
    known = account.meta.get("tier")
    if known is None:
        raise NotFound("subscription does not exist")
    return {"tier": catalog.tier(known["slug"]), "created_at": known["created_at"], "updated_at": known["at"]}


def _taken(world: World, name: str) -> bool:
    return any(name in account[KIND] for account in world.accounts.values())


def _over_limit(account: Account, slug: str) -> list[str]:
    tier = catalog.tier(slug)
    reasons = []
    if tier["included_repositories"] and len(account[REPOSITORIES]) > tier["included_repositories"]:
        reasons.append("OverRepositoryLimit")
    used = sum(registry["storage_usage_bytes"] for registry in account[KIND])
    if used > tier["included_storage_bytes"] and not tier["allow_storage_overage"]:
        reasons.append("OverStorageLimit")
    return reasons


def _check_tier(account: Account, slug: str) -> None:
    reasons = _over_limit(account, slug)
    if slug != "professional" and len(account[KIND]) > 1:
        reasons.insert(0, "OverRegistryLimit")
    if reasons:
        raise PreconditionFailed(f"registry is not eligible for tier because: [{' '.join(reasons)}]")


@ROUTES.on("GET", "/v2/registries", "registry:read")
def list_registries(call: Call) -> Answer:
    """All registries; this list is not paged."""
    found = call.visible(call.account[KIND].values())
    if not found:
        return Answer(200, {"registries": []})
    subscription = _subscription(call.account)
    return Answer(200, {"registries": [{**public(r), "subscription": subscription} for r in found]})


@ROUTES.on("GET", "/v2/registry", "registry:read")
def get_only(call: Call) -> Answer:
    """The account's one registry; 404 if it has none, 412 if several."""
    registry = _only(call)
    return Answer(200, {"registry": {**public(registry), "subscription": _subscription(call.account)}})


@ROUTES.on("POST", "/v2/registry", "registry:create")
@ROUTES.on("POST", "/v2/registries", "registry:create")
def create_registry(call: Call) -> Answer:
    """A new registry; 409 if any account has that name, 422 if this one may not have another."""
    body, account = call.body, call.account
    name = body.text("name", pattern=NAME)
    region = body.text("region", "nyc3", choices=catalog.REGISTRY_REGIONS)
    slug = body.text(
        "subscription_tier_slug", account.meta.get("tier", {}).get("slug", "starter"), choices=catalog.tiers()
    )
    if _taken(call.world, name):
        raise Conflict("name already exists")
    held = len(account[KIND])
    if held and slug != "professional":
        raise Unprocessable("user already has a registry")
    if held >= catalog.PROFESSIONAL_REGISTRIES:
        raise Unprocessable("registry limit reached")
    registry = build(call.world, account, {"name": name, "region": region, "subscription_tier_slug": slug})
    call.touched[:] = [name, name]
    return Answer(201, {"registry": {**public(registry), "subscription": _subscription(account)}})


@ROUTES.on("DELETE", "/v2/registry", "registry:delete")
def delete_only(call: Call) -> Answer:
    """Delete the account's one registry."""
    drop(call.world, call.account, _only(call))
    return Answer(204)


@ROUTES.on("GET", "/v2/registries/{registry_name}", "registry:read")
def get_registry(call: Call) -> Answer:
    """One registry."""
    return Answer(200, {"registry": {**public(find(call)), "subscription": _subscription(call.account)}})


@ROUTES.on("DELETE", "/v2/registries/{registry_name}", "registry:delete")
def delete_registry(call: Call) -> Answer:
    """Delete one registry with all its images."""
    drop(call.world, call.account, find(call))
    return Answer(204)


@ROUTES.on("GET", "/v2/registry/subscription", "registry:read")
@ROUTES.on("GET", "/v2/registries/subscription", "registry:read")
def get_subscription(call: Call) -> Answer:
    """The account's tier; 404 as long as it never had a registry."""
    return Answer(200, {"subscription": _subscription(call.account)})


@ROUTES.on("POST", "/v2/registry/subscription", "registry:update")
@ROUTES.on("POST", "/v2/registries/subscription", "registry:update")
def update_subscription(call: Call) -> Answer:
    """Change the tier; 412 if what is there does not fit into it."""
    slug = call.body.text("tier_slug", choices=catalog.tiers())
    _check_tier(call.account, slug)
    set_tier(call.world, call.account, slug)
    return Answer(200, {"subscription": _subscription(call.account)})


@ROUTES.on("GET", "/v2/registry/options", "registry:read")
@ROUTES.on("GET", "/v2/registries/options", "registry:read")
def get_options(call: Call) -> Answer:
    """Regions and tiers on offer."""
    tiers = []
    for slug in catalog.tiers():
        reasons = _over_limit(call.account, slug)
        tiers.append({**catalog.tier(slug), "eligible": not reasons, "eligibility_reasons": reasons})
    regions = list(catalog.REGISTRY_REGIONS)
    return Answer(200, {"options": {"available_regions": regions, "subscription_tiers": tiers}})


@ROUTES.on("POST", "/v2/registry/validate-name", "registry:create")
@ROUTES.on("POST", "/v2/registries/validate-name", "registry:create")
def validate_name(call: Call) -> Answer:
    """204 if the name is free everywhere, else 409."""
    if _taken(call.world, call.body.text("name", pattern=NAME)):
        raise Conflict("name already exists")
    return Answer(204)


def _docker_credentials(call: Call) -> Answer:
    call.number("expiry_seconds", 0, low=0, high=2**31)
    mode = call.query.get("read_write", "false")
    if mode not in ("true", "false", ""):
        raise Unprocessable("read_write must be true or false")
    purpose = "registry token, read and write" if mode == "true" else "registry token"
    token = f"local-{call.world.secret(purpose, 40)}"
    return Answer(200, {"auths": {HOST: {"auth": base64.b64encode(f"{token}:{token}".encode()).decode()}}})


@ROUTES.on("GET", "/v2/registry/docker-credentials", "registry:read", "registry:update")
def get_only_docker_credentials(call: Call) -> Answer:
    """Credentials for the account's registries, read-only unless `read_write=true`."""
    if not len(call.account[KIND]):
        raise NotFound(_MISSING)
    return _docker_credentials(call)


@ROUTES.on("GET", "/v2/registries/{registry_name}/docker-credentials", "registry:read", "registry:update")
def get_docker_credentials(call: Call) -> Answer:
    """Credentials for one registry, read-only unless `read_write=true`."""
    find(call)
    return _docker_credentials(call)
