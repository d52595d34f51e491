"""PATCH and DELETE of ``rows/`` by filter, upserts, and what ``Prefer`` says of writes."""

import pytest

from tests.web.client import Client

FIELDS = {
    "sku": {"type": "string", "unique": True},
    "name": {"type": "string", "required": True},
    "n": {"type": "integer", "default": 5},
}


@pytest.fixture
def rows(client) -> str:
    """A table with three rows: the address of its rows."""
    path = client.table(FIELDS) + "rows/"
    client.send("POST", path, [{"sku": each, "name": each.upper()} for each in "abc"], status=201)
    return path


def test_patch(client, rows):
    answer = client.send("PATCH", f"{rows}?sku=in.(a,c)&order=sku.desc", {"n": 1}, status=200)
    assert answer.json == [
        {"id": 3, "sku": "c", "name": "C", "n": 1},
        {"id": 1, "sku": "a", "name": "A", "n": 1},
    ]
    assert answer.headers["Content-Range"] == "0-1/*"
    assert answer.headers["Definition-Version"] == "1"
    answer = client.send("PATCH", f"{rows}?n=eq.1&select=id,twice:n", {"n": 2}, status=200)
    assert answer.json == [{"id": 1, "twice": 2}, {"id": 3, "twice": 2}]
    answer = client.send("PATCH", f"{rows}?n=eq.9", {"n": 2}, status=200, prefer="count=exact")
    assert (answer.json, answer.headers["Content-Range"]) == ([], "*/0")
    answer = client.send("PATCH", f"{rows}?n=eq.2", {"n": 3}, status=204, prefer="return=minimal, count=exact")
    assert answer.headers["Content-Range"] == "0-1/2"
    assert answer.headers["Preference-Applied"] == "return=minimal, count=exact"
    assert [row["n"] for row in client.get(rows)] == [3, 5, 3]
    document = {"n": 7, "name": "kept"}
    client.send("PATCH", f"{rows}?id=eq.1&columns=n", document, status=200)
    assert client.get(f"{rows}1/") == {"id": 1, "sku": "a", "name": "A", "n": 7}


def test_a_long_value_for_many_rows_is_as_a_long_body(make_app):
    client = Client(make_app(**{"dynmodel.max_body_size": "100000"}))
    rows = client.table({"t": "text", "n": "integer"}) + "rows/"
    client.send("POST", rows, [{"n": n} for n in range(30)], status=201)
    refused = client.refused("PATCH", f"{rows}?id=gt.0", {"t": "x" * 5000}, status=413, code="payload_too_large")
    assert "30 rows would get" in refused.json["detail"]
    client.app.patch_json("/rest/" + client.get("/table/1/")["model_name"] + "?id=gt.0", {"t": "x" * 5000}, status=413)
    assert all(row["t"] is None for row in client.get(rows))
    client.send("PATCH", f"{rows}?id=lte.10", {"t": "x" * 5000}, status=200)
    client.send("PATCH", f"{rows}?id=gt.0", {"n": 1}, status=200)


def test_delete(client, rows):
    assert client.send("DELETE", f"{rows}?sku=eq.a", status=204).headers["Content-Range"] == "0-0/*"
    answer = client.send("DELETE", f"{rows}?id=gt.0&select=sku", status=200, prefer="return=representation")
    assert answer.json == [{"sku": "b"}, {"sku": "c"}]
    assert client.get(rows) == []
    assert client.send("DELETE", f"{rows}?id=gt.0", status=204).headers["Content-Range"] == "*/*"


def test_limited(client, rows):
    client.send("DELETE", f"{rows}?id=gt.0&order=sku.desc&limit=1", status=204)
    client.send("PATCH", f"{rows}?id=gt.0&order=sku&limit=1&offset=1", {"n": 0}, status=200)
    assert [(row["sku"], row["n"]) for row in client.get(rows)] == [("a", 5), ("b", 0)]


