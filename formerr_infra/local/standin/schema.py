"""The package schema that the tables amount to, in the form the engine asks for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from formerr_infra.local.standin.config import CONFIG_FIELDS
from formerr_infra.local.standin.fields import Field, Kind, Shape, Use
from formerr_infra.local.standin.resource import PACKAGE, Function, Resource

if TYPE_CHECKING:
    from collections.abc import Iterable


def package_schema(resources: Iterable[Resource], functions: Iterable[Function], version: str) -> str:
    """The schema as JSON."""
    types: dict[str, Any] = {}
    spec = {
        "name": PACKAGE,
        "version": version,
        "config": {"variables": _properties(CONFIG_FIELDS, types)},
        "provider": {"inputProperties": _properties(CONFIG_FIELDS, types)},
        "resources": {resource.token: _resource(resource, types) for resource in resources},
        "functions": {
            function.token: {
                "inputs": _object(function.inputs, types),
                "outputs": _object(function.outputs, types),
            }
            for function in functions
        },
        "types": types,
    }
    return json.dumps(spec)


def _resource(resource: Resource, types: dict[str, Any]) -> dict[str, Any]:
    settable = tuple(field for field in resource.fields if field.settable)
    always = [f.name for f in resource.fields if f.use is not Use.OPTIONAL or f.autoname]
    return {
        "properties": _properties(resource.fields, types),
        "required": sorted(always),
        "inputProperties": _properties(settable, types),
        "requiredInputs": sorted(f.name for f in settable if f.use is Use.REQUIRED),
    }


def _object(fields: tuple[Field, ...], types: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": _properties(fields, types),
        "required": sorted(f.name for f in fields if f.use is Use.REQUIRED),
    }


def _properties(fields: tuple[Field, ...], types: dict[str, Any]) -> dict[str, Any]:
    return {field.name: _property(field, types) for field in fields}


def _property(field: Field, types: dict[str, Any]) -> dict[str, Any]:
    one = {"type": field.kind.value}
    if field.kind is Kind.OBJECT:
        token = f"{PACKAGE}:index/{field.type_name}:{field.type_name}"
        types[token] = _object(field.fields, types)
        one = {"$ref": f"#/types/{token}"}
    match field.shape:
        case Shape.ONE:
            spec: dict[str, Any] = one
        case Shape.LIST | Shape.SET:
            spec = {"type": "array", "items": one}
        case Shape.MAP:
            spec = {"type": "object", "additionalProperties": one}
    if field.secret:
        spec["secret"] = True
    if field.replaces:
        spec["willReplaceOnChanges"] = True
    return spec
