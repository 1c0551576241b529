"""The stand-in is held to the official provider's published schema, property by property."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from formerr_infra.local.standin.catalogue import FUNCTIONS, RESOURCES
from formerr_infra.local.standin.rpc import pb

if TYPE_CHECKING:
    from tests.standin.wire import Wire

Schema = dict[str, Any]
SIDES = ("properties", "inputProperties")


@pytest.fixture(scope="module")
def offered(_shared_wire: Wire) -> Schema:
    """The schema that the running plugin hands out."""
    schema: Schema = json.loads(_shared_wire.stub.GetSchema(pb.GetSchemaRequest()).schema)
    return schema


def shape(spec: Schema, types: Schema) -> Any:
    """A property's type with every reference resolved; enumerations are strings."""
    if "$ref" in spec:
        found = types[spec["$ref"].split("/types/")[1]]
        if "enum" in found:
            return found["type"]
        return {name: shape(inner, types) for name, inner in sorted(found["properties"].items())}
    if spec["type"] == "array":
        return [shape(spec["items"], types)]
    if spec["type"] == "object":
        return ("map", shape(spec["additionalProperties"], types))
    return spec["type"]


@pytest.mark.parametrize("token", sorted(RESOURCES))
class TestEveryResource:
    def test_has_the_published_properties_with_their_types(
        self, token: str, offered: Schema, published: Schema
    ) -> None:
        ours, theirs = offered["resources"][token], published["resources"][token]
        for side in SIDES:
            found = {name: shape(spec, offered["types"]) for name, spec in ours[side].items()}
            wanted = {name: shape(spec, published["types"]) for name, spec in theirs[side].items()}
            assert found == wanted

    def test_requires_what_the_schema_requires(self, token: str, offered: Schema, published: Schema) -> None:
        ours, theirs = offered["resources"][token], published["resources"][token]
        assert set(ours["requiredInputs"]) == set(theirs.get("requiredInputs") or [])
        assert set(ours["required"]) == set(theirs.get("required") or [])

    def test_replaces_exactly_where_the_schema_says(
        self, token: str, offered: Schema, published: Schema
    ) -> None:
        def replacing(schema: Schema) -> set[str]:
            inputs = schema["resources"][token]["inputProperties"]
            return {name for name, spec in inputs.items() if spec.get("willReplaceOnChanges")}

        assert replacing(offered) == replacing(published)

    def test_hides_what_the_schema_hides(self, token: str, offered: Schema, published: Schema) -> None:
        def hidden(schema: Schema) -> set[tuple[str, str]]:
            sides = schema["resources"][token]
            return {
                (side, name) for side in SIDES for name, spec in sides[side].items() if spec.get("secret")
            }

        assert hidden(offered) == hidden(published)


@pytest.mark.parametrize("token", sorted(FUNCTIONS))
def test_every_function_gives_what_the_schema_says(token: str, offered: Schema, published: Schema) -> None:
    def sides(schema: Schema, side: str) -> dict[str, Any]:
        properties = (schema["functions"][token].get(side) or {}).get("properties", {})
        return {
            name: shape(spec, schema["types"])
            for name, spec in properties.items()
            if name not in {"filters", "sorts"}
        }

    for side in ("inputs", "outputs"):
        assert sides(offered, side) == sides(published, side)


def test_the_default_pools_size_replaces_the_cluster(offered: Schema, published: Schema) -> None:
    token = "digitalocean:index/KubernetesClusterNodePool:KubernetesClusterNodePool"
    for schema in (offered, published):
        properties = schema["types"][token]["properties"]
        assert {n for n, spec in properties.items() if spec.get("willReplaceOnChanges")} == {"size"}
