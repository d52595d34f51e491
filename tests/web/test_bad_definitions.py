"""Definitions that are refused: where, why, and that nothing is changed."""

import pytest

WRONG = [0, 1, -1, 1.5, True, False, "", "x", [], [1], {}, {"a": 1}, 10**400, 1e308]


def refusals(*kinds, but=()):
    """Values of all JSON types but those that are allowed."""
    return [value for value in WRONG if type(value) not in kinds and value not in but]


def refused(client, things, fields=None, code="", **document):
    """Refused on creation, and as a change of the table by PUT and by PATCH."""
    body = {"fields": {"a": "string"} if fields is None else fields, **document}
    client.refused("POST", "/table/", {"model_name": "Bad", **body}, status=422, code=code)
    client.refused("PUT", things, body, status=422, code=code)
    client.refused("PATCH", things, body, status=422, code=code)


@pytest.mark.parametrize("key", ["", "Fields", "name", "model", "x/y~z", "\ud800", "\0", "__class__", "constructor"])
def test_unknown_key(client, things, key):
    pointer = "/" + key.replace("~", "~0").replace("/", "~1")
    refused(client, things, code=f"{pointer} unknown_key", **{key: 1})


@pytest.mark.parametrize("option", ["", "minimum", "Required", "max_lenght", "x/y", "\ud800", "nullable", "min"])
def test_unknown_option(client, things, option):
    pointer = "/fields/a/" + option.replace("/", "~1")
    for value in (1, None):
        fields = {"a": {"type": "string", option: value}}
        client.refused("PUT", things, {"fields": fields}, status=422, code=f"{pointer} unknown_option")
    refused(client, things, {"a": {"type": "string", option: {}}}, f"{pointer} unknown_option")


@pytest.mark.parametrize("value", refusals(dict, list))
def test_fields_of_another_type(client, things, value):
    refused(client, things, value, "/fields wrong_type")


def test_no_fields(client, things):
    client.refused("POST", "/table/", {"model_name": "Bad"}, status=422, code="/fields required")
    client.refused("PUT", things, {}, status=422, code="/fields required")
    for method in ("PUT", "PATCH"):
        client.refused(method, things, {"fields": None}, status=422, code="/fields required")
    client.refused("POST", "/table/", {}, status=422, code="/model_name required")


@pytest.mark.parametrize("value", [*refusals(dict, str), None])
def test_field_of_another_type(client, things, value):
    wanted = {"status": 422, "code": "/fields/a wrong_type"}
    client.refused("POST", "/table/", {"model_name": "Bad", "fields": {"a": value}}, **wanted)
    client.refused("PUT", things, {"fields": {"a": value}}, **wanted)
    if value is not None:
        client.refused("PATCH", things, {"fields": {"a": value}}, **wanted)
    client.refused("PUT", things, {"fields": [value]}, status=422, code="/fields/0 wrong_type")
    client.refused("PUT", things, {"fields": ["string"]}, status=422, code="/fields/0 wrong_type")


@pytest.mark.parametrize(
    "value", ["", "String", "varchar", "string ", "\0", "\ud800", "int; DROP TABLE x", "x" * 10_000]
)
def test_unknown_type(client, things, value):
    refused(client, things, {"a": value}, "/fields/a/type unknown_type")
    refused(client, things, {"a": {"type": value}}, "/fields/a/type unknown_type")
    refused(client, things, {"name": {"type": value}}, "/fields/name/type unknown_type")


@pytest.mark.parametrize("value", refusals(str))
def test_type_of_another_type(client, things, value):
    refused(client, things, {"a": {"type": value}}, "/fields/a/type wrong_type")