def test_refused(client, rows):
    for method, document in (("PATCH", {"n": 1}), ("DELETE", None)):
        sent = {} if document is None else {"document": document}
        client.refused(method, rows, status=400, code="missing_filter", **sent)
        client.refused(method, f"{rows}?limit=1&order=id", status=400, code="missing_filter", **sent)
        client.refused(method, f"{rows}?id=eq.1&x=1", status=400, code="unknown_parameter", **sent)
        client.refused(method, f"{rows}?nope=eq.1", status=400, code="unknown_field", **sent)
        client.refused(method, f"{rows}?id=eq.1&select=nope", status=400, code="unknown_field", **sent)
        client.refused(method, f"{rows}?id=eq.1&select=count()", status=400, code="invalid_parameter", **sent)
        client.refused(method, f"{rows}?id=eq.1&on_conflict=id", status=400, code="invalid_parameter", **sent)
        client.refused(method, f"{rows}?id=eq.1&_after=x", status=400, code="invalid_parameter", **sent)
        client.refused(method, f"{rows}?id=eq.1", status=400, code="malformed", if_match='"1-1"', **sent)
    client.refused("PATCH", f"{rows}?id=gt.0", {"n": "1"}, status=422, code="/n wrong_type")
    client.refused("PATCH", f"{rows}?id=gt.0", {"sku": "same"}, status=409, code="unique_violation")
    client.refused("DELETE", f"{rows}?id=eq.1", {"n": 1}, status=400, code="malformed")
    client.refused("DELETE", f"{rows}?id=eq.1&columns=n", status=400, code="invalid_parameter")


def test_most(client, rows):
    strict = "handling=strict, max-affected=1"
    for method, sent in (("PATCH", {"document": {"n": 1}}), ("DELETE", {})):
        client.refused(method, f"{rows}?id=gt.1", status=400, code="too_many_affected", prefer=strict, **sent)
    answer = client.send("PATCH", f"{rows}?id=eq.1", {"n": 1}, status=200, prefer=strict)
    assert answer.headers["Preference-Applied"] == strict
    answer = client.send("PATCH", f"{rows}?id=gt.1", {"n": 1}, status=200, prefer="max-affected=1")
    assert "Preference-Applied" not in answer.headers


def test_strict(client, rows):
    for prefer in ("max-affected=x", "nope=1", "count=planned", "resolution=merge-duplicates", "return=all"):
        path = f"{rows}?id=eq.1"
        client.refused(
            "PATCH", path, {"n": 1}, status=400, code="invalid_preference", prefer=f"{prefer}, handling=strict"
        )
        answer = client.send("PATCH", path, {"n": 1}, status=200, prefer=f"{prefer}; x=y, handling=lenient")
        assert answer.headers["Preference-Applied"] == "handling=lenient"


def test_rollback(client, rows):
    before = client.stored()
    answer = client.send("PATCH", f"{rows}?id=gt.0", {"n": 1}, status=200, prefer="tx=rollback")
    assert [row["n"] for row in answer.json] == [1, 1, 1]
    assert answer.headers["Preference-Applied"] == "tx=rollback"
    prefer = "tx=rollback, return=representation"
    assert len(client.send("DELETE", f"{rows}?id=gt.0", status=200, prefer=prefer).json) == 3
    assert client.send("POST", rows, [{"name": "new"}], status=201, prefer="tx=rollback").json[0]["name"] == "new"
    after = client.stored()
    assert {name: after[name] for name in after if not name.startswith("sqlite_")} == {
        name: before[name] for name in before if not name.startswith("sqlite_")
    }
    refused = client.send("PATCH", f"{rows}?id=gt.0", {"sku": "same"}, status=409, prefer="tx=rollback")
    assert refused.json["code"] == "unique_violation"
    client.send("PATCH", f"{rows}?id=eq.1", {"n": 1}, status=200, prefer="tx=commit")
    assert client.get(f"{rows}1/")["n"] == 1


def test_upsert(client, rows):
    merge = "resolution=merge-duplicates"
    answer = client.send("POST", f"{rows}?on_conflict=sku", [{"sku": "a", "n": 1}], status=200, prefer=merge)
    assert answer.json == [{"id": 1, "sku": "a", "name": "A", "n": 1}]
    assert answer.headers["Preference-Applied"] == merge
    documents = [{"sku": "d", "name": "D"}, {"sku": "a", "n": 2}]
    answer = client.send("POST", f"{rows}?on_conflict=sku&select=sku,n", documents, status=201, prefer=merge)
    assert answer.json == [{"sku": "d", "n": 5}, {"sku": "a", "n": 2}]
    answer = client.send("POST", rows, {"id": 1, "n": 3}, status=200, prefer=merge)
    assert answer.json == {"id": 1, "sku": "a", "name": "A", "n": 3}
    assert answer.headers["Location"] == f"{rows}1/"
    assert answer.headers["ETag"] == client.send("GET", f"{rows}1/").headers["ETag"]
    ignore = "resolution=ignore-duplicates, count=exact"
    documents = [{"sku": "a", "name": "no"}, {"sku": "e", "name": "E"}]
    answer = client.send("POST", f"{rows}?on_conflict=sku", documents, status=201, prefer=ignore)
    assert [row["name"] for row in answer.json] == ["E"]
    assert answer.headers["Content-Range"] == "0-0/1"
    client.send("POST", f"{rows}?on_conflict=sku", documents[0], status=204, prefer=ignore)
    assert client.send("POST", f"{rows}?on_conflict=sku", documents[:1], status=200, prefer=ignore).json == []


