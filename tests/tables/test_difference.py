"""What distinguishes two definitions."""

from dataclasses import replace

import pytest

from dynmodel_pyramid.definitions import FieldDefinition, IndexDefinition, TableDefinition
from dynmodel_pyramid.tables.difference import difference

A = FieldDefinition(1, "a", "string", "a", {"max_length": 255})
B = FieldDefinition(2, "b", "integer", "b", {})
T = TableDefinition(1, "T", 1, "T", (A, B), next_id=3)
RULE = IndexDefinition(3, "rule", ((1, False), (2, False)), unique=True)


def changed(**fields) -> TableDefinition:
    return replace(T, fields=(replace(A, **fields), B))


@pytest.mark.parametrize(
    "after",
    [
        T,
        replace(T, label="x", description="y", version=9, model_name="U", next_id=9),
        replace(T, fields=(B, A)),
        changed(label="x", description="y"),
        changed(options={"max_length": 9}),
    ],
)
def test_nothing_that_concerns_the_database(after):
    assert difference(T, after).is_empty


@pytest.mark.parametrize(
    ("after", "member"),
    [
        (replace(T, physical_name="U"), "table_renamed"),
        (replace(T, fields=(A,)), "dropped"),
        (replace(T, fields=(A, B, replace(B, id=3, name="c"))), "added"),
        (changed(type="text"), "retyped"),
        (changed(type="text", name="c", column="c", required=True, default="x"), "retyped"),
        (changed(name="c", column="c"), "renamed"),
        (changed(required=True), "required"),
        (changed(default="x"), "defaults"),
        (changed(index=True), "indexes_changed"),
        (changed(unique=True), "indexes_changed"),
        (replace(T, indexes=(RULE,)), "indexes_changed"),
    ],
)
def test_one_change(after, member):
    change = difference(T, after)
    assert not change.is_empty
    assert [name for name in change.__slots__ if getattr(change, name)] == [member]
    back = difference(after, T)
    assert [name for name in back.__slots__ if getattr(back, name)] == [
        {"dropped": "added", "added": "dropped"}.get(member, member)
    ]


def test_names_of_rules_do_not_concern_the_database():
    one = replace(T, indexes=(RULE,))
    assert difference(one, replace(T, indexes=(replace(RULE, name="other"),))).is_empty
    for other in (replace(RULE, nulls_distinct=False), replace(RULE, unique=False), replace(RULE, fields=((1, True),))):
        assert difference(one, replace(T, indexes=(other,))).indexes_changed
