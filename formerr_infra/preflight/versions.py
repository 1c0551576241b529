"""Which Kubernetes version to declare: what the settings want, what runs, what is offered. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from formerr_infra.errors import PreflightFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXACT = re.compile(r"(\d+)\.(\d+)\.(\d+)-do\.(\d+)")
_MINOR = re.compile(r"(\d+)\.(\d+)")


class VersionNotOffered(PreflightFailed):
    """The wanted Kubernetes version cannot be had.

    Args:
        wanted: as the settings have it.
        offered: the slugs that can be had.
        reason: why not.
    """

    def __init__(self, wanted: str, offered: Sequence[str], reason: str) -> None:
        self.wanted = wanted
        self.offered = tuple(offered)
        shown = ", ".join(offered) if offered else "nothing"
        super().__init__([f"kubernetesVersion {wanted}: {reason}; DigitalOcean offers {shown}"])


def resolve_version(wanted: str, live: str | None, offered: Sequence[str]) -> str:
    """The version slug to declare.

    Args:
        wanted: an exact slug (`1.34.1-do.0`), or a minor (`1.34`), which means its newest offered patch.
        live: the slug that the cluster runs, if there is one; what is declared is never lower, because
            lowering a version replaces the cluster.
        offered: the slugs that the account is offered.

    Raises:
        VersionNotOffered: there is no such version, or the live one is no version.
    """
    running = None
    if live is not None:
        running = _parsed(live)
        if running is None:
            raise VersionNotOffered(wanted, offered, f"the cluster runs {live!r}, which cannot be compared")
    if (exact := _parsed(wanted)) is not None:
        if live is not None and running is not None and exact <= running:
            return live
        if wanted in offered:
            return wanted
        raise VersionNotOffered(wanted, offered, "not offered, perhaps retired")
    match = _MINOR.fullmatch(wanted)
    if match is None:
        raise VersionNotOffered(
            wanted, offered, "neither a slug such as 1.34.1-do.0 nor a minor such as 1.34"
        )
    minor = (int(match[1]), int(match[2]))
    if live is not None and running is not None and running[:2] > minor:
        return live
    patches = {slug: version for slug in offered if (version := _parsed(slug)) and version[:2] == minor}
    if live is not None and running is not None and running[:2] == minor:
        patches[live] = running
    if not patches:
        raise VersionNotOffered(wanted, offered, "no version of it is offered, perhaps it is retired")
    return max(patches, key=lambda slug: patches[slug])


def is_exact(wanted: str) -> bool:
    """Whether it is a slug, and not a minor."""
    return _EXACT.fullmatch(wanted) is not None


def _parsed(slug: str) -> tuple[int, ...] | None:
    match = _EXACT.fullmatch(slug)
    return tuple(int(part) for part in match.groups()) if match else None
