"""Document -> definition -> document, and to the system tables and back: nothing is lost."""

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.patching import patched
from dynmodel_pyramid.definitions.reading import read_table
from dynmodel_pyramid.definitions.writing import table_document
from dynmodel_pyramid.fields import FieldTypes
from tests.definitions.strategies import documents

often = settings(
    derandomize=True, deadline=None, max_examples=150, database=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.fixture(scope="module")
def field_types() -> FieldTypes:
    types = FieldTypes()
    types.load_entry_points()
    return types


def made(document, field_types) -> TableDefinition:
    return replace(read_table(document, None, field_types), id=7, version=3)


@often
@given(document=documents())
def test_stored_and_read_again(field_types, document):
    definition = made(document, field_types)
    stored = json.loads(json.dumps(definition.to_stored()))
    again = TableDefinition.from_stored(stored)
    assert again == definition
    assert again.same_content(definition)
    assert json.loads(json.dumps(again.to_stored())) == stored


@often
@given(document=documents())
def test_written_and_read_again(field_types, document):
    """PUT of what GET returned is the same definition, by way of JSON too; so is a PATCH of it, and one of nothing."""
    definition = made(document, field_types)
    full = table_document(definition)
    assert read_table(full, definition, field_types) == definition
    assert read_table(json.loads(json.dumps(full)), definition, field_types) == definition
    assert patched(definition, {}) == full
    for patch in (full, {}, {"fields": {}}, {"fields": full["fields"]}):
        assert read_table(patched(definition, patch), definition, field_types) == definition
    listed = [{"name": name, **made} for name, made in full["fields"].items()]
    assert read_table({**full, "fields": listed}, definition, field_types) == definition


@often
@given(document=documents())
def test_a_copy_has_the_same_document(field_types, document):
    """What GET returned defines an equal table, once ids and version are left out."""
    definition = made(document, field_types)
    full = table_document(definition)
    short = {key: value for key, value in full.items() if key not in ("id", "version")}
    short["fields"] = {
        name: {key: value for key, value in made.items() if key != "id"} for name, made in full["fields"].items()
    }
    copy = table_document(made(short, field_types))
    for each in (full, copy):
        each["fields"] = {name: {**made, "id": 0} for name, made in each["fields"].items()}
    assert copy == full


@often
@given(before=documents(), after=documents())
def test_a_change_keeps_ids_by_name_and_never_gives_one_again(field_types, before, after):
    first = made(before, field_types)
    second = read_table(after, first, field_types)
    for field in second.fields:
        old = first.by_name.get(field.name)
        if old is not None:
            assert field.id == old.id
        else:
            assert field.id >= first.next_id
    ids = [field.id for field in second.fields] + [index.id for index in second.indexes if index not in first.indexes]
    assert len(set(ids)) == len(ids)
    assert second.next_id > max(ids, default=0)
    assert (second.id, second.version) == (first.id, first.version)
    assert second.same_content(first) == (table_document(second) == table_document(first))
