"""What the engine's refresh found of what the stack owns, property by property; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.drift.model import Difference, Finding, Item, Noise
from formerr_infra.drift.noise import noise
from formerr_infra.drift.values import at, shown, steps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from formerr_infra.engine import Change
    from formerr_infra.holdings import Resource
    from formerr_infra.inventory.facts import Unknown
    from formerr_infra.model import Found

_DELETE = "delete"
_SECRET_TYPE = "kubernetes:core/v1:Secret"  # noqa: S105 - a type token
_DATA = ("data", "stringData")


def owned(
    resource: Resource,
    change: Change | None,
    *,
    failed: str = "",
    gone: str = "",
) -> tuple[Item, tuple[Noise, ...]]:
    """How a resource that the stack manages stands.

    Args:
        resource: as the state has it.
        change: what the refresh said of it; None where it found nothing different.
        failed: why the refresh did not come to its end, if it did not: what it said nothing of is then unknown.
        gone: what says that it is not there, where the refresh could not.
    """

    def item(finding: Finding, differences: Sequence[Difference] = (), reason: str = "") -> Item:
        return Item(
            resource.urn, resource.type, resource.id, resource.label, owned=True, finding=finding,
            differences=tuple(differences), reason=reason,
        )  # fmt: skip

    if gone or (change is not None and change.op == _DELETE):
        return item(Finding.GONE, reason=gone or "the refresh does not find it any more"), ()
    if change is None:
        return (item(Finding.UNKNOWN, reason=failed) if failed else item(Finding.CLEAN)), ()
    found: list[Difference] = []
    quiet: list[Noise] = []
    for path in _paths(change):
        reason = noise(resource, path, change.outputs_before or {}, change.outputs_after or {})
        if reason is not None:
            quiet.append(Noise(resource.label, path, reason))
        else:
            found.append(_difference(resource, path, change))
    return item(Finding.CHANGED if found else Finding.CLEAN, found), tuple(quiet)


def _paths(change: Change) -> tuple[str, ...]:
    """The most exact paths that were told: those in detail, and properties that none of them is in."""
    exact = tuple(change.detailed)
    tops = {str(steps(path)[0]) for path in exact if steps(path)}
    return tuple(
        dict.fromkeys([*exact, *(key for key in change.keys if key not in exact and key not in tops)])
    )


def _difference(resource: Resource, path: str, change: Change) -> Difference:
    hidden = resource.type == _SECRET_TYPE and path.startswith(_DATA)
    values = [
        at(recorded if recorded is not None else {}, path)
        for recorded in (change.outputs_before, change.outputs_after)
    ]
    was, now = (shown(value, path, hidden=hidden) for value in values)
    return Difference(path, was, now)


def is_gone(
    resource: Resource, live: Mapping[tuple[str, str], Found | Unknown | None], clusters: Sequence[Resource]
) -> str:
    """What says that a resource is not there, where the engine cannot ask: the account, or its cluster's absence."""
    if resource.on_cluster:
        lost = [one.id for one in clusters if live.get(("cluster", one.id), one) is None]
        return f"its cluster {lost[0]} is not there any more" if lost else ""
    key = (resource.kind or "", resource.id)
    return "DigitalOcean answers that it is not there" if live.get(key, resource) is None else ""
