"""Numbers as clients write them: what is read may be written back, and no digit is lost in silence."""

import json
from urllib.parse import quote

import pytest

from dynmodel_pyramid.testing.values import same_json
from tests.web.reading import by_javascript

FIELDS = {"n": "number", "i": "integer", "j": "json"}


@pytest.fixture
def numbers(fresh) -> str:
    return fresh.table(FIELDS, "Numbers")


def test_a_float_comes_back_as_javascript_and_go_write_it(fresh, numbers):
    """POST, GET, and PUT by a client that read the number: 2^53 to 1e21 without an exponent."""
    for value in (1.2345678901234568e20, 2.0**53, 9007199254740996.0, 9.99e20, -3e17):
        row = fresh.row(numbers, {"n": value, "j": [value]})
        number, path = row["id"], f"{numbers}rows/{row['id']}"
        for text in (repr(value), str(by_javascript(value))):
            body = f'{{"id": {number}, "n": {text}, "i": null, "j": [{text}]}}'
            answer = fresh.send("PUT", path, body=body.encode(), status=200).json
            assert same_json(answer, {"id": number, "n": value, "i": None, "j": [value]})
            csv = f"id,n\r\n{number},{text}\r\n".encode()
            merge = {"content_type": "text/csv", "Prefer": "resolution=merge-duplicates"}
            fresh.send("POST", f"{numbers}rows/?on_conflict=id", body=csv, status=200, **merge)
            patch = f'{{"n": {text}}}'.encode()
            fresh.app.request(f"/rest/Numbers?id=eq.{number}", method="PATCH", body=patch, status=204)
            asked = f"n=eq.{quote(text)}&select=id"
            found = fresh.get(f"{numbers}rows/?{asked}")
            assert found == fresh.app.get(f"/rest/Numbers?{asked}").json == [{"id": number}]
            query = f'{{"select": ["id"], "where": {{"n": {{"eq": {text}}}}}}}'.encode()
            assert fresh.send("POST", f"{numbers}query/", body=query, status=200).json == found


@pytest.mark.parametrize(
    "text", ["9007199254740993.0", "9007199254740992.9", "4503599627370497.3", "1.00000000000000000001"]
)
def test_a_whole_number_is_not_rounded(fresh, numbers, text):
    body = f'{{"i": {text}}}'.encode()
    fresh.refused("POST", f"{numbers}rows/", body=body, status=422, code="validation")
    csv = f"i\r\n{text}\r\n".encode()
    fresh.refused("POST", f"{numbers}rows/", body=csv, content_type="text/csv", status=422, code="validation")
    fresh.refused("GET", f"{numbers}rows/?i=eq.{text}", status=400, code="invalid_operand")
    definition = {"model_name": "New", "fields": {"f": {"type": "integer"}}}
    for option in ("min", "max", "default"):
        document = json.dumps(definition).replace('"integer"', f'"integer", "{option}": {text}').encode()
        fresh.refused("POST", "/table/", body=document, status=422, code="validation")
    document = json.dumps(definition).replace('"integer"', f'"integer", "choices": [{text}]').encode()
    fresh.refused("POST", "/table/", body=document, status=422, code="validation")
    assert fresh.app.post_json("/rest/Numbers", {"i": text}, expect_errors=True).status_int == 400


@pytest.mark.parametrize(
    "text", ["0.1234567890123456789012345", "1e-400", "9007199254740993.0", "123456789012345678901"]
)
def test_json_keeps_all_digits_or_refuses(fresh, numbers, text):
    fresh.refused("POST", f"{numbers}rows/", body=f'{{"j": [{text}]}}'.encode(), status=422, code="/j out_of_range")
    csv = {"body": f'j\r\n"[{text}]"\r\n'.encode(), "content_type": "text/csv"}
    fresh.refused("POST", f"{numbers}rows/", status=422, code="/0/j out_of_range", **csv)
    fresh.refused("GET", f"{numbers}rows/?j=eq.{text}", status=400, code="invalid_operand")
    answer = fresh.app.request("/rest/Numbers", method="POST", body=f'{{"j": {text}}}'.encode(), expect_errors=True)
    assert (answer.status_int, answer.json["code"]) == (400, "22003")
    document = f'{{"model_name": "New", "fields": {{"f": {{"type": "json", "default": {text}}}}}}}'.encode()
    fresh.refused("POST", "/table/", body=document, status=422, code="/fields/f/default out_of_range")


def test_a_large_float_becomes_no_integer(fresh):
    path = fresh.table({"n": "number"}, "Retyped")
    for value in (2.0**53, 2.0**53 - 1, 1e18, 1.5, 3.0):
        fresh.row(path, {"n": value})
    document = {"fields": {"n": "integer"}}
    answer = fresh.refused("PATCH", path, document, status=409, code="lossy_change")
    assert answer.json["count"] == 3
    fresh.send("PATCH", f"{path}?on_error=null", document, status=200)
    assert [row["n"] for row in fresh.get(f"{path}rows/?order=id")] == [None, 2**53 - 1, None, None, 3]


def test_a_key_that_stands_twice_is_no_json_in_any_form(fresh, numbers):
    body = b'{"j": {"a": 1, "a": 2}}'
    fresh.refused("POST", f"{numbers}rows/", body=body, status=400, code="duplicate_key")
    csv = {"body": b'j\r\n"{""a"": 1, ""a"": 2}"\r\n', "content_type": "text/csv"}
    fresh.refused("POST", f"{numbers}rows/", status=422, code="/0/j invalid_format", **csv)


def test_a_whole_number_may_be_written_with_a_point(fresh, numbers):
    """As in rows, wherever a document takes a whole number (RFC 8259, section 6)."""
    row = fresh.row(numbers, {"i": 1.0})
    assert fresh.send("POST", f"{numbers}query/", {"limit": 1.0, "offset": 0.0}, status=200).json == [row]
    fresh.refused("POST", f"{numbers}query/", {"limit": 1.5}, status=400, code="invalid_query")
    fresh.refused("POST", f"{numbers}query/", {"limit": 2.0**60}, status=400, code="invalid_query")
    operation = {"operation": "update", "table": float(numbers.split("/")[2]), "id": 1.0, "row": {"id": 1.0, "i": 2}}
    [result] = fresh.send("POST", "/batch/", [operation], status=200).json
    assert (result["id"], result["i"]) == (1, 2)
    fields = {"a": {"type": "link", "table": operation["table"]}, "b": {"type": "string", "position": 1.0}}
    fresh.send("POST", "/table/", {"model_name": "Pointed", "fields": fields}, status=201)
    schema = {"tables": {"Pointed": {"fields": fields}}}
    del fields["b"]
    wanted = {"status": 422, "code": "/tables/Pointed/fields/a/table wrong_type"}  # numbers differ between environments
    fresh.refused("PATCH", "/schema/", schema, **wanted)
    view = {"name": "Wide", "columns": [{"field": "n", "width": 100.0}]}
    assert fresh.send("POST", f"{numbers}view/", view, status=201).json["columns"][0]["width"] == 100
    token = {"name": "One", "roles": ["admin"], "tables": [operation["table"]]}
    made = fresh.send("POST", "/token/", token, status=201).json
    assert made["tables"] == ["Numbers"]
    fresh.refused("POST", "/token/", {**token, "tables": [1.5]}, status=422, code="/tables wrong_type")