def test_no_type(client, things):
    refused(client, things, {"a": {}}, "/fields/a/type required")
    client.refused("PUT", things, {"fields": {"name": {"type": None}}}, status=422, code="/fields/name/type required")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *[(flag, value) for flag in ("required", "unique", "index") for value in refusals(bool, but=(0, 1))],
        *[(flag, value) for flag in ("required", "unique", "index") for value in (0, 1)],
        *[(text, value) for text in ("label", "description") for value in refusals(str)],
        *[("position", value) for value in (0, -1, 1.5, True, "1", [], {}, -(10**400))],
    ],
)
def test_common_option_of_another_type(client, things, option, value):
    # index is a boolean, or one word.
    code = "invalid_option" if option == "index" and isinstance(value, str) else "wrong_type"
    refused(client, things, {"a": {"type": "string", option: value}}, f"/fields/a/{option} {code}")


@pytest.mark.parametrize("text", ["a\0b", "\0", "\ud800", "x\udfff", "\udc00\ud800"])
def test_text_that_cannot_be_stored(client, things, text):
    for name in ("label", "description"):
        refused(client, things, code=f"/{name} unstorable_text", **{name: text})
        refused(client, things, {"a": {"type": "string", name: text}}, f"/fields/a/{name} unstorable_text")
    refused(client, things, {"a": {"type": "string", "default": text}}, "/fields/a/default unstorable_text")
    refused(client, things, {"a": {"type": "json", "default": {text: 1}}}, "/fields/a/default unstorable_text")
    refused(client, things, code="/unique/0/name unstorable_text", unique=[{"name": text, "fields": ["a"]}])


@pytest.mark.parametrize("name", ["label", "description"])
@pytest.mark.parametrize("value", refusals(str))
def test_label_of_another_type(client, things, name, value):
    if type(value) is dict:
        value = [value]  # an object patches
    refused(client, things, code=f"/{name} wrong_type", **{name: value})


@pytest.mark.parametrize("value", [0, 2, -1, 1.0, True, "1", [], [1], 10**400])
def test_other_id_of_the_table(client, things, value):
    for method in ("PUT", "PATCH"):
        document = {"id": value, "fields": {"a": "string"}}
        client.refused(method, things, document, status=422, code="/id read_only")
    client.refused("POST", "/table/", {"id": 1, "model_name": "B", "fields": {}}, status=422, code="/id read_only")


@pytest.mark.parametrize("key", [1, "integer", [], {}, {"type": "uuid"}, {"type": []}, {"type": "integer", "x": 1}])
def test_bad_key(client, things, key):
    wanted = {"status": 422, "code": "/key invalid_option"}
    client.refused("POST", "/table/", {"model_name": "Bad", "fields": {}, "key": key}, **wanted)
    client.refused("PUT", things, {"fields": {}, "key": key}, **wanted)


@pytest.mark.parametrize("value", [0, 9, -1, 1.0, True, "1", [1], {"a": 1}, 10**400, "x"])
def test_unknown_id_of_a_field(client, things, value):
    refused(client, things, {"a": {"type": "string", "id": value}}, "/fields/a/id unknown_id")


def test_identity(client, things):
    """Ids and former names that contradict each other."""
    for fields, code in (
        ({"a": {"type": "string", "id": 1}, "b": {"type": "string", "id": 1}}, "/fields/b/id duplicate_id"),
        ({"name": {"type": "string", "id": 1}, "b": {"type": "string", "id": 1}}, "duplicate_id"),
        (
            [{"name": "a", "type": "string", "id": 1}, {"name": "b", "type": "string", "id": 1}],
            "/fields/1/id duplicate_id",
        ),
        ({"a": {"type": "string", "renamed_from": "nothing"}}, "/fields/a/renamed_from unknown_field"),
        ({"a": {"type": "string", "renamed_from": ""}}, "/fields/a/renamed_from unknown_field"),
        ({"a": {"type": "string", "renamed_from": "\ud800"}}, "/fields/a/renamed_from unknown_field"),
        ({"a": {"type": "string", "renamed_from": 1}}, "/fields/a/renamed_from wrong_type"),
        ({"name": {"type": "string", "renamed_from": ["body"]}}, "/fields/name/renamed_from wrong_type"),
        ({"a": {"type": "text", "id": 2, "renamed_from": "name"}}, "/fields/a/renamed_from conflicting_name"),
        (
            {"a": {"type": "string", "renamed_from": "name"}, "name": "string"},
            "/fields/a/renamed_from conflicting_name",
        ),
        (
            {"a": {"type": "string", "renamed_from": "name"}, "b": {"type": "string", "renamed_from": "name"}},
            "/fields/b/id duplicate_id",
        ),
    ):
        client.refused("PUT", things, {"fields": fields}, status=422, code=code)
        client.refused("PATCH", things, {"fields": fields}, status=422, code=code)
    for field in ({"type": "string", "name": "b"}, {"type": "string", "name": ""}, {"type": "string", "name": 1}):
        refused(client, things, {"a": field}, "/fields/a/name conflicting_name")
    client.refused(
        "POST", "/table/", {"model_name": "B", "fields": [{"type": "string"}]}, status=422, code="invalid_name"
    )
    twice = [{"name": "a", "type": "string"}, {"name": "a", "type": "string"}]
    client.refused("POST", "/table/", {"model_name": "B", "fields": twice}, status=422, code="/fields/1 duplicate_name")


