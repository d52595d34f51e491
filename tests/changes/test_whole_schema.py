"""Several tables in one transaction: names that move, locks, and races of whole documents."""

import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa
import webtest

from dynmodel_pyramid.changes.executor import Executor
from dynmodel_pyramid.changes.table_change import TableChange
from dynmodel_pyramid.changes.whole_schema import KEEP, WholeSchema
from dynmodel_pyramid.errors import PreconditionFailed
from tests.web.client import Client


@pytest.fixture
def fresh(app) -> Client:
    return Client(app)


def renamed(definition, name):
    return replace(definition, model_name=name, physical_name=name)


def perform(fresh, wanted, changes):
    """``changes`` makes the changes of the definitions by id."""
    return Executor(fresh.catalogue).execute(wanted, lambda connection, locked, resolve: changes(locked))


@pytest.fixture
def linked(fresh):
    """Two tables with a row each that link to one another and to themselves, and a third that links to both."""
    fields = {
        name: {
            "fields": {
                f"in_{name.lower()}": {"type": "string", "required": True, "unique": True, "default": "x"},
                "other": {"type": "link", "table": other, "reverse": "others"},
                "own": {"type": "links", "table": name},
                "all": {"type": "links", "table": other},
            }
        }
        for name, other in (("A", "B"), ("B", "A"))
    }
    third = {"fields": {"a": {"type": "link", "table": "A"}, "b": {"type": "links", "table": "B"}}}
    fresh.send("PUT", "/schema/", {"tables": {**fields, "C": third}}, status=200)
    for name in "AB":
        fresh.row(f"/table/{name}/", {f"in_{name.lower()}": f"of {name}"})
    for name in "AB":
        fresh.send("PATCH", f"/table/{name}/rows/1/", {"other": 1, "own": [1], "all": [1]}, status=200)
    fresh.row("/table/C/", {"a": 1, "b": [1]})
    return fresh


def rows_of(fresh, number):
    return fresh.get(f"/table/{number}/rows/")


def still_linked(fresh):
    """Rows can be written and links are judged, in all directions."""
    for table, field in ((1, "other"), (1, "own"), (2, "other"), (2, "all"), (3, "a"), (3, "b")):
        value = [1] if field in ("own", "all", "b") else 1
        made = fresh.send("PATCH", f"/table/{table}/rows/1/", {field: value}, status=200).json
        assert made[field] == value
        gone = [7] if type(value) is list else 7
        fresh.refused("PATCH", f"/table/{table}/rows/1/", {field: gone}, status=422, code="unknown_row")


def test_names_are_swapped(linked):
    before = [rows_of(linked, number) for number in (1, 2, 3)]
    done = perform(
        linked, [1, 2], lambda locked: [TableChange(locked[1], renamed(locked[1], "B")),
                                        TableChange(locked[2], renamed(locked[2], "A"))]
    )  # fmt: skip
    assert [(change.id, change.after.model_name) for change in done.changes] == [(1, "B"), (2, "A")]
    assert linked.get("/table/A/")["id"] == 2 and linked.get("/table/B/")["id"] == 1
    assert linked.get("/table/3/")["fields"]["a"]["table"] == 1
    assert [rows_of(linked, number) for number in (1, 2, 3)] == before
    still_linked(linked)
    assert linked.get("/schema/")["tables"]["C"]["fields"]["a"]["table"] == "B"


def test_names_go_round_while_the_tables_change(linked):
    def changes(locked):
        made = []
        for number, name in ((1, "B"), (2, "C"), (3, "A")):
            after = renamed(locked[number], name)
            fields = tuple(replace(field, required=False, index=field.type == "link") for field in after.fields)
            made.append(TableChange(locked[number], replace(after, fields=fields)))
        return made

    before = [rows_of(linked, number) for number in (1, 2, 3)]
    perform(linked, [1, 2, 3], changes)
    assert [rows_of(linked, number) for number in (1, 2, 3)] == before
    assert [linked.get(f"/table/{number}/")["model_name"] for number in (1, 2, 3)] == ["B", "C", "A"]
    still_linked(linked)


