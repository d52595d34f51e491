"""Bodies of rows at both faces: media types and their parameters, texts, bounds, and more rows than one part."""

import gzip
import io
import json
from functools import partial

import pytest

from dynmodel_pyramid.rows.staging import PART
from tests.web.client import Client
from tests.web.face import Face

CSV, NDJSON, JSON, FORM = "text/csv", "application/x-ndjson", "application/json", "application/x-www-form-urlencoded"
REPRESENTATION = "return=representation"
FIELDS = {"s": "string", "n": "integer"}
BODIES = {CSV: b"s,n\na,1\n", NDJSON: b'{"s": "a", "n": 1}\n', JSON: b'[{"s": "a", "n": 1}]', FORM: b"s=a&n=1"}


@pytest.fixture
def both(client):
    """The rows of an empty table, and the other face of it."""
    table = client.table(FIELDS)
    client.name = client.get(table)["model_name"]
    return f"{table}rows/", Face(client.app)


def sent(client, both, body, kind, **headers):
    """The answers of both faces: status, and the rows that are stored or the code."""
    rows, face = both
    own, found = headers, []
    other = {name.title(): value for name, value in headers.items()}
    senders = [
        lambda: client.send("POST", rows, body=body, content_type=kind, **own),
        lambda: face.send("POST", client.name, body=body, Content_Type=kind, **other),
    ]
    for sender in senders[kind.startswith(FORM) : 1 if kind.startswith(NDJSON) else 2]:
        answer = sender()
        if answer.status_int == 201:
            stored = client.get(f"{rows}?select=s,n&order=id")
            found.append([(row["s"], row["n"]) for row in stored])
            client.send("DELETE", f"{rows}?id=gt.0", status=204)
        else:
            assert client.get(rows) == []
            found.append(answer.json["code"])
    return found


def refused(client, both, body, kind):
    """The codes at both faces."""
    found = sent(client, both, body, kind)
    assert all(isinstance(each, str) for each in found), found
    return found


@pytest.mark.parametrize("kind", BODIES)
def test_parameters(client, both, kind):
    body = BODIES[kind]
    for parameters in ("", ";charset=utf-8", '; Charset="UTF-8"', " ; charset=utf8 ;", "; charset=us-ascii"):
        assert set(map(str, sent(client, both, body, kind + parameters))) == {"[('a', 1)]"}
    for parameters in ("; charset=latin-1", '; charset="iso-8859-1"'):
        if kind == CSV:
            assert set(map(str, sent(client, both, body, kind + parameters))) == {"[('a', 1)]"}
        else:
            assert set(refused(client, both, body, kind + parameters)) <= {"unsupported_media_type", "PGRST102"}
    for parameters in (";charset=klingon", ";charset=utf-8; charset=x"):
        assert set(refused(client, both, body, kind + parameters)) <= {"unsupported_media_type", "PGRST102"}
    for parameters in ("; columns=s", "; header=present; x=y", ";="):
        if kind in (CSV, NDJSON):
            assert set(refused(client, both, body, kind + parameters)) <= {"unsupported_media_type", "PGRST102"}
        else:
            assert [("a", 1)] in sent(client, both, body, kind + parameters)
    assert set(map(str, sent(client, both, body, f"{kind}; header=present"))) == {"[('a', 1)]"}


def test_documents_have_no_other_charset(client, both):
    rows, face = both
    row = client.send("POST", rows, {"s": "a"}, status=201).json["id"]
    for method, path in (("PUT", f"{rows}{row}"), ("PATCH", f"{rows}{row}"), ("PATCH", f"{rows}?id=eq.{row}")):
        client.refused(
            method, path, body=b'{"s": "b"}', content_type="application/json; charset=latin-1", status=415,
            code="unsupported_media_type",
        )  # fmt: skip
    path = f"{client.name}?id=eq.{row}"
    face.refused("PATCH", path, 400, "PGRST102", body=b'{"s": "b"}', Content_Type="application/json; charset=latin-1")


@pytest.mark.parametrize("kind", [CSV, NDJSON, JSON])
def test_marks(client, both, kind):
    body = b"\xef\xbb\xbf" + BODIES[kind]
    assert set(map(str, sent(client, both, body, kind))) == {"[('a', 1)]"}
    in_utf_16 = BODIES[kind].decode().encode("utf-16")
    if kind == CSV:
        assert set(map(str, sent(client, both, in_utf_16, kind))) == {"[('a', 1)]"}
        kind = f"{CSV}; charset=utf-8"
    assert set(refused(client, both, in_utf_16, kind)) <= {
        *("malformed_json", "malformed_csv", "validation", "PGRST102", "PGRST204"),
    }


