"""Property maps to and from the protocol's structs: unknowns and secrets are the only special values.

Assets, archives and resource references are not known here: no property of this provider takes one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf import struct_pb2

from formerr_infra.local.standin.fields import UNKNOWN, Field, Props, Unknown

UNKNOWN_TEXTS = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""What the engine sends in place of a value that a preview does not know, whatever its type."""

UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the protocol's marker of secrets, itself none


def from_struct(struct: struct_pb2.Struct) -> Props:
    """Plain values; secrets unwrapped, nulls left out, unknowns as `UNKNOWN`."""
    return _object(struct.fields)


def _object(fields: Mapping[str, struct_pb2.Value]) -> Props:
    found = {}
    for key, raw in fields.items():
        value = _value(raw)
        if value is not None:
            found[key] = value
    return found


def _value(raw: struct_pb2.Value) -> Any:
    match raw.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if raw.string_value in UNKNOWN_TEXTS else raw.string_value
        case "number_value":
            given = raw.number_value
            return int(given) if given.is_integer() else given
        case "bool_value":
            return raw.bool_value
        case "list_value":
            return [_value(item) for item in raw.list_value.values]
        case "struct_value":
            inner = raw.struct_value.fields
            if SIGNATURE in inner:
                return _value(inner["value"]) if "value" in inner else UNKNOWN
            return _object(inner)
        case _:
            return None


def to_struct(props: Props, secrets: Iterable[Field] = ()) -> struct_pb2.Struct:
    """The struct of a property map; the properties of `secrets` wrapped as secrets."""
    hidden = {field.name for field in secrets if field.secret}
    struct = struct_pb2.Struct()
    for key, value in props.items():
        if value is None:
            continue
        target = struct.fields[key]
        if key in hidden:
            wrapped = target.struct_value.fields
            wrapped[SIGNATURE].string_value = SECRET
            _fill(wrapped["value"], value)
        else:
            _fill(target, value)
    return struct


def _fill(target: struct_pb2.Value, value: Any) -> None:
    if isinstance(value, Unknown):
        target.string_value = UNKNOWN_TEXT
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, (int, float)):
        target.number_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, Mapping):
        target.struct_value.SetInParent()
        for key, item in value.items():
            if item is not None:
                _fill(target.struct_value.fields[key], item)
    elif isinstance(value, (list, tuple)):
        target.list_value.SetInParent()
        for item in value:
            _fill(target.list_value.values.add(), item)
    elif value is None:
        target.null_value = struct_pb2.NULL_VALUE
    else:
        raise TypeError(f"a property cannot hold a {type(value).__name__}")
