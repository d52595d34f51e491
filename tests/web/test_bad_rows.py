"""Rows that are refused: where, why, and that nothing is changed."""

import json

import pytest

from tests.web.client import EVERY_TYPE

STRINGS = ["", "x", "1", "true", "null"]
NUMBERS = [0, 1, -1, 1.5]
CONTAINERS = [[], [1], {}, {"a": 1}]
BIG = [2**63, -(2**63) - 1, 2**64, 10**30, 10**400]

WRONG = {
    "name": [(value, "wrong_type") for value in (*NUMBERS, True, False, *CONTAINERS)],
    "body": [(value, "wrong_type") for value in (*NUMBERS, True, False, *CONTAINERS)],
    "price": [
        *[(value, "wrong_type") for value in (*STRINGS, "19.99", True, False, *CONTAINERS)],
        *[(value, "out_of_range") for value in (2**53 + 1, 2**63 - 1, 10**30 + 1, 10**400, -(10**400))],
    ],
    "amount": [
        *[(value, "wrong_type") for value in (*STRINGS, True, False, *CONTAINERS, 1.5, -0.1)],
        *[(value, "out_of_range") for value in BIG],
    ],
    "available": [(value, "wrong_type") for value in (*STRINGS, *NUMBERS, *CONTAINERS)],
    "day": [
        *[(value, "wrong_type") for value in (*NUMBERS, True, *CONTAINERS)],
        *[
            (value, "invalid_format")
            for value in (*STRINGS, "2026-02-30", "2026-13-01", "0000-01-01", "10000-01-01", "26-1-1")
        ],
        *[(value, "invalid_format") for value in ("2026-01-31T00:01:00Z", "20260231", "２026-01-31", "-2026-01-31")],
    ],
    "moment": [
        *[(value, "wrong_type") for value in (*NUMBERS, True, *CONTAINERS)],
        *[(value, "invalid_format") for value in (*STRINGS, "2026-01-32", "2026-01-31T12:00:00", "now", "infinity")],
        *[
            (f"2026-01-31T{time}", "invalid_format")
            for time in ("24:00:00Z", "12:60:00Z", "12:00:60Z", "12:00:00.1234567Z", "12:00:00+25:00", "12Z")
        ],
        *[(value, "invalid_format") for value in ("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00")],
    ],
    "extra": [
        *[(value, "out_of_range") for value in (2**63, 2**64, [10**400], {"a": [2**64]}, -(2**63) - 1)],
        *[({"a\0": 1}, "unstorable_text"), (["\0"], "unstorable_text"), ("\ud800", "unstorable_text")],
    ],
}
UNSTORABLE = ["\0", "a\0b", "\ud800", "a\udfffb", "\udc00\ud800"]
for _name in ("name", "body", "extra"):
    WRONG[_name] += [(_text, "unstorable_text") for _text in UNSTORABLE]


@pytest.mark.parametrize("name", WRONG)
def test_wrong_value(client, things, name):
    rows = f"{things}rows/"
    for value, code in WRONG[name]:
        wanted = {"status": 422, "code": f"/{name} {code}"}
        client.refused("POST", rows, {name: value}, **wanted)
        client.refused("PUT", f"{rows}1", {name: value}, **wanted)
        client.refused("PATCH", f"{rows}1", {name: value}, **wanted)
    good, (bad, code) = {"name": "x"}, WRONG[name][0]
    client.refused("POST", rows, [good, {name: bad}, good], status=422, code=f"/1/{name} {code}")


@pytest.mark.parametrize("name", ["price", "amount", "extra", "id"])
def test_literal_beyond_floats(client, things, name):
    for literal in (b"1e400", b"-1e400", b"1" * 400 + b".0", b"1e99999999999"):
        body = b'{"%s": %s}' % (name.encode(), literal)
        answer = client.refused("POST", f"{things}rows/", status=422, code="validation", body=body)
        assert [error["pointer"] for error in answer.json["errors"]] == [f"/{name}"]


@pytest.mark.parametrize(
    "text", ["", " ", "\u0001", "\ufffe", "\uffff", "\u2028", "\u202e\u200f", "e\u0301", "\U0010ffff", "\ufeff"]
)
def test_text_that_is_kept_as_it_is(client, things, text):
    row = client.row(
        things, {"name": text, "body": text * 3, "extra": {text: text}, "amount": 9_000 + ord((text + "x")[0])}
    )
    assert (row["name"], row["body"], row["extra"]) == (text, text * 3, {text: text})
    assert client.get(f"{things}rows/{row['id']}") == row
    client.send("DELETE", f"{things}rows/{row['id']}", status=204)


@pytest.mark.parametrize(
    "key", ["", "Name", "name ", "_version", "_created", "_id", "ID", "x/y~z", "\0", "\ud800", "__proto__", "*"]
)
def test_unknown_key(client, things, key):
    pointer = "/" + key.replace("~", "~0").replace("/", "~1")
    for value in (None, 1):
        wanted = {"status": 422, "code": f"{pointer} unknown_field"}
        client.refused("POST", f"{things}rows/", {"name": "x", key: value}, **wanted)
        client.refused("PUT", f"{things}rows/1", {key: value}, **wanted)
        client.refused("PATCH", f"{things}rows/1", {key: value}, **wanted)
        client.refused("POST", f"{things}rows/", [{}, {key: value}], status=422, code=f"/1{pointer} unknown_field")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        *[
            (value, "out_of_range")
            for value in (0, -1, 0.0, 1e15 * 9, 2**52 + 1, 2**53, 2**63, 2**64, 10**400, -(10**400))
        ],
        *[(value, "wrong_type") for value in (1.5, True, False, "", "1", [], [1], {}, "x")],
    ],
)
def test_bad_id(client, things, value, code):
    client.refused("POST", f"{things}rows/", {"id": value}, status=422, code=f"/id {code}")
    client.refused("POST", f"{things}rows/", [{}, {"id": value}], status=422, code=f"/1/id {code}")
    for method in ("PUT", "PATCH"):
        client.refused(method, f"{things}rows/1", {"id": value}, status=422, code="/id read_only")
        client.refused(method, f"{things}rows/1", {"id": 2}, status=422, code="/id read_only")


