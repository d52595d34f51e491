"""Random documents: the answer is never a failure of ours, and what is accepted comes back equal."""

import json
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynmodel_pyramid.definitions.names import SYSTEM_COLUMNS
from tests.web.client import EVERY_TYPE

fuzz = settings(
    derandomize=True,
    deadline=None,
    max_examples=60,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)
TEXT = st.text(st.characters(codec=None, exclude_categories=[]), max_size=8)
INTEGERS = st.one_of(st.integers(-3, 3), st.integers(), st.sampled_from([2**53, 2**63 - 1, -(2**63), 2**63, 10**30]))
LEAVES = st.one_of(st.none(), st.booleans(), INTEGERS, st.floats(allow_nan=False, allow_infinity=False), TEXT)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
)
NAMES = st.one_of(
    st.sampled_from(["a", "b", "A", "id", "select", "ß", "ss", "x" * 63, "x" * 64, "_a", "metadata", "row_id"]),
    st.text(string.ascii_letters + "_0é\u0301İı", max_size=5),
    TEXT,
)
OPTIONS = ["required", "unique", "index", "default", "label", "position", "id", "renamed_from", "name"]
OPTIONS += ["default_expression", "unique_ignore_case", "read_only", "write_only", "aliases", "message"]
OWN_OPTIONS = ["min", "max", "choices", "min_length", "max_length", "pattern", "nothing"]
FIELD = st.one_of(
    st.sampled_from([*EVERY_TYPE.values(), "nothing"]),
    st.builds(
        lambda kind, options: {"type": kind, **options},
        st.sampled_from([*EVERY_TYPE.values(), None]),
        st.dictionaries(
            st.sampled_from([*OPTIONS, *OWN_OPTIONS]), st.one_of(st.booleans(), st.integers(-1, 9), JSON), max_size=3
        ),
    ),
    JSON,
)
FIELDS = st.one_of(
    st.dictionaries(NAMES, FIELD, max_size=4),
    st.lists(st.builds(lambda name, field: {"name": name, **field} if type(field) is dict else field, NAMES, FIELD)),
    JSON,
)
STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
GOOD_VALUES = {
    "string": STORABLE,
    "text": STORABLE,
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "integer": st.integers(-(2**63), 2**63 - 1),
    "boolean": st.booleans(),
    "date": st.dates().map(str),
    "datetime": st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
    "json": st.lists(st.one_of(st.none(), st.booleans(), st.integers(-9, 9), STORABLE), max_size=3),
}
#: Fields that nothing is wrong with.
GOOD_FIELD = st.sampled_from(sorted(GOOD_VALUES)).flatmap(
    lambda kind: st.fixed_dictionaries(
        {"type": st.just(kind)},
        optional={
            "default": GOOD_VALUES[kind],
            "required": st.booleans(),
            "unique": st.booleans() if kind != "json" else st.just(False),
            "label": STORABLE,
            "position": st.integers(1, 5),
        },
    )
)
GOOD_NAMES = st.one_of(
    st.sampled_from(["a", "b", "select", "ß", "x" * 63, "metadata", "row_id", "İ", "ı", "变数"]),
    st.text(string.ascii_lowercase, min_size=1, max_size=5).filter(lambda name: name not in SYSTEM_COLUMNS),
)
GOOD_DOCUMENTS = st.fixed_dictionaries(
    {"model_name": GOOD_NAMES, "fields": st.dictionaries(GOOD_NAMES, GOOD_FIELD, max_size=4)},
    optional={"label": STORABLE, "description": STORABLE},
)
DOCUMENTS = st.builds(
    lambda document, further: {**document, **further},
    st.fixed_dictionaries({"model_name": NAMES, "fields": FIELDS}),
    st.dictionaries(
        st.sampled_from(["label", "description", "unique", "indexes", "key", "version", "x"]), JSON, max_size=1
    ),
)


def as_read(value):
    """JSON numbers beyond 2^53 are equal if they are the same float: PostgreSQL writes all their digits."""
    if type(value) is int and abs(value) > 2**53:
        return float(value)
    if type(value) is list:
        return [as_read(item) for item in value]
    return {key: as_read(item) for key, item in value.items()} if type(value) is dict else value


@pytest.fixture(scope="module")
def table(client) -> str:
    return client.table(EVERY_TYPE, "Fuzzed")


