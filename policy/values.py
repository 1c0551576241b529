"""Properties of a resource in which some values are not known yet.

In a preview what depends on a resource that is not there yet has no value. `Unknown` stands for it, and reading it
raises `NotKnownYet`: neither "it is fine" nor "it is broken" can come out of it by mistake.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn, final

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class NotKnownYet(Exception):
    """A value is asked for that only the update will tell.

    Attributes:
        path: where it stands.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


@final
class Unknown:
    """The one value that is not known; it is neither true nor false."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> NoReturn:
        raise TypeError("whether an unknown value is true cannot be said")


UNKNOWN: Final = Unknown()


class Node:
    """One place in the properties: what stands there, and where it is.

    A place below something missing is missing too; a place below something unknown is unknown.
    """

    __slots__ = ("_value", "path")

    def __init__(self, value: Any, path: str = "") -> None:
        self._value = value
        self.path = path

    def __getitem__(self, key: str) -> Node:
        if isinstance(self._value, Unknown):
            return self
        below = self._value.get(key) if isinstance(self._value, Mapping) else None
        return Node(below, self._at(key))

    @property
    def value(self) -> Any:
        """What stands there; None where nothing does.

        Raises:
            NotKnownYet: it is unknown.
        """
        if isinstance(self._value, Unknown):
            raise NotKnownYet(self.path)
        return self._value

    @property
    def text(self) -> str:
        """The text that stands there; empty where there is none.

        Raises:
            NotKnownYet: it is unknown.
        """
        value = self.value
        return value if isinstance(value, str) else ""

    @property
    def is_known(self) -> bool:
        """Whether it can be read; what is missing can be."""
        return not isinstance(self._value, Unknown)

    def items(self) -> list[Node]:
        """The places of a list; none where there is no list.

        Raises:
            NotKnownYet: the list is unknown.
        """
        value = self.value
        if not isinstance(value, Sequence) or isinstance(value, str):
            return []
        return [Node(item, f"{self.path}[{number}]") for number, item in enumerate(value)]

    def entries(self) -> list[tuple[str, Node]]:
        """Keys and places of a mapping; none where there is no mapping.

        Raises:
            NotKnownYet: the mapping is unknown.
        """
        value = self.value
        return [(key, self[key]) for key in value] if isinstance(value, Mapping) else []

    def _at(self, key: str) -> str:
        if not _PLAIN_KEY.fullmatch(key):
            return f'{self.path}["{key}"]'
        return f"{self.path}.{key}" if self.path else key
