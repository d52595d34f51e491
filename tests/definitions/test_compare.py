"""The steps between two definitions, applied to the first, give the second."""

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dynmodel_pyramid.definitions import FieldDefinition, IndexDefinition, TableDefinition
from dynmodel_pyramid.definitions.compare import apply_operations, operations_between
from dynmodel_pyramid.definitions.model import Alias, Referrer
from dynmodel_pyramid.definitions.operations import operation_document

NAMES = ["a", "b", "c", "d", "e", "f"]


@st.composite
def fields(draw, number: int, name: str) -> FieldDefinition:
    return FieldDefinition(
        id=number,
        name=name,
        type=draw(st.sampled_from(["string", "integer"])),
        column=name,
        options=draw(st.sampled_from([{}, {"max": 1}, {"max": True}])),
        required=draw(st.booleans()),
        unique=draw(st.booleans()),
        index=draw(st.booleans()),
        default=draw(st.sampled_from([None, 1, True, "x"])),
        label=draw(st.sampled_from([None, "label"])),
        default_expression=draw(st.sampled_from([None, "now"])),
        unique_ignore_case=draw(st.booleans()),
        read_only=draw(st.booleans()),
        aliases=draw(st.sampled_from([(), (Alias("was", "2026-01-31T12:00:00Z"),)])),
    )


@st.composite
def definitions(draw) -> TableDefinition:
    """Of one table, whose fields may have been dropped and renamed at will in between."""
    ids = draw(st.lists(st.integers(1, 6), unique=True))
    names = draw(st.permutations(NAMES))
    made = tuple(draw(fields(number, name)) for number, name in zip(ids, names, strict=False))
    parts = st.lists(
        st.tuples(st.sampled_from(ids), st.booleans()), min_size=1, max_size=2, unique_by=lambda part: part[0]
    )
    numbers = draw(st.lists(st.integers(10, 12), unique=True, max_size=2)) if ids else []
    indexes = tuple(
        IndexDefinition(number, f"index_{number}", tuple(draw(parts)), draw(st.booleans()), draw(st.booleans()))
        for number in numbers
    )
    name = draw(st.sampled_from(["T", "U"]))
    referrer = Referrer(2, 1, "V", "t", "V", "t", "restrict")
    return TableDefinition(
        1, name, draw(st.integers(1, 9)), name, made, indexes, label=draw(st.sampled_from([None, "label"])),
        next_id=13, referrers=draw(st.sampled_from([(), (referrer,)])),
        pending=draw(st.sampled_from([(), ("_ck_1_1_min",), ("_fk_1_2",)])),
    )  # fmt: skip


@given(definitions(), definitions())
def test_steps_lead_from_one_to_the_other(before, after):
    steps = operations_between(before, after)
    assert apply_operations(before, steps).same_content(after)
    assert bool(steps) is not before.same_content(after)
    json.dumps([operation_document(step) for step in steps])


@given(definitions(), definitions())
def test_each_step_does_something(before, after):
    current = before
    for step in operations_between(before, after):
        assert not step.apply(current).same_content(current)
        current = step.apply(current)


A = FieldDefinition(1, "a", "string", "a", {})
B = FieldDefinition(2, "b", "string", "b", {})
C = FieldDefinition(3, "c", "string", "c", {})
T = TableDefinition(1, "T", 1, "T", (A, B, C), next_id=4)


def kinds(before: TableDefinition, after: TableDefinition) -> list[str]:
    return [step.kind for step in operations_between(before, after)]


def test_a_cycle_of_names_is_renames_only():
    turned = tuple(replace(field, name=name, column=name) for field, name in zip(T.fields, "bca", strict=True))
    assert kinds(T, replace(T, fields=turned)) == ["rename_field"] * 3


def test_lifting_comes_before_and_setting_after_the_change_of_a_type():
    field = replace(A, unique=True, required=True)
    before = replace(T, fields=(field, B, C))
    other = replace(A, type="integer", index=True, default=1)
    assert kinds(before, replace(T, fields=(other, B, C))) == [
        "lift_unique", "lift_required", "retype_field", "set_default", "set_index",
    ]  # fmt: skip


def test_a_field_that_comes_back_is_restored_and_a_new_one_added():
    before = replace(T, fields=(B, C))
    assert kinds(before, replace(T, fields=(B, C, A))) == ["restore_field"]
    assert kinds(before, replace(T, fields=(B, C, replace(A, id=4)))) == ["add_field"]


def test_details_tell_what_changes():
    (step,) = operations_between(T, replace(T, fields=(replace(A, options={"max_length": 3}), B, C)))
    assert operation_document(step) == {
        "kind": "change_options",
        "field": "a",
        "before": {},
        "after": {"max_length": 3},
    }
