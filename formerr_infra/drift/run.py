"""A look for drift: the state, the account, the engine's refresh as a preview. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from formerr_infra import holdings
from formerr_infra.drift.adopted import adopted
from formerr_infra.drift.model import Finding, Item, Noise, Report
from formerr_infra.drift.owned import is_gone, owned
from formerr_infra.engine import EngineFailed
from formerr_infra.inventory.facts import Unknown
from formerr_infra.standing import NODE_POOL, alive, objects

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from formerr_infra.engine import Preview
    from formerr_infra.holdings import Resource, State
    from formerr_infra.inventory.facts import Access
    from formerr_infra.model import Found

#: Right for a cluster that DigitalOcean says is gone: its objects cannot be read, and everything else can.
_FORGET_OBJECTS = "PULUMI_K8S_DELETE_UNREACHABLE"


class Engine(Protocol):
    """What a look for drift asks of the engine; see `formerr_infra.engine`."""

    def refresh(self, *, preview_only: bool, state: Mapping[str, Any] | None = None) -> Preview: ...


def look(
    export: Mapping[str, Any], engine: Callable[[Mapping[str, str]], Engine], access: Access, stack: str
) -> Report:
    """What changed behind the stack's back.

    Args:
        export: the state.
        engine: given variables to add to its environment.
        access: where the account is.
        stack: short name.

    Raises:
        LedgerUnreadable: the state has another form.
        NotLoopback, SettingsError: the access is unusable.
    """
    state = holdings.read(export)
    resources = [one for one in state.in_order if not one.doomed]
    live = alive(access, resources, stack)
    clusters = state.of(holdings.CLUSTER)
    lost = [one for one in clusters if live.get(("cluster", one.id), one) is None]
    failed = ""
    seen: Preview | None
    try:
        seen = engine({_FORGET_OBJECTS: "true"} if lost else {}).refresh(preview_only=True, state=export)
    except EngineFailed as error:
        failed = str(error)
        seen = error.seen
    changes = {one.urn: one for one in (seen.drift if seen is not None else ())}
    live |= _adopted_objects(access, state, lost)
    items: list[Item] = []
    noise: list[Noise] = []
    for one in resources:
        if one.external:
            items.append(_adopted(one, live))
            continue
        item, quiet = owned(one, changes.get(one.urn), failed=failed, gone=is_gone(one, live, clusters))
        items.append(item)
        noise += quiet
    return Report(stack, tuple(items), tuple(noise))


def _adopted(one: Resource, live: Mapping[tuple[str, str], Found | Unknown | None]) -> Item:
    from formerr_infra.standing import OBJECT

    kind = OBJECT if one.on_cluster else NODE_POOL if one.type == holdings.NODE_POOL else one.kind
    if kind is None:
        # Nothing of its own: the list of trusted sources is read with its database.
        return Item(one.urn, one.type, one.id, one.label, owned=False, finding=Finding.CLEAN)
    key = (kind, one.name if one.on_cluster else one.id)
    return adopted(one, kind, live.get(key, Unknown("it was not asked for")))


def _adopted_objects(
    access: Access, state: State, lost: list[Resource]
) -> dict[tuple[str, str], Found | Unknown | None]:
    from formerr_infra.standing import OBJECT

    wanted = [one for one in state.resources if one.on_cluster and one.external]
    clusters = state.of(holdings.CLUSTER)
    if not wanted:
        return {}
    if not clusters:
        return {(OBJECT, one.name): Unknown("the state holds no cluster to ask") for one in wanted}
    if lost:
        return {(OBJECT, one.name): None for one in wanted}
    return objects(access, wanted, clusters[0].id)
