"""Bodies that are no JSON documents, or none that anybody should take: the same refusal wherever a body is read."""

import json

import pytest

BODIES = {
    "POST": ["/table/", "/table/1/rows/", "/table/1/row/"],
    "PUT": ["/table/1/", "/table/1/rows/1", "/table/1/row/"],
    "PATCH": ["/table/1/", "/table/1/rows/1"],
}
EVERYWHERE = [(method, path) for method, paths in BODIES.items() for path in paths]

MALFORMED = {
    "empty": b"",
    "blank": b"  \r\n\t",
    "word": b"nothing",
    "python": b"{'a': None}",
    "cut object": b'{"name": "x"',
    "cut string": b'{"name": "x',
    "cut escape": b'{"name": "\\u12',
    "cut literal": b"nul",
    "cut array": b"[",
    "comma at the end": b'{"name": "x",}',
    "comma in an array": b"[1,]",
    "two documents": b"{}{}",
    "rubbish at the end": b"{} x",
    "comment": b"{} // x",
    "single quotes": b"{'name': 'x'}",
    "bare key": b'{name: "x"}',
    "number as key": b'{1: "x"}',
    "leading zero": b'{"amount": 01}',
    "plus": b'{"amount": +1}',
    "dot": b'{"price": .5}',
    "dot at the end": b'{"price": 5.}',
    "hexadecimal": b'{"amount": 0x1}',
    "NaN": b'{"price": NaN}',
    "Infinity": b'{"price": Infinity}',
    "-Infinity": b'{"extra": [-Infinity]}',
    "control character": b'{"name": "a\nb"}',
    "NUL": b'{"name": "a\0b"}',
    "NUL outside": b'{"name": "x"}\0',
    "bad escape": b'{"name": "\\x41"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "UTF-32": '{"name": "x"}'.encode("utf-32-le"),
    "Latin-1": '{"name": "é"}'.encode("latin-1"),
    "surrogate in UTF-8": b'{"name": "\xed\xa0\x80"}',
    "overlong UTF-8": b'{"name": "\xc0\x80"}',
    "cut UTF-8": b'{"name": "\xe2\x82"}',
    "byte": b"\xff",
    "form": b"name=x&amount=1",
    "XML": b"<name>x</name>",
    "CSV": b"name,amount\nx,1\n",
    "binary": bytes(range(256)),
    "5000 digits": b'{"amount": ' + b"9" * 5000 + b"}",
    "100000 levels": b'{"extra": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "100000 objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "100000 openings": b"[" * 100_000,
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_malformed(client, things, kind):
    for method, path in EVERYWHERE:
        answer = client.refused(method, path, status=400, code="malformed_json", body=MALFORMED[kind])
        assert ("Definition-Version" in answer.headers) == (path != "/table/")


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "x", "name": "x"}',
        b'{"model_name": "A", "fields": {}, "fields": {}}',
        b'{"fields": {"a": "string", "a": "text"}}',
        b'{"fields": {"a": {"type": "string", "type": "string"}}}',
        b'{"extra": {"deep": [{"a": 1, "b": 2, "a": 1}]}}',
        b'[{"name": "x"}, {"name": "x", "name": null}]',
        b'{"\\u0061": 1, "a": 2}',
    ],
)
def test_duplicate_keys(client, things, body):
    for method, path in EVERYWHERE:
        answer = client.refused(method, path, status=400, code="duplicate_key", body=body)
        assert "twice" in answer.json["detail"]


@pytest.mark.parametrize("document", [None, True, False, 0, 1.5, "", "text", [], [[]], [None], ["a"], [[{}]]])
def test_document_of_another_type(client, things, document):
    for method, path in EVERYWHERE:
        if path.endswith(("rows/", "row/")):
            if document == []:
                assert client.send(method, path, document, status=201).json == []
            else:
                pointer = "/0" if isinstance(document, list) else ""
                client.refused(method, path, document, status=422, code=f"{pointer} wrong_type")
        else:
            client.refused(method, path, document, status=422, code=" wrong_type")


@pytest.mark.parametrize("levels", [102, 198, 201, 990])
def test_deep(client, things, levels):
    """Up to 200 levels a document is read, and its value refused (tests/web/test_nesting.py: nothing comes deeper)."""
    arrays = b"[" * levels + b"]" * levels
    objects = b'{"a":' * levels + b"1" + b"}" * levels
    for value in (arrays, objects):
        for method, path, body in (
            ("POST", "/table/", b'{"model_name": "D", "fields": {"j": {"type": "json", "default": %s}}}'),
            ("PUT", "/table/1/", b'{"fields": {"j": {"type": "json", "default": %s}}}'),
            ("PATCH", "/table/1/", b'{"fields": {"extra": {"default": %s}}}'),
            ("PATCH", "/table/1/", b'{"label": %s}'),
            ("PATCH", "/table/1/", b"%s"),
            ("PUT", "/table/1/", b'{"fields": {"a": {"type": "string", "choices": %s}}}'),
            ("POST", "/table/1/rows/", b'{"extra": %s}'),
            ("POST", "/table/1/rows/", b"%s"),
            ("PATCH", "/table/1/rows/1", b'{"extra": %s}'),
            ("PATCH", "/table/1/rows/1", b'{"name": %s}'),
        ):
            before = client.stored()
            answer = client.send(method, path, body=body % value)
            assert answer.status_int in (400, 422), (method, path, levels)
            assert client.stored() == before


def test_as_deep_as_allowed(client):
    deepest = json.loads("[" * 99 + '{"a": null}' + "]" * 99)
    path = client.table({"j": {"type": "json", "default": deepest}})
    assert client.get(path)["fields"]["j"]["default"] == deepest
    assert client.row(path, {}) == {"id": 1, "j": deepest}
    assert client.row(path, {"j": deepest}) == {"id": 2, "j": deepest}
    assert client.get(f"{path}rows/?limit=1")[0]["j"] == deepest
    assert client.send("PATCH", path, {"fields": {"j": {"default": deepest}}}, status=200).json["version"] == 1
