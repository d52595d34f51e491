"""CSV and NDJSON, in and out."""

import csv
import io
import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import fixed_dictionaries, none, one_of

from tests.every_type import written_types
from tests.web.client import Client

CSV, NDJSON = "text/csv", "application/x-ndjson"
FIELDS = {
    "sku": {"type": "string", "unique": True},
    "name": {"type": "string", "required": True},
    "n": {"type": "integer", "default": 5},
}


@pytest.fixture
def rows(client) -> str:
    return client.table(FIELDS) + "rows/"


def post(client, path, body, kind=CSV, status=201, **headers):
    return client.send("POST", path, body=body.encode(), content_type=kind, status=status, **headers)


def test_csv_in(client, rows):
    body = 'name,sku\r\n"Fish, ""fresh""",a\r\nTwo\nlines,""\nNULL,\n'.replace("Two\nlines", '"Two\nlines"')
    answer = post(client, rows, body)
    assert answer.json == [
        {"id": 1, "sku": "a", "name": 'Fish, "fresh"', "n": 5},
        {"id": 2, "sku": "", "name": "Two\nlines", "n": 5},
        {"id": 3, "sku": None, "name": "NULL", "n": 5},
    ]
    assert answer.headers["Content-Type"] == "application/json"
    answer = post(client, rows, "\ufeffid,name,n\n70,x,7", prefer="return=minimal, count=exact")
    assert (answer.body, answer.headers["Content-Range"]) == (b"", "0-0/1")
    assert client.get(f"{rows}70/")["n"] == 7
    assert post(client, rows, "name,n\n").json == []


def test_ndjson_in(client, rows):
    assert [row["name"] for row in post(client, rows, '{"name": "a"}\n\n{"name": "b"}', NDJSON).json] == ["a", "b"]
    assert post(client, rows, "", NDJSON).json == []
    codes = refused(client, rows, '{"name": "a"}\n{"name"\n3\n{"name": 1}\n{"name":"a","name":"b"}\n', NDJSON)
    assert codes == ["/1 malformed_line", "/2 wrong_type", "/3/name wrong_type", "/4 malformed_line"]


def refused(client, rows, body, kind=CSV, code="validation", status=422, **headers):
    answer = client.refused(
        "POST",
        rows,
        body=body.encode() if isinstance(body, str) else body,
        content_type=kind,
        status=status,
        code=code,
        **headers,
    )
    return [f"{error['pointer']} {error['code']}" for error in answer.json.get("errors", ())]


def test_faults(client, rows):
    found = refused(client, rows, "name,n,id\na,x,1\nb\n,1,\nc,1,x\nd,1,0\n")
    assert found == [
        "/0/n invalid_format",
        "/1 malformed_line",
        "/2/name required",
        "/3/id invalid_format",
        "/4/id out_of_range",
    ]
    assert refused(client, rows, "name,nope\n" + "a,b\n" * 9) == ["/nope unknown_field"]
    for body in (
        "",
        "\n",
        "name,name\na,b\n",
        ",\na,b\n",
        'name\n"open\n',
        'name\na"b\n',
        'name\n"a"b\n',
        b"name\n\xff\n",
    ):
        assert refused(client, rows, body, code="malformed_csv", status=400) == []
    for kind in ("text/csv; charset=klingon", "text/csv; header=perhaps", "text/csv; bom=1", "text/plain"):
        refused(client, rows, "name\na\n", kind, code="unsupported_media_type", status=415)
    refused(client, rows, "sku,name\na,a\na,b\n", code="unique_violation", status=409)


@pytest.mark.parametrize("face", ["/table/1/rows/", "/rest/T"])
def test_answers_do_not_grow_with_names_that_are_sent(app, face):
    app.post_json("/table/", {"model_name": "T", "fields": {"n": "integer"}}, status=201)
    name = "é" * 100_000
    for body in (f"{name}\n1\n", f"{name},{name}\n1,2\n", f"n.{name}\n1\n"):
        answer = app.post(face, body.encode(), headers={"Content-Type": "text/csv"}, expect_errors=True)
        assert answer.status_int in (400, 422) and len(answer.body) < 30_000, (answer.status, len(answer.body))


