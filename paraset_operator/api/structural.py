"""JSON Schema as pydantic writes it -> the structural schema a CustomResourceDefinition takes.

Invariants of the result (a test walks it): no references, every node has a type or is int-or-string or open, no null
arms, no exclusive bounds, list types everywhere, no defaults in status.
"""

from typing import Any

from paraset_operator.api.base import without_nulls

Schema = dict[str, Any]
_NOISE = ("title", "$defs")
_REFUSED = ("exclusiveMinimum", "exclusiveMaximum", "prefixItems", "uniqueItems", "oneOf", "allOf", "not")


class NotStructural(TypeError):  # noqa: N818 - says what the schema is
    """A model uses something that a CustomResourceDefinition can't say."""


def structural(schema: Schema) -> Schema:
    """Return the structural form of a model's JSON schema."""
    return _node(schema, schema.get("$defs", {}))


def without_defaults(schema: Schema) -> Schema:
    """Return `schema` with no default at any depth: a status says what is, never what might be."""
    result = {key: value for key, value in schema.items() if key != "default"}
    if "properties" in result:
        result["properties"] = {key: without_defaults(value) for key, value in result["properties"].items()}
    for below in ("items", "additionalProperties"):
        if below in result:
            result[below] = without_defaults(result[below])
    return result


def _node(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    schema = _resolved(schema, definitions)
    for word in _REFUSED:
        if word in schema:
            raise NotStructural(f"{word} has no place in a structural schema: {schema}")
    result = {key: value for key, value in schema.items() if key not in _NOISE}
    if "properties" in result:
        result["properties"] = {key: _node(value, definitions) for key, value in result["properties"].items()}
    if "items" in result:
        result["items"] = _node(result["items"], definitions)
        result.setdefault("x-kubernetes-list-type", "atomic")
    _open_or_map(result, definitions)
    if result.get("type") == "integer":
        result.setdefault("format", "int32")
    if result.get("type") == "object" and "maxLength" in result:
        result["maxProperties"] = result.pop("maxLength")
    return _in_reading_order(_with_default(result))


def _resolved(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    """Follow the reference, and take the one arm that is not null; words beside them win."""
    beside = {key: value for key, value in schema.items() if key not in ("$ref", "anyOf")}
    if "$ref" in schema:
        return _resolved(definitions[schema["$ref"].rpartition("/")[2]] | beside, definitions)
    arms = [arm for arm in schema.get("anyOf", ()) if arm.get("type") != "null"]
    if sorted(arm.get("type", "") for arm in arms) == ["integer", "string"]:
        return beside | {"x-kubernetes-int-or-string": True}
    if len(arms) > 1:
        raise NotStructural(f"a union has no place in a structural schema: {schema}")
    return _resolved(arms[0] | beside, definitions) if arms else schema


def _open_or_map(result: Schema, definitions: dict[str, Schema]) -> None:
    below = result.pop("additionalProperties", None)
    if isinstance(below, dict):
        result["additionalProperties"] = _node(below, definitions)
    elif below is True:
        result["x-kubernetes-preserve-unknown-fields"] = True


def _with_default(result: Schema) -> Schema:
    default = without_nulls(result.pop("default", None))
    return result if default is None else result | {"default": default}


def _in_reading_order(schema: Schema) -> Schema:
    return {key: schema[key] for key in ("description", "type") if key in schema} | schema
