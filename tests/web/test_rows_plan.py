"""Files into a table that is there: columns that find their fields, the plan, and lists as files."""

from urllib.parse import quote

import pytest

FIELDS = {"code": {"type": "string", "unique": True}, "price": "number", "note": "string"}
CSV = b'Code,"Price, net",note\nA,1.5,x\nB,dear,y\n'
#: Of the file above.
COLUMNS = quote('code:"Code",price:"Price, net"')


@pytest.fixture
def items(client):
    client.send("POST", "/table/", {"model_name": "Item", "fields": FIELDS}, status=201)
    yield client
    client.send("DELETE", "/table/Item/", status=204)


def post(client, path, body=CSV, status=200, **headers):
    headers = {"content_type": "text/csv", **headers}
    return client.send("POST", f"/table/Item/rows/{path}", body=body, status=status, **headers).json


def test_columns_of_a_file_find_fields(items):
    made = post(items, f"?columns={COLUMNS}&select=code,price,note", CSV.replace(b"dear", b"2"), 201)
    assert made == [{"code": "A", "price": 1.5, "note": None}, {"code": "B", "price": 2.0, "note": None}]
    lines = b'{"Code": "C", "Price, net": 3, "junk": [1]}\n'
    made = post(items, f"?columns={COLUMNS}&select=code,price", lines, 201, content_type="application/x-ndjson")
    assert made == [{"code": "C", "price": 3.0}]
    bare = b"D,4\n"
    made = post(
        items,
        "?select=code,price&columns=" + quote('code:"column 1",price:"column 2"'),
        bare,
        201,
        content_type="text/csv; header=absent",
    )
    assert made == [{"code": "D", "price": 4.0}]
    items.send("PATCH", f"/table/Item/rows/?columns={COLUMNS}&id=gt.0", {"code": "E"}, status=400)
    # PostgREST has no such names.
    items.app.post_json("/rest/Item?columns=code:x", {"code": "F"}, status=400)


def test_the_plan_of_rows(items):
    plan = post(items, "plan/")
    assert [(column["name"], column["field"]) for column in plan["columns"]] == [
        ("Code", None),
        ("Price, net", None),
        ("note", "note"),
    ]
    assert plan["problem"]["code"] == "validation" and plan["rows"] == 2
    plan = post(items, f"plan/?columns={COLUMNS}")
    assert [column["field"] for column in plan["columns"]] == ["code", "price", None]
    assert plan["sample"] == [{"id": None, "code": "A", "price": 1.5, "note": None}] and plan["refused_count"] == 1
    assert (plan["refused"][0]["line"], plan["refused"][0]["errors"][0]["pointer"]) == (3, "/1/price")
    merged = post(items, f"plan/?columns={COLUMNS}&on_conflict=code&_part=true", prefer="resolution=merge-duplicates")
    assert merged["sample"] == [{"id": None, "code": "A", "price": 1.5}] and merged["judged"] == 1
    # Of a part the last record is left out: here there is no other, and an import of no rows is no fault.
    empty = post(items, "plan/?_part=true", b'[{"code": "A"}]', content_type="application/json")
    assert (empty["rows"], empty["columns"], empty["judged"], empty["refused"]) == (0, [], 0, [])
    assert post(items, "", b"[]", 201, content_type="application/json") == []
    assert items.get("/table/Item/rows/") == []
    assert "conditions" in post(items, "plan/?price=gt.1", status=400)["detail"]
    items.send("GET", "/table/Item/rows/plan/", status=405)


def test_a_link_names_its_format(items):
    items.row("/table/Item/", {"code": "A", "price": 1})
    answer = items.send(
        "GET", "/table/Item/rows/?_format=csv&select=code,price", accept="text/html,*/*;q=0.8", status=200
    )
    assert answer.text == "code,price\r\nA,1.0\r\n"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="Item.csv"'
    answer = items.send("GET", "/table/Item/rows/?_format=json&limit=1&order=id", status=200)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="Item.json"'
    answer = items.send("GET", "/table/Item/rows/?_format=exe", status=400)
    assert answer.json["parameter"] == "_format" and "xlsx" in answer.json["hint"]
    items.send("GET", "/table/Item/rows/?_format=csv&_format=csv", status=400)
    known = {each["name"]: each for each in items.get("/")["capabilities"]["formats"]}
    assert known["csv"] == {
        "name": "csv",
        "media_type": "text/csv",
        "suffix": ".csv",
        "reads": True,
        "writes": True,
        "is_text": True,
        "parameters": known["csv"]["parameters"],
        "missing": None,
    }
    assert "charset" in known["csv"]["parameters"] and known["parquet"]["is_text"] is False
