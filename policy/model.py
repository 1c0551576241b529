"""What a rule is, what it is given, and what it says. Standard library only."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from policy.values import Node, NotKnownYet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

STACK_TYPE = "pulumi:pulumi:Stack"


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as the program declares it.

    Attributes:
        type: token, as the provider has it.
        urn: as the engine has it.
        properties: plain values, `UNKNOWN` where there is none yet.
        protect: whether the engine refuses to delete it.
        parent: URN.
        made_from: property -> URNs of the resources it depends on; only where a whole stack is looked at.
    """

    type: str
    urn: str
    properties: Mapping[str, Any]
    protect: bool = False
    parent: str | None = None
    made_from: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def __getitem__(self, key: str) -> Node:
        return self.root[key]

    @property
    def root(self) -> Node:
        return Node(self.properties)

    @property
    def name(self) -> str:
        """The logical name."""
        return self.urn.rsplit("::", 1)[-1]

    @property
    def stack(self) -> str:
        """The stack: `urn:pulumi:<stack>::<project>::...`."""
        return self.urn.split("::", 1)[0].removeprefix("urn:pulumi:")

    @property
    def project(self) -> str:
        parts = self.urn.split("::")
        return parts[1] if len(parts) > 1 else ""


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything that the stack manages; what it only reads is never shown to a policy.

    Attributes:
        resources: by URN.
    """

    resources: Mapping[str, Resource]

    def of(self, *types: str) -> list[Resource]:
        """The resources of these types."""
        return [one for one in self.resources.values() if one.type in types]

    def is_being_imported(self, resource: Resource) -> bool:
        """Whether this run takes the resource in: an import writes nothing, so it is declared as it is found.

        The program exports what it decided for each slot, and the component of a slot says which resource fills it.
        """
        component = self.resources.get(resource.parent or "")
        stack = next(iter(self.of(STACK_TYPE)), None)
        if component is None or stack is None:
            return False
        try:
            return any(
                held["id"].value == resource["id"].value
                and stack["decisions"][slot]["outcome"].value == "import"
                for slot, held in component["held"].entries()
            )
        except NotKnownYet:
            return False  # what is imported has an id, so all of it is known


class Level(StrEnum):
    """What a broken rule does."""

    MANDATORY = "mandatory"
    ADVISORY = "advisory"


@dataclass(slots=True)
class Found:
    """What a rule says of one resource.

    Attributes:
        broken: one sentence each: where, what, and what to do about it.
        unknown: places that have to be known before more can be said.
    """

    broken: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def breaks(self, where: Node | str, what: str) -> None:
        """Note that the rule is broken."""
        path = where if isinstance(where, str) else where.path
        self.broken.append(f"{path}: {what}" if path else what)

    @contextmanager
    def where_known(self) -> Iterator[None]:
        """Around one look at the properties: if it meets an unknown value, that is noted, and nothing else."""
        try:
            yield
        except NotKnownYet as error:
            if error.path not in self.unknown:
                self.unknown.append(error.path)


@dataclass(frozen=True, slots=True)
class ResourceRule:
    """A rule about each resource that the stack manages, checked before anything is done with it.

    Attributes:
        name: its name in the pack.
        title: what may not be.
        means: what exactly it looks at.
        check: says what is broken.
        production: whether it holds in production only.
    """

    name: str
    title: str
    means: str
    check: Callable[[Resource, Found], None]
    production: bool = False

    def judge(self, resource: Resource) -> Found:
        """What it says of a resource."""
        found = Found()
        with found.where_known():
            self.check(resource, found)
        return found


@dataclass(frozen=True, slots=True)
class StackRule:
    """A rule about a resource among the others, checked when all of them are declared.

    In an update that is after the writes; the preview before it is what stops.

    Attributes:
        name, title, means, production: as in `ResourceRule`.
        check: says what is broken.
        level: what a broken one does.
    """

    name: str
    title: str
    means: str
    check: Callable[[Resource, Stack, Found], None]
    production: bool = False
    level: Level = Level.MANDATORY

    def judge(self, resource: Resource, stack: Stack) -> Found:
        """What it says of a resource."""
        found = Found()
        with found.where_known():
            self.check(resource, stack, found)
        return found


Rule = ResourceRule | StackRule
