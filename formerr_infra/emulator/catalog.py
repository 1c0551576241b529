"""What the emulated DigitalOcean offers: regions, droplet sizes, Kubernetes versions, registry tiers.

A selection in the shape of the real one, fixed, so that runs are the same from day to day. Prices are of no account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.emulator.errors import Unprocessable

if TYPE_CHECKING:
    from formerr_infra.emulator.store import Json, World

REGION_NAMES = {
    "nyc1": "New York 1",
    "nyc3": "New York 3",
    "sfo2": "San Francisco 2",
    "sfo3": "San Francisco 3",
    "ams3": "Amsterdam 3",
    "sgp1": "Singapore 1",
    "lon1": "London 1",
    "fra1": "Frankfurt 1",
    "tor1": "Toronto 1",
    "blr1": "Bangalore 1",
    "syd1": "Sydney 1",
}

REGISTRY_REGIONS = ("nyc3", "sfo3", "sfo2", "ams3", "sgp1", "fra1", "blr1", "syd1")

_SIZES: dict[str, tuple[int, int, int, float]] = {
    # slug: memory in MiB, vCPUs, disk in GiB, dollars a month
    "s-1vcpu-512mb-10gb": (512, 1, 10, 4.0),
    "s-1vcpu-1gb": (1024, 1, 25, 6.0),
    "s-1vcpu-2gb": (2048, 1, 50, 12.0),
    "s-2vcpu-2gb": (2048, 2, 60, 18.0),
    "s-2vcpu-4gb": (4096, 2, 80, 24.0),
    "s-2vcpu-4gb-amd": (4096, 2, 80, 28.0),
    "s-4vcpu-8gb": (8192, 4, 160, 48.0),
    "s-4vcpu-8gb-amd": (8192, 4, 160, 56.0),
    "s-8vcpu-16gb": (16384, 8, 320, 96.0),
    "c-2": (4096, 2, 25, 42.0),
    "c-4": (8192, 4, 50, 84.0),
    "g-2vcpu-8gb": (8192, 2, 25, 63.0),
    "g-4vcpu-16gb": (16384, 4, 50, 126.0),
    "m-2vcpu-16gb": (16384, 2, 50, 84.0),
    "so-2vcpu-16gb": (16384, 2, 300, 131.0),
}

KUBERNETES_VERSIONS = (
    "1.35.1-do.0",
    "1.35.0-do.2",
    "1.34.4-do.0",
    "1.34.1-do.3",
    "1.33.8-do.0",
    "1.33.6-do.2",
)

MEBIBYTE = 1024 * 1024
GIBIBYTE = 1024 * MEBIBYTE

_TIERS: dict[str, tuple[str, int, int, int, int]] = {
    # slug: name, repositories (0: unlimited), GiB of storage, GiB of traffic, cents a month
    "starter": ("Starter", 1, 1, 1, 0),
    "basic": ("Basic", 5, 5, 5, 500),
    "professional": ("Professional", 0, 100, 100, 2000),
}
PROFESSIONAL_REGISTRIES = 10


def region(slug: str) -> Json:
    """A region as `/v2/regions` has it."""
    return {
        "name": REGION_NAMES.get(slug, slug),
        "slug": slug,
        "features": ["backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer"],
        "available": True,
        "sizes": list(_SIZES),
    }


def regions() -> list[Json]:
    """All regions."""
    return [region(slug) for slug in REGION_NAMES]


def check_region(slug: str) -> str:
    """The slug itself; 422 if there is no such region."""
    if slug not in REGION_NAMES:
        raise Unprocessable(f"validation error: region {slug!r} is not a valid region slug")
    return slug


def size(slug: str) -> Json:
    """A droplet size as `/v2/sizes` has it; an unknown slug gives a small one of that name."""
    memory, vcpus, disk, monthly = _SIZES.get(slug, (2048, 1, 50, 12.0))
    return {
        "slug": slug,
        "memory": memory,
        "vcpus": vcpus,
        "disk": disk,
        "transfer": round(memory / 1024, 1),
        "price_monthly": monthly,
        "price_hourly": round(monthly / 672, 5),
        "regions": list(REGION_NAMES),
        "available": True,
        "description": "Basic" if slug.startswith("s-") else "Dedicated",
    }


def sizes() -> list[Json]:
    """All droplet sizes."""
    return [size(slug) for slug in _SIZES]


def check_size(slug: str) -> str:
    """The slug itself; 422 if there is no such size."""
    if slug not in _SIZES:
        raise Unprocessable(f"validation error: size {slug!r} is not a valid size slug")
    return slug


def node_sizes() -> list[str]:
    """Sizes a Kubernetes node can have: those with 2 GiB or more."""
    return [slug for slug, (memory, *_) in _SIZES.items() if memory >= 2048]


def versions(world: World) -> list[str]:
    """Kubernetes version slugs on offer, newest first."""
    return list(world.settings.versions or KUBERNETES_VERSIONS)


def version_key(slug: str) -> tuple[int, ...]:
    """What version slugs are ordered by: major, minor, patch, build. An odd slug comes before all others."""
    number, _, build = slug.partition("-do.")
    try:
        return (*(int(part) for part in number.split(".")), int(build or 0))
    except ValueError:
        return (0,)


def tier(slug: str) -> Json:
    """A registry subscription tier."""
    name, repositories, storage, traffic, cents = _TIERS[slug]
    return {
        "name": name,
        "slug": slug,
        "included_repositories": repositories,
        "included_storage_bytes": storage * GIBIBYTE,
        "allow_storage_overage": slug != "starter",
        "included_bandwidth_bytes": traffic * GIBIBYTE,
        "monthly_price_in_cents": cents,
        "storage_overage_price_in_cents": 0 if slug == "starter" else 2,
    }


def tiers() -> list[str]:
    """Slugs of the registry subscription tiers, lowest first."""
    return list(_TIERS)