def test_names_that_stand_twice(client, both):
    assert refused(client, both, b"s,n,s\na,1,b\n", CSV) == ["malformed_csv", "PGRST102"]
    assert refused(client, both, b"s=a&n=1&s=b", FORM) == ["PGRST102"]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b"s,n\ra,1\rb,2\r", [("a", 1), ("b", 2)]),
        (b"s,n\r\na,1\r\nb,2", [("a", 1), ("b", 2)]),
        (b"s,n\na,1\n\n\n", [("a", 1)]),
        (b"s,n\r\na,1\r\n\r\n", [("a", 1)]),
        (b'"s","n"\n"a\r\nb, ""c""","1"\n', [('a\r\nb, "c"', 1)]),
        (b'n,s\n1," a "\n', [(" a ", 1)]),
        (b"s,n\n", []),
        (b"s,n\n\n", []),
    ],
)
def test_csv_texts(client, both, body, wanted):
    assert sent(client, both, body, CSV) == [wanted, wanted]


@pytest.mark.parametrize(
    "body",
    [
        b"s,n\na\n", b"s,n\na,1,2\n", b's,n\n"a,1\n', b's,n\na"b,1\n', b"s,n\na,1\rb,2\n", b"s,n\n\0,1\n", b"", b"\n",
        b"s,n\n\xff,1\n", b"nope,n\na,1\n", b"s,n\na,x\n", b's,n\n"a"b,1\n',
    ],
)  # fmt: skip
def test_csv_that_is_refused(client, both, body):
    refused(client, both, body, CSV)


def test_an_empty_line_amid_rows(client, both):
    own, other = sent(client, both, b"s,n\na,1\n\nb,2\n", CSV)
    assert (own, other) == ("validation", [("a", 1), ("b", 2)])


def test_one_column(client, both):
    """An empty line is a value there; at the other face null is written out."""
    assert sent(client, both, b"s\na\n\n", CSV) == [[("a", None), (None, None)], [("a", None)]]


@pytest.mark.parametrize("count", [PART, PART + 1, 2 * PART + 500])
def test_more_than_one_part(client, both, count):
    rows, face = both
    documents = [{"s": f"x{number}", "n": number} for number in range(count)]
    answer = client.send("POST", f"{rows}?select=n,s", documents, status=201, prefer="count=exact")
    assert answer.json == documents and answer.headers["Content-Range"] == f"0-{count - 1}/{count}"
    client.send("DELETE", f"{rows}?id=gt.0", status=204)
    shown = face.send("POST", f"{client.name}?select=n,s", documents, Prefer=REPRESENTATION)
    assert (shown.status_int, shown.json) == (201, documents)
    path = f"{client.name}?select=n&order=n.desc"
    shown = face.send("POST", path, documents, Prefer=f"{REPRESENTATION},tx=rollback")
    assert [row["n"] for row in shown.json] == list(range(count))[::-1]
    shown = face.send("POST", f"{client.name}?select=count()", documents, Prefer=f"{REPRESENTATION},tx=rollback")
    assert shown.json == [{"count": count}]
    shown = face.send(
        "POST", f"{client.name}?select=s,n", documents, Prefer=f"{REPRESENTATION},tx=rollback", Accept=CSV
    )
    assert shown.text == "s,n\n" + "\n".join(f"x{number},{number}" for number in range(count))
    single = "application/vnd.pgrst.object+json"
    told = face.refused("POST", client.name, 406, "PGRST116", documents, Prefer=REPRESENTATION, Accept=single)
    assert told["details"] == f"The result contains {count} rows"
    assert len(client.get(f"{rows}?select=id")) == count


def test_merging_more_than_one_part(client):
    table = client.table({"s": {"type": "string", "unique": True}, "n": "integer"})
    rows, name = f"{table}rows/", client.get(table)["model_name"]
    for number, face in enumerate((None, Face(client.app))):
        documents = [{"s": f"x{each}", "n": number} for each in range(PART + 200)]
        headers = {"prefer": "resolution=merge-duplicates, return=minimal"}
        if face is None:
            client.send("POST", f"{rows}?on_conflict=s", documents, status=201, **headers)
        else:
            face.send("POST", f"{name}?on_conflict=s", documents, Prefer=headers["prefer"])
        assert [row["n"] for row in client.get(f"{rows}?select=n")] == [number] * (PART + 200)


