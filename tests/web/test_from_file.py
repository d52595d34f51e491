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


def test_a_plan_shows_rows_as_they_will_be_stored(client):
    body = b"n,when,code\n1,2026-01-31 12:00,01\n" + b"2,,n/a\n" * 30
    planned = make(client, body, name="Shown", plan="true", status=200, timezone="Europe/Berlin").json
    assert planned["judged"] == len(planned["sample"]) == 20 and planned["refused_count"] == 0
    assert planned["sample"][0] == {"id": None, "n": 1, "when": "2026-01-31T11:00:00Z", "code": "01"}
    assert [column["samples"] for column in planned["columns"]] == [["1", "2"], ["2026-01-31 12:00"], ["01", "n/a"]]


def test_a_plan_names_the_values_that_keep_a_column_from_a_type(client):
    body = "a,b\n" + "".join(f"{n},x\n" for n in range(50)) + "n/a,y\n"
    column, other = make(client, body.encode(), name="Almost", plan="true", status=200).json["columns"]
    assert column["type"] == "string" and column["almost"] == {"type": "number", "others": ["n/a"]}
    assert "almost" not in other


def test_a_plan_judges_all_rows_where_the_client_says_types(client):
    body = b"a,b\n" + b"1,2\n" * 1500 + b"x,3\n4\n"
    planned = make(client, body, name="Judged", plan="true", status=200, fields='{"a": "integer"}').json
    assert (planned["judged"], planned["refused_count"], len(planned["sample"])) == (1502, 2, 20)
    assert [(row["number"], row["line"], row["raw"]) for row in planned["refused"]] == [
        (1500, 1502, "x,3"),
        (1501, 1503, "4"),
    ]


@pytest.mark.parametrize(
    ("content_type", "whole"),
    [
        ("text/csv", b'a,b\n1,"x"\n2,"y, z"\n3,"\xc3\xa4"\n'),
        ("application/x-ndjson", b'{"a": 1, "b": "x"}\n{"a": 2, "b": "y, z"}\n{"a": 3, "b": "\xc3\xa4"}\n'),
        ("application/json", b'[{"a": 1, "b": "x"}, {"a": 2, "b": "y, z"}, {"a": 3, "b": "\xc3\xa4"}]'),
    ],
)
def test_the_plan_of_a_part_of_a_file(client, content_type, whole):
    """Wherever the file is cut, but within a character, the rows that are there as a whole tell the types."""
    for end in range(whole.index(b"3") + 1, len(whole) - 1):
        if whole[end - 1] == 0xC3:
            continue
        planned = make(client, whole[:end], content_type=content_type, name="Part", plan="part", status=200).json
        assert planned["rows"] >= 2 and planned["sample"][1] == {"id": None, "a": 2, "b": "y, z"}, whole[:end]
    xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    make(client, b"PK", content_type=xlsx, name="Part", plan="part", status=400)


def test_good_rows_of_a_file(client):
    path, body = "/table/?from=file&name=Good&fields=" + quote('{"a": "integer"}'), b"a,b\n1,x\nz,y\n3\n4,z\n"
    send = {"body": body, "content_type": "text/csv"}
    client.send("POST", path, status=422, **send)
    made = client.send("POST", path, status=201, prefer="handling=lenient", **send).json
    assert (made["rows"], made["refused_count"]) == (2, 2)
    assert [(row["line"], row["raw"], row["errors"][0]["pointer"]) for row in made["refused"]] == [
        (3, "z,y", "/1/a"),
        (4, "3", "/2"),
    ]
    assert [row["a"] for row in client.get("/table/Good/rows/?order=id")] == [1, 4]
    many = b"a,b\n" + b"1,x\n" * 2500 + b"z,y\n"
    made = client.send(
        "POST", path.replace("Good", "Better"), body=many, content_type="text/csv", prefer="handling=lenient"
    )
    assert (made.json["rows"], made.json["refused"][0]["number"]) == (2500, 2500)


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
    column = {"name": "\\ud800", "field": "column 1", "type": "integer", "nulls": 0, "samples": ["1"]}
    assert made["columns"][0] == column


def test_corrections(client):
    fields = {"zip": "integer", "Name": {"name": "who", "type": "text", "required": True}, "when": None}
    said = {"fields": json.dumps(fields), "null": "NA,-"}
    body = b"Name,zip,when,at\nA,NA,x,2026-01-31 12:00\nB,00002,y,-\n"
    made = make(client, body, name="Corrected", timezone="Europe/Berlin", **said).json["definition"]["fields"]
    assert made["who"]["required"] and made["zip"]["type"] == "integer" and list(made) == ["who", "zip", "at"]
    rows = client.get("/table/Corrected/rows/?order=id")
    assert rows[0] == {"id": 1, "who": "A", "zip": None, "at": "2026-01-31T11:00:00Z"} and rows[1]["zip"] == 2


def test_corrections_of_columns_that_share_a_name_or_have_none(client):
    fields = {"column 2": {"name": "second"}, "column 3": None}
    made = make(client, b"a,a,,b\n1,2,3,4\n", name="Places", fields=json.dumps(fields)).json
    assert [column["field"] for column in made["columns"]] == ["a", "second", None, "b"]


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
