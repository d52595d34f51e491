"""What a scope lets its caller see and change."""

import json

import pytest

from dynmodel_pyramid.catalogue.attempt import Attempt
from dynmodel_pyramid.changes.service import DefinitionService
from dynmodel_pyramid.errors import Forbidden, Malformed, PreconditionFailed
from dynmodel_pyramid.queries import parse
from dynmodel_pyramid.rows.encoding import json_rows
from dynmodel_pyramid.rows.querying import queried
from tests.rows.writing import rows_of, scope_of


@pytest.fixture
def model(catalogue):
    document = {"model_name": "T", "fields": {"a": "string", "b": "integer"}}
    return Attempt(catalogue).model(DefinitionService(catalogue).create(document).definition.id)


@pytest.fixture
def connection(catalogue, model):
    with catalogue.database.writer.connect() as connection, connection.begin():
        documents = [{"a": "x", "b": 1}, {"a": "y", "b": 2}, {"a": "z", "b": 3}]
        assert insert(rows_of(catalogue, model), connection, documents) == [1, 2, 3]
        yield connection


def insert(rows, connection, documents):
    return rows.insert(connection, rows.read(documents, pointers=True))


def page(rows, connection, *parameters):
    found = queried(rows, "test", repr(parameters), lambda rules: parse(parameters, rules))
    return json.loads(json_rows(found.plan.names, found.page(connection, 9, 0).rows))


def test_rows_outside_the_condition_are_not_there(catalogue, model, connection):
    rows = rows_of(catalogue, model, scope_of(model, condition=lambda table: table.c.b > 1))
    assert page(rows, connection) == [
        {"id": 2, "a": "y", "b": 2},
        {"id": 3, "a": "z", "b": 3},
    ]
    assert page(rows, connection, ("order", "a.desc"))[0]["id"] == 3
    assert rows.get(connection, 1) is None
    assert rows.assign(connection, 1, {"a": "!"}) is None
    assert rows.assign(connection, 1, {}) is None
    assert rows.replace(connection, 1, {"a": "!"}, [9]) is None
    assert rows.delete(connection, 1) is False
    assert list(rows.encode(connection, [1, 2])) == [b'{"id":2,"a":"y","b":2}']
    assert rows.assign(connection, 2, {"a": "!"}) == 2
    assert json.loads(rows_of(catalogue, model).get(connection, 1).body) == {"id": 1, "a": "x", "b": 1}


def test_fields_that_may_not_be_read(catalogue, model, connection):
    rows = rows_of(catalogue, model, scope_of(model, readable=frozenset({"a"})))
    assert json.loads(rows.get(connection, 1).body) == {"id": 1, "a": "x"}
    assert page(rows, connection, ("limit", "1"))[0] == {"id": 1, "a": "x"}
    with pytest.raises(Malformed) as refused:
        page(rows, connection, ("order", "b"))
    assert refused.value.code == "unknown_field"


def test_fields_that_may_not_be_written(catalogue, model, connection):
    rows = rows_of(catalogue, model, scope_of(model, writable=frozenset({"a"})))
    for write in (rows.assign, rows.replace):
        with pytest.raises(Forbidden):
            write(connection, 1, {"b": 5})
    with pytest.raises(Forbidden):
        insert(rows, connection, [{"b": 5}])
    assert rows.assign(connection, 1, {"a": "!"}) == 2


def test_versions(catalogue, model, connection):
    rows = rows_of(catalogue, model)
    with pytest.raises(PreconditionFailed) as refused:
        rows.assign(connection, 1, {"a": "!"}, [2, 3])
    assert json.loads(refused.value.current) == {"id": 1, "a": "x", "b": 1}
    assert rows.assign(connection, 1, {"a": "!"}, [1, 3]) == 2
    assert rows.assign(connection, 1, {}, [2]) == 2
    with pytest.raises(PreconditionFailed):
        rows.delete(connection, 1, [])
    assert rows.delete(connection, 1, [2]) is True
    assert rows.delete(connection, 1, [2]) is False


def test_every_write_is_reported(catalogue, model, connection):
    told = []
    catalogue.on_row_writes(lambda connection, writes: told.append((writes.table_id, writes.operation, writes.rows)))
    rows = rows_of(catalogue, model)
    insert(rows, connection, [{}, {}])
    insert(rows, connection, [])
    rows.assign(connection, 4, {"a": "x"})
    rows.assign(connection, 4, {})
    rows.replace(connection, 4, {})
    rows.replace(connection, 99, {})
    rows.delete(connection, 4)
    rows.delete(connection, 4)
    assert told == [
        (1, "insert", ((4, 1), (5, 1))),
        (1, "update", ((4, 2),)),
        (1, "update", ((4, 3),)),
        (1, "delete", ((4, 3),)),
    ]
