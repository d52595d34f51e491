"""The first users' walk-through, in one process."""

ROW = {"name": "Product 1", "price": 19.99, "available": True}


def test_walkthrough(app):
    fields = {"name": "string", "price": "number", "available": "boolean"}
    made = app.post_json("/table/", {"model_name": "Product", "fields": fields}, status=201)
    assert made.headers["Location"] == "/table/1/"
    assert made.headers["ETag"] == '"1"'
    assert made.json["fields"]["price"]["type"] == "number"
    changed = app.put_json("/table/1/", {"model_name": "Product", "fields": {**fields, "description": "string"}})
    assert changed.json["version"] == 2
    for number, add in enumerate((app.post_json, app.put_json), start=1):
        row = add("/table/1/row/", ROW, status=201)
        assert row.json == {"id": number, **ROW, "description": None}
        assert row.headers["Location"] == f"/table/1/rows/{number}/"
    for path in ("/table/1/rows/", "/table/1/rows", "/table/Product/rows", "/table/product/row/"):
        rows = app.get(path)
        assert rows.headers["Definition-Version"] == "2"
        assert rows.json == [{"id": number, **ROW, "description": None} for number in (1, 2)]
