"""Inputs read back: what a refresh or an import reports as if a program had declared it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from formerr_infra.local.standin.check import DEFAULTS
from formerr_infra.local.standin.fields import Field, Kind, Props, Shape, Use, by_name, is_zero

if TYPE_CHECKING:
    from collections.abc import Sequence


def refreshed(fields: Sequence[Field], old_inputs: Props, state: Props) -> Props:
    """The old inputs, brought up to date; properties that were not declared are not added.

    What was filled in is not told from what was declared any more: the list of defaults goes, as officially.
    """
    known = by_name(tuple(fields))
    done: Props = {}
    for key, old in old_inputs.items():
        if key in known and state.get(key) is not None:
            done[key] = _refreshed(known[key], old, state[key])
    return done


def _refreshed(field: Field, old: Any, new: Any) -> Any:
    if field.kind is Kind.OBJECT and isinstance(old, dict) and isinstance(new, dict):
        return refreshed(field.fields, old, new)
    if field.kind is Kind.OBJECT and isinstance(old, list) and isinstance(new, list):
        return [
            refreshed(field.fields, a, b) if isinstance(a, dict) and isinstance(b, dict) else b
            for a, b in zip(old, new, strict=False)
        ]
    if field.canonical is not None and isinstance(old, str) and field.canonical(old) == new:
        return old
    if field.shape is Shape.SET and isinstance(old, list) and isinstance(new, list):
        kept = [item for item in old if item in new]
        return kept + [item for item in new if item not in kept]
    return new


def imported(fields: Sequence[Field], state: Props) -> Props:
    """Everything that a program could declare and that says more than its default."""
    done: Props = {}
    for field in fields:
        value = state.get(field.name)
        if not field.settable or value is None:
            continue
        value = _imported(field, value)
        if (
            field.use is not Use.REQUIRED
            and not field.autoname
            and (is_zero(value) or value == field.default)
        ):
            continue
        done[field.name] = value
    done[DEFAULTS] = []
    return done


def _imported(field: Field, value: Any) -> Any:
    if field.kind is Kind.OBJECT and isinstance(value, dict):
        return imported(field.fields, value)
    if field.kind is Kind.OBJECT and isinstance(value, list):
        return [imported(field.fields, item) if isinstance(item, dict) else item for item in value]
    return value