def test_every_fault_is_told(client, things):
    document = {"name": 1, "price": "x", "amount": 2**64, "extra": ["\0"], "what": 1, "id": 0}
    expected = ["/amount", "/extra", "/id", "/name", "/price", "/what"]
    answer = client.refused("POST", f"{things}rows/", document, status=422, code="validation")
    assert sorted(error["pointer"] for error in answer.json["errors"]) == expected
    assert answer.json["error_count"] == len(expected)
    answer = client.refused("POST", f"{things}rows/", [document, {}, document], status=422, code="validation")
    numbered = [f"/{number}{pointer}" for number in (0, 2) for pointer in expected]
    assert sorted(error["pointer"] for error in answer.json["errors"]) == numbered
    assert answer.json["error_count"] == 2 * len(expected)
    for method in ("PUT", "PATCH"):
        answer = client.refused(method, f"{things}rows/1", document, status=422, code="validation")
        assert sorted(error["pointer"] for error in answer.json["errors"]) == expected


def test_fault_inside_a_json_value(client, things):
    answer = client.refused("POST", f"{things}rows/", [{"extra": {"a": [1, 2**70]}}], status=422, code="validation")
    assert answer.json["errors"][0]["pointer"].startswith("/0/extra")


def test_nulls_for_required_fields(client):
    required = {name: {"type": kind, "required": True} for name, kind in EVERY_TYPE.items()}
    path = client.table(required)
    answer = client.refused("POST", f"{path}rows/", dict.fromkeys(EVERY_TYPE), status=422, code="validation")
    assert [f"{error['pointer']} {error['code']}" for error in answer.json["errors"]] == [
        f"/{name} required" for name in EVERY_TYPE
    ]
    assert client.refused("POST", f"{path}rows/", {}, status=422, code="required").json["error_count"] == len(
        EVERY_TYPE
    )


def test_rules_of_types(client):
    rules = {
        "a": {"type": "string", "min_length": 2, "max_length": 3},
        "b": {"type": "string", "choices": ["x", "y"]},
        "c": {"type": "text", "pattern": "[a-z]+"},
        "d": {"type": "number", "min": 0, "max": 1},
        "e": {"type": "integer", "choices": [1, 2]},
        "f": {"type": "date", "min": "2026-01-01", "max": "2026-12-31"},
        "g": {"type": "datetime", "max": "2026-01-01T00:00:00Z"},
    }
    path = client.table(rules)
    for name, value, code in (
        ("a", "x", "too_short"),
        ("a", "xxxx", "too_long"),
        ("b", "z", "not_a_choice"),
        ("c", "ab\n", "pattern_mismatch"),
        ("c", "", "pattern_mismatch"),
        ("d", -0.1, "too_small"),
        ("d", 2, "too_large"),
        ("e", 3, "not_a_choice"),
        ("f", "2025-12-31", "too_small"),
        ("f", "2027-01-01", "too_large"),
        ("g", "2026-01-01T00:00:00.000001Z", "too_large"),
    ):
        client.refused("POST", f"{path}rows/", {name: value}, status=422, code=f"/{name} {code}")
    good = {"a": "éé", "b": "y", "c": "z", "d": 1, "e": 2.0, "f": "2026-12-31", "g": "2026-01-01T01:00:00+01:00"}
    row = client.row(path, good)
    assert row == {"id": 1, **good, "d": 1.0, "e": 2, "g": "2026-01-01T00:00:00Z"}


def test_sql_in_values_and_keys(client, things):
    text = '\'; DROP TABLE "Thing"; -- \\ %s %(a)s :a ? $1'
    row = client.row(things, {"name": text, "extra": {text: text}, "amount": 77})
    assert (row["name"], row["extra"]) == (text, {text: text})
    client.send("PATCH", f"{things}rows/{row['id']}", {"name": text * 2}, status=200)
    client.send("DELETE", f"{things}rows/{row['id']}", status=204)
    client.refused("POST", f"{things}rows/", {text: 1}, status=422, code="unknown_field")


def test_unique_violation_names_the_fields_and_no_sql(client, things):
    row = client.get(f"{things}rows/1")
    answer = client.refused("POST", f"{things}rows/", {**row, "id": None}, status=409, code="unique_violation")
    assert answer.json["fields"] == ["name", "amount"]
    assert "name, amount" in answer.json["detail"]
    for word in ("UNIQUE", "constraint", "_ux_", "INSERT", "duplicate key"):
        assert word not in answer.text
    answer = client.refused("PATCH", f"{things}rows/2", {"amount": 0}, status=409, code="unique_violation")
    assert answer.json["fields"] == ["name", "amount"]


def test_errors_are_ascii(client, things):
    """What a client sent may hold surrogates, which have no UTF-8; the answer is JSON all the same."""
    answer = client.send("POST", f"{things}rows/", {"\ud800é\U0001f680": 1}, status=422)
    assert answer.body.isascii()
    assert json.loads(answer.body)["errors"][0]["pointer"] == "/\ud800é\U0001f680"
