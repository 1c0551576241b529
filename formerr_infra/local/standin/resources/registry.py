"""ContainerRegistry and ContainerRegistryDockerCredentials.

The registry is made through the older /v2/registry and read and deleted through /v2/registries, as the
official plugin does.
"""

# ruff: noqa: ARG001 - every kind answers the same five calls, whether it needs all they bring or not

from __future__ import annotations

from formerr_infra.local.standin.errors import ApiError, InitFailed, StandinError
from formerr_infra.local.standin.fields import OUTPUT, REQUIRED, SETTLED, Props, name_field, text, whole
from formerr_infra.local.standin.resource import Cloud, Resource, changed, stamp

HOST = "registry.digitalocean.com"
TIERS = ("starter", "basic", "professional")
LONGEST_SECONDS = 1576800000


def create(cloud: Cloud, planned: Props) -> str:
    """POST /v2/registry."""
    body = {"name": planned["name"], "subscription_tier_slug": planned["subscriptionTierSlug"]}
    if planned.get("region"):
        body["region"] = planned["region"]
    try:
        return str(cloud.api.post("/v2/registry", body)["registry"]["name"])
    except ApiError as error:
        raise StandinError(f"Error creating container registry: {error}") from None


def read(cloud: Cloud, ident: str, known: Props) -> Props | None:
    """GET /v2/registries/NAME and the account's subscription."""
    try:
        registry = cloud.api.find(f"/v2/registries/{ident}", "registry")
    except ApiError as error:
        raise StandinError(f"Error retrieving container registry: {error}") from None
    if registry is None:
        return None
    try:
        subscription = cloud.api.get("/v2/registries/subscription")["subscription"]
    except ApiError as error:
        raise StandinError(f"Error retrieving container registry subscription: {error}") from None
    name = registry["name"]
    return {
        "name": name,
        "region": registry.get("region"),
        "endpoint": f"{HOST}/{name}",
        "serverUrl": HOST,
        "createdAt": stamp(registry.get("created_at")),
        "storageUsageBytes": registry.get("storage_usage_bytes") or 0,
        "subscriptionTierSlug": subscription["tier"]["slug"],
    }


def update(cloud: Cloud, ident: str, olds: Props, planned: Props) -> None:
    """The subscription belongs to the account: a changed tier changes it for every registry."""
    if not changed(olds, planned, "subscriptionTierSlug"):
        return
    try:
        cloud.api.post("/v2/registries/subscription", {"tier_slug": planned["subscriptionTierSlug"]})
    except ApiError as error:
        raise InitFailed(ident, f"Error updating container registry subscription: {error}") from None


def delete(cloud: Cloud, ident: str, olds: Props) -> None:
    """DELETE /v2/registries/NAME; one that is gone already is an error."""
    try:
        cloud.api.delete(f"/v2/registries/{ident}")
    except ApiError as error:
        raise StandinError(f"Error deleting container registry: {error}") from None


REGISTRY = Resource(
    module="containerRegistry",
    name="ContainerRegistry",
    fields=(
        text("createdAt", OUTPUT),
        text("endpoint", OUTPUT),
        name_field(replaces=True),
        text("region", SETTLED, replaces=True),
        text("serverUrl", OUTPUT),
        whole("storageUsageBytes", OUTPUT),
        text("subscriptionTierSlug", REQUIRED, oneof=TIERS),
    ),
    create=create,
    read=read,
    update=update,
    delete=delete,
)
