"""GeoJSON geometries (RFC 7946, section 3.1), judged by the package geojson."""

import json

import colander
import geojson

from dynmodel_pyramid.fields import FieldInvalid, schema
from dynmodel_pyramid.fields.json import Json

KINDS = ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"]
ONLY_KINDS = colander.ContainsOnly(KINDS)
#: More digits than a float has: the package is to judge, not to round.
EXACT = 400


class Geometry(Json):
    """A GeoJSON geometry such as ``{"type": "Point", "coordinates": [13.4, 52.5]}``; stored as JSON."""

    def options_schema(self):
        kinds = schema.option(
            schema.List(schema.Text()), "kinds", default=KINDS, validator=colander.ContainsOnly(KINDS)
        )
        return colander.SchemaNode(colander.Mapping(unknown="raise"), kinds)

    def schema_node(self, options):
        def check(node, value):
            kind = value.get("type") if isinstance(value, dict) else None
            if kind not in options["kinds"]:
                raise FieldInvalid(node, f"want a GeoJSON {' or '.join(options['kinds'])}", code="invalid_format")
            try:
                geometry = getattr(geojson, kind)(value.get("coordinates"), precision=EXACT)
                fault = geometry.errors()
            except (TypeError, ValueError) as error:
                fault = error
            if fault or json.dumps(geometry, sort_keys=True) != json.dumps(value, sort_keys=True):
                raise FieldInvalid(node, f"{fault or 'want type and coordinates only'}", code="invalid_format")

        return colander.SchemaNode(schema.Json(), validator=check)
