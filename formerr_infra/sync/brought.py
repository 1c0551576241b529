"""What differs between two stack files, and the second with the first one's pattern."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from formerr_infra.errors import SettingsError
from formerr_infra.naming import PROJECT
from formerr_infra.settings.secrets import KEYS
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
    pattern, own = _read(production, names[0]), _read(staging, names[1])
    wanted, have = _config(pattern, names[0]), _config(own, names[1])
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
    after = _written(own) if Kind.SET in kinds else staging
    for one in changes:
        if one.kind is Kind.ADD:
            after = _added(after, one.key, wanted, names[1])
    return Brought(tuple(changes), staging, after)


def _added(text: str, key: str, wanted: CommentedMap, name: str) -> str:
    """The file with one more key, behind the nearest one before it in production's order that the file has.

    Put in as a line: in the reader's own map a new key would come between a comment and the key it is about.
    """
    document = _read(text, name)
    have = _config(document, name)
    order, present = list(wanted), list(have)
    before = [one for one in order[: order.index(key)] if one in have]
    lines = text.splitlines(keepends=True)
    if before:
        at = present.index(before[-1])
        start = have.lc.key(before[-1])[0]
        keys = [have.lc.key(present[at + 1])[0]] if at + 1 < len(present) else []
        keys += [document.lc.key(top)[0] for top in document if document.lc.key(top)[0] > start]
        line = min(keys, default=len(lines))
        while line > start + 1 and (not (said := lines[line - 1].strip()) or said.startswith("#")):
            line -= 1
    else:
        line = document.lc.key("config")[0] + 1
    entry = StringIO()
    _yaml().dump({key: wanted[key]}, entry)
    column = have.lc.key(present[0])[1] if present else 2
    more = [" " * column + one for one in entry.getvalue().splitlines(keepends=True)]
    if line and not lines[line - 1].endswith("\n"):
        lines[line - 1] += "\n"
    made = "".join([*lines[:line], *more, *lines[line:]])
    try:
        if dict(_config(_read(made, name), name)) == {**have, key: wanted[key]}:
            return made
    except SettingsError:
        pass
    have[key] = wanted[key]  # no file of one key a line
    return _written(document)


def _own(key: str, value: object) -> bool:
    return key.rpartition(":")[2] in KEYS or is_own(key, value)


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


def _shown(key: str, value: Any) -> Any:
    """A value to be seen by people; nothing of a secret, encrypted or not."""
    if key.rpartition(":")[2] in KEYS or isinstance(value, Mapping) or not key.startswith(f"{PROJECT}:"):
        return None
    return value


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    return yaml


def _read(text: str, name: str) -> CommentedMap:
    try:
        loaded = _yaml().load(text)
    except YAMLError as error:
        raise SettingsError([f"{name}: is not YAML: {error}"]) from None
    if not isinstance(loaded, CommentedMap):
        raise SettingsError([f"{name}: a mapping with `config:` is expected"])
    return loaded


def _config(document: CommentedMap, name: str) -> CommentedMap:
    config = document.get("config")
    if not isinstance(config, CommentedMap) or not all(isinstance(key, str) for key in config):
        raise SettingsError([f"{name}: config: a mapping of keys such as formerr-infra:region is expected"])
    return config


def _written(document: CommentedMap) -> str:
    out = StringIO()
    _yaml().dump(document, out)
    return out.getvalue()
