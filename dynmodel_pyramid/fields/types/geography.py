"""Places on earth."""

import re
from typing import Any

import colander
import sqlalchemy as sa

from dynmodel_pyramid.fields import schema
from dynmodel_pyramid.fields.contract import Context, FieldType, Options, TextForm
from dynmodel_pyramid.fields.types import json_operators
from dynmodel_pyramid.fields.types.json import JSON_DOCUMENT, as_fragment
from dynmodel_pyramid.fields.types.numbers import read_number

#: Key -> the greatest number of degrees, east and west, north and south.
DEGREES = {"longitude": 180, "latitude": 90}
_WKT = re.compile(r"POINT\s*\(([^()]*)\)", re.IGNORECASE | re.ASCII)
_LONGEST = 100
_NUMBER = schema.Number()


class _Place(schema.Object):
    wanted = "an object with longitude and latitude"

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        if value.keys() != DEGREES.keys():
            raise schema.invalid(node, "want exactly the keys longitude and latitude", "invalid_format")
        # In the order of keys that jsonb keeps (shorter ones first), so that both databases answer in one order.
        return {key: self._degrees(node, key, value[key]) for key in ("latitude", "longitude")}

    @staticmethod
    def _degrees(node: colander.SchemaNode, key: str, value: Any) -> float:
        if type(value) not in schema.Number.types:
            raise schema.invalid(node, f"want a number as {key}, not {schema.json_type(value)}", "wrong_type")
        if not -DEGREES[key] <= value <= DEGREES[key]:  # refuses NaN, too
            raise schema.invalid(node, f"want a {key} from -{DEGREES[key]} to {DEGREES[key]}", "out_of_range")
        return _NUMBER.deserialize(node, value)


class Point(FieldType):
    """A place by longitude and latitude, in degrees of WGS 84: {"longitude": 13.4, "latitude": 52.5}."""

    icon = "place"
    help = "A place by longitude and latitude"
    other_names: tuple[str, ...] = ("location", "geopoint", "coordinates")
    operators = json_operators.EQUALITY

    def column(self, options: Options, context: Context) -> sa.Column[Any]:
        return sa.Column(JSON_DOCUMENT)

    def schema_node(self, options: Options) -> colander.SchemaNode:
        return colander.SchemaNode(_Place())

    def json_expression(self, source: sa.ColumnElement[Any], options: Options) -> sa.ColumnElement[Any]:
        return as_fragment(source)

    def json_schema(self, options: Options) -> dict[str, Any]:
        degrees = {key: {"type": "number", "minimum": -most, "maximum": most} for key, most in DEGREES.items()}
        return {"type": "object", "properties": degrees, "required": list(DEGREES), "additionalProperties": False}

    def text_form(self, options: Options) -> TextForm:
        return TextForm(write_point, read_point)


def write_point(value: dict[str, float]) -> str:
    """Longitude and latitude with a space between, as in WKT."""
    return f"{value['longitude']!r} {value['latitude']!r}"


def read_point(text: str) -> dict[str, int | float]:
    """Read the text of :func:`write_point`, or WKT's ``POINT(13.4 52.5)`` (OGC 06-103r4, section 7)."""
    wanted = ValueError("want longitude and latitude, such as 13.4 52.5 or POINT(13.4 52.5)")
    text = text.strip()
    if len(text) > _LONGEST:
        raise wanted
    match = _WKT.fullmatch(text)
    words = (match[1] if match else text).split()
    if len(words) != 2:
        raise wanted
    try:
        return dict(zip(DEGREES, map(read_number, words), strict=True))
    except ValueError:
        raise wanted from None
