"""What there is, by path and method."""

import pytest

ROW_METHODS = "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"
#: path below the root -> Allow
RESOURCES = {
    "/": "GET, HEAD, OPTIONS",
    "/live": "GET, HEAD, OPTIONS",
    "/ready": "GET, HEAD, OPTIONS",
    "/field-type": "GET, HEAD, OPTIONS",
    "/table": "GET, HEAD, OPTIONS, POST",
    "/table/1": ROW_METHODS,
    "/table/Thing": ROW_METHODS,
    "/table/1/rows": "DELETE, GET, HEAD, OPTIONS, PATCH, POST",
    "/table/1/row": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
    "/table/1/rows/2": ROW_METHODS,
    "/table/tHiNg/row/2": ROW_METHODS,
}
paths = pytest.mark.parametrize("path", [*RESOURCES, *[f"{path}/" for path in RESOURCES if path != "/"]])


@paths
def test_get_and_head(client, things, path):
    got = client.send("GET", path, status=200)
    head = client.send("HEAD", path, status=200)
    assert got.content_type == "application/json"
    assert got.json is not None
    for name in ("Content-Type", "Content-Length", "ETag", "Definition-Version", "Definitions-Revision"):
        assert head.headers.get(name) == got.headers.get(name)


@paths
def test_with_and_without_the_last_slash(client, things, path):
    assert client.get(path.rstrip("/") or "/") == client.get(f"{path.rstrip('/')}/")


@paths
def test_options(client, things, path):
    answer = client.send("OPTIONS", path, status=204)
    assert answer.headers["Allow"] == RESOURCES[path.rstrip("/") or "/"]
    assert ("Definition-Version" in answer.headers) == path.startswith("/table/") & (path != "/table/")


@paths
def test_other_methods(client, things, path):
    allow = RESOURCES[path.rstrip("/") or "/"]
    for method in {"GET", "PUT", "POST", "PATCH", "DELETE", "TRACE"} - set(allow.split(", ")):
        answer = client.refused(method, path, {}, status=405, code="method_not_allowed")
        assert answer.headers["Allow"] == allow
        assert ("Definition-Version" in answer.headers) == path.startswith("/table/") & (path != "/table/")


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/tables",
        "/Table/",
        "/table/2/",
        "/table/0",
        "/table/-1",
        "/table/01",
        "/table/1.0",
        "/table/1e0",
        "/table/+1",
        "/table/%20",
        "/table/%201",
        "/table/%00",
        "/table/Thing%00",
        "/table/99999999999999999999",
        "/table/%D9%A1",  # a digit one, not ASCII
        "/table/T%20hing",
        "/table/'%20OR%201=1--",
        "/table/Thing%22;DROP%20TABLE%20x",
        "/table/_dynmodel_table",
        "/table/sqlite_sequence/",
        "/table/" + "x" * 3000,
        "/table/" + "%F0%9F%9A%80" * 10,
        "/table/@@",
        "/table/@@/junk",
        "/table/2/rows/",
        "/field-type/strings",
        "/field-type/string/more",
        "/live/now",
        "/ready/@@",
        "/@@/x",
        "/%C3%A9",
    ],
)
def test_unknown(client, things, path):
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = client.refused(method, path, {}, status=404, code="not_found")
        assert "Definition-Version" not in answer.headers
    client.send("HEAD", path, status=404)


@pytest.mark.parametrize(
    "tail",
    [
        "junk",
        "Rows",
        "rows/junk",
        "rows/1/junk",
        "rows/1/junk/junk/junk",
        "rows/-1",
        "rows/01",
        "rows/1e3",
        "rows/1.0",
        "rows/+1",
        "rows/0x1",
        "rows/99999999999999999999",
        "rows/" + "9" * 5000,
        "rows/%00",
        "rows/1%00",
        "rows/%D9%A1",
        "rows/1;DROP TABLE",
        "rows/@@",
        "rows/@@/1",
        "rows/1/@@x",
        "@@",
        "@@rows",
        "@@/junk",
        "row/junk",
        "row/1/junk",
        "row/row",
    ],
)
def test_unknown_below_a_table(client, things, tail):
    path = f"/table/1/{tail}".replace(" ", "%20")
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        assert client.refused(method, path, {}, status=404, code="not_found").headers["Definition-Version"] == "1"


@pytest.mark.parametrize("number", [0, 4, 2**53, 9999999999999999])
def test_missing_row(client, things, number):
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        answer = client.refused(method, f"/table/1/rows/{number}/", {}, status=404, code="not_found")
        assert answer.headers["Definition-Version"] == "1"
        assert str(number) in answer.json["detail"]


