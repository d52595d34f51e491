"""The further common options: what is taken, what is refused, and which field an alias continues."""

import json
from dataclasses import replace

import pytest

from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.model import Alias
from dynmodel_pyramid.definitions.patching import patched
from dynmodel_pyramid.definitions.reading import read_table
from dynmodel_pyramid.definitions.writing import table_document
from dynmodel_pyramid.errors import Invalid
from dynmodel_pyramid.fields import FieldTypes

SINCE = "2026-01-31T12:00:00Z"


@pytest.fixture(scope="module")
def field_types() -> FieldTypes:
    types = FieldTypes()
    types.load_entry_points()
    return types


@pytest.fixture
def read(field_types):
    def read(fields, before: TableDefinition | None = None) -> TableDefinition:
        return read_table({"model_name": "T", "fields": fields}, before, field_types)

    return read


GOOD = [
    {"type": "datetime", "default_expression": "now"},
    {"type": "date", "default_expression": "today"},
    {"type": "uuid", "default_expression": "uuid"},
    {"type": "string", "default_expression": "uuid", "max_length": 36},
    {"type": "string", "default": None, "default_expression": None},
    {"type": "string", "default": "x", "default_expression": None},
    {"type": "email", "unique_ignore_case": True, "unique": True},
    {"type": "integer", "unique_ignore_case": False, "read_only": True, "write_only": True},
    {"type": "integer", "message": "x" * 500},
    {"type": "integer", "message": None, "aliases": None},
]


@pytest.mark.parametrize("made", GOOD, ids=json.dumps)
def test_taken(read, made):
    field = read({"a": made}).by_name["a"]
    given = {name: value for name, value in made.items() if name not in ("type", "aliases", "max_length")}
    assert {name: getattr(field, name) for name in given} == given
    assert field.aliases == ()


BAD = [
    ({"type": "datetime", "default_expression": "later"}, "/default_expression invalid_option"),
    ({"type": "datetime", "default_expression": 1}, "/default_expression wrong_type"),
    ({"type": "datetime", "default_expression": ["now"]}, "/default_expression wrong_type"),
    ({"type": "time", "default_expression": "today"}, "/default_expression invalid_format"),
    ({"type": "integer", "default_expression": "now"}, "/default_expression wrong_type"),
    ({"type": "string", "default_expression": "uuid", "max_length": 35}, "/default_expression too_long"),
    ({"type": "date", "default_expression": "today", "default": "2026-01-31"}, "/default_expression invalid_option"),
    ({"type": "integer", "unique_ignore_case": True}, "/unique_ignore_case invalid_option"),
    ({"type": "uuid", "unique_ignore_case": True}, "/unique_ignore_case invalid_option"),
    ({"type": "string", "unique_ignore_case": 1}, "/unique_ignore_case wrong_type"),
    ({"type": "string", "read_only": "yes"}, "/read_only wrong_type"),
    ({"type": "string", "write_only": 0}, "/write_only wrong_type"),
    ({"type": "string", "message": "x" * 501}, "/message too_long"),
    ({"type": "string", "message": ""}, "/message invalid_option"),
    ({"type": "string", "message": 1}, "/message wrong_type"),
    ({"type": "string", "message": "\0"}, "/message unstorable_text"),
    ({"type": "string", "aliases": "b"}, "/aliases wrong_type"),
    ({"type": "string", "aliases": {"name": "b"}}, "/aliases wrong_type"),
    ({"type": "string", "aliases": [1]}, "/aliases/0 invalid_name"),
    ({"type": "string", "aliases": ["b", "id"]}, "/aliases/1 invalid_name"),
    ({"type": "string", "aliases": ["_b"]}, "/aliases/0 invalid_name"),
    ({"type": "string", "aliases": [{}]}, "/aliases/0 invalid_name"),
    ({"type": "string", "aliases": [{"name": "b", "x": 1}]}, "/aliases/0/x unknown_key"),
    ({"type": "string", "aliases": [{"name": "b", "deprecated_at": "x"}]}, "/aliases/0/deprecated_at invalid_format"),
    ({"type": "string", "aliases": [{"name": "b", "deprecated_at": 5}]}, "/aliases/0/deprecated_at invalid_format"),
    ({"type": "string", "aliases": ["b", "B"]}, "/aliases/1 duplicate_name"),
    ({"type": "string", "aliases": ["A"]}, "/aliases/0 duplicate_name"),
    ({"type": "string", "aliases": ["OTHER"]}, "/aliases/0 duplicate_name"),
    ({"type": "string", "aliases": ["formerly"]}, "/aliases/0 duplicate_name"),
]


@pytest.mark.parametrize(("made", "fault"), BAD, ids=lambda value: json.dumps(value)[:70])
def test_refused(read, made, fault):
    with pytest.raises(Invalid) as caught:
        read({"other": {"type": "string", "aliases": ["Formerly"]}, "a": made})
    assert [f"{found.pointer} {found.code}" for found in caught.value.problems] == [f"/fields/a{fault}"]


def test_pointers_of_a_list(read):
    with pytest.raises(Invalid) as caught:
        read([{"name": "a", "type": "string"}, {"name": "b", "type": "string", "aliases": ["A"]}])
    assert caught.value.problems[0].pointer == "/fields/1/aliases/0"


def test_alias_keeps_its_moment(read, field_types):
    first = read({"a": {"type": "string", "aliases": [{"name": "b", "deprecated_at": "2026-01-31T13:00:00.9+01:00"}]}})
    assert first.by_name["a"].aliases == (Alias("b", SINCE),)
    again = read({"a": {"type": "string", "id": 1, "aliases": ["b", "c"]}}, first)
    assert again.by_name["a"].aliases[0] == Alias("b", SINCE)
    assert again.by_name["a"].aliases[1].deprecated_at > SINCE
    assert read_table(table_document(again), again, field_types) == again
    with pytest.raises(Invalid, match="deprecated_at"):
        read({"a": {"type": "string", "aliases": [{"name": "b", "deprecated_at": "2027-01-01T00:00:00Z"}]}}, first)


def test_alias_of_an_earlier_field_renames_it(read, field_types):
    before = replace(read({"price": "number", "name": "string"}), id=1)
    after = read({"cost": {"type": "number", "aliases": ["price"]}, "name": "string"}, before)
    assert [(field.id, field.name) for field in after.fields] == [(1, "cost"), (2, "name")]
    by_patch = patched(before, {"fields": {"cost": {"aliases": ["price"]}}})
    found = read_table(by_patch, before, field_types)
    assert [(field.id, field.name, field.type) for field in found.fields] == [
        (1, "cost", "number"),
        (2, "name", "string"),
    ]


def test_alias_of_a_field_that_something_else_continues(read):
    before = replace(read({"price": "number", "name": "string"}), id=1)
    for other in ({"id": 1}, {"renamed_from": "price"}):
        after = read({"sum": {"type": "number", **other}, "cost": {"type": "number", "aliases": ["price"]}}, before)
        assert [(field.id, field.name) for field in after.fields] == [(1, "sum"), (3, "cost")]
    with pytest.raises(Invalid, match="the field price has this name"):
        read({"price": "number", "cost": {"type": "number", "aliases": ["price"]}}, before)


def test_definitions_of_an_older_release(read):
    definition = read({"a": "string"})
    stored = json.loads(json.dumps(definition.to_stored()))
    new = ("default_expression", "unique_ignore_case", "read_only", "write_only", "aliases", "message")
    stored["fields"] = [{name: value for name, value in field.items() if name not in new} for field in stored["fields"]]
    assert TableDefinition.from_stored(stored) == definition