def test_faults_in_a_late_part(client, both):
    good = [{"s": "a", "n": 1}] * (2 * PART)
    faulty = json.dumps([*good, {"s": 1}]).encode()
    answer = client.refused("POST", both[0], body=faulty, status=422, code=f"/{2 * PART}/s wrong_type")
    assert answer.json["error_count"] == 1
    late = json.dumps([{"s": 1}, *good])
    for end, code in (("", "malformed_json"), (', {"s": 1, "s": 2}]', "duplicate_key"), (", {]", "malformed_json")):
        client.refused("POST", both[0], body=(late[:-1] + end).encode(), status=400, code=code)
    for end in ("", ", {]", "] x"):
        both[1].refused("POST", client.name, 400, "PGRST102", body=(late[:-1] + end).encode(), Content_Type=JSON)
    both[1].refused("POST", client.name, 400, "PGRST102", [*good, {"s": "b"}])
    assert client.get(both[0]) == []


def test_documents_are_bounded(make_app):
    app = make_app(**{"dynmodel.max_document_size": "300"})
    client, face = Client(app), Face(app)
    table = client.table(FIELDS)
    rows, name = f"{table}rows/", client.get(table)["model_name"]
    short, long = {"s": "x" * 100, "n": 1}, {"s": "x" * 400, "n": 1}
    assert len(client.send("POST", rows, [short] * 50, status=201).json) == 50
    assert face.send("POST", name, [short] * 50).status_int == 201
    lines = json.dumps(short) + "\n" + json.dumps(long)
    for body, kind in (
        (json.dumps([short, long]).encode(), JSON),
        (json.dumps(long).encode(), JSON),
        (lines.encode(), NDJSON),
        (b"s,n\nx,1\n" + b"x" * 400 + b",1\n" + b"y,2\n" * 100_000, CSV),
    ):
        before = client.get(f"{rows}?select=id")
        client.send("POST", rows, body=body, content_type=kind, status=413)
        if kind != NDJSON:
            face.refused("POST", name, 413, "PGRST102", body=body, Content_Type=kind)
        assert client.get(f"{rows}?select=id") == before
    client.send("PATCH", f"{rows}1", long, status=413)
    face.refused("PATCH", f"{name}?id=eq.1", 413, "PGRST102", long)
    client.send("POST", "/table/", {"model_name": "Long", "fields": {}, "description": "x" * 300}, status=413)
    client.send("POST", table + "query/", {"where": {"s": {"eq": "x" * 300}}}, status=413)


@pytest.mark.parametrize("kind", BODIES)
def test_gzip(client, both, kind):
    whole = gzip.compress(BODIES[kind])
    for encoding in ("gzip", "x-gzip", "GZIP "):
        assert set(map(str, sent(client, both, whole, kind, content_encoding=encoding))) == {"[('a', 1)]"}
    for broken in (whole[:-9], whole[:12], BODIES[kind], whole + b"junk"):
        found = sent(client, both, broken, kind, content_encoding="gzip")
        assert set(found) <= {"malformed_gzip", "PGRST102"}, (broken, found)
    # A body of two members is one body (RFC 1952, 2.2).
    half = gzip.compress(BODIES[kind][:5]) + gzip.compress(BODIES[kind][5:])
    assert set(map(str, sent(client, both, half, kind, content_encoding="gzip"))) == {"[('a', 1)]"}


def test_gzip_of_one_document(client, both):
    rows, face = both
    body = gzip.compress(b'{"s": "a", "n": 1}')
    made = client.send("POST", rows, body=body, content_encoding="gzip", status=201).json
    assert (made["s"], made["n"]) == ("a", 1)
    changed = gzip.compress(b'{"s": "b"}')
    assert client.send("PATCH", f"{rows}{made['id']}", body=changed, content_encoding="gzip").json["s"] == "b"
    headers = {"Content_Encoding": "gzip", "Content_Type": JSON, "Prefer": REPRESENTATION}
    assert face.send("POST", client.name, body=body, **headers).json[0]["s"] == "a"
    assert face.send("PATCH", f"{client.name}?id=eq.{made['id']}", body=changed, **headers).json[0]["s"] == "b"
    client.send("DELETE", f"{rows}?id=gt.0", status=204)


