"""What the state of this stack holds, slot by slot, read from what `pulumi stack export` says (`export`).

Only the checkpoint says which resources are external and which operations are pending. Beside each slot's resource
the component it stands in keeps a journal, because the checkpoint alone forgets two things: a create that was
applied while its answer was lost (the engine then keeps neither resource nor pending operation), and a managed
resource that a refresh dropped because it was gone.

The journal is part of the component's inputs and outputs, so it is written by the engine, before the create:

    inputs:  journal = {<slot>: {"began": <UTC time of the run that creates>, "instead_of": <id that was there before>}}
    outputs: held    = {<slot>: {"id": <physical id>, "ownership": "managed" | "adopted", "began": <as in the journal>}}

This module only reads; it decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from formerr_infra.errors import LedgerUnreadable
from formerr_infra.model import Held, Holding
from formerr_infra.slots import SLOTS, Slot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: What the engine writes for a value that is not known: the id of what `pulumi refresh --run-program` or `--target` left
#: unmade, in the outputs of the component around it. After a create that failed there are no outputs.
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
#: What the type tokens of objects on the cluster begin with; their logical name is their key.
OBJECTS = "kubernetes:"


@dataclass(frozen=True, slots=True)
class Standing:
    """A managed resource as the state has it, slot or not.

    Attributes:
        urn: where it stands.
        types: its type token behind those of what it stands in, as the URN has them.
        name: its logical name.
        id: its physical id.
    """

    urn: str
    types: str
    name: str
    id: str

    @property
    def kind(self) -> str:
        """Its own type token."""
        return self.types.rsplit("$", 1)[-1]


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the state holds.

    Attributes:
        held: slot key -> what the state holds of it; every slot is there.
        inputs: slot key -> the inputs recorded for its resource, where it has one.
        pending: URNs of creates that were interrupted and are still noted in the checkpoint.
        exists: whether there is such a stack at all.
        objects: key of an object on the cluster -> what the state holds of it.
        object_inputs: key of such an object -> the inputs recorded for it.
        standing: every managed resource of the cloud and of the cluster, wherever it stands.
    """

    held: Mapping[str, Held]
    inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    pending: tuple[str, ...] = ()
    exists: bool = True
    objects: Mapping[str, Held] = field(default_factory=lambda: MappingProxyType({}))
    object_inputs: Mapping[str, Mapping[str, Any]] = field(
        default_factory=lambda: MappingProxyType({}), repr=False
    )
    standing: tuple[Standing, ...] = ()


EMPTY = Ledger({slot.key: Held() for slot in SLOTS}, exists=False)


def read(export: Mapping[str, Any], slots: Sequence[Slot] = SLOTS) -> Ledger:
    """Read an exported deployment (`pulumi stack export`, version 3).

    Raises:
        LedgerUnreadable: it has another form.
    """
    try:
        return _read(export, slots)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise LedgerUnreadable(
            f"the stack's state could not be read: the export has an unknown form ({type(error).__name__}: {error})."
        ) from None


def _read(export: Mapping[str, Any], slots: Sequence[Slot]) -> Ledger:
    deployment = _mapping(export["deployment"])
    resources = [resource for resource in _list(deployment.get("resources")) if not resource.get("delete")]
    ours = {(slot.types, slot.name) for slot in slots}
    # Where two have the same type and name, the one on the slot's own URN is the slot's.
    resources.sort(key=lambda resource: _place(resource["urn"]) in ours)
    by_address = {_address(resource["urn"]): resource for resource in resources}
    pending = {
        _address(operation["resource"]["urn"]): operation["resource"]["urn"]
        for operation in _list(deployment.get("pending_operations"))
        if operation["type"] == "creating"
    }
    saved = _time(_mapping(deployment.get("manifest")).get("time"))
    held, inputs = {}, {}
    for slot in slots:
        address = (slot.engine_type, slot.name)
        resource = by_address.get(address)
        component = _mapping(by_address.get((slot.component, slot.component_name)))
        journal = _mapping(_mapping(_mapping(component.get("inputs")).get("journal")).get(slot.key))
        noted = _mapping(_mapping(_mapping(component.get("outputs")).get("held")).get(slot.key))
        held[slot.key] = _held(resource, journal, noted, saved if address in pending else None)
        if resource is not None:
            inputs[slot.key] = _mapping(resource.get("inputs"))
    left = tuple(urn for address, urn in pending.items() if address not in by_address)
    objects = {
        name: _held(by_address.get((kind, name)), {}, {}, saved)
        for kind, name in (*by_address, *pending)
        if kind.startswith(OBJECTS)
    }
    object_inputs = {
        name: _mapping(resource.get("inputs"))
        for (kind, name), resource in by_address.items()
        if kind.startswith(OBJECTS)
    }
    kinds = {slot.engine_type for slot in slots}
    standing = tuple(
        Standing(resource["urn"], *_place(resource["urn"]), _id(resource))
        for resource in resources
        if not resource.get("external")
        and ((kind := _address(resource["urn"])[0]) in kinds or kind.startswith(OBJECTS))
    )
    return Ledger(held, inputs, left, objects=objects, object_inputs=object_inputs, standing=standing)


def _held(
    resource: Mapping[str, Any] | None,
    journal: Mapping[str, str],
    noted: Mapping[str, str],
    interrupted_at: datetime | None,
) -> Held:
    began = _time(journal.get("began"))
    if resource is not None:
        holding = Holding.ADOPTED if resource.get("external") else Holding.MANAGED
        replacing = resource["urn"] if resource.get("pendingReplacement") else None
        tainted = resource["urn"] if resource.get("taint") else None
        return Held(holding, _id(resource), began, journal, replacing, tainted)
    # A create notes what it comes instead of, so another id that is noted is younger than any create that was
    # interrupted: a pending operation, which stays until somebody clears it, then says nothing any more.
    if noted.get("id") and noted["id"] not in (UNKNOWN, journal.get("instead_of")):
        holding = Holding.ADOPTED if noted.get("ownership") == "adopted" else Holding.DROPPED
        return Held(holding, _id(noted), began, journal)
    if interrupted_at is None and noted.get("id") == UNKNOWN and noted.get("began") == journal.get("began"):
        return Held(journal=journal)  # the run that was to make it was told to leave it unmade, and ended
    if interrupted_at is not None or began is not None:
        return Held(Holding.INTERRUPTED, None, began or interrupted_at, journal)
    return Held()


def _mapping(value: Any) -> Mapping[str, Any]:
    """What may be missing and otherwise is a mapping; anything else is not read as an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError(f"a mapping is expected, found {type(value).__name__}")
    return value


def _list(value: Any) -> list[Any]:
    """The same for a list."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise TypeError(f"a list is expected, found {type(value).__name__}")
    return value


def _id(of: Mapping[str, Any]) -> str:
    """The physical id of a resource or of a note; a state without one says nothing that could be relied on."""
    identity = of["id"]
    if not isinstance(identity, str) or not identity:
        raise ValueError(f"an id is {identity!r}")
    return identity


def _address(urn: str) -> tuple[str, str]:
    """Type and logical name of `urn:pulumi:<stack>::<project>::<parent types>$<type>::<name>`."""
    types, name = _place(urn)
    return types.rsplit("$", 1)[-1], name


def _place(urn: str) -> tuple[str, str]:
    """The same with the types of what it stands in."""
    _, _, types, name = urn.split("::", 3)
    return types, name


def _time(text: str | None) -> datetime | None:
    """A time of the checkpoint (RFC 3339, up to nanoseconds, of which the last three are cut)."""
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
