"""``POST /table/?from=file``: a table made of a file."""

import json
from urllib.parse import quote

import pytest

CSV = (
    "\ufeffID,Name,zip,price,when,Name,\r\n"
    "3,Ä,01234,19.90,2026-01-31,x,\r\n"
    '1,"b ""q""",99999,5.00,,"two\nlines",\r\n'
    '2,"",00001,,2026-02-01,,\r\n'
).encode()
FIELDS = {
    "Name": "string",
    "zip": "string",
    "price": "decimal",
    "when": "date",
    "Name_2": "text",
}


def make(client, body, *, status=201, content_type="text/csv", **parameters):
    query = "&".join(f"{name}={quote(value)}" for name, value in parameters.items())
    return client.send("POST", f"/table/?from=file&{query}", body=body, content_type=content_type, status=status)


def test_the_plan_is_what_is_made(client):
    planned = make(client, CSV, name="Planned", plan="true", status=200).json
    assert planned["rows"] == 3 and planned["definition"]["model_name"] == "Planned"
    assert {name: field["type"] for name, field in planned["definition"]["fields"].items()} == FIELDS
    assert [column["field"] for column in planned["columns"]] == ["id", *FIELDS, None]
    client.send("GET", "/table/Planned/", status=404)
    answer = make(client, CSV, name="Planned")
    made = answer.json
    assert made["rows"] == 3 and made["columns"] == planned["columns"]
    assert made["definition"] == client.get("/table/Planned/") and made["definition"]["version"] == 1
    assert answer.headers["Location"] == f"/table/{made['definition']['id']}/"
    assert answer.headers["ETag"] == '"1"' and answer.headers["Definition-Version"] == "1"
    rows = client.get("/table/Planned/rows/?order=id&select=id,Name,zip,price,when,Name_2")
    assert rows[2] == {"id": 3, "Name": "Ä", "zip": "01234", "price": "19.90", "when": "2026-01-31", "Name_2": "x"}
    assert rows[0]["Name_2"] == "two\nlines" and rows[1]["Name"] == "" and rows[1]["price"] is None
    assert client.row("/table/Planned/", {"Name": "new"})["id"] > 3
    assert len(client.get("/table/Planned/history/")) == 1
    make(client, CSV, name="Planned", status=409)
    make(client, CSV, name="planned", plan="true", status=409)


def test_many_rows_are_staged(client):
    """More than one part: each value is stored, in the order of the file, and the table is there with its rows."""
    body = "n,t\n" + "".join(f"{n},row {n}\n" for n in range(2500))
    assert make(client, body.encode(), name="Many").json["rows"] == 2500
    assert client.get("/table/Many/rows/?select=n.sum(),id.max()") == [{"sum": 2499 * 1250, "max": 2500}]
    wrong = body + "2500\n"
    make(client, wrong.encode(), name="Wrong", status=422)
    make(client, (body + "x,y\n").encode(), name="Wrong", plan="true", status=200)
    client.send("GET", "/table/Wrong/", status=404)
    planned = make(client, wrong.encode(), name="Wrong", plan="true", status=200).json
    assert planned["broken"] == 1 and planned["faults"][0].startswith("/2500: ")


def test_a_late_value_decides(client):
    body = "a\n" + "1\n" * 1500 + "1.10\n"
    answer = make(client, body.encode(), name="Late", plan="true", status=200).json
    assert answer["definition"]["fields"]["a"] == {"type": "decimal", "precision": 18, "scale": 2}


def test_documents(client):
    lines = b'{"a": 1, "tags": ["x"], "deep": {"b": 1}}\n{"a": 2.5, "when": "2026-01-31T12:00:00Z"}\n'
    made = make(client, lines, content_type="application/x-ndjson", name="Lines").json
    kinds = {name: field["type"] for name, field in made["definition"]["fields"].items()}
    assert kinds == {"a": "number", "tags": "tags", "deep": "json", "when": "datetime"}
    assert client.get("/table/Lines/rows/?select=deep,when&order=id")[0] == {"deep": {"b": 1}, "when": None}
    array = json.dumps([{"id": 7, "a": "x"}]).encode()
    assert make(client, array, content_type="application/json", name="Array").json["columns"][0]["field"] == "id"
    assert client.get("/table/Array/rows/7/") == {"id": 7, "a": "x"}


def test_digits_of_json_that_are_lost_are_told(client):
    body = b'[{"a": 0.1234567890123456789}]'
    planned = make(client, body, content_type="application/json", name="Digits", plan="true", status=200).json
    assert planned["columns"][0]["type"] == "number" and "more digits" in planned["columns"][0]["note"]


def test_names_that_no_answer_can_have(client):
    made = make(client, b'[{"\\ud800": 1}]', content_type="application/json", name="Surrogate").json
    assert made["columns"][0] == {"name": "\\ud800", "field": "column 1", "type": "integer", "nulls": 0}


def test_corrections(client):
    fields = {"zip": "integer", "Name": {"name": "who", "type": "text", "required": True}, "when": None}
    said = {"fields": json.dumps(fields), "null": "NA,-"}
    body = b"Name,zip,when,at\nA,NA,x,2026-01-31 12:00\nB,00002,y,-\n"
    made = make(client, body, name="Corrected", timezone="Europe/Berlin", **said).json["definition"]["fields"]
    assert made["who"]["required"] and made["zip"]["type"] == "integer" and list(made) == ["who", "zip", "at"]
    rows = client.get("/table/Corrected/rows/?order=id")
    assert rows[0] == {"id": 1, "who": "A", "zip": None, "at": "2026-01-31T11:00:00Z"} and rows[1]["zip"] == 2


@pytest.mark.parametrize(
    ("parameters", "status", "told"),
    [
        ({}, 400, "the table needs a name"),
        ({"name": "a", "fields": "[1]"}, 400, "want a JSON object"),
        ({"name": "a", "fields": '{"x": "text"}'}, 400, "no column 'x'"),
        ({"name": "a", "fields": '{"a": "strin"}'}, 422, "strin"),
        ({"name": "a", "fields": '{"a": {"type": "link", "table": "a"}}'}, 400, "is a link"),
        ({"name": "a", "plan": "yes"}, 400, "true or false"),
        ({"name": "a", "timezone": "Mars"}, 400, "time zone"),
        ({"name": "a", "limit": "5"}, 400, "limit"),
        ({"name": "_a"}, 422, "underscore"),
    ],
)
def test_refused_parameters(client, parameters, status, told):
    assert told in make(client, b"a\n1\n", status=status, **parameters).text


def test_refused_bodies(client):
    make(client, b"a\n1\n", name="a", content_type="image/png", status=415)
    make(client, b"", name="a", status=400)
    make(client, b'a\n"\n', name="a", status=400)
    make(client, b"a\n1\n", name="a", status=201)
    assert "from" in client.send("POST", "/table/?from=nothing", body=b"", status=400).text
    assert "name" in client.send("POST", "/table/?name=x", {"model_name": "x", "fields": {}}, status=400).text


def test_the_name_of_the_file(client):
    headers = {"content_disposition": "attachment; filename*=UTF-8''Verk%C3%A4ufe%202026.csv"}
    path = "/table/?from=file"
    answer = client.send("POST", path, body=b"a\n1\n", content_type="text/csv", status=201, **headers)
    assert answer.json["definition"]["model_name"] == "Verkäufe 2026"
    answer = client.send("POST", path + "&name=Short", body=b"a\n1\n", content_type="text/csv", prefer="return=minimal")
    assert (answer.status_int, answer.body, answer.headers["Preference-Applied"]) == (201, b"", "return=minimal")
