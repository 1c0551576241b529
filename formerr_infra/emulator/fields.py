"""Reading request bodies: typed access to a JSON object, with the 422 of the API where it does not fit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from formerr_infra.emulator.errors import Unprocessable

if TYPE_CHECKING:
    from collections.abc import Collection

    from formerr_infra.emulator.store import Json

TAG = re.compile(r"[a-zA-Z0-9_\-:]{1,255}")
"""What a tag may be called (OpenAPI, schema `tags`)."""


class Fields:
    """A JSON object of a request; `null` counts as absent. Every method raises Unprocessable on a wrong type."""

    def __init__(self, data: Json, where: str = "") -> None:
        self.data = data
        self._where = where

    def __contains__(self, name: str) -> bool:
        return self.data.get(name) is not None

    def _wrong(self, name: str, what: str) -> Unprocessable:
        return Unprocessable(f"{self._where}{name}: {what}")

    def text(
        self,
        name: str,
        default: str | None = None,
        *,
        pattern: str | None = None,
        choices: Collection[str] | None = None,
        longest: int = 10_000,
        empty: bool = False,
    ) -> str:
        """A string. Without a default it must be there."""
        value = self.data.get(name)
        if value is None:
            if default is None:
                raise self._wrong(name, "is required")
            return default
        if not isinstance(value, str):
            raise self._wrong(name, "must be a string")
        if not value and not empty:
            if default is not None:
                return default
            raise self._wrong(name, "can't be blank")
        if len(value) > longest:
            raise self._wrong(name, f"is too long (maximum is {longest} characters)")
        if pattern is not None and not re.fullmatch(pattern, value):
            raise self._wrong(name, f"{value!r} is invalid")
        if choices is not None and value not in choices:
            raise self._wrong(name, f"{value!r} is not one of {', '.join(sorted(choices))}")
        return value

    def number(self, name: str, default: int | None = None, *, low: int = 0, high: int = 2**63) -> int:
        """An integer within bounds. Without a default it must be there."""
        value = self.data.get(name)
        if value is None:
            if default is None:
                raise self._wrong(name, "is required")
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(name, "must be an integer")
        if not low <= value <= high:
            raise self._wrong(name, f"must be between {low} and {high}")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean."""
        value = self.data.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self._wrong(name, "must be true or false")
        return value

    def strings(self, name: str) -> list[str]:
        """A list of strings; empty when absent."""
        return [self._string(name, value) for value in self._list(name)]

    def numbers(self, name: str) -> list[int]:
        """A list of integers; empty when absent. Numbers written as strings are taken, as the service takes them."""
        out = []
        for value in self._list(name):
            if isinstance(value, str) and value.isascii() and value.isdigit():
                value = int(value)
            if isinstance(value, bool) or not isinstance(value, int):
                raise self._wrong(name, "must be a list of integers")
            out.append(value)
        return out

    def tags(self, name: str = "tags") -> list[str]:
        """A list of tag names, without doubles."""
        tags = list(dict.fromkeys(self.strings(name)))
        for tag in tags:
            if not TAG.fullmatch(tag):
                raise self._wrong(name, f"{tag!r} is not a valid tag name")
        return tags

    def child(self, name: str) -> Fields:
        """A JSON object; empty when absent."""
        value = self.data.get(name)
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise self._wrong(name, "must be an object")
        return Fields(value, f"{self._where}{name}.")

    def children(self, name: str) -> list[Fields]:
        """A list of JSON objects; empty when absent."""
        out = []
        for index, value in enumerate(self._list(name)):
            if not isinstance(value, dict):
                raise self._wrong(name, "must be a list of objects")
            out.append(Fields(value, f"{self._where}{name}[{index}]."))
        return out

    def labels(self, name: str) -> dict[str, str]:
        """An object whose values are strings; empty when absent."""
        value = self.child(name).data
        if not all(isinstance(entry, str) for entry in value.values()):
            raise self._wrong(name, "values must be strings")
        return dict(value)

    def _list(self, name: str) -> list[Any]:
        value = self.data.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._wrong(name, "must be a list")
        return value

    def _string(self, name: str, value: Any) -> str:
        if not isinstance(value, str):
            raise self._wrong(name, "must be a list of strings")
        return value
