"""Every resource of a stack's state, and how it is held, read from what `pulumi stack export` says; pure.

`ledger` answers for the slots that a decision is made of. Whoever takes a stack down, or looks for drift, needs all that
the state holds: members of a project, objects on the cluster, what waits for its deletion.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from formerr_infra.errors import LedgerUnreadable
from formerr_infra.slots import SLOTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: What the engine puts in the place of a secret's value.
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the engine's sign for one, not one
CLUSTER = "digitalocean:index/kubernetesCluster:KubernetesCluster"
NODE_POOL = "digitalocean:index/kubernetesNodePool:KubernetesNodePool"
DATABASE = "digitalocean:index/databaseCluster:DatabaseCluster"
TRUSTED_SOURCES = "digitalocean:index/databaseFirewall:DatabaseFirewall"
MEMBERS = "digitalocean:index/projectResources:ProjectResources"
OBJECT = "kubernetes:"
_KINDS = {slot.engine_type: slot.kind for slot in SLOTS}
_ORDER = {slot.engine_type: place for place, slot in enumerate(SLOTS)}
#: Property that names what a resource is a part of.
_WITHIN = {"record": "domain", "uptime_alert": "checkId"}


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of the state; components and providers are none.

    Attributes:
        urn, type, name: as the engine has them; the name is the logical one.
        id: physical id.
        external: it is only read; the stack did not make it and never deletes it.
        protect: the engine refuses to delete it.
        retain: a delete only forgets it.
        doomed: it was replaced, and its deletion is still to come.
        inputs, outputs: as recorded, secrets in the engine's envelope.
    """

    urn: str
    type: str
    name: str
    id: str
    external: bool = False
    protect: bool = False
    retain: bool = False
    doomed: bool = False
    inputs: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    outputs: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    @property
    def on_cluster(self) -> bool:
        """Whether it is an object on a cluster."""
        return self.type.startswith(OBJECT)

    @property
    def kind(self) -> str | None:
        """The inventory's adapter that can see it by its id; None where none can."""
        return None if self.type in (NODE_POOL, TRUSTED_SOURCES) else _KINDS.get(self.type)

    @property
    def within(self) -> str | None:
        """The id of what it is a part of, where the inventory has to know that to ask for it."""
        value = self.inputs.get(_WITHIN.get(self.kind or "", ""))
        value = self.outputs.get(_WITHIN.get(self.kind or "", "")) if value is None else value
        return value if isinstance(value, str) else None

    @property
    def label(self) -> str:
        """How a person calls it: `cluster formerr-staging-cluster`, `deployment/formerr/formerr-backend`."""
        if self.on_cluster:
            return self.name
        shown = self.outputs.get("name") or self.inputs.get("name")
        return f"{self.name} {shown}" if isinstance(shown, str) and shown != self.name else self.name


@dataclass(frozen=True, slots=True)
class Pending:
    """An operation that was begun and whose end nobody has written down."""

    urn: str
    operation: str


@dataclass(frozen=True, slots=True)
class State:
    """What the state holds, and which operations were begun and not ended."""

    resources: tuple[Resource, ...] = ()
    pending: tuple[Pending, ...] = ()

    def of(self, kind: str) -> tuple[Resource, ...]:
        """Those of one type."""
        return tuple(one for one in self.resources if one.type == kind)

    @property
    def in_order(self) -> tuple[Resource, ...]:
        """For people: by slot, then by URN. The state has what was made side by side in the order in which it ended."""
        return tuple(
            sorted(self.resources, key=lambda one: (_ORDER.get(one.type, len(_ORDER)), one.urn, one.doomed))
        )

    @property
    def ids(self) -> frozenset[str]:
        """Every physical id in it, however it is held."""
        return frozenset(one.id for one in self.resources)


def read(export: Mapping[str, Any]) -> State:
    """Read an exported deployment.

    Raises:
        LedgerUnreadable: it has another form.
    """
    try:
        deployment = export["deployment"] or {}
        resources = tuple(_resources(deployment.get("resources") or []))
        pending = tuple(
            Pending(one["resource"]["urn"], str(one["type"]))
            for one in deployment.get("pending_operations") or []
        )
    except (AttributeError, LookupError, TypeError) as error:
        raise LedgerUnreadable(
            f"the stack's state could not be read: the export has an unknown form ({type(error).__name__}: {error})."
        ) from None
    return State(resources, pending)


def _resources(entries: Iterable[Mapping[str, Any]]) -> Iterable[Resource]:
    for one in entries:
        if not one.get("custom") or one["type"].startswith("pulumi:"):
            continue
        identity = one.get("id")
        if not isinstance(identity, str) or not identity:
            raise TypeError(f"{one['urn']} has no id")
        yield Resource(
            urn=one["urn"],
            type=one["type"],
            name=one["urn"].rsplit("::", 1)[1],
            id=identity,
            external=bool(one.get("external")),
            protect=bool(one.get("protect")),
            retain=bool(one.get("retainOnDelete")),
            doomed=bool(one.get("delete")),
            inputs=MappingProxyType(dict(one.get("inputs") or {})),
            outputs=MappingProxyType(dict(one.get("outputs") or {})),
        )


def is_secret(value: object) -> bool:
    """Whether a value of the state is a secret, in the engine's envelope."""
    return isinstance(value, dict) and value.get(SIGNATURE) == SECRET
