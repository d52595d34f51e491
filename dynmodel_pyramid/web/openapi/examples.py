"""Examples of values, for schemas: the type that shows them judges them before."""

from collections.abc import Mapping
from typing import Any

_OF_FORMATS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "uuid": "8e03978e-40d5-43dd-bc93-6894a57f9324",
    "uri": "https://example.com/",
    "email": "ada@example.com",
    "idn-email": "ada@example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
}
_OF_TYPES = {
    "colour": "#ff8800",
    "phone": "+442083661177",
    "slug": "a-slug",
    "time": "12:30:00",
    "duration": "P1DT2H",
    "decimal": "1.5",
    "percent": "1.5",
    "currency": "1.50",
    "integer_range": "[1,10)",
    "date_range": "[2026-01-01,2026-02-01)",
    "datetime_range": "[2026-01-01T00:00:00Z,2026-02-01T00:00:00Z)",
    "ip_address": "192.0.2.1",
}


def example_of(type_name: str, schema: Mapping[str, Any]) -> Any:
    """A value that probably fits the schema; None: none is known."""
    if schema.get("enum"):
        return schema["enum"][0]
    if type_name in _OF_TYPES:
        return _OF_TYPES[type_name]
    if schema.get("format") in _OF_FORMATS:
        return _OF_FORMATS[schema["format"]]
    kinds = schema.get("type")
    if kinds == "boolean":
        return True
    if kinds in ("integer", "number"):
        return schema.get("minimum", schema.get("maximum", 1))
    if kinds == "string":
        return "text"[: schema.get("maxLength", 4)].ljust(schema.get("minLength", 0), "x")
    if kinds == "array":
        items = schema.get("items", {})
        return [example_of("", items)] if items else []
    if kinds == "object":
        return {name: example_of("", members) for name, members in schema.get("properties", {}).items()}
    return None
