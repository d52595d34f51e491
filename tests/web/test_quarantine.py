"""Values that a conversion could not carry over: kept, corrected, destroyed."""


def quarantined(client, *texts, kind="integer", **options) -> str:
    """A table whose field ``a`` was a string with these values."""
    path = client.table({"a": "string", "b": "string"})
    for text in texts:
        client.row(path, {"a": text, "b": "b"})
    change = {"fields": {"a": {"type": kind, **options}}}
    client.send("PATCH", f"{path}?on_error=quarantine", change, status=200)
    return path


def values(client, path) -> list:
    return [row["a"] for row in client.get(f"{path}rows/")]


def test_lines(client):
    path = quarantined(client, "x", "1", "y", None)
    assert values(client, path) == [None, 1, None, None]
    client.send("PATCH", f"{path}?on_error=quarantine", {"fields": {"b": "date"}}, status=200)
    answer = client.send("GET", f"{path}quarantine/", status=200)
    assert answer.headers["Content-Range"] == "0-5/6"
    assert answer.headers["Definition-Version"] == "3"
    first = answer.json[0]
    assert first.pop("kept_at").endswith("Z")
    assert first.pop("reason")
    assert first == {
        "id": first["id"], "field": "a", "field_id": 1, "row": 1, "version": 2, "type": "string", "value": "x",
    }  # fmt: skip
    for query, told, rows in (
        ("field=a", "0-1/2", [1, 3]),
        ("field=2&limit=2&offset=1", "1-2/4", [2, 3]),
        ("limit=0", "*/6", []),
        ("field=9", "*/0", []),
    ):
        page = client.send("GET", f"{path}quarantine/?{query}", status=200)
        assert (page.headers["Content-Range"], [line["row"] for line in page.json]) == (told, rows)
    assert (
        client.get(f"{path}quarantine/{first['id']}/") == answer.json[0] | client.get(f"{path}quarantine/?limit=1")[0]
    )
    client.refused("GET", f"{path}quarantine/?field=gone", status=400, code="unknown_field")
    client.refused("GET", f"{path}quarantine/?order=id", status=400, code="unknown_parameter")
    client.refused("GET", f"{path}quarantine/999999/", status=404, code="not_found")
    client.refused("GET", f"{path}quarantine/x/", status=404, code="not_found")
    other = client.table({"a": "string"})
    client.refused("GET", f"{other}quarantine/{first['id']}/", status=404, code="not_found")
    client.refused("DELETE", f"{other}quarantine/{first['id']}/", status=404, code="not_found")


def test_restore(client):
    path = quarantined(client, "x", "y", max=9)
    one, two = (f"{path}quarantine/{line['id']}/" for line in client.get(f"{path}quarantine/"))
    for document, code in (
        ({"value": "5"}, "/value wrong_type"),
        ({"value": 10}, "/value too_large"),
        ({}, "/value required"),
        ({"value": 1, "row": 2}, "/row unknown_key"),
        ([], "wrong_type"),
    ):
        client.refused("POST", f"{one}restore/", document, status=422, code=code)
    client.refused("POST", f"{one}restore/", status=422, code="/value invalid_format")
    client.refused("GET", f"{one}restore/", status=405, code="method_not_allowed")
    client.refused("POST", f"{one}restore/?overwrite=yes", {"value": 5}, status=400, code="invalid_parameter")
    answer = client.send("POST", f"{one}restore/", {"value": 5}, status=200)
    assert answer.json == {"id": 1, "a": 5, "b": "b"}
    assert answer.headers["ETag"] == '"2-2"'
    assert client.send("GET", f"{path}rows/1").headers["ETag"] == '"2-2"'
    client.refused("POST", f"{one}restore/", {"value": 5}, status=404, code="not_found")
    client.send("PATCH", f"{path}rows/2", {"a": 7}, status=200)
    client.refused("POST", f"{two}restore/", {"value": 6}, status=409, code="conflict")
    client.send("POST", f"{two}restore/?overwrite=true", {"value": 6}, status=204, prefer="return=minimal")
    assert values(client, path) == [5, 6]
    assert client.get(f"{path}quarantine/") == []