OPTIONS = [
    ("string", {"max_length": 0}, "max_length invalid_option"),
    ("string", {"max_length": -1}, "max_length invalid_option"),
    ("string", {"max_length": 10**400}, "max_length out_of_range"),
    ("string", {"max_length": 2**63 - 1}, "max_length invalid_option"),
    ("string", {"max_length": "9"}, "max_length wrong_type"),
    ("string", {"max_length": 1.5}, "max_length wrong_type"),
    ("string", {"max_length": True}, "max_length wrong_type"),
    ("string", {"min_length": 9, "max_length": 5}, "min_length invalid_option"),
    ("text", {"min_length": -1}, "min_length invalid_option"),
    ("text", {"pattern": "("}, "pattern invalid_option"),
    ("text", {"pattern": "[z-a]"}, "pattern invalid_option"),
    ("text", {"pattern": "x{999999999999}"}, "pattern invalid_option"),
    ("text", {"pattern": "(" * 5000}, "pattern invalid_option"),
    ("text", {"pattern": 1}, "pattern wrong_type"),
    ("text", {"pattern": "\ud800"}, "pattern unstorable_text"),
    ("text", {"choices": ["a"]}, "choices unknown_option"),
    ("string", {"choices": []}, "choices invalid_option"),
    ("string", {"choices": ["a", "a"]}, "choices invalid_option"),
    ("string", {"choices": "a"}, "choices wrong_type"),
    ("string", {"choices": {"a": 1}}, "choices wrong_type"),
    ("number", {"min": 2, "max": 1}, "min invalid_option"),
    ("number", {"min": "1"}, "min wrong_type"),
    ("number", {"max": 10**400}, "max out_of_range"),
    ("integer", {"min": 1.5}, "min wrong_type"),
    ("integer", {"max": 2**63}, "max out_of_range"),
    ("integer", {"choices": [1, 1.0]}, "choices invalid_option"),
    ("date", {"min": "2026-02-30"}, "min invalid_format"),
    ("date", {"min": "2026-02-02", "max": "2026-02-01"}, "min invalid_option"),
    ("datetime", {"max": "2026-02-01T00:00:00"}, "max invalid_format"),
    ("boolean", {"min": 1}, "min unknown_option"),
    ("json", {"unique": True}, "unique invalid_option"),
    ("json", {"index": True}, "index invalid_option"),
    ("string", {"default": 1}, "default wrong_type"),
    ("string", {"default": "x" * 256}, "default too_long"),
    ("string", {"default": "x", "max_length": 9, "choices": ["a"]}, "default not_a_choice"),
    ("text", {"default": "x", "pattern": "y"}, "default pattern_mismatch"),
    ("number", {"default": "1"}, "default wrong_type"),
    ("number", {"default": 2**63 + 1}, "default out_of_range"),
    ("number", {"default": 10**400}, "default out_of_range"),
    ("integer", {"default": 1.5}, "default wrong_type"),
    ("integer", {"default": 2**63}, "default out_of_range"),
    ("integer", {"default": 5, "max": 4}, "default too_large"),
    ("boolean", {"default": 1}, "default wrong_type"),
    ("boolean", {"default": "true"}, "default wrong_type"),
    ("date", {"default": "31.1.2026"}, "default invalid_format"),
    ("datetime", {"default": "2026-02-30"}, "default invalid_format"),
]


