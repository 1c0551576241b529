"""How a resource's properties are described: one table entry each.

Everything generic in the plugin (check, diff, preview, secrets, the schema it hands out) is derived from
these tables. They hold no behaviour; what a resource does to the API stands beside its table in `resources/`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Props = dict[str, Any]
"""A property map: camelCase names to JSON-like values, `values.UNKNOWN` where a preview does not know yet."""


class Kind(StrEnum):
    """Type of one value."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    OBJECT = "object"


class Shape(StrEnum):
    """How many values a property holds."""

    ONE = "one"
    LIST = "list"
    SET = "set"
    """A list whose order means nothing."""
    MAP = "map"


class Use(StrEnum):
    """Who may set a property."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    SETTLED = "settled"
    """May be declared; where it is not, the API settles it and it is kept as it is."""
    OUTPUT = "output"


REQUIRED, OPTIONAL, SETTLED, OUTPUT = Use.REQUIRED, Use.OPTIONAL, Use.SETTLED, Use.OUTPUT


@dataclass(frozen=True, slots=True)
class Field:
    """One property.

    Args:
        name: camelCase name as programs use it.
        replaces: a change of it replaces the resource.
        default: filled in by Check where the program says nothing.
        quiet: the default is in force without being written into the inputs (deprecated properties).
        autoname: Check makes a name from the resource's logical name.
        same: (old object, new object) -> whether a difference of this field means nothing.
        canonical: brings an input to the form the API answers with.
    """

    name: str
    kind: Kind = Kind.STRING
    use: Use = Use.OPTIONAL
    shape: Shape = Shape.ONE
    replaces: bool = False
    secret: bool = False
    default: Any = None
    quiet: bool = False
    autoname: bool = False
    type_name: str = ""
    fields: tuple[Field, ...] = ()
    same: Callable[[Props, Props], bool] | None = None
    canonical: Callable[[Any], Any] | None = None
    oneof: tuple[str, ...] = ()

    @property
    def settable(self) -> bool:
        """Whether a program may declare it."""
        return self.use is not Use.OUTPUT


def text(name: str, use: Use = OPTIONAL, **more: Any) -> Field:
    """A string property."""
    return Field(name, Kind.STRING, use, **more)


def whole(name: str, use: Use = OPTIONAL, **more: Any) -> Field:
    """An integer property."""
    return Field(name, Kind.INTEGER, use, **more)


def number(name: str, use: Use = OPTIONAL, **more: Any) -> Field:
    """A number property."""
    return Field(name, Kind.NUMBER, use, **more)


def flag(name: str, use: Use = OPTIONAL, **more: Any) -> Field:
    """A boolean property."""
    return Field(name, Kind.BOOLEAN, use, **more)


def nested(name: str, type_name: str, use: Use = OPTIONAL, **more: Any) -> Field:
    """An object property (or a list of objects); `type_name` is the object's name in the package schema."""
    return Field(name, Kind.OBJECT, use, type_name=type_name, **more)


def name_field(**more: Any) -> Field:
    """The usual `name`: made from the logical name where the program gives none."""
    return Field("name", Kind.STRING, Use.OPTIONAL, autoname=True, **more)


def by_name(fields: tuple[Field, ...]) -> Mapping[str, Field]:
    """The fields of one level, by their camelCase name."""
    return {field.name: field for field in fields}


def is_zero(value: Any) -> bool:
    """Whether a value means the same as saying nothing (empty, zero, false)."""
    return value is None or (not isinstance(value, Unknown) and value in ("", 0, False, [], {}))


_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def snake(name: str) -> str:
    """`vpcUuid` -> `vpc_uuid`."""
    return _HUMP.sub("_", name).lower()


class Unknown:
    """Type of `UNKNOWN`: a value that a preview cannot know."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __deepcopy__(self, memo: object) -> Unknown:
        return self


UNKNOWN = Unknown()


def has_unknown(value: Any) -> bool:
    """Whether a value or anything in it is unknown."""
    if isinstance(value, Unknown):
        return True
    if isinstance(value, Mapping):
        return any(has_unknown(v) for v in value.values())
    if isinstance(value, list):
        return any(has_unknown(v) for v in value)
    return False