def test_restore_of_the_old_text(client):
    path = quarantined(client, "12.5", "2026-01-31")
    number, day = (f"{path}quarantine/{line['id']}/restore/" for line in client.get(f"{path}quarantine/"))
    client.send("PATCH", path, {"fields": {"a": "number"}}, status=200)
    assert client.send("POST", number, status=200).json["a"] == 12.5
    client.refused("POST", day, status=422, code="/value invalid_format")
    client.send("PATCH", f"{path}?on_error=null", {"fields": {"a": "date"}}, status=200)
    assert client.send("POST", day, status=200).json["a"] == "2026-01-31"


def test_what_is_gone(client):
    path = quarantined(client, "x", "y")
    one, two = (f"{path}quarantine/{line['id']}/restore/" for line in client.get(f"{path}quarantine/"))
    client.send("DELETE", f"{path}rows/1", status=204)
    assert client.refused("POST", one, {"value": 1}, status=409, code="conflict").json["row"] == 1
    client.send("PATCH", path, {"fields": {"a": None}}, status=200)
    client.refused("POST", two, {"value": 1}, status=409, code="conflict")
    line = client.get(f"{path}quarantine/?limit=1&offset=1")[0]
    assert (line["field"], line["field_id"], line["value"]) == (None, 1, "y")
    client.send("POST", f"{path}history/2/revert/", status=200)
    assert client.send("POST", two, {"value": 1}, status=200).json["a"] == 1


def test_purge(client):
    path = quarantined(client, "x", "y", "z")
    client.send("PATCH", f"{path}?on_error=quarantine", {"fields": {"b": "date"}}, status=200)
    number = client.get(f"{path}quarantine/")[0]["id"]
    client.send("DELETE", f"{path}quarantine/{number}/", status=204)
    client.refused("DELETE", f"{path}quarantine/{number}/", status=404, code="not_found")
    client.send("DELETE", f"{path}quarantine/?field=b", status=204)
    assert [line["field"] for line in client.get(f"{path}quarantine/")] == ["a", "a"]
    client.refused("DELETE", f"{path}quarantine/?limit=1", status=400, code="unknown_parameter")
    client.send("DELETE", f"{path}quarantine/", status=204)
    assert client.get(f"{path}quarantine/") == []
    assert values(client, path) == [None, None, None]


def test_write_only(client):
    path = quarantined(client, "secret", write_only=True)
    (line,) = client.get(f"{path}quarantine/")
    assert (line["field"], line["value"], line["reason"]) == ("a", None, None)
    address = f"{path}quarantine/{line['id']}/restore/"
    answer = client.refused("POST", address, status=422, code="/value invalid_format")
    assert "secret" not in answer.text
    client.send("PATCH", path, {"fields": {"a": None}}, status=200)
    assert client.get(f"{path}quarantine/")[0]["value"] is None


def test_required(client):
    path = client.table({"a": {"type": "string", "required": True}})
    client.row(path, {"a": "x"})
    change = {"fields": {"a": {"type": "integer", "required": True}}}
    client.refused("PATCH", f"{path}?on_error=quarantine", change, status=409, code="lossy_change")
    change["fields"]["a"]["default"] = 9
    client.send("PATCH", f"{path}?on_error=quarantine", change, status=200)
    assert values(client, path) == [9]
    (line,) = client.get(f"{path}quarantine/")
    address = f"{path}quarantine/{line['id']}/restore/"
    client.refused("POST", address, {"value": 1}, status=409, code="conflict")
    client.refused("POST", f"{address}?overwrite=true", {"value": None}, status=422, code="/value required")
    assert client.send("POST", f"{address}?overwrite=true", {"value": 1}, status=200).json["a"] == 1


def test_lists_of_links(client):
    far = client.table({"n": "string"}, "FarOfLists")
    client.row(far, {})
    path = client.table({"a": "json"})
    for value in ([1], [1, 7], "x"):
        client.row(path, {"a": value})
    change = {"fields": {"a": {"type": "links", "table": "FarOfLists"}}}
    client.send("PATCH", f"{path}?on_error=quarantine", change, status=200)
    assert values(client, path) == [[1], [], []]
    lines = client.get(f"{path}quarantine/")
    assert sorted(line["row"] for line in lines) == [2, 3]
    address = f"{path}quarantine/{lines[0]['id']}/restore/"
    client.refused("POST", address, {"value": [8]}, status=422, code="/value/0 unknown_row")
    assert client.send("POST", address, {"value": [1]}, status=200).json["a"] == [1]
    client.refused("POST", f"{path}quarantine/{lines[1]['id']}/restore/", status=422, code="validation")


