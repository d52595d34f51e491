"""GeoJSON: places as geometry, by another library too."""

import json

import geojson

from dynmodel_pyramid.exchange.geojson import MEDIA_TYPE

FIELDS = {"name": "string", "place": "point", "data": "json"}


def feature(geometry, properties=None, **members):
    return {"type": "Feature", "geometry": geometry, "properties": properties, **members}


def point(*coordinates):
    return {"type": "Point", "coordinates": list(coordinates)}


def collection(*features, **members):
    return {**members, "type": "FeatureCollection", "features": list(features)}


def post(client, path, document, status=201, media_type=MEDIA_TYPE):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return client.app.post(path, body, {"Content-Type": media_type}, status=status).json


def get(client, path, status=200, media_type=MEDIA_TYPE):
    answer = client.app.get(path, headers={"Accept": media_type}, status=status)
    return answer if status != 200 else answer.body


def test_there_and_back(client):
    rows = client.table(FIELDS) + "rows/"
    documents = [
        {"name": "Ä", "place": {"longitude": 13.4, "latitude": -52.51234567890123}, "data": {"a": [1.10]}},
        {"name": None, "place": None, "data": None},
    ]
    stored = client.send("POST", rows, documents, status=201).json
    answer = client.app.get(rows, headers={"Accept": MEDIA_TYPE}, status=200)
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    read = geojson.loads(answer.body)
    assert read.is_valid and [one["id"] for one in read["features"]] == [1, 2]
    read = json.loads(answer.body)
    assert read["features"][0]["geometry"] == point(13.4, -52.51234567890123)
    assert read["features"][1] == feature(None, {"name": None, "data": None}, id=2)
    client.send("DELETE", f"{rows}?id=gt.0", status=204)
    copies = post(client, rows, answer.body)
    assert [{**copy, "id": row["id"]} for copy, row in zip(copies, stored, strict=True)] == stored
    assert json.loads(get(client, f"{rows}?id=eq.0")) == collection()
    many = collection(*[feature(point(number / 100, 1), {"name": "x"}) for number in range(3000)])
    assert len(post(client, f"{rows}?select=id", many)) == 3000
    assert len(json.loads(get(client, f"{rows}?select=place"))["features"]) == 3002


def test_other_shapes_of_files(client):
    rows = client.table(FIELDS) + "rows/"
    one = post(client, rows, feature(point(1, 2, 0), {"name": "a"}, bbox=[1, 2, 1, 2]))
    assert one == {"id": 1, "name": "a", "place": {"latitude": 2, "longitude": 1}, "data": None}
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert post(client, rows, {**collection(feature(None)), "crs": crs, "features": []}) == []
    assert post(
        client, f"{rows}?select=id,name", collection(feature(None, {"name": "b"}, id=77), crs=crs, name="x")
    ) == [{"id": 77, "name": "b"}]
    wrong = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}
    for document in (
        *(b"", b"[]", b"7", b'{"type": "FeatureCollection"}', b'{"type": "FeatureCollection", "features": [}'),
        *(b'{"type": "FeatureCollection", "features": []} 7', b'{"features": [], "features": []}'),
        *(point(1, 2), {"type": "X", "features": []}, {**feature(None), "features": []}, collection(crs=wrong)),
    ):
        assert post(client, rows, document, 400)["code"] in ("malformed_file", "malformed_json")
    assert client.get(f"{rows}?select=id") == [{"id": 1}, {"id": 77}]


def test_faults_of_features(client):
    rows = client.table(FIELDS) + "rows/"
    answer = post(
        client,
        rows,
        collection(
            feature({"type": "Polygon", "coordinates": []}),
            feature(point(1, 2, 3)),
            feature(point(200, 2)),
            feature(point("1", 2)),
            feature(None, {"geometry": 1}),
            feature(None, {"id": 1}, id=2),
            feature(None, [1]),
            {"type": "Point"},
            feature(None, {"name": "ok", "other": 1}),
            feature(7),
        ),
        422,
    )
    assert [(problem["pointer"], problem["code"]) for problem in answer["errors"]] == [
        ("/0/geometry", "malformed_line"),
        ("/1/geometry", "malformed_line"),
        ("/2/place", "out_of_range"),
        ("/3/place", "wrong_type"),
        ("/4/geometry", "malformed_line"),
        ("/5/id", "malformed_line"),
        ("/6/properties", "malformed_line"),
        ("/7", "malformed_line"),
        ("/8/other", "unknown_field"),
        ("/9/geometry", "malformed_line"),
    ]
    assert "Polygon" in answer["errors"][0]["detail"]


def test_which_point(client):
    rows = client.table({"home": "point", "work": "point"}) + "rows/"
    two = collection(feature(point(1, 2), {"home": {"longitude": 3, "latitude": 4}}))
    assert "geometry=home or work" in post(client, rows, two, 400)["hint"]
    assert "geometry=home or work" in get(client, rows, 406).json["hint"]
    none = client.table({"name": "string"}) + "rows/"
    assert get(client, none, 406).json["code"] == "not_acceptable"
    assert post(client, none, two, 400)["code"] == "malformed_file"
    named = f"{MEDIA_TYPE}; geometry=work"
    [row] = post(client, rows, two, media_type=named)
    assert row["work"] == {"latitude": 2, "longitude": 1}
    [written] = json.loads(get(client, rows, media_type=named))["features"]
    assert (written["geometry"], written["properties"]) == (point(1, 2), {"home": row["home"]})
