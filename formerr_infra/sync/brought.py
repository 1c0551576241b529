"""What differs between two stack files, and the second with the first one's pattern."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from formerr_infra.errors import SettingsError
from formerr_infra.naming import PROJECT
from formerr_infra.settings.document import document, written
from formerr_infra.settings.secrets import KEYS
from formerr_infra.sync.own import is_own

if TYPE_CHECKING:
    from ruamel.yaml.comments import CommentedMap


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
        """The change of staging's file as a unified diff, without context, in which a secret could stand."""
        lines = (self.before.splitlines(keepends=True), self.after.splitlines(keepends=True))
        return "".join(difflib.unified_diff(*lines, fromfile=name, tofile=f"{name} (new)", n=0))


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
    own = document(staging, names[1])
    wanted, have = document(production, names[0])["config"], own["config"]
    changes = []
    for key in [*wanted, *(key for key in have if key not in wanted)]:
        if key in wanted and key in have and _same(wanted[key], have[key]):
            continue
        kind = Kind.KEEP
        if key in wanted and not (_own(key, wanted[key]) or _own(key, have.get(key))):
            kind = Kind.SET if key in have else Kind.ADD
        changes.append(Change(key, kind, _shown(key, have.get(key)), _shown(key, wanted.get(key))))
        if kind is Kind.SET:
            have[key] = wanted[key]
    kinds = {one.kind for one in changes}
    after = written(own) if Kind.SET in kinds else staging
    for one in changes:
        if one.kind is Kind.ADD:
            after = _added(after, one.key, wanted, names[1])
    return Brought(tuple(changes), staging, after)


def _added(text: str, key: str, wanted: CommentedMap, name: str) -> str:
    """The file with one more key, behind the nearest one before it in production's order that the file has.

    Put in as a line: in the reader's own map a new key would come between a comment and the key it is about.
    """
    read = document(text, name)
    have = read["config"]
    try:
        made = _with_line(text, read, key, wanted)
        if dict(document(made, name)["config"]) == {**have, key: wanted[key]}:
            return made
    except (KeyError, SettingsError):
        pass
    have[key] = wanted[key]  # no file of one key a line
    return written(read)


def _with_line(text: str, read: CommentedMap, key: str, wanted: CommentedMap) -> str:
    """The same, if the file has a line for each key; what is merged in from elsewhere has none.

    Raises:
        KeyError: it has not.
    """
    have = read["config"]
    order, present = list(wanted), list(have)
    before = [one for one in order[: order.index(key)] if one in have]
    lines = text.splitlines(keepends=True)
    if before:
        at = present.index(before[-1])
        start = have.lc.key(before[-1])[0]
        keys = [have.lc.key(present[at + 1])[0]] if at + 1 < len(present) else []
        keys += [read.lc.key(top)[0] for top in read if read.lc.key(top)[0] > start]
        line = min(keys, default=len(lines))
        while line > start + 1 and (not (said := lines[line - 1].strip()) or said.startswith("#")):
            line -= 1
    else:
        line = read.lc.key("config")[0] + 1
    column = have.lc.key(present[0])[1] if present else 2
    more = [" " * column + one for one in written({key: wanted[key]}).splitlines(keepends=True)]
    if line and not lines[line - 1].endswith("\n"):
        lines[line - 1] += "\n"
    return "".join([*lines[:line], *more, *lines[line:]])


def _own(key: str, value: object) -> bool:
    return key.rpartition(":")[2] in KEYS or is_own(key, value)


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


def _shown(key: str, value: Any) -> Any:
    """A value to be seen by people; nothing of a secret, encrypted or not."""
    if key.rpartition(":")[2] in KEYS or isinstance(value, Mapping) or not key.startswith(f"{PROJECT}:"):
        return None
    return value