@fuzz
@given(document=st.one_of(GOOD_DOCUMENTS, GOOD_DOCUMENTS, DOCUMENTS, JSON))
def test_definitions(client, document):
    made = client.send("POST", "/table/", document)
    assert made.status_int in (201, 409, 422)
    if made.status_int != 201:
        return
    path = made.headers["Location"]
    assert client.get(path) == made.json
    assert client.send("PUT", path, made.json, status=200).json == made.json
    for name, field in made.json["fields"].items():
        given_field = document["fields"][name] if type(document["fields"]) is dict else {}
        if type(given_field) is dict:
            for option, value in given_field.items():
                if option not in ("position", "renamed_from", "name", "id") and value is not None:
                    assert as_read(field[option]) == as_read(value), (name, option)
    row = client.send("POST", f"{path}rows/", {})
    assert row.status_int in (201, 422)
    if row.status_int == 201:
        assert client.get(f"{path}rows/") == [row.json]
    client.send("DELETE", path, status=204)


@fuzz
@given(document=st.one_of(GOOD_DOCUMENTS, GOOD_DOCUMENTS, DOCUMENTS, JSON), method=st.sampled_from(["PUT", "PATCH"]))
def test_changes_of_definitions(client, document, method):
    path = client.table({"a": {"type": "string", "default": "x"}, "b": "integer"})
    client.row(path, {"b": 1})
    before = client.get("/table/"), client.get(f"{path}rows/")
    changed = client.send(method, path, document)
    assert changed.status_int in (200, 409, 412, 422)
    if changed.status_int == 200:
        assert client.get(path) == changed.json
        assert client.send("PUT", path, changed.json, status=200).json == changed.json
        assert len(client.get(f"{path}rows/")) == 1
    else:
        assert (client.get("/table/"), client.get(f"{path}rows/")) == before
    client.send("DELETE", path, status=204)


ROWS = st.dictionaries(st.one_of(st.sampled_from([*EVERY_TYPE, "id"]), TEXT), JSON, max_size=3)
TYPED_ROWS = st.fixed_dictionaries(
    {},
    optional={
        "name": TEXT,
        "body": TEXT,
        "price": st.one_of(st.floats(), INTEGERS),
        "amount": INTEGERS,
        "available": st.booleans(),
        "day": st.dates().map(str),
        "moment": st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
        "extra": JSON,
    },
)


@fuzz
@given(document=st.one_of(ROWS, TYPED_ROWS, TYPED_ROWS, JSON), method=st.sampled_from(["POST", "PUT", "PATCH"]))
def test_rows(client, table, document, method):
    made = client.row(table, {})
    path = f"{table}rows/" if method == "POST" else f"{table}rows/{made['id']}/"
    before = client.get(f"{table}rows/")
    answer = client.send(method, path, body=json.dumps(document).encode())
    assert answer.status_int in (200, 201, 400, 409, 422)
    if answer.status_int >= 400:
        assert client.get(f"{table}rows/") == before
    elif type(answer.json) is dict:
        row = client.get(f"{table}rows/{answer.json['id']}/")
        assert row == answer.json
        for name, value in document.items():
            if name not in ("moment", "id"):
                assert as_read(row[name]) == as_read(value), name
        assert client.send("PUT", f"{table}rows/{row['id']}/", row, status=200).json == row
    for row in client.get(f"{table}rows/"):
        client.send("DELETE", f"{table}rows/{row['id']}/", status=204)


@fuzz
@given(data=st.data())
def test_broken_bytes(client, table, data):
    """A good body with some bytes changed is understood or refused."""
    body = bytearray(b'[{"name": "\xc3\xa9\\u00e9", "price": 1.5e3, "available": true, "extra": {"a": [null, -1]}}]')
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(body) - 1))
        body[position : position + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    answer = client.send("POST", f"{table}rows/", body=bytes(body))
    assert answer.status_int in (201, 400, 422)
    answer = client.send("POST", "/table/", body=bytes(body))
    assert answer.status_int in (400, 422)


HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=20)


@fuzz
@given(
    headers=st.dictionaries(
        st.sampled_from(
            ["accept", "if_match", "if_none_match", "prefer", "x_request_id", "origin", "content_encoding"]
        ),
        st.one_of(HEADER, st.text('"W/,*-1 ', max_size=9)),
        max_size=3,
    ),
    method=st.sampled_from(["GET", "PUT", "PATCH", "OPTIONS"]),
)
def test_headers(client, table, headers, method):
    document = {} if method in ("PUT", "PATCH") else None
    for path in (f"{table}rows/9999999/", table if method in ("GET", "PATCH", "OPTIONS") else "/table/"):
        answer = client.send(method, path, *([] if document is None else [document]), **headers)
        assert answer.status_int in (200, 204, 304, 400, 404, 405, 406, 412, 415)
