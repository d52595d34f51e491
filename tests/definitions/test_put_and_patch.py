"""PUT and PATCH are one path: what can be said in both leads to the same definition, or to the same refusal."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.patching import patched
from dynmodel_pyramid.definitions.reading import read_table
from dynmodel_pyramid.definitions.writing import table_document
from dynmodel_pyramid.errors import Invalid
from dynmodel_pyramid.fields import FieldTypes

FIELDS = {
    "a": {"type": "string", "max_length": 9, "label": "A"},
    "b": {"type": "integer", "default": 3},
    "c": {"type": "string", "label": "C"},
    "d": "boolean",
}
NAMES = [*FIELDS, "e", "f"]


@pytest.fixture(scope="module")
def field_types() -> FieldTypes:
    types = FieldTypes()
    types.load_entry_points()
    return types


@pytest.fixture(scope="module")
def before(field_types) -> TableDefinition:
    return replace(read_table({"model_name": "T", "fields": FIELDS}, None, field_types), id=1, version=4)


@dataclass(frozen=True)
class Part:
    """What becomes of one field: dropped, renamed, given another label."""

    old: str
    new: str | None
    how: str  # the member that says so: id, renamed_from, both
    label: str | None


@st.composite
def changes(draw) -> list[Part]:
    """Old fields under new names, each once, or dropped."""
    names = draw(st.permutations(NAMES))
    return [
        Part(
            old,
            draw(st.sampled_from([old, new, new, None])),
            draw(st.sampled_from(["id", "renamed_from", "both"])),
            draw(st.sampled_from([None, "L"])),
        )
        for old, new in zip(FIELDS, names, strict=False)
    ]


def said(part: Part, before: TableDefinition) -> dict[str, Any]:
    """What a document says of a field that goes on."""
    found: dict[str, Any] = {} if part.label is None else {"label": part.label}
    if part.new != part.old or part.how == "id":
        found |= {"id": before.by_name[part.old].id} if part.how in ("id", "both") else {}
        found |= {"renamed_from": part.old} if part.how in ("renamed_from", "both") else {}
    return found


def outcome(document: Any, before: TableDefinition, field_types: FieldTypes) -> Any:
    """The definition, or the codes of its faults with their pointers."""
    try:
        return read_table(document() if callable(document) else document, before, field_types)
    except Invalid as error:
        return sorted((each.pointer, each.code) for each in error.problems)


@settings(derandomize=True, deadline=None, max_examples=400, database=None)
@given(parts=changes())
def test_the_same_change_by_put_and_by_patch(field_types, before, parts):
    document, patch = table_document(before), {}
    fields = document.pop("fields")
    put: dict[str, Any] = {}
    for part in parts:
        known = {name: value for name, value in fields[part.old].items() if name != "id"}
        if part.new is None:
            patch.setdefault(part.old, None)
            continue
        if part.new in put:
            return  # two fields of one name can't be said
        put[part.new] = {**known, **said(part, before)}
        patch[part.new] = {"label": known["label"], **said(part, before)}
        if part.new != part.old:
            patch.setdefault(part.old, None)
    by_put = outcome({**document, "fields": put}, before, field_types)
    by_patch = outcome(lambda: patched(before, {"fields": patch}), before, field_types)
    assert by_put == by_patch, (put, patch)


@pytest.mark.parametrize(
    ("patch", "fields"),
    [
        ({"a": None, "c": {"renamed_from": "a"}}, {"b": 2, "d": 4, "c": 1}),
        ({"a": None, "c": {"id": 1}}, {"b": 2, "d": 4, "c": 1}),
        ({"c": {"id": 1}, "a": {"id": 3}}, {"a": 3, "b": 2, "c": 1, "d": 4}),
        ({"c": {"id": 1}, "e": {"id": 3}}, {"c": 1, "b": 2, "e": 3, "d": 4}),
        ({"e": {"renamed_from": "a"}, "a": "boolean"}, "/fields/e/renamed_from conflicting_name"),
        ({"e": {"id": 1}, "a": "boolean"}, {"e": 1, "a": 5, "b": 2, "c": 3, "d": 4}),
        ({"a": {"renamed_from": "c"}, "c": {"renamed_from": "a"}}, "/fields/a/renamed_from conflicting_name"),
        ({"c": {"renamed_from": "a"}}, "/fields/c duplicate_name"),
        ({"c": {"id": 1}}, "/fields/c duplicate_name"),
        ({"c": {"id": 3, "renamed_from": "a"}}, "/fields/c/renamed_from conflicting_name"),
        ({"a": None, "c": {"id": 3, "renamed_from": "a"}}, "/fields/c/renamed_from conflicting_name"),
        ({"e": {"type": "string", "renamed_from": "nonsense"}}, "/fields/e/renamed_from unknown_field"),
        ({"e": {"aliases": ["a"]}}, {"e": 1, "b": 2, "c": 3, "d": 4}),
        ({"e": {"id": 9}}, "/fields/e/id unknown_id"),
    ],
    ids=str,
)
def test_patches(field_types, before, patch, fields):
    found = outcome(lambda: patched(before, {"fields": patch}), before, field_types)
    if isinstance(fields, str):
        assert fields in [" ".join(each) for each in found]
    else:
        assert {field.name: field.id for field in found.fields} == fields


def test_an_id_and_the_name_of_another_field_contradict_one_another(field_types, before):
    """PUT of what GET gave, with a renamed_from that names another field: neither is followed in silence."""
    document = table_document(before)
    del document["fields"]["a"]
    document["fields"]["c"]["renamed_from"] = "a"
    assert outcome(document, before, field_types) == [("/fields/c/renamed_from", "conflicting_name")]
    # A rename that has happened already is no contradiction.
    document = table_document(before)
    document["fields"]["c"]["renamed_from"] = "earlier"
    assert outcome(document, before, field_types) == before