@pytest.mark.parametrize(("kind", "options", "code"), OPTIONS)
def test_bad_option(client, things, kind, options, code):
    refused(client, things, {"a": {"type": kind, **options}}, f"/fields/a/{code}")


@pytest.mark.parametrize("literal", [b"1e400", b"-1e400", b"1" * 400 + b".0"])
def test_literal_beyond_floats(client, things, literal):
    for kind, option in (("number", b"default"), ("number", b"min"), ("integer", b"max")):
        body = b'{"model_name": "B", "fields": {"a": {"type": "%s", "%s": %s}}}' % (kind.encode(), option, literal)
        answer = client.refused("POST", "/table/", status=422, code="validation", body=body)
        assert answer.json["errors"][0]["pointer"] == f"/fields/a/{option.decode()}"


INDEXES = [
    ({"unique": 0}, "/unique wrong_type"),
    ({"unique": False}, "/unique wrong_type"),
    ({"unique": ""}, "/unique wrong_type"),
    ({"unique": "a"}, "/unique wrong_type"),
    ({"indexes": True}, "/indexes wrong_type"),
    ({"unique": [1]}, "/unique/0 wrong_type"),
    ({"unique": ["a"]}, "/unique/0 wrong_type"),
    ({"unique": [["a"]]}, "/unique/0 wrong_type"),
    ({"unique": [None]}, "/unique/0 wrong_type"),
    ({"unique": [{}]}, "/unique/0/fields required"),
    ({"unique": [{"fields": []}]}, "/unique/0/fields required"),
    ({"unique": [{"fields": "a"}]}, "/unique/0/fields wrong_type"),
    ({"unique": [{"fields": {"a": 1}}]}, "/unique/0/fields wrong_type"),
    ({"unique": [{"fields": ["nothing"]}]}, "/unique/0/fields/0 unknown_field"),
    ({"unique": [{"fields": ["A"]}]}, "/unique/0/fields/0 unknown_field"),
    ({"unique": [{"fields": ["id"]}]}, "/unique/0/fields/0 unknown_field"),
    ({"unique": [{"fields": ["_version"]}]}, "/unique/0/fields/0 unknown_field"),
    ({"unique": [{"fields": ["a", 1]}]}, "/unique/0/fields/1 unknown_field"),
    ({"unique": [{"fields": ["a", None]}]}, "/unique/0/fields/1 unknown_field"),
    ({"unique": [{"fields": ["a", "\ud800"]}]}, "/unique/0/fields/1 unknown_field"),
    ({"unique": [{"fields": [{"field": "a"}]}]}, "/unique/0/fields/0 unknown_field"),
    ({"unique": [{"fields": ["a", "a"]}]}, "/unique/0/fields/1 duplicate_name"),
    ({"unique": [{"fields": ["a"], "nulls_distinct": 1}]}, "/unique/0/nulls_distinct wrong_type"),
    ({"unique": [{"fields": ["a"], "where": "x"}]}, "/unique/0/where unknown_key"),
    ({"unique": [{"fields": ["a"], "name": 1}]}, "/unique/0/name wrong_type"),
    ({"indexes": [{"fields": ["a"], "nulls_distinct": True}]}, "/indexes/0/nulls_distinct unknown_key"),
    ({"indexes": [{"fields": [{"field": "a", "desc": True}]}]}, "/indexes/0/fields/0/desc unknown_key"),
    ({"indexes": [{"fields": [{"field": "a", "descending": 1}]}]}, "/indexes/0/fields/0/descending wrong_type"),
    ({"indexes": [{"fields": [{"descending": True}]}]}, "/indexes/0/fields/0 unknown_field"),
    ({"indexes": [{"fields": [{}]}]}, "/indexes/0/fields/0 unknown_field"),
    ({"indexes": [{"fields": ["j"]}]}, "/indexes/0/fields/0 invalid_option"),
    ({"unique": [{"fields": ["a", "j"]}]}, "/unique/0/fields/1 invalid_option"),
    (
        {"unique": [{"name": "x", "fields": ["a"]}], "indexes": [{"name": "x", "fields": ["a"]}]},
        "/indexes/0 duplicate_name",
    ),
]


