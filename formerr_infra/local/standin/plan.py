"""What a resource will look like, and how that differs from its state: the core of Diff, preview and Update.

Pure functions over property maps. The rules are those of the official plugin: a settled property that the
program does not declare stays as it is; nothing and an empty value mean the same; sets have no order.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from formerr_infra.local.standin.check import DEFAULTS
from formerr_infra.local.standin.fields import (
    UNKNOWN,
    Field,
    Kind,
    Props,
    Shape,
    Unknown,
    Use,
    has_unknown,
    is_zero,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Change(StrEnum):
    """What happens to a property."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: path as the engine writes it (`nodePool.tags[0]`), kind, and whether it replaces."""

    path: str
    change: Change
    replaces: bool

    @property
    def top(self) -> str:
        """The resource's property it is in."""
        return re.split(r"[.\[]", self.path, maxsplit=1)[0]


def plan(fields: Sequence[Field], news: Props, olds: Props, *, ignored: Iterable[str] = ()) -> Props:
    """The properties after an update of `olds` to the declared `news`; for a create, `olds` is empty.

    Args:
        ignored: property paths whose changes are to be ignored.
    """
    planned = _level(fields, news, olds)
    for path in ignored:
        _keep(planned, olds, re.findall(r"[^.\[\]\"]+", path))
    return planned


def plan_create(fields: Sequence[Field], news: Props) -> Props:
    """As `plan` for a create in a preview: what only the API can decide is unknown."""
    return _undecided(fields, plan(fields, news, {}))


def diff(fields: Sequence[Field], planned: Props, olds: Props) -> list[Difference]:
    """Every difference between the planned properties and the state, in the order of the table."""
    found: list[Difference] = []
    _compare_level(fields, planned, olds, "", found, replaces=False)
    return found


def _level(fields: Sequence[Field], news: Props, olds: Props) -> Props:
    planned: Props = {}
    for field in fields:
        given = news.get(field.name)
        old = olds.get(field.name)
        if (
            field.settable
            and field.same is not None
            and not isinstance(given, Unknown)
            and field.same(olds, news)
        ):
            value = old
        elif field.settable and given is not None:
            value = _merge(field, given, old)
        elif field.use in (Use.SETTLED, Use.OUTPUT):
            value = old
        else:
            value = field.default
        if value is not None:
            planned[field.name] = value
    return planned


def _merge(field: Field, given: Any, old: Any) -> Any:
    if isinstance(given, Unknown):
        return given
    if field.kind is not Kind.OBJECT:
        if field.canonical is not None:
            given = [field.canonical(v) for v in given] if isinstance(given, list) else field.canonical(given)
        if field.shape is Shape.MAP and isinstance(given, dict):
            return {key: value for key, value in given.items() if key != DEFAULTS}
        return given
    if isinstance(given, dict):
        return _level(field.fields, given, old if isinstance(old, dict) else {})
    olds = old if isinstance(old, list) else []
    partners = _partners(field, given, olds)
    return [
        _level(field.fields, item, olds[j] if j is not None else {})
        for item, j in zip(given, partners, strict=True)
    ]


def _partners(field: Field, news: list[Any], olds: list[Any]) -> list[int | None]:
    """For each new element the index of the old one it continues."""
    if field.shape is Shape.LIST:
        return [i if i < len(olds) else None for i in range(len(news))]
    free = list(range(len(olds)))
    partners: list[int | None] = []
    for item in news:
        match = next((j for j in free if _same_element(field, item, olds[j])), None)
        if match is not None:
            free.remove(match)
        partners.append(match)
    return partners


def _same_element(field: Field, new: Any, old: Any) -> bool:
    if has_unknown(new):
        return False
    if field.kind is not Kind.OBJECT:
        return bool(new == old)
    if not isinstance(new, dict) or not isinstance(old, dict):
        return False
    return not diff(field.fields, _level(field.fields, new, old), old)


