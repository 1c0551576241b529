"""What differs between two stack files, and the second with the first one's pattern."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from formerr_infra.settings.document import document
from formerr_infra.settings.secrets import KEYS
from formerr_infra.sync import shown
from formerr_infra.sync.lines import with_key, with_values
from formerr_infra.sync.own import is_own


class Kind(StrEnum):
    """What is done about a key that differs."""

    SET = "set"
    ADD = "add"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Change:
    """One key that differs.

    Attributes:
        key: with its namespace.
        kind: what is done.
        staging, production: values as they stand; None where the key is missing, or its value is a secret.
    """

    key: str
    kind: Kind
    staging: Any
    production: Any


@dataclass(frozen=True, slots=True)
class Brought:
    """What comes of it.

    Attributes:
        changes: every key that differs, production's order first.
        before, after: staging's file.
    """

    changes: tuple[Change, ...]
    before: str
    after: str

    @property
    def is_there(self) -> bool:
        """Whether staging has production's pattern already."""
        return self.before == self.after

    def diff(self, name: str) -> str:
        """The change of staging's file as a unified diff without context, in which no secret stands."""
        return shown.diff(self.before, self.after, name)


def bring(production: str, staging: str, names: tuple[str, str]) -> Brought:
    """Bring staging's file up to production's pattern.

    A key that staging alone has is kept: that production says nothing is no value to carry over. Comments, order and
    quotes of staging's file stay; where nothing is changed, so does every byte.

    Args:
        production, staging: texts of the two stack files.
        names: their names, for what is wrong with them.

    Raises:
        SettingsError: a file is not YAML, or is no stack file.
    """
    have = document(staging, names[1])["config"]
    wanted = document(production, names[0])["config"]
    changes = []
    for key in [*wanted, *(key for key in have if key not in wanted)]:
        if key in wanted and key in have and _same(wanted[key], have[key]):
            continue
        kind = Kind.KEEP
        if key in wanted and not (_own(key, wanted[key]) or _own(key, have.get(key))):
            kind = Kind.SET if key in have else Kind.ADD
        changes.append(Change(key, kind, shown.value(key, have.get(key)), shown.value(key, wanted.get(key))))
    after = with_values(
        staging, {one.key: wanted[one.key] for one in changes if one.kind is Kind.SET}, names[1]
    )
    for one in changes:
        if one.kind is Kind.ADD:
            after = with_key(after, one.key, wanted, names[1])
    return Brought(tuple(changes), staging, after)


def _own(key: str, value: object) -> bool:
    return key.rpartition(":")[2] in KEYS or is_own(key, value)


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other