def test_dialects(client):
    rows = client.table({"name": "text", "price": {"type": "decimal", "scale": 2}, "n": "number"}) + "rows/"
    body = "name;price;n\nTür;1.234,50;0,5\n'a;b';7,00;\n".encode("cp1252")
    kind = """text/csv; charset=windows-1252; delimiter=";"; quote=' ; decimal=","; thousands=."""
    answer = client.send("POST", rows, body=body, content_type=kind, status=201)
    assert "Content-Guessed" not in answer.headers
    stored = [("Tür", "1234.50", 0.5), ("a;b", "7.00", None)]
    assert [(row["name"], row["price"], row["n"]) for row in answer.json] == stored
    answer = client.send("POST", rows, body=body, content_type="text/csv; dialect=detect", status=201)
    assert answer.headers["Content-Guessed"] == (
        """charset=windows-1252, quote=', delimiter=";", decimal=",", thousands=."""
    )
    assert [(row["name"], row["price"], row["n"]) for row in answer.json] == stored
    # Names of columns that have none, and numbers in another way of writing than the file's.
    post(client, f"{rows}?columns=n,name", "1,x\n", "text/csv; header=absent")
    assert refused(client, rows, "price\n1.5\n", 'text/csv; decimal=","') == ["/0/price invalid_format"]
    refused(client, f"{rows}?columns=n", "1,x\n", "text/csv; header=absent", status=400, code="malformed_csv")
    # Words for null; in answers they have no meaning.
    body = 'name,n\nNULL,1\n"a, b",n/a\n"","NULL"\n'
    shown = post(client, f"{rows}?select=name,n", body, 'text/csv; null="NULL,n/a"')
    assert [(row["name"], row["n"]) for row in shown.json] == [(None, 1), ("a, b", None), ("", None)]
    detected = post(client, f"{rows}?select=n", "n;name\n1,5;a\nn/a;b\n", 'text/csv; dialect=detect; null="n/a"')
    assert [row["n"] for row in detected.json] == [1.5, None]
    client.refused("GET", rows, accept='text/csv; null="-"', status=406, code="not_acceptable")
    # Answers in a dialect.
    accept = 'text/csv; delimiter=";"; decimal=","; charset=utf-16; header=absent'
    answer = client.send("GET", f"{rows}?select=price,n,name&limit=2&order=id", accept=accept, status=200)
    assert answer.body.decode("utf-16") == '1234,50;0,5;Tür\r\n7,00;;"a;b"\r\n'
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-16; header=absent"
    for accept in ("text/csv; charset=windows-1252", "text/csv; dialect=detect", "text/csv; delimiter=ab"):
        client.refused("GET", rows, accept=accept, status=406, code="not_acceptable")


def test_faults_are_counted_over_all_parts(client, rows):
    body = "name,n\n" + "a,1\n" * 1500 + "a,x\n" * 1500 + ",1\n" * 1500
    answer = client.refused("POST", rows, body=body.encode(), content_type=CSV, status=422, code="validation")
    assert answer.json["error_count"] == 3000
    assert [error["pointer"] for error in answer.json["errors"]] == [f"/{number}/n" for number in range(1500, 1600)]


def test_many_rows(client, rows):
    count = 2500
    lines = "".join(json.dumps({"sku": str(n), "name": "x" * 50}) + "\n" for n in range(count))
    answer = post(client, rows, lines, NDJSON)
    assert [row["sku"] for row in answer.json] == [str(n) for n in range(count)]
    merge = {"prefer": "resolution=merge-duplicates, return=minimal"}
    post(client, f"{rows}?on_conflict=sku", "sku,n\n" + "".join(f"{n},6\n" for n in range(count)), status=204, **merge)
    assert {row["n"] for row in client.get(rows)} == {6}
    body = "sku,n\n" + "".join(f"{n % 2000},7\n" for n in range(2001))
    assert refused(client, f"{rows}?on_conflict=sku", body, **merge) == ["/2000 duplicate_item"]
    for kind, read in (
        (CSV, lambda text: list(csv.DictReader(io.StringIO(text)))),
        (NDJSON, lambda text: [json.loads(line) for line in text.splitlines()]),
    ):
        for query in ("", "?n=eq.6"):
            answer = client.send("GET", f"{rows}{query}", accept=kind, status=200)
            assert answer.content_type == kind
            assert [row["sku"] for row in read(answer.text)] == [str(n) for n in range(count)]