@pytest.mark.parametrize(
    "path", ["/%ff", "/table/%ff", "/table/%ED%A0%80/", "/table/1/rows/%C3", "/table/1/rows/?%ff=1"]
)
def test_address_that_is_not_utf8(client, things, path):
    for method in ("GET", "POST"):
        client.refused(method, path, [], status=400, code="invalid_query" if "?" in path else "malformed")


def test_header_of_the_client_does_not_move_the_root(client, things):
    assert client.get("/table/1/", x_vhm_root="/table/1/rows")["model_name"] == "Thing"


def test_description(client, things):
    document = client.get("/")
    assert document["name"] == "dynmodel_pyramid"
    assert document["database"] == client.catalogue.database.dialect.name
    for path in document["links"].values():
        client.send("GET", path, status=200)
    client.refused("GET", "/?x=1", status=400, code="unknown_parameter")


def test_field_types(client):
    types = {document["name"]: document for document in client.get("/field-type/")}
    assert set(types) >= {"string", "text", "number", "integer", "boolean", "date", "datetime", "json"}
    for document in types.values():
        assert document["description"] and document["icon"] and "\n" not in document["help"]
        assert document["distribution"] == "dynmodel_pyramid"
        assert document["options"]["type"] == "object"
        assert document["options"]["additionalProperties"] is False
        assert {"eq", "is"} <= {operator["name"] for operator in document["operators"]}
    assert types["string"]["options"]["properties"]["max_length"]["default"] == 255
    assert types["json"]["sortable"] is False


def test_health(client):
    assert client.get("/live") == {"status": "live"}
    assert client.get("/ready/") == {"status": "ready"}


def test_alias(client, things):
    """``row/`` is ``rows/`` in all but PUT, which adds a row."""
    assert client.get("/table/1/row/") == client.get("/table/1/rows/")
    assert client.get("/table/1/row/1") == client.get("/table/1/rows/1")
    path = client.table({"a": "string"})
    for method in ("POST", "PUT"):
        made = client.send(method, f"{path}row/", {"a": method}, status=201)
        assert made.headers["Location"] == f"{path}rows/{made.json['id']}/"
        assert made.headers["ETag"] == '"1-1"'
        assert client.get(made.headers["Location"]) == made.json
        single = f"{path}row/{made.json['id']}"
        assert client.send("PUT", single, {"a": "put"}, status=200).json == {"id": made.json["id"], "a": "put"}
        assert client.send("PATCH", single, {"a": "patch"}, status=200).json["a"] == "patch"
        client.send("DELETE", single, status=204)
        client.send("GET", single, status=404)
    client.refused("PUT", f"{path}rows/", {"a": "x"}, status=405, code="method_not_allowed")


def test_table_by_number_and_by_name(client):
    path = client.table({"a": "string"}, "Straße")
    same = client.get(path)
    for name in ("Stra%C3%9Fe", "STRASSE", "strasse", "STRA%C3%9FE"):
        assert client.get(f"/table/{name}/") == same
    client.send("GET", "/table/Strase/", status=404)


def test_location_is_canonical(client):
    path = client.table({"a": "string"}, "Canonical")
    for address in ("/table/Canonical/rows", "/table/canonical/row/", f"{path}row"):
        made = client.send("POST", address, {"a": "x"}, status=201)
        assert made.headers["Location"] == f"{path}rows/{made.json['id']}/"
    assert "Location" not in client.send("POST", f"{path}rows/", [{"a": "x"}], status=201).headers


def test_list_of_tables(client, things):
    listed = client.send("GET", "/table/", status=200)
    assert [document["id"] for document in listed.json] == sorted(document["id"] for document in listed.json)
    assert listed.json[0] == client.get("/table/1/")
    assert int(listed.headers["Definitions-Revision"]) >= len(listed.json)
    assert client.get("/table/?limit=1") == listed.json[:1]
    assert client.get("/table/?limit=2&offset=1") == listed.json[1:3]
    assert client.get(f"/table/?offset={len(listed.json)}") == []
    assert client.get("/table/?limit=0") == []
    brief = client.send("GET", "/table/?brief=true&limit=1", status=200)
    kept = ("id", "model_name", "version", "label", "description")
    first = listed.json[0]
    assert brief.json == [{**{name: first[name] for name in kept}, "fields": len(first["fields"])}]
    assert len(listed.json) == 1 or "&brief=true" in brief.headers["Link"]


@pytest.mark.parametrize(
    "query", ["order=id", "limit=-1", "limit=", "limit=1&limit=1", "x=1", "offset=1.5", "brief=1", "=1"]
)
def test_list_of_tables_with_a_bad_query(client, query):
    code = "unknown_parameter" if query.startswith(("order", "x", "=")) else "invalid_parameter"
    answer = client.refused("GET", f"/table/?{query}", status=400, code=code)
    assert query.partition("=")[0] in answer.json["detail"]
