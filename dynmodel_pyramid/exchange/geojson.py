"""GeoJSON (RFC 7946): features whose geometry is the value of a point field."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, BinaryIO

import orjson

from dynmodel_pyramid.errors import Malformed, Unwritable
from dynmodel_pyramid.exchange.contents import Broken, DocumentContents, Reading
from dynmodel_pyramid.exchange.documents import Documents
from dynmodel_pyramid.exchange.formats import Format
from dynmodel_pyramid.exchange.forms import Form, Rows
from dynmodel_pyramid.exchange.shown import Shown
from dynmodel_pyramid.fields.types.geography import Point
from dynmodel_pyramid.hints import either
from dynmodel_pyramid.rows.encoding import OPTIONS

MEDIA_TYPE = "application/geo+json"
#: The member of a feature, and the key of its document unless a parameter of that name has another one.
GEOMETRY = "geometry"
#: Names of the one reference system that there is (section 4), in files of 2008's GeoJSON.
_SYSTEMS = ("crs84", "epsg:4326", "epsg::4326")
_WANTED = 'want {"type": "FeatureCollection", "features": [...]}, or one Feature'


class _Features(Documents):
    """The members of a collection, up to its features; then these."""

    def __init__(self, file: BinaryIO, longest: int) -> None:
        super().__init__(file, longest)
        if self._mark() != "{":
            raise _broken("it is no object")
        self._position += 1
        self.members: dict[str, Any] = {}
        #: Whether the features come next.
        self.has_features = self._read_members(first=True)

    def features(self) -> Iterator[Any]:
        """:raises Malformed: saying where the text breaks"""
        self._position += 1
        yield from chain.from_iterable(self._elements())
        if self._read_members(first=False):
            raise _broken("it has features twice")
        self.finish("FeatureCollection")

    def finish(self, kind: str) -> None:
        """Look at the members when all are read.

        :raises Malformed: the document is of another type, or in another reference system
        """
        if self._mark():
            raise self._fault("Extra data")
        if self.members.get("type") != kind:
            raise _broken(f"its type is {str(self.members.get('type'))[:50]!r}")
        system = self.members.get("crs")
        name = system.get("properties", {}).get("name") if isinstance(system, dict) else None
        if name is not None and not str(name).lower().endswith(_SYSTEMS):
            raise Malformed(
                f"the coordinates are in the reference system {str(name)[:100]!r}",
                code="malformed_file",
                hint="GeoJSON has longitude and latitude: ogr2ogr -t_srs EPSG:4326 out.geojson in.geojson",
            )

    def _read_members(self, *, first: bool) -> bool:
        """Read members up to the features, or to the end of the object: then False."""
        while (mark := self._mark()) != "}":
            if not first:
                if mark != ",":
                    raise self._fault("Expecting ',' delimiter")
                self._position += 1
                self._mark()
            first = False
            name = self._document()
            if not isinstance(name, str) or self._mark() != ":":
                raise self._fault("Expecting ':' delimiter")
            self._position += 1
            if name == "features" and self._mark() == "[":
                return True
            if name in self.members:
                raise Malformed(f"the key {name!r} stands twice in one object", code="duplicate_key")
            value = self._document()
            if name in _KEPT:
                self.members[name] = value
        self._position += 1
        return False


#: Members of a collection, and of a single feature, that mean something.
_KEPT = ("type", "crs", "id", GEOMETRY, "properties")


def _broken(why: str) -> Malformed:
    return Malformed(f"the body is not GeoJSON: {why}", code="malformed_file", hint=_WANTED)


def read_geojson(file: BinaryIO, reading: Reading) -> DocumentContents:
    """
    :raises Malformed: it is no collection of features, and no feature
    """
    source = _Features(file, reading.longest)
    named = reading.parameters.get(GEOMETRY)
    key = GEOMETRY if named is None else named
    place = GEOMETRY if named is None else None
    if source.has_features:
        return DocumentContents((document_of(feature, key) for feature in source.features()), place=place)
    source.finish("Feature")
    return DocumentContents([document_of(source.members, key)], is_one=True, place=place)


def document_of(feature: Any, key: str) -> dict[str, Any] | Broken:
    """The properties of a feature, with its place under ``key``, and its id."""
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        return Broken('this is no feature: want {"type": "Feature", "geometry": ..., "properties": ...}')
    properties = feature.get("properties")
    if not isinstance(properties, dict | None):
        return Broken("the properties are no object", pointer="/properties")
    document = dict(properties or {})
    if key in document:
        return Broken(f"a property has the name {key!r}, which is that of the geometry", pointer=f"/{key}")
    if "id" in feature:
        if document.get("id", feature["id"]) != feature["id"]:
            return Broken("the feature and its properties have different ids", pointer="/id")
        document["id"] = feature["id"]
    place = _place(feature.get(GEOMETRY))
    if isinstance(place, Broken):
        return place
    document[key] = place
    return document


def _place(geometry: Any) -> dict[str, Any] | Broken | None:
    if geometry is None:
        return None
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind != "Point":
        what = f"a {str(kind)[:50]}" if isinstance(kind, str) else "no geometry"
        return Broken(
            f"the geometry is {what}, and a field of points takes a Point", pointer=f"/{GEOMETRY}", hint=_point
        )
    coordinates = geometry.get("coordinates")
    if not isinstance(coordinates, list) or len(coordinates) not in (2, 3):
        return Broken("the coordinates are no longitude and latitude", pointer=f"/{GEOMETRY}", hint=_point)
    longitude, latitude, *altitude = coordinates
    if altitude not in ([], [0]):
        return Broken("the point has an altitude, which no field keeps", pointer=f"/{GEOMETRY}", hint=_point)
    return {"longitude": longitude, "latitude": latitude}


def _no_point(detail: str) -> Broken:
    return Broken(detail, pointer=f"/{GEOMETRY}", hint=_point)


def _point() -> str:
    return '{"type": "Point", "coordinates": [13.4, 52.5]}: longitude, latitude'


class GeoJsonForm(Form):
    """A collection of features, which are written as the rows come.

    :raises Unwritable: not one of the values is a point
    """

    content_type = MEDIA_TYPE
    opening, between, closing = b'{"type":"FeatureCollection","features":[', b",", b"]}"

    def __init__(self, shown: Shown) -> None:
        self._names = list(shown.names)
        self._place = self._names.index(_point_of(shown))
        self._id = self._names.index("id") if "id" in self._names else None
        self._others = [at for at in range(len(self._names)) if at not in (self._place, self._id)]

    def part(self, rows: Rows) -> bytes:
        return b",".join([self._feature(row) for row in rows])

    def _feature(self, row: Any) -> bytes:
        feature: dict[str, Any] = {"type": "Feature"}
        if self._id is not None:
            feature["id"] = row[self._id]
        place = row[self._place]
        point: Mapping[str, Any] | None = None if place is None else orjson.loads(orjson.dumps(place))
        feature["geometry"] = point and {"type": "Point", "coordinates": [point["longitude"], point["latitude"]]}
        feature["properties"] = {self._names[at]: row[at] for at in self._others}
        return orjson.dumps(feature, option=OPTIONS)


def _point_of(shown: Shown) -> str:
    """The name of the point."""
    points = [name for name in shown.names if name in shown.fields and isinstance(shown.fields[name].type, Point)]
    named = shown.parameters.get(GEOMETRY)
    if named in points:
        return named
    if named is None and len(points) == 1:
        return points[0]
    if not points:
        raise Unwritable("GeoJSON needs a field of the type point, and there is none", hint="choose it by select=")
    raise Unwritable(
        "there are several points" if named is None else f"there is no point {named!r}",
        hint=f"name one: Accept: {MEDIA_TYPE}; {GEOMETRY}={either(points)}",
    )


GEOJSON_FORMAT = Format(
    MEDIA_TYPE, read_geojson, GeoJsonForm, suffix=".geojson", parameters=(GEOMETRY,), needs_type="point"
)
