"""Whatever stands in a definition or an address: it is stored, or refused with a code, on both databases alike."""

import base64
import json

import pytest

from dynmodel_pyramid.fields.registry import COMMON_OPTIONS, Registered
from dynmodel_pyramid.testing import strategies
from tests.document_types import installed

#: Numbers that a database or a float has no room for, texts that none can store or that are long, and nests.
HOSTILE = [
    *(2**31, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**400, 1e308, 5e-324, -1, 0, 1.5, True),
    *("", "\0", "\ud800", "x\0", "x" * 20_000),
    *(["\0"], [2**63], {"\0": 1}, {"key": "\ud800"}, [{"key": "\0"}], [[[]]]),
]
NUMBERS = (
    "0",
    "-1",
    "2147483648",
    "9007199254740993",
    "9223372036854775808",
    "9" * 17,
    "9" * 400,
    "1.0",
    "1e3",
    "%D9%A3",
)
TEXTS = ("%00", "%ED%A0%80", "x%00", "x" * 2000)
#: Characters of any answer: a refusal names the culprit, and doesn't repeat all of it.
LONGEST = 5000


def options_of(known: Registered) -> dict:
    if known.name in ("link", "links"):
        return {"table": "Far"}
    try:
        return dict(strategies.values(known.name)[0])
    except LookupError:
        return {}


def refused_or_stored(client, document: dict) -> None:
    answer = client.send("POST", "/table/", document)
    if answer.status_int == 422:
        assert answer.json["code"] == "validation" and len(answer.text) < LONGEST
        return
    assert answer.status_int == 201
    path = answer.headers["Location"]
    assert client.get(path) == answer.json
    assert client.send("POST", f"{path}rows/", {}).status_int in (201, 422)
    client.get(f"{path}rows/")
    client.send("PUT", path, answer.json, status=200)
    client.send("DELETE", path, status=204)


@pytest.fixture(scope="module")
def far(client) -> str:
    return client.table({"a": "string"}, "Far")


@pytest.mark.parametrize("known", installed(), ids=lambda known: known.name)
def test_options_of_types(client, far, known):
    for option in [*(child.name for child in known.field_type.options_schema().children), "default"]:
        for value in HOSTILE:
            document = {"type": known.name, **options_of(known), option: value}
            refused_or_stored(client, {"model_name": "Hostile", "fields": {"f": document}})


@pytest.mark.parametrize("option", [*COMMON_OPTIONS])
def test_options_of_all_fields(client, option):
    for value in HOSTILE:
        refused_or_stored(client, {"model_name": "Hostile", "fields": {"f": {"type": "string", option: value}}})


def test_tables_and_indexes(client):
    for value in HOSTILE:
        for member in ("model_name", "label", "description", "id", "version", "key", "linked_from", "fields"):
            refused_or_stored(client, {"model_name": "Hostile", "fields": {"f": "string"}, member: value})
        for member in ("unique", "indexes"):
            for part in ({"name": value, "fields": ["f"]}, {"fields": value}, {"fields": [value]}):
                refused_or_stored(client, {"model_name": "Hostile", "fields": {"f": "string"}, member: [part]})


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value)[:20])
def test_documents_of_the_whole_schema(client, far, value):
    field = {"type": "link", "table": value}
    for table in ({"fields": {"f": field}}, {"renamed_from": value, "fields": {"f": "string"}}, value):
        answer = client.send("POST", "/schema/plan", {"tables": {"New": table}})
        assert answer.status_int in (200, 400, 409, 422) and len(answer.text) < LONGEST


@pytest.mark.parametrize("segment", [*NUMBERS, *TEXTS])
def test_addresses(client, far, segment):
    for begin in ("/table/", f"{far}rows/", f"{far}history/", f"{far}trash/", f"{far}quarantine/", "/trash/", "/rest/"):
        for end in ("", "/", "/restore", "/revert", "/diff/1", "/diff/" + segment):
            for method in ("GET", "POST", "PATCH", "DELETE"):
                answer = client.app.request(begin + segment + end, method=method, expect_errors=True)
                assert 400 <= answer.status_int < 500 and len(answer.text) < LONGEST, (method, begin + segment + end)


@pytest.mark.parametrize("text", [*NUMBERS, *TEXTS])
def test_parameters(client, far, text):
    for parameter in (
        "limit",
        "offset",
        "_after",
        "_before",
        "order",
        "id",
        "a",
        "select",
        "on_error",
        "version",
        "field",
    ):
        for path in (far, f"{far}rows/", f"{far}history/", f"{far}trash/", f"{far}quarantine/", "/table/", "/rest/Far"):
            for method in ("GET", "DELETE", "PATCH"):
                body, headers = (b"{}", {"Content-Type": "application/json"}) if method == "PATCH" else (b"", {})
                if method == "DELETE" and path == far:
                    continue
                answer = client.app.request(
                    f"{path}?{parameter}={text}", method=method, body=body, headers=headers, expect_errors=True
                )
                assert answer.status_int < 500, (method, path, parameter)


@pytest.mark.parametrize("tag", [*NUMBERS[:-1], *(f"{number}-{number}" for number in NUMBERS[:-1]), "-", "1--1"])
def test_preconditions(client, far, tag):
    client.row(far, {})
    for method, path in (("PATCH", far), ("PATCH", f"{far}rows/1"), ("DELETE", f"{far}rows/1")):
        body = b"{}" if method == "PATCH" else b""
        answer = client.app.request(
            path,
            method=method,
            body=body,
            headers={"If-Match": f'"{tag}"', "Content-Type": "application/json"} if body else {"If-Match": f'"{tag}"'},
            expect_errors=True,
        )
        assert answer.status_int == 412, (method, path)


@pytest.mark.parametrize("document", [[1], [1, [], ["9" * 19]], [2**64, 1, 1], ["\ud800", [], []], "\0", {}, 10**40])
def test_cursors(client, far, document):

    cursor = base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")
    for parameter in ("_after", "_before"):
        client.refused("GET", f"{far}rows/?limit=1&{parameter}={cursor}", status=400, code="invalid_cursor")