def test_gzip_of_more_than_one_part(client, both):
    rows, face = both
    count = PART * 2 + 10
    body = gzip.compress(b"s,n\n" + b"".join(b"a,%d\n" % number for number in range(count)))
    for send in (
        lambda: client.send(
            "POST", rows, body=body, content_type=CSV, content_encoding="gzip", prefer="return=minimal"
        ),
        lambda: face.send("POST", client.name, body=body, Content_Type=CSV, Content_Encoding="gzip"),
    ):
        assert send().status_int == 201
        assert client.get(f"{rows}?select=count(),n.max()") == [{"count": count, "max": count - 1}]
        client.send("DELETE", f"{rows}?id=gt.0", status=204)


def test_what_comes_out_of_gzip_is_bounded(make_app):
    """One kilobyte may stand for one megabyte."""
    app = make_app(**{"dynmodel.max_body_size": "100000", "dynmodel.max_document_size": "5000"})
    client, face = Client(app), Face(app)
    table = client.table(FIELDS)
    rows, name = f"{table}rows/", client.get(table)["model_name"]
    headers = {"content_encoding": "gzip"}
    for body, kind in (
        (b"s,n\n" + b"x,1\n" * 50_000, CSV),
        (b"[" + b'{"s":"x","n":1},' * 20_000 + b'{"s":"x","n":1}]', JSON),
        (b"[" + b" " * 10_000_000, JSON),
        (b'{"s": "' + b"x" * 50_000 + b'"}', JSON),
        (b'{"s":"x"}\n' * 50_000, NDJSON),
    ):
        packed = gzip.compress(body)
        assert len(packed) < 20_000
        # Lines of NDJSON before the bound are read; the rest is not.
        client.refused("POST", rows, body=packed, content_type=kind, status=413, code="payload_too_large", **headers)
        if kind != NDJSON:
            face.refused("POST", name, 413, "PGRST102", body=packed, Content_Type=kind, Content_Encoding="gzip")
    bomb = gzip.compress(b"{" + b" " * 10_000_000 + b"}")
    client.send("PATCH", f"{rows}1", body=bomb, status=413, **headers)
    client.send("POST", "/table/", body=bomb, status=413, **headers)
    face.refused("PATCH", f"{name}?id=eq.1", 413, "PGRST102", body=bomb, Content_Encoding="gzip")
    assert client.get(rows) == []


def test_keys_of_an_object_are_bounded(client, both):
    rows, face = both
    for many in ({f"k{number}": 1 for number in range(10_001)}, {"s": {str(number): 1 for number in range(10_001)}}):
        for document in (many, [{"s": "a"}, many]):
            answer = client.refused("POST", rows, document, status=413, code="payload_too_large")
            assert "an object has more than 10000 keys" in answer.json["detail"] and answer.json["hint"]
            face.refused("POST", client.name, 413, "PGRST102", document)
    line = json.dumps({f"k{number}": 1 for number in range(10_001)}).encode()
    client.send("POST", rows, body=line, content_type=NDJSON, status=413)
    assert client.get(rows) == []
    few = {f"k{number}": 1 for number in range(10_000)}
    answer = client.refused("POST", rows, [few], status=422, code="/0/k0 unknown_field")
    assert answer.json["error_count"] == 10_000


class Redefining(io.BytesIO):
    """A body during whose reading a definition is changed, once."""

    def __init__(self, data, change):
        super().__init__(data)
        self.change = change

    def read(self, *size):
        if self.change is not None:
            change, self.change = self.change, None
            change()
        return super().read(*size)


@pytest.mark.parametrize("face", ["table", "rest"])
@pytest.mark.parametrize("count", [PART, PART + 1])
def test_rows_are_judged_again_when_the_definition_has_changed(fresh, face, count):
    table = fresh.table({"s": "string"}, "Changing")
    path = f"{table}rows/" if face == "table" else "/rest/Changing"

    def send(document, fields):
        body = json.dumps([document] * count).encode()
        change = partial(fresh.app.patch_json, table, {"fields": fields})
        environ = {"wsgi.input": Redefining(body, change)}
        headers = {"Content-Type": JSON, "Content-Length": str(len(body)), "Prefer": "return=minimal"}
        return fresh.app.request(path, method="POST", headers=headers, environ=environ, expect_errors=True).status_int

    assert send({"s": "abc", "m": 1}, {"m": "integer"}) == 201
    assert len(fresh.get(f"{table}rows/?m=eq.1&select=id")) == count
    assert send({"s": "abcd"}, {"s": {"max_length": 3}}) in (400, 422)
    assert len(fresh.get(f"{table}rows/?select=id")) == count