def test_a_table_takes_the_name_of_one_that_is_dropped(linked):
    def changes(locked):
        without = tuple(field for field in locked[2].fields if field.type == "string")
        third = tuple(field for field in locked[3].fields if field.name == "b")
        return [
            TableChange(locked[1], None),
            TableChange(locked[2], replace(renamed(locked[2], "A"), fields=without)),
            TableChange(locked[3], replace(locked[3], fields=third)),
        ]

    perform(linked, [1, 2, 3], changes)
    assert rows_of(linked, "A") == [{"id": 1, "in_b": "of B"}]
    assert linked.get("/table/A/")["id"] == 2
    linked.send("GET", "/table/1/", status=404)
    assert rows_of(linked, "C") == [{"id": 1, "b": [1]}]
    linked.row("/table/A/", {"in_b": "second"})
    linked.send("PATCH", "/table/C/rows/1/", {"b": [2, 1]}, status=200)


def test_all_of_them_go_at_once(linked):
    perform(linked, [1, 2, 3], lambda locked: [TableChange(locked[number], None) for number in (1, 2, 3)])
    assert linked.get("/table/") == []
    tables = {"A": {"fields": {"x": "string"}}, "B": {"fields": {"a": {"type": "link", "table": "A"}}}}
    assert linked.send("PUT", "/schema/", {"tables": tables}, status=200).json == {"tables": tables}


def test_only_tables_that_differ_are_locked(fresh):
    tables = {name: {"fields": {"x": "string"}} for name in ("A", "B")}
    fresh.send("PUT", "/schema/", {"tables": tables}, status=200)
    database = fresh.catalogue.database
    tables["A"]["fields"]["y"] = "integer"
    with database.writer.connect() as connection, connection.begin() as transaction:
        table = sa.table("B", sa.column("id"), sa.column("x"), schema=database.dialect.schema)
        connection.execute(sa.insert(table).values(x="a"))
        if database.dialect.name == "sqlite":
            transaction.commit()  # it has one writer
            connection.close()
        fresh.send("PUT", "/schema/", {"tables": tables}, status=200)
    assert fresh.get("/table/B/rows/") == [{"id": 1, "x": "a"}]
    assert [each["version"] for each in fresh.get("/table/")] == [2, 1]


def test_documents_and_tables_race(make_app):
    """However whole documents and single tables come, each document was true when it was answered."""
    app = make_app(**{"dynmodel.lock_timeout": "60"})
    catalogue = app.app.registry.dynmodel_catalogue
    schema, failures = WholeSchema(catalogue), []
    documents = [
        {"tables": {name: {"fields": {"x": kind, "to": {"type": "link", "table": "A"}}} for name in names}}
        for names, kind in (("AB", "string"), ("AC", "integer"), ("A", "text"))
    ]

    def apply(document):
        for _ in range(4):
            done = schema.apply(document)
            if schema.document(done.definitions) != document:
                failures.append((document, done))

    def create():
        client = webtest.TestApp(app.app)
        for number in range(6):
            made = client.post_json("/table/", {"model_name": f"T{number}", "fields": {"x": "string"}}, status="*")
            if made.status_int != 201:
                failures.append(made)

    threads = [threading.Thread(target=apply, args=(document,)) for document in documents]
    threads.append(threading.Thread(target=create))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert all(schema.apply(document).state for document in documents)
    assert schema.document(schema.current()[1]) == documents[-1]


def test_a_precondition_is_judged_when_nothing_can_change_any_more(fresh):
    schema = WholeSchema(fresh.catalogue)
    planned = schema.plan({"tables": {"A": {"fields": {"x": "string"}}}})
    fresh.table({"x": "string"}, "B")

    def same(state):
        if state != planned.state:
            raise PreconditionFailed("changed")

    with pytest.raises(PreconditionFailed):
        schema.apply({"tables": {}}, precondition=same)
    assert [definition.model_name for definition in schema.current()[1]] == ["B"]
    schema.apply({"tables": {}}, KEEP, precondition=lambda state: None)
    assert [definition.model_name for definition in schema.current()[1]] == ["B"]
