"""Short forms for schemas of documents."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]
ANY: dict[str, Any] = {}
TEXT: dict[str, Any] = {"type": "string"}
FLAG: dict[str, Any] = {"type": "boolean"}
NUMBER: dict[str, Any] = {"type": "integer", "format": "int64", "minimum": 0}
MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}
OBJECT: dict[str, Any] = {"type": "object", "additionalProperties": True}


def shape(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None, **more: Any) -> dict[str, Any]:
    """An object with members that are always there, and with others."""
    made: dict[str, Any] = {"type": "object", "properties": {**required, **(optional or {})}}
    return {**made, **({"required": list(required)} if required else {}), **more}


def listed(items: Schema) -> dict[str, Any]:
    return {"type": "array", "items": items}


def maybe(schema: Schema) -> dict[str, Any]:
    """The schema, or null."""
    if isinstance(schema.get("type"), list):
        return {**schema}
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def either(*schemas: Schema, **more: Any) -> dict[str, Any]:
    return {"anyOf": list(schemas), **more}


def mapping(values: Schema, **more: Any) -> dict[str, Any]:
    """An object whose keys are names."""
    return {"type": "object", "additionalProperties": values, **more}


def one_of(*values: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}
