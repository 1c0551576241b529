"""Check: what a program declared, validated and completed with defaults and a made-up name.

It asks the API nothing; whether a region or a size exists is found out by the create.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any

from formerr_infra.local.standin.fields import Field, Kind, Props, Shape, Unknown, Use, by_name, is_zero

DEFAULTS = "__defaults"


@dataclass(frozen=True, slots=True)
class Naming:
    """What the engine says about automatic names.

    Args:
        logical: the resource's name in the program.
        seed: makes the name reproducible between preview and update; may be empty.
        proposed: a name that the engine proposes or enforces; may be empty.
        enforced: `proposed` is to be taken as it stands.
        disabled: no name may be made up.
    """

    logical: str
    seed: bytes = b""
    proposed: str = ""
    enforced: bool = False
    disabled: bool = False


@dataclass(slots=True)
class Checked:
    """Completed inputs, and what is wrong with them as (property path, reason)."""

    inputs: Props = field(default_factory=dict)
    failures: list[tuple[str, str]] = field(default_factory=list)


def check(fields: tuple[Field, ...], olds: Props, news: Props, naming: Naming) -> Checked:
    """Validate `news` and complete them.

    Args:
        olds: the inputs of the last run, empty for a new resource; a name made up then is kept.
    """
    checked = Checked()
    checked.inputs = _level(fields, olds, news, "", naming, checked.failures)
    return checked


def _level(
    fields: tuple[Field, ...],
    olds: Props,
    news: Props,
    path: str,
    naming: Naming | None,
    failures: list[tuple[str, str]],
) -> Props:
    known = by_name(fields)
    done: Props = {}
    for key, value in news.items():
        if key == DEFAULTS:
            continue
        at = f"{path}{key}"
        found = known.get(key)
        if found is None:
            failures.append((at, "Invalid or unknown key"))
        elif not found.settable:
            failures.append(
                (at, f"Can't configure a value for '{at}': its value is decided by DigitalOcean.")
            )
        elif value is not None:
            done[key] = _value(found, olds.get(key), value, at, failures)
    filled = [f.name for f in fields if _complete(f, olds, done, naming)]
    for f in fields:
        if f.use is Use.REQUIRED and f.name not in done:
            at = f"{path}{f.name}"
            failures.append(
                (
                    at,
                    f"Missing required argument: '{at}' is required, but was not declared",
                )
            )
    done[DEFAULTS] = sorted(filled)
    return done


def _complete(found: Field, olds: Props, done: Props, naming: Naming | None) -> bool:
    """Fill in one default; whether it was filled in."""
    if found.name in done:
        return False
    if found.autoname and naming is not None:
        made = _name(found, olds, naming)
        if made:
            done[found.name] = made
        return bool(made)
    if not is_zero(found.default) and not found.quiet:
        done[found.name] = found.default
        return True
    return False


def _name(found: Field, olds: Props, naming: Naming) -> str:
    if found.name in olds.get(DEFAULTS, [found.name]) and isinstance(olds.get(found.name), str):
        return str(olds[found.name])
    if naming.disabled:
        return ""
    if naming.proposed:
        return naming.proposed
    if naming.seed:
        tail = hashlib.sha256(naming.seed + naming.logical.encode()).hexdigest()[:7]
    else:
        tail = secrets.token_hex(4)[:7]
    return f"{naming.logical}-{tail}"


def _value(found: Field, old: Any, value: Any, at: str, failures: list[tuple[str, str]]) -> Any:
    if isinstance(value, Unknown):
        return value
    match found.shape:
        case Shape.ONE:
            return _one(found, old, value, at, failures)
        case Shape.MAP:
            if not isinstance(value, dict):
                return _wrong(value, at, "a map", failures)
            return {
                key: _one(found, None, item, f"{at}.{key}", failures)
                for key, item in value.items()
                if key != DEFAULTS
            }
        case Shape.LIST | Shape.SET:
            if not isinstance(value, list):
                return _wrong(value, at, "a list", failures)
            olds = old if isinstance(old, list) else []
            return [
                _one(found, olds[i] if i < len(olds) else None, item, f"{at}[{i}]", failures)
                for i, item in enumerate(value)
            ]


def _one(found: Field, old: Any, value: Any, at: str, failures: list[tuple[str, str]]) -> Any:
    if isinstance(value, Unknown):
        return value
    match found.kind:
        case Kind.OBJECT:
            if not isinstance(value, dict):
                return _wrong(value, at, "an object", failures)
            return _level(found.fields, old if isinstance(old, dict) else {}, value, f"{at}.", None, failures)
        case Kind.STRING:
            if isinstance(value, bool):
                value = "true" if value else "false"
            elif isinstance(value, (int, float)):
                value = str(value)
            if not isinstance(value, str):
                return _wrong(value, at, "a string", failures)
            if found.oneof and value.lower() not in {known.lower() for known in found.oneof}:
                failures.append((at, f"expected {at} to be one of {list(found.oneof)}, got {value}"))
            if found.use is Use.REQUIRED and is_zero(value):
                failures.append((at, f"'{at}' must not be empty, got {value!r}"))
            return value
        case Kind.BOOLEAN:
            if value in ("true", "false"):
                value = value == "true"
            return value if isinstance(value, bool) else _wrong(value, at, "a boolean", failures)
        case Kind.INTEGER | Kind.NUMBER:
            return _number(found, value, at, failures)


def _number(found: Field, value: Any, at: str, failures: list[tuple[str, str]]) -> Any:
    wanted = "an integer" if found.kind is Kind.INTEGER else "a number"
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return _wrong(value, at, wanted, failures)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return _wrong(value, at, wanted, failures)
    if float(value).is_integer():
        return int(value)
    return value if found.kind is Kind.NUMBER else _wrong(value, at, wanted, failures)


def _wrong(value: Any, at: str, wanted: str, failures: list[tuple[str, str]]) -> Any:
    shown = {"str": "string", "bool": "boolean", "list": "list", "dict": "object"}.get(
        type(value).__name__, "number"
    )
    failures.append((at, f"expected {wanted} at '{at}', got a {shown}"))
    return value