def test_upsert_refused(client, rows):
    merge = {"prefer": "resolution=merge-duplicates"}
    document = [{"sku": "a", "n": 1}]
    client.refused("POST", f"{rows}?on_conflict=sku", document, status=400, code="invalid_parameter")
    client.refused("POST", f"{rows}?on_conflict=n", document, status=400, code="invalid_parameter", **merge)
    client.refused("POST", f"{rows}?sku=eq.a", document, status=400, code="invalid_parameter", **merge)
    client.refused("POST", f"{rows}?limit=1", document, status=400, code="invalid_parameter")
    client.refused("POST", rows, document, status=400, code="malformed", if_match='"1-1"', **merge)
    client.refused("POST", f"{rows}?on_conflict=sku", document * 2, status=422, code="/1 duplicate_item", **merge)
    client.refused("POST", f"{rows}?columns=nope", document, status=400, code="unknown_field")


def test_columns(client, rows):
    documents = [{"name": "x", "n": 1, "junk": 1}, {"name": "y"}]
    answer = client.send("POST", f"{rows}?columns=name", documents, status=201, prefer="missing=default")
    assert [row["n"] for row in answer.json] == [5, 5]
    assert answer.headers["Preference-Applied"] == "missing=default"


def test_the_alias_has_it_all(client, rows):
    alias = rows.replace("/rows/", "/row/")
    assert client.send("PATCH", f"{alias}?id=eq.1", {"n": 1}, status=200).json[0]["n"] == 1
    client.send("DELETE", f"{alias}?id=eq.1", status=204)
    client.send("PUT", alias, {"name": "new"}, status=201)
    assert len(client.get(alias)) == 3


def test_representations_embed(client):
    far = client.table({"name": "string"}, "Maker")
    client.row(far, {"name": "far"})
    rows = client.table({"maker": {"type": "link", "table": "Maker"}, "n": "integer"}) + "rows/"
    answer = client.send("POST", f"{rows}?select=id,maker(name)", [{"maker": 1}, {}], status=201)
    assert answer.json == [{"id": 1, "maker": {"name": "far"}}, {"id": 2, "maker": None}]
    answer = client.send("PATCH", f"{rows}?maker=eq.1&select=n,maker(name)", {"n": 1, "maker": None}, status=200)
    assert answer.json == [{"n": 1, "maker": None}]


def test_ids_alone_are_answered_and_what_the_query_asks_besides_holds(client):
    rows = client.table({"n": "integer"}, "Ids") + "rows/"
    assert client.send("POST", f"{rows}?select=id", [{"n": 1}, {"n": 2}], status=201).json == [{"id": 1}, {"id": 2}]
    assert client.send("POST", f"{rows}?select=id", {"n": 3}, status=201).json == {"id": 3}
    answer = client.send("PATCH", f"{rows}?id=gt.1&select=id&order=n.desc", {"n": 4}, status=200)
    assert answer.json == [{"id": 2}, {"id": 3}]
    answer = client.send("PATCH", f"{rows}?id=gt.1&select=id&order=id.desc", {"n": 5}, status=200)
    assert answer.json == [{"id": 3}, {"id": 2}]
    for more, code in (("order=nope", "unknown_field"), ("having=(n.sum().gt.0)", "invalid_parameter")):
        client.refused("PATCH", f"{rows}?id=gt.1&select=id&{more}", {"n": 6}, status=400, code=code)
    shows = {"Prefer": "return=representation"}
    client.app.post_json("/rest/Ids?select=id&having=(n.sum().gt.0)", [{"n": 6}], headers=shows, status=400)
    assert client.get(f"{rows}?select=n") == [{"n": 1}, {"n": 5}, {"n": 5}]
