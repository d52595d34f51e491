"""JSON Merge Patch, and what a table needs besides."""

import pytest

from dynmodel_pyramid.definitions import FieldDefinition, IndexDefinition, TableDefinition
from dynmodel_pyramid.definitions.patching import merge, patched
from dynmodel_pyramid.definitions.writing import table_document
from dynmodel_pyramid.errors import Invalid

#: RFC 7396, appendix A: target, patch, result.
APPENDIX = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("target", "patch", "result"), APPENDIX)
def test_examples_of_the_rfc(target, patch, result):
    assert merge(target, patch) == result


def test_too_deep():
    deep = {}
    for _ in range(5000):
        deep = {"a": deep}
    with pytest.raises(Invalid) as refused:
        merge({}, deep)
    assert refused.value.problems[0].code == "too_deep"


@pytest.fixture
def definition() -> TableDefinition:
    fields = (
        FieldDefinition(1, "a", "string", "a", {"max_length": 9}, label="A"),
        FieldDefinition(2, "b", "integer", "b", {"min": 1}),
    )
    indexes = (
        IndexDefinition(3, "rule", ((1, False), (2, False)), unique=True),
        IndexDefinition(4, "order", ((2, True),)),
    )
    return TableDefinition(1, "T", 5, "T", fields, indexes, next_id=5)


def test_neither_argument_is_changed(definition):
    before = table_document(definition)
    patch = {"fields": {"c": {"id": 1}, "b": "text", "d": None}, "unique": [{"fields": ["c"]}]}
    copy = {"fields": {"c": {"id": 1}, "b": "text", "d": None}, "unique": [{"fields": ["c"]}]}
    patched(definition, patch)
    assert patch == copy
    assert table_document(definition) == before


def test_rename_takes_place_options_and_indexes_along(definition):
    for change in ({"id": 1}, {"renamed_from": "a"}):
        document = patched(definition, {"fields": {"c": change}})
        assert set(document["fields"]) == {"b", "c"}
        known = {name: value for name, value in table_document(definition)["fields"]["a"].items() if name != "id"}
        assert document["fields"]["c"] == {**known, **change}
        assert document["unique"][0]["fields"] == ["c", "b"]
        assert document["indexes"][0]["fields"] == [{"field": "b", "descending": True}]


def test_indexes_that_the_patch_gives_itself(definition):
    document = patched(definition, {"fields": {"c": {"id": 1}}, "unique": [{"fields": ["c"]}], "indexes": None})
    assert document["unique"] == [{"fields": ["c"]}]
    assert "indexes" not in document


def test_swap(definition):
    document = patched(definition, {"fields": {"a": {"id": 2}, "b": {"id": 1}}})
    assert (document["fields"]["a"]["type"], document["fields"]["b"]["type"]) == ("integer", "string")
    assert document["unique"][0]["fields"] == ["b", "a"]


def test_another_type_keeps_the_common_options(definition):
    for change in ("number", {"type": "number"}):
        field = patched(definition, {"fields": {"a": change}})["fields"]["a"]
        assert (field["type"], field["position"], field["label"]) == ("number", 1, "A")
        assert "max_length" not in field
    assert patched(definition, {"fields": {"a": "string"}})["fields"]["a"]["max_length"] == 9


def test_rename_onto_a_field_that_stays(definition):
    for change in ({"id": 1}, {"renamed_from": "a"}):
        with pytest.raises(Invalid) as refused:
            patched(definition, {"fields": {"b": change}})
        assert [problem.pointer for problem in refused.value.problems] == ["/fields/b"]
        assert refused.value.hint


def test_a_field_takes_the_name_of_one_that_the_patch_drops(definition):
    """The name is no part of what is kept: b goes, and a is called b."""
    for change in ({"id": 1}, {"renamed_from": "a"}):
        document = patched(definition, {"fields": {"a": None, "b": change}})
        assert {name: field["label"] for name, field in document["fields"].items()} == {"b": "A"}
        # A rule of the field that went does not become one of the field that has its name.
        assert document["unique"][0]["fields"] == ["b", None]
        assert document["indexes"][0]["fields"] == [{"field": None, "descending": True}]


@pytest.mark.parametrize("patch", [None, 1, "x", [], [{}]])
def test_no_object(definition, patch):
    with pytest.raises(Invalid):
        patched(definition, patch)


@pytest.mark.parametrize(
    "fields", [{"a": 1}, {"a": []}, {"a": {"type": []}}, {"c": {"id": []}}, {"c": {"renamed_from": {}}}]
)
def test_nonsense_is_left_to_the_reader(definition, fields):
    assert set(patched(definition, {"fields": fields})["fields"]) == {"a", "b", *fields}