# Lists of corrections


def test_corrections(client):
    path = quarantined(client, "x", "7", "y", "z", "w", max=9)
    one, three, four, five = [line["id"] for line in client.get(f"{path}quarantine/")]
    refused = [
        {"id": one, "value": 1},
        {"id": three, "value": 10},
        {"id": four},
        {"id": 999999, "value": 1},
        {"id": one, "discard": True},
    ]
    answer = client.refused("POST", f"{path}quarantine/", refused, status=422, code="validation")
    assert [(error["pointer"], error["code"]) for error in answer.json["errors"]] == [
        ("/1/value", "too_large"),
        ("/2/value", "invalid_format"),
        ("/3/id", "not_found"),
        ("/4/id", "duplicate_item"),
    ]
    answer = client.send("POST", f"{path}quarantine/?partial=true", refused, status=200)
    assert answer.json["restored"] == [{"id": one, "row": 1, "version": 2}]
    assert (answer.json["discarded"], answer.json["error_count"]) == ([], 4)
    assert [line["id"] for line in client.get(f"{path}quarantine/")] == [three, four, five]
    body = f"id,value,discard\n{three},3,\n{four},,true\n{five},,\n".encode()
    answer = client.send("POST", f"{path}quarantine/", body=body, content_type="text/csv", status=200)
    assert answer.json == {
        "restored": [{"id": three, "row": 3, "version": 2}, {"id": five, "row": 5, "version": 2}],
        "discarded": [four],
        "errors": [],
        "error_count": 0,
    }
    assert values(client, path) == [1, 7, 3, None, None]
    assert client.get(f"{path}quarantine/") == []


def test_corrections_that_rules_of_the_database_refuse(client):
    path = quarantined(client, "x", "7", "y", unique=True)
    lines = [line["id"] for line in client.get(f"{path}quarantine/")]
    taken = [{"id": lines[0], "value": 7}, {"id": lines[1], "value": 8}]
    answer = client.refused("POST", f"{path}quarantine/", taken, status=422, code="/0/value unique_violation")
    assert len(answer.json["errors"]) == 1
    client.send("POST", f"{path}quarantine/?partial=true", taken, status=200)
    assert values(client, path) == [None, 7, 8]
    client.send("PATCH", f"{path}rows/1/", {"a": 5}, status=200)
    given = [{"id": lines[0], "value": 6}]
    client.refused("POST", f"{path}quarantine/", given, status=422, code="/0/value conflict")
    client.send("POST", f"{path}quarantine/?overwrite=true", given, status=200)
    assert values(client, path) == [6, 7, 8]


def test_malformed_corrections(client):
    path = f"{quarantined(client, 'x')}quarantine/"
    for document, code in (
        ({"id": 1, "value": 1}, "wrong_type"),
        ([1], "/0 wrong_type"),
        ([{}], "/0/id required"),
        ([{"id": "1"}], "/0/id wrong_type"),
        ([{"id": 1, "row": 1}], "/0/row unknown_key"),
        ([{"id": 1, "discard": 1}], "/0/discard wrong_type"),
        ([{"id": 1, "value": 1, "discard": True}], "/0/value read_only"),
        ([{"id": 1}] * 1001, "too_many_items"),
    ):
        client.refused("POST", path, document, status=422, code=code)
    for body in (b"", b"id,row\n1,2\n", b"value\n1\n", b"id,value\n1\n"):
        client.refused("POST", path, body=body, content_type="text/csv", status=400, code="malformed_csv")
    client.refused("POST", path, body=b"id\nx\n", content_type="text/csv", status=422, code="/0/id wrong_type")
    client.refused("POST", f"{path}?partial=1", [], status=400, code="invalid_parameter")
    client.refused("POST", path, body=b"", content_type="text/plain", status=415, code="unsupported_media_type")
