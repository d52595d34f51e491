"""Former names of fields: in bodies, in answers, in ``order``, and the header that tells of them."""

import datetime

import pytest

SINCE = "2026-01-31T12:00:00Z"
HEADER = f"@{int(datetime.datetime.fromisoformat(SINCE).timestamp())}"


@pytest.fixture
def table(client) -> str:
    later = {"name": "value", "deprecated_at": "2026-03-01T00:00:00Z"}
    fields = {
        "cost": {"type": "number", "max": 100, "aliases": [later, {"name": "price", "deprecated_at": SINCE}]},
        "made": {"type": "datetime", "aliases": [{"name": "select", "deprecated_at": "2026-02-01T00:00:00Z"}]},
        "n": "integer",
    }
    return client.table(fields)


def row(cost=None, made=None, n=None, row_id=1) -> dict:
    return {"id": row_id, "cost": cost, "made": made, "n": n, "value": cost, "price": cost, "select": made}


def test_answers(client, table):
    answer = client.send("POST", f"{table}rows/", {"cost": 1, "n": 2}, status=201)
    assert answer.json == row(1.0, n=2)
    assert list(answer.json) == ["id", "cost", "made", "n", "value", "price", "select"]
    client.send("POST", f"{table}rows/", [{"price": 3}, {"value": 2, "select": SINCE}], status=201)
    rows = [row(1.0, n=2), row(3.0, row_id=2), row(2.0, SINCE, row_id=3)]
    for query in ("", "?limit=5", "?order=id"):
        assert client.get(f"{table}rows/{query}") == rows
    for query in ("price", "cost", "value"):
        assert client.get(f"{table}rows/?order={query}.desc") == [rows[1], rows[2], rows[0]]
    assert client.get(f"{table}rows/3/") == rows[2]
    refused = client.refused(
        "PATCH", f"{table}rows/1/", {"n": 3}, status=412, code="precondition_failed", if_match='"1-7"'
    )
    assert refused.json["current"] == rows[0]


def test_a_long_stream(client, table):
    client.send("POST", f"{table}rows/", [{"price": number % 7} for number in range(2100)], status=201)
    rows = client.get(f"{table}rows/")
    assert rows[-1] == row(2099 % 7, row_id=2100)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("where", ["rows/", "rows/1/", "row/", "rows/99/", "rows/?junk=1", "rows/junk/"])
def test_header(client, table, method, where):
    client.row(table, {})
    document = {} if method in ("POST", "PUT", "PATCH") else None
    answer = client.send(method, f"{table}{where}", **({} if document is None else {"document": document}))
    assert answer.headers.get("Deprecation") == HEADER
    assert "Deprecation" not in client.send("GET", table).headers
    assert "Deprecation" not in client.send("GET", f"{client.table({'n': 'integer'})}rows/").headers


def test_header_of_unchanged_and_minimal(client, table):
    made = client.send("POST", f"{table}rows/", {}, status=201, prefer="return=minimal")
    tag = made.headers["ETag"]
    assert made.headers["Deprecation"] == HEADER
    assert client.send("GET", f"{table}rows/1/", status=304, if_none_match=tag).headers["Deprecation"] == HEADER


def test_bodies(client, table):
    path = f"{table}rows/1/"
    client.row(table, {"price": 5})
    assert client.send("PATCH", path, {"price": 6}, status=200).json == row(6.0)
    assert client.send("PUT", path, {"value": 7, "n": 1}, status=200).json == row(7.0, n=1)
    assert client.send("PATCH", path, {"price": None}, status=200).json == row(n=1)
    assert client.send("PUT", path, {}, status=200).json == row()


def test_both_names_in_a_new_row(client, table):
    rows = f"{table}rows/"
    equal = {"cost": 5, "price": 5.0, "select": "2026-01-31T13:00:00+01:00", "made": SINCE}
    assert client.row(table, equal) == row(5.0, SINCE)
    client.refused("POST", rows, {"cost": 5, "price": 6}, status=422, code="/price conflicting_name")
    client.refused("POST", rows, {"cost": 5, "price": None}, status=422, code="/price conflicting_name")
    client.refused("POST", rows, [{}, {"value": 5, "price": 6}], status=422, code="/1/price conflicting_name")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_both_names_in_a_change(client, table, method):
    path = f"{table}rows/1/"
    known = client.row(table, {"cost": 5, "made": SINCE})
    assert client.send(method, path, known, status=200).json == known
    assert client.send(method, path, {**known, "price": 6}, status=200).json == row(6.0, SINCE)
    assert client.send(method, path, {**row(6.0, SINCE), "cost": 7}, status=200).json == row(7.0, SINCE)
    assert client.send(method, path, {**row(7.0, SINCE), "cost": 8, "price": 8}, status=200).json == row(8.0, SINCE)
    assert client.send(method, path, {**row(8.0, SINCE), "select": None}, status=200).json == row(8.0)
    document = {**row(8.0), "cost": 9, "value": 10}
    client.refused(method, path, document, status=422, code="/value conflicting_name")
    client.refused(method, f"{table}rows/99/", {"cost": 9, "value": 10}, status=404, code="not_found")