def _undecided(fields: Sequence[Field], planned: Props) -> Props:
    done: Props = {}
    for field in fields:
        value = planned.get(field.name)
        if value is None and field.use in (Use.SETTLED, Use.OUTPUT):
            value = UNKNOWN
        elif field.kind is Kind.OBJECT and isinstance(value, dict):
            value = _undecided(field.fields, value)
        elif field.kind is Kind.OBJECT and isinstance(value, list):
            value = [_undecided(field.fields, item) if isinstance(item, dict) else item for item in value]
        if value is not None:
            done[field.name] = value
    return done


def _keep(planned: Props, olds: Props, path: list[str]) -> None:
    if not path:
        return
    head, rest = path[0], path[1:]
    for key in [*{**planned, **olds}] if head == "*" else [head]:
        inner_new, inner_old = planned.get(key), olds.get(key)
        if rest and isinstance(inner_new, dict) and isinstance(inner_old, dict):
            _keep(inner_new, inner_old, rest)
        elif rest and isinstance(inner_new, list) and isinstance(inner_old, list):
            _keep_element(inner_new, inner_old, rest)
        elif inner_old is None:
            planned.pop(key, None)
        else:
            planned[key] = inner_old


def _keep_element(news: list[Any], olds: list[Any], path: list[str]) -> None:
    indices = range(len(news)) if path[0] == "*" else [int(path[0])] if path[0].isdigit() else []
    for i in indices:
        if i < len(news) and i < len(olds):
            if path[1:] and isinstance(news[i], dict) and isinstance(olds[i], dict):
                _keep(news[i], olds[i], path[1:])
            else:
                news[i] = olds[i]


def _compare_level(
    fields: Sequence[Field],
    planned: Props,
    olds: Props,
    path: str,
    found: list[Difference],
    *,
    replaces: bool,
) -> None:
    for field in fields:
        if field.settable:
            new, old = planned.get(field.name), olds.get(field.name)
            _compare(field, new, old, f"{path}{field.name}", found, replaces=replaces or field.replaces)


def _compare(field: Field, new: Any, old: Any, path: str, found: list[Difference], *, replaces: bool) -> None:
    if isinstance(new, Unknown):
        found.append(Difference(path, Change.ADD if is_zero(old) else Change.UPDATE, replaces))
    elif is_zero(new) and is_zero(old):
        return
    elif old is None or (new is None):
        found.append(Difference(path, Change.ADD if old is None else Change.DELETE, replaces))
    elif field.shape is Shape.MAP and isinstance(new, dict) and isinstance(old, dict):
        for key in sorted({*new, *old} - {DEFAULTS}):
            _scalar(new.get(key), old.get(key), f"{path}.{key}", found, replaces=replaces)
    elif field.shape in (Shape.LIST, Shape.SET) and isinstance(new, list) and isinstance(old, list):
        _compare_elements(field, new, old, path, found, replaces=replaces)
    else:
        _one(field, new, old, path, found, replaces=replaces)


def _compare_elements(
    field: Field, news: list[Any], olds: list[Any], path: str, found: list[Difference], *, replaces: bool
) -> None:
    if field.shape is Shape.SET:
        partners = _partners(field, news, olds)
        left_new = [i for i, j in enumerate(partners) if j is None]
        left_old = sorted(set(range(len(olds))) - {j for j in partners if j is not None})
    else:
        left_new, left_old = list(range(len(news))), list(range(len(olds)))
    for i in sorted({*left_new, *left_old}):
        at = f"{path}[{i}]"
        if i in left_new and i in left_old:
            _one(field, news[i], olds[i], at, found, replaces=replaces)
        else:
            found.append(Difference(at, Change.ADD if i in left_new else Change.DELETE, replaces))


def _one(field: Field, new: Any, old: Any, path: str, found: list[Difference], *, replaces: bool) -> None:
    if field.kind is Kind.OBJECT and isinstance(new, dict) and isinstance(old, dict):
        _compare_level(field.fields, new, old, f"{path}.", found, replaces=replaces)
    else:
        _scalar(new, old, path, found, replaces=replaces)


def _scalar(new: Any, old: Any, path: str, found: list[Difference], *, replaces: bool) -> None:
    if isinstance(new, Unknown) or json.dumps(new, sort_keys=True) != json.dumps(old, sort_keys=True):
        change = Change.ADD if old is None else Change.DELETE if new is None else Change.UPDATE
        found.append(Difference(path, change, replaces))
