"""Writes to all rows that a filter finds, by the row service."""

import pytest

from dynmodel_pyramid.changes.service import DefinitionService
from dynmodel_pyramid.errors import Conflict, Invalid, Malformed
from dynmodel_pyramid.rows.filtered import Filtered
from tests.rows.writing import Table, level, scope_of

FIELDS = {"a": "string", "b": "integer", "c": {"type": "string", "required": True, "default": "d"}}


@pytest.fixture
def table(catalogue):
    made = Table(catalogue, FIELDS)
    made.insert(*[{"a": "xyz"[n % 3], "b": n} for n in range(9)])
    return made


def update(table, document, *parameters, most=None, **further):
    chosen = Filtered(table.rows(**further), level(*parameters), most=most)
    with table.writing() as connection:
        return chosen.update(connection, document)


def delete(table, *parameters, most=None, before=None, **further):
    chosen = Filtered(table.rows(**further), level(*parameters), most=most)
    with table.writing() as connection:
        return chosen.delete(connection, before)


def test_update(table):
    assert update(table, {"b": 7}, ("a", "eq.y")) == [2, 5, 8]
    assert table.reports == [("update", ((2, 2), (5, 2), (8, 2)))]
    assert table.stored("b", "_version") == [(0, 1), (7, 2), (2, 1), (3, 1), (7, 2), (5, 1), (6, 1), (7, 2), (8, 1)]
    times = table.stored("_created", "_updated", "_version")
    assert all((updated > created) == (version == 2) for created, updated, version in times)
    assert update(table, {"b": 8}, ("a", "eq.nobody")) == []
    assert table.reports == []


def test_what_is_assigned_may_be_what_is_filtered_by(table):
    assert update(table, {"a": "new", "b": 1}, ("or", "(a.eq.x,b.lt.3)")) == [1, 2, 3, 4, 7]
    assert [row[0] for row in table.stored("a")] == ["new", "new", "new", "new", "y", "z", "new", "y", "z"]


def test_order_and_limit(table):
    assert update(table, {"a": "last"}, ("b", "gte.0"), ("order", "b.desc"), ("limit", "2")) == [9, 8]
    assert table.reports == [("update", ((8, 2), (9, 2)))]
    assert delete(table, ("b", "gte.0"), ("order", "b"), ("limit", "2"), ("offset", "1")) == [2, 3]
    assert table.reports == [("delete", ((2, 1), (3, 1)))]


def test_few_statements(table):
    table.insert(*[{"a": "many", "b": n} for n in range(500)])
    assert len(update(table, {"b": 1}, ("a", "eq.many"))) == 500
    assert table.statements <= 3
    assert len(delete(table, ("a", "eq.many"))) == 500
    assert table.statements <= 3
    assert len(table.stored("id")) == 9


def test_a_filter_is_wanted(table):
    for parameters in ((), (("limit", "1"), ("order", "b"))):
        with pytest.raises(Malformed) as refused:
            Filtered(table.rows(), level(*parameters))
        assert refused.value.code == "missing_filter"


def test_most(table):
    for write in (
        lambda most: update(table, {"b": 1}, ("a", "eq.x"), most=most),
        lambda most: delete(table, ("a", "eq.x"), most=most),
    ):
        with pytest.raises(Malformed) as refused:
            write(2)
        assert refused.value.code == "too_many_affected"
        assert refused.value.members["count"] == 3
        assert table.reports == []
        assert write(3) == [1, 4, 7]


def test_faults(table):
    for document, code in (
        ({"b": "1"}, "/b wrong_type"),
        ({"nope": 1}, "/nope unknown_field"),
        ({"c": None}, "/c required"),
        ({"id": 1}, "/id read_only"),
        ([], " wrong_type"),
    ):
        for found in ("x", "nobody") if document != {"id": 1} else ("x",):
            with pytest.raises(Invalid) as refused:
                update(table, document, ("a", f"eq.{found}"))
            assert f"{refused.value.problems[0].pointer} {refused.value.problems[0].code}" == code
    assert update(table, {"id": 1, "b": 100}, ("b", "eq.0")) == [1]
    assert update(table, {}, ("a", "eq.x")) == [1, 4, 7]
    assert table.reports == []


def test_scope(table):
    scope = scope_of(
        table.rows().model, condition=lambda table: table.c.b > 3, writable=frozenset({"a"}), readable=frozenset({"a"})
    )
    assert update(table, {"a": "mine"}, ("a", "eq.x"), scope=scope) == [7]
    with pytest.raises(Invalid):
        update(table, {"b": 1}, ("a", "eq.x"), scope=scope)
    with pytest.raises(Malformed):
        update(table, {"a": "mine"}, ("b", "eq.1"), scope=scope)
    assert delete(table, ("id", "gt.0"), scope=scope) == [5, 6, 7, 8, 9]


def test_read_only_fields_may_be_repeated(catalogue):
    table = Table(catalogue, {"a": {"type": "integer", "read_only": True}, "b": "integer"})
    table.insert({"a": 1}, {"a": 1}, {"a": 2})
    assert update(table, {"a": 1, "b": 5}, ("a", "eq.1")) == [1, 2]
    with pytest.raises(Invalid) as refused:
        update(table, {"a": 1, "b": 6}, ("id", "gt.0"))
    assert refused.value.problems[0].code == "read_only"
    assert table.stored("b") == [(5,), (5,), (None,)]


def test_given_values(catalogue):
    table = Table(catalogue, {"a": "integer", "who": "updated_by"})
    table.insert({"a": 1}, {"a": 2})
    assert update(table, {"a": 3}, ("a", "gt.0"), author="me") == [1, 2]
    assert table.stored("who") == [("me",), ("me",)]


def test_links(catalogue):
    far = DefinitionService(catalogue).create({"model_name": "Far", "fields": {"n": "integer"}}).definition.id
    fields = {
        "one": {"type": "link", "table": "Far"},
        "many": {"type": "links", "table": "Far"},
        "n": "integer",
    }
    table = Table(catalogue, fields)
    distant = Table.__new__(Table)
    distant.catalogue, distant.id, distant.reports = catalogue, far, []
    distant.insert({"n": 1}, {"n": 2})
    table.insert({"n": 1}, {"n": 1, "many": [1]}, {"n": 2, "many": [1]})
    assert update(table, {"one": 2, "many": [2, 1]}, ("n", "eq.1")) == [1, 2]
    with table.catalogue.database.reading() as connection:
        bodies = list(table.rows().encode(connection, [1, 2, 3]))
    assert [b'"many":[2,1]' in body for body in bodies] == [True, True, False]
    with pytest.raises(Invalid) as refused:
        update(table, {"one": 9}, ("n", "eq.1"))
    assert refused.value.problems[0].code == "unknown_row"
    with pytest.raises(Conflict):
        delete(distant, ("n", "eq.2"))
    told = []
    assert delete(table, ("n", "eq.1"), before=told.extend) == told == [1, 2]
    assert delete(distant, ("n", "eq.2")) == [2]