def test_pointers_name_what_was_sent(client, table):
    for key in ("cost", "price", "value"):
        client.refused("POST", f"{table}rows/", [{}, {key: 101}], status=422, code=f"/1/{key} too_large")
    client.row(table, {})
    client.refused("PATCH", f"{table}rows/1/", {"price": "x", "a/b": 1}, status=422, code="/price wrong_type")
    client.refused("PATCH", f"{table}rows/1/", {"price": 1, "a/b": 1}, status=422, code="/a~1b unknown_field")


def test_names_match_exactly(client, table):
    client.refused("POST", f"{table}rows/", {"Price": 1}, status=422, code="/Price unknown_field")
    client.refused("GET", f"{table}rows/?order=Price", status=400, code="unknown_field")


def test_a_rename_that_old_clients_survive(client):
    path = client.table({"price": {"type": "number", "unique": True}, "n": "integer"})
    client.row(path, {"price": 5})
    changed = client.send("PATCH", path, {"fields": {"cost": {"aliases": ["price"]}}}, status=200).json
    assert [(name, made["id"]) for name, made in changed["fields"].items()] == [("cost", 1), ("n", 2)]
    assert client.send("PUT", path, changed, status=200).json == changed
    assert client.get(f"{path}rows/1/") == {"id": 1, "cost": 5.0, "n": None, "price": 5.0}
    gone = client.send("PATCH", path, {"fields": {"cost": {"aliases": []}}}, status=200)
    assert gone.json["fields"]["cost"]["aliases"] == []
    assert client.get(f"{path}rows/1/") == {"id": 1, "cost": 5.0, "n": None}


def test_with_the_other_options(client):
    fields = {
        "sku": {"type": "string", "read_only": True, "aliases": ["code"], "message": "sku!"},
        "pin": {"type": "string", "write_only": True, "aliases": ["secret"]},
        "n": "integer",
    }
    path = client.table(fields)
    assert client.row(path, {"code": "a", "secret": "x"}) == {"id": 1, "sku": "a", "n": None, "code": "a"}
    told = client.refused("PATCH", f"{path}rows/1/", {"code": "b"}, status=422, code="/code read_only")
    assert told.json["errors"][0]["detail"] == "sku!"
    client.refused("PATCH", f"{path}rows/1/", {"sku": "a", "code": "b"}, status=422, code="/code read_only")
    client.send("PUT", f"{path}rows/1/", {"sku": "a", "code": "a", "n": 1}, status=200)
    client.refused("PATCH", f"{path}rows/1/", {"pin": "x", "secret": "y"}, status=422, code="/secret conflicting_name")
    client.refused("GET", f"{path}rows/?order=secret", status=400, code="not_sortable")


def test_every_type_has_its_value_under_both_names(client):
    types = {"d": "decimal", "r": "integer_range", "t": "tags", "j": "json", "u": "uuid", "p": "point", "l": "duration"}
    path = client.table({name: {"type": kind, "aliases": [f"old_{name}"]} for name, kind in types.items()})
    given = {"t": ["b", "a"], "j": {"a": [1]}, "u": "8c7b8b1e-6c5e-4b5e-9b0c-0c5c1f6a2d11", "d": "1.50"}
    client.row(path, given)
    for found in (client.get(f"{path}rows/1/"), *client.get(f"{path}rows/"), *client.get(f"{path}rows/?limit=1")):
        assert found["u"] == given["u"]
        assert all(found[name] == found[f"old_{name}"] for name in types)
        assert found["j"] == given["j"]


def test_more_aliases_than_a_result_may_have_columns(client):
    limit = client.catalogue.database.dialect.max_columns
    many = [f"a{number}" for number in range(limit)]
    document = {"model_name": "TooMany", "fields": {"v": {"type": "integer", "aliases": many}}}
    client.refused("POST", "/table/", document, status=409, code="too_many_fields")
    path = client.table({"v": "integer"})
    client.row(path, {"v": 1})
    client.refused("PATCH", path, {"fields": {"v": {"aliases": many}}}, status=409, code="too_many_fields")
    client.send("PATCH", path, {"fields": {"v": {"aliases": many[: limit - 5]}}}, status=200)
    for query in ("", "?limit=1", "?order=a7.desc"):
        assert len(client.get(f"{path}rows/{query}")[0]) == limit - 3
    assert client.send("PATCH", f"{path}rows/1/", {"a9": 2}, status=200).json["v"] == 2


@pytest.mark.parametrize("depth", [99, 101, 500, 900, 950, 5000])
@pytest.mark.parametrize(("method", "where"), [("POST", ""), ("PUT", "1/"), ("PATCH", "1/")])
def test_deep_values_under_both_names(client, depth, method, where):
    path = client.table({"j": {"type": "json", "aliases": ["old"]}})
    client.row(path, {"j": 1})
    deep = b"[" * depth + b"]" * depth
    answer = client.send(method, f"{path}rows/{where}", body=b'{"j": %b, "old": %b}' % (deep, deep))
    assert answer.status_int in ((200, 201) if depth < 100 else (400, 422))
