"""What of a stack there is to check: settings say which slots, the state which ids, the account what each of them is."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from formerr_infra import inventory
from formerr_infra.inventory.facts import Limits, Question, Unknown
from formerr_infra.model import Found, Holding
from formerr_infra.slots import enabled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from formerr_infra.inventory.facts import Access, DatabaseParts
    from formerr_infra.ledger import Ledger
    from formerr_infra.settings.schema import Settings

#: Slots whose life is looked into.
SLOTS = ("cluster", "registry", "loadBalancer", "database", "certificate")


@dataclass(frozen=True, slots=True)
class Missing:
    """A slot that the stack has and nothing stands in."""

    reason: str


#: What stands in a slot; None where the stack has no such slot.
Slot: TypeAlias = "Found | Missing | Unknown | None"


@dataclass(frozen=True, slots=True)
class Looked:
    """The stack and what the account says of it.

    Attributes:
        stack, settings, access, ledger: as given.
        slots: key of each of `SLOTS` -> what stands there.
        databases: what the managed database says besides itself, by id.
        seconds: how long the account took.
    """

    stack: str
    settings: Settings
    access: Access
    ledger: Ledger
    slots: Mapping[str, Slot]
    databases: Mapping[str, DatabaseParts] = field(default_factory=lambda: MappingProxyType({}))
    seconds: float = 0.0


def look(stack: str, settings: Settings, access: Access, ledger: Ledger, *, timeout: float) -> Looked:
    """Ask the account for everything that the state holds of these slots, by id.

    Raises:
        NotLoopback, SettingsError: the access is unusable. Nothing that the API does raises.
    """
    wanted = [slot for slot in enabled(settings) if slot.key in SLOTS]
    held = {slot.key: ledger.held[slot.key] for slot in wanted}
    ids = {
        key: one.id
        for key, one in held.items()
        if one.holding in (Holding.MANAGED, Holding.ADOPTED) and one.id
    }
    questions = [Question(slot.key, slot.kind, (ids[slot.key],)) for slot in wanted if slot.key in ids]
    database = [ids["database"]] if "database" in ids else []
    seen = inventory.look(
        access, questions, stack=stack, with_account=False, databases=database, limits=Limits(budget=timeout)
    )
    slots: dict[str, Slot] = dict.fromkeys(SLOTS)
    for slot in wanted:
        if slot.key not in ids:
            slots[slot.key] = _not_held(slot.key)
            continue
        sighting = seen.sightings[slot.key]
        if sighting.unknown:
            slots[slot.key] = Unknown("; ".join(sighting.unknown))
        else:
            found = sighting.by_id.get(ids[slot.key])
            slots[slot.key] = found or Missing(f"{ids[slot.key]}, which the state holds, is gone")
    return Looked(stack, settings, access, ledger, slots, seen.databases, seen.seconds)


def _not_held(key: str) -> Slot:
    if key == "certificate":  # only where the domain is there: what is not declared is no fault
        return None
    return Missing("the state holds none; `formerr deploy` makes or adopts it")