@pytest.mark.parametrize(("document", "code"), INDEXES)
def test_bad_index(client, things, document, code):
    refused(client, things, {"a": "string", "j": "json"}, code, **document)


def test_a_field_that_an_index_needs(client, things):
    client.refused("PATCH", things, {"fields": {"name": None}}, status=422, code="/unique/0/fields/0 unknown_field")


def test_every_fault_is_told(client, things):
    document = {
        "model_name": "_1",
        "what": 1,
        "label": 5,
        "fields": {
            "a": {"type": "string", "required": "yes", "label": 7, "what": 1, "max_length": 0},
            "b": "nothing",
            "_c": "string",
            "B": {"type": "integer", "min": 2, "max": 1, "default": "x"},
        },
        "unique": [{"fields": []}],
    }
    answer = client.refused("POST", "/table/", document, status=422, code="validation")
    assert sorted(f"{error['pointer']} {error['code']}" for error in answer.json["errors"]) == [
        "/fields/B duplicate_name",
        "/fields/B/min invalid_option",
        "/fields/_c invalid_name",
        "/fields/a/label wrong_type",
        "/fields/a/max_length invalid_option",
        "/fields/a/required wrong_type",
        "/fields/a/what unknown_option",
        "/fields/b/type unknown_type",
        "/label wrong_type",
        "/model_name invalid_name",
        "/unique/0/fields required",
        "/what unknown_key",
    ]
    assert answer.json["error_count"] == 12


def test_too_many_fields(fresh):
    fields = {f"f{number}": "boolean" for number in range(2100)}
    fresh.refused("POST", "/table/", {"model_name": "Wide", "fields": fields}, status=409, code="too_many_fields")
    path = fresh.table({})
    fresh.refused("PATCH", path, {"fields": fields}, status=409, code="too_many_fields")


SQL = [
    "'; DROP TABLE x; --",
    '"; DROP TABLE x; --',
    "\\'; --",
    "$$; --",
    "%s %(a)s %%",
    ":a ?",
    "/* */",
    "`x`",
    "\\",
    "'",
]


@pytest.mark.parametrize("text", SQL)
def test_sql_in_values(client, text):
    """It is text, wherever text may be: kept as it is, in the database's defaults as well."""
    fields = {
        "a": {"type": "string", "default": text, "choices": [text, "x"], "label": text, "description": text},
        "j": {"type": "json", "default": {text: [text]}},
    }
    further = {"label": text, "description": text, "unique": [{"name": text, "fields": ["a"]}]}
    path = client.table(fields, **further)
    document = client.get(path)
    assert (document["label"], document["unique"][0]["name"]) == (text, text)
    assert client.row(path, {}) == {"id": 1, "a": text, "j": {text: [text]}}
    added = {"b": {"type": "text", "default": text}, "a": {"default": "x"}, "k": {"type": "json", "default": [text]}}
    client.send("PATCH", path, {"fields": added}, status=200)
    assert client.get(f"{path}rows/1") == {"id": 1, "a": text, "j": {text: [text]}, "b": text, "k": [text]}
    required = {name: {"required": True} for name in ("a", "b", "j", "k")}
    client.send("PATCH", path, {"fields": required}, status=200)
    assert client.row(path, {"a": "x"}) == {"id": 2, "a": "x", "j": {text: [text]}, "b": text, "k": [text]}