def test_columns_and_rollback(client, rows):
    post(client, f"{rows}?columns=name&select=name", "name,junk\na,1\n", prefer="tx=rollback")
    assert client.get(rows) == []
    assert post(client, f"{rows}?columns=name&select=name", "name,junk\na,1\n").json == [{"name": "a"}]


def test_out(client, rows):
    client.send("POST", rows, [{"sku": "", "name": 'a "b", c'}, {"sku": None, "name": "é\n", "n": None}], status=201)
    answer = client.send("GET", rows, accept=CSV, status=200)
    assert answer.text == 'id,sku,name,n\r\n1,"","a ""b"", c",5\r\n2,,"é\n",\r\n'
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Vary"].split(", ")[0] == "Accept"
    answer = client.send("GET", f"{rows}?select=who:name,n&limit=1", accept=CSV, status=200)
    assert answer.text == 'who,n\r\n"a ""b"", c",5\r\n'
    assert "_after=" in answer.headers["Link"]
    answer = client.send("GET", f"{rows}?select=id,n&order=id.desc", accept=NDJSON, status=200)
    assert answer.text == '{"id":2,"n":null}\n{"id":1,"n":5}\n'
    assert client.send("GET", f"{rows}?id=eq.9", accept=CSV, status=200).text == "id,sku,name,n\r\n"
    assert client.send("GET", f"{rows}?id=eq.9&limit=1", accept=NDJSON, status=200).text == ""
    client.send("GET", f"{rows}1/", accept=CSV, status=406)
    client.send("POST", rows, {"name": "x"}, accept=CSV, status=406)
    query = rows.replace("/rows/", "/query/")
    assert client.send("POST", query, {"select": ["n"]}, accept=CSV, status=200).text == "n\r\n5\r\n\r\n"


def test_every_type_comes_back(client):
    examples = {}
    fields = {}
    for number, (name, (options, strategy)) in enumerate(written_types().items()):
        fields[f"f{number}"] = {"type": name, **options}
        examples[f"f{number}"] = strategy
    rows = client.table(fields) + "rows/"
    documents = fixed_dictionaries({name: one_of(none(), strategy) for name, strategy in examples.items()})

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(documents)
    def comes_back(document):
        # A strategy may give what is sent together with what is answered.
        document = {name: value[0] if isinstance(value, tuple) else value for name, value in document.items()}
        row = client.send("POST", rows, document, status=201).json
        # Not by send(), whose check takes texts that Hypothesis finds in our code for our insides.
        sent = client.app.get(f"{rows}?id=eq.{row['id']}", headers={"Accept": CSV}, status=200).body
        path = f"{rows}?columns={','.join(fields)}"
        [copy] = client.send("POST", path, body=sent, content_type=CSV, status=201).json
        assert {**copy, "id": 0} == {**row, "id": 0}

    comes_back()


def test_a_body_beyond_the_limit(make_app):
    client = Client(make_app(**{"dynmodel.max_body_size": "100"}))
    rows = client.table({"name": "string"}) + "rows/"
    refused(client, rows, "name\n" + "x" * 100, code="payload_too_large", status=413)


def test_columns_without_a_name(client, rows):
    assert post(client, f"{rows}?select=name,n", " name ,n,,\na,1,,\n,,,\n", status=422).json["error_count"] == 1
    assert post(client, f"{rows}?select=name,n", ",name ,n,\n,a,1,\n").json == [{"name": "a", "n": 1}]
    assert refused(client, rows, ",name\n0,a\n,b\n1,c\n") == ["/0/column 1 unknown_field", "/2/column 1 unknown_field"]
    assert post(client, f"{rows}?columns=name&select=name", ",name\n0,a\n").json == [{"name": "a"}]
    path = client.table({"column 1": "integer", "name": "string"})
    assert post(client, f"{path}rows/", ",name\n0,a\n").json == [{"id": 1, "column 1": 0, "name": "a"}]
