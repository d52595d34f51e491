"""The physical schema after each kind of change, as the database itself tells it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.web.client import Client

SYSTEM = ["id", "_version", "_created", "_updated"]


@pytest.fixture(scope="module", params=DATABASES)
def client(request, tmp_path_factory):
    with database_settings(request.param, tmp_path_factory.mktemp("evolution")) as settings:
        wsgi = dynmodel_pyramid.main({}, **settings)
        yield Client(webtest.TestApp(wsgi))
        wsgi.registry.dynmodel_catalogue.database.close()


class Physical:
    """A table as the database has it."""

    def __init__(self, client: Client, fields, **further):
        self.client = client
        self.path = client.table(fields, **further)
        self.number = int(self.path.split("/")[2])
        self.schema = client.catalogue.database.dialect.schema

    def patch(self, patch, query="") -> None:
        self.client.send("PATCH", f"{self.path}{query}", patch, status=200)

    @property
    def name(self) -> str:
        return self.client.get(self.path)["model_name"]

    def inspect(self, method: str):
        with self.client.catalogue.database.reading() as connection:
            return getattr(sa.inspect(connection), method)(self.name, schema=self.schema)

    @property
    def columns(self) -> dict[str, dict]:
        return {column["name"]: column for column in self.inspect("get_columns")}

    @property
    def indexes(self) -> dict[str, tuple]:
        """Name (ids of the table left out) -> (columns, unique)."""
        prefix = {f"_{kind}_{self.number}_": f"{kind} " for kind in ("ix", "ux")}
        found = {}
        for index in self.inspect("get_indexes"):
            start = next(part for part in prefix if index["name"].startswith(part))
            found[prefix[start] + index["name"].removeprefix(start)] = (index["column_names"], bool(index["unique"]))
        return found

    def run(self, statement: str, **values):
        """Plain SQL; ``T`` stands for the table."""
        database = self.client.catalogue.database
        quote = database.engine.dialect.identifier_preparer.quote_identifier
        table = quote(self.name) if self.schema is None else f"{quote(self.schema)}.{quote(self.name)}"
        with database.changing() as connection:
            result = connection.execute(sa.text(statement.replace(" T ", f" {table} ")), values)
            return result.all() if result.returns_rows else None


def test_created(client):
    table = Physical(
        client,
        {
            "a": {"type": "string", "required": True, "unique": True, "max_length": 7},
            "b": {"type": "integer", "index": True},
            "c": "json",
        },
        unique=[{"fields": ["a", "b"]}],
        indexes=[{"fields": [{"field": "b", "descending": True}, "a"]}],
    )
    columns = table.columns
    assert list(columns) == [*SYSTEM, "a", "b", "c"]
    assert [name for name, column in columns.items() if not column["nullable"]] == [*SYSTEM, "a"]
    assert table.inspect("get_pk_constraint")["constrained_columns"] == ["id"]
    assert table.indexes == {
        "ux 1": (["a"], True),
        "ix 2": (["b"], False),
        "ux 4": (["a", "b"], True),
        "ix 5": (["b", "a"], False),
    }


def test_plain_sql_reads_and_writes_it(client):
    """The names are the user's, and a row that SQL adds gets all that a row needs."""
    table = Physical(client, {"a": {"type": "string", "default": "d'%"}, "B": {"type": "integer", "required": True}})
    table.run('INSERT INTO T ("B") VALUES (5)')
    assert client.get(f"{table.path}rows/") == [{"id": 1, "a": "d'%", "B": 5}]
    assert client.send("GET", f"{table.path}rows/1").headers["ETag"] == '"1-1"'
    assert client.row(table.path, {"B": 6})["id"] == 2


def test_names_of_indexes_outlive_all_other_names(client):
    table = Physical(client, {"a": {"type": "string", "unique": True}, "b": {"type": "integer", "index": True}})
    before = table.indexes
    table.patch({"fields": {"b": {"id": 1}, "a": {"id": 2}}})
    table.patch({"model_name": "Renamed"})
    assert table.indexes == {name: (["b" if parts == ["a"] else "a"], one) for name, (parts, one) in before.items()}
    table.patch({"fields": {"b": {"unique": False}, "a": {"unique": True}}})
    assert table.indexes == {"ux 2": (["a"], True)}
    table.patch({"fields": {"a": {"unique": False, "index": False}}})
    assert table.indexes == {}


def test_required(client):
    table = Physical(client, {"a": "string"})
    for required in (True, False, True):
        table.patch({"fields": {"a": {"required": required}}})
        assert table.columns["a"]["nullable"] is not required
        assert list(table.columns) == [*SYSTEM, "a"]


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("string", "it's 100% :a", ""),
        ("text", "a\nb", "\\"),
        ("number", 1.5, -1e300),
        ("integer", -(2**63), 2**63 - 1),
        ("boolean", True, False),
        ("date", "2026-01-31", "0001-01-01"),
        ("datetime", "2026-01-31T12:00:00.123456Z", "0001-01-01T00:00:00Z"),
        ("json", {"a": ["'%:x", None]}, [0]),
    ],
)
def test_defaults_are_the_databases_too(client, kind, first, second):
    table = Physical(client, {"a": {"type": kind, "default": first}})
    expected = [first]
    table.run("INSERT INTO T DEFAULT VALUES")
    for default in (second, None, first):
        table.patch({"fields": {"a": {"default": None}}})
        if default is not None:
            table.patch({"fields": {"a": {"default": default}}})
        table.run("INSERT INTO T DEFAULT VALUES")
        expected.append(default)
    table.patch({"fields": {"b": {"type": kind, "default": first}}})
    table.run("INSERT INTO T DEFAULT VALUES")
    rows = client.get(f"{table.path}rows/")
    assert [row["a"] for row in rows] == [*expected, first]
    assert [row["b"] for row in rows] == [first] * 5


def test_dropped_columns_go_to_the_trash(client):
    """They keep their values, and nothing of theirs hinders a new row."""
    table = Physical(
        client,
        {
            "a": {"type": "string", "required": True, "unique": True, "default": "x"},
            "b": {"type": "integer", "index": True},
            "c": "string",
        },
        unique=[{"name": "rule", "fields": ["a", "b"]}],
    )
    client.row(table.path, {"a": "kept", "b": 7})
    table.patch({"fields": {"a": None}, "unique": None})
    table.patch({"fields": {"b": None}})
    trashed = sorted((name for name in table.columns if name.startswith("_trash_")), key=lambda name: int(name[7:]))
    assert len(trashed) == 2
    assert table.indexes == {}
    for name in trashed:
        column = table.columns[name]
        assert (column["nullable"], column["default"]) == (True, None)
    for _ in range(2):
        client.row(table.path, {})
    # Rebuilt (on SQLite) and changed again, the trash is as it was.
    table.patch({"fields": {"c": {"required": True, "default": "x"}}}, "?on_error=default")
    table.patch({"model_name": f"Trash{table.number}", "fields": {"a": "integer"}})
    columns = ", ".join(trashed)
    assert sorted(map(tuple, table.run(f"SELECT id, {columns} FROM T ")))[0] == (1, "kept", 7)
    assert client.get(f"{table.path}rows/1") == {"id": 1, "c": "x", "a": None}


def test_retyped_column_that_lost_values_is_kept(client):
    table = Physical(client, {"a": {"type": "string", "required": True, "default": "x"}, "b": "string"})
    client.row(table.path, {"a": "1", "b": "1"})
    client.row(table.path, {"a": "2", "b": "x"})
    table.patch({"fields": {"a": {"type": "integer", "default": 5}}})
    assert list(table.columns) in ([*SYSTEM, "a", "b"], [*SYSTEM, "b", "a"])
    assert "INT" in str(table.columns["a"]["type"])
    assert table.columns["a"]["nullable"] is False
    table.patch({"fields": {"b": "integer"}}, "?on_error=null")
    trashed = next(name for name in table.columns if name.startswith("_trash_"))
    assert sorted(map(tuple, table.run(f"SELECT id, {trashed} FROM T "))) == [(1, "1"), (2, "x")]
    assert client.get(f"{table.path}rows/") == [{"id": 1, "a": 1, "b": 1}, {"id": 2, "a": 2, "b": None}]


def test_table_rename(client):
    table = Physical(client, {"a": {"type": "string", "unique": True}})
    client.row(table.path, {"a": "x"})
    for name in ("Renamed1", "Ünicode", "select"):
        table.patch({"model_name": name})
        assert table.run("SELECT a FROM T ") == [("x",)]
        assert table.indexes == {"ux 1": (["a"], True)}
    with client.catalogue.database.reading() as connection:
        there = sa.inspect(connection).get_table_names(schema=table.schema)
    assert "select" in there
    assert not {"Renamed1", "Ünicode"} & set(there)


def test_table_rename_by_case_alone(client):
    table = Physical(client, {"a": "string"}, name="Casing")
    client.row(table.path, {"a": "x"})
    for name, further in (("CASING", {}), ("casing", {"a": {"required": True}}), ("Casing", {"b": "integer"})):
        table.patch({"model_name": name, "fields": further})
        with client.catalogue.database.reading() as connection:
            there = sa.inspect(connection).get_table_names(schema=table.schema)
        assert [known for known in there if known.casefold() == "casing"] == [name]
        assert client.row(table.path, {"a": name})["a"] == name
    assert [row["id"] for row in client.get(f"{table.path}rows/")] == [1, 2, 3, 4]


def test_dropped_table_keeps_its_rows(client):
    table = Physical(client, {"a": "string"}, name="Dropped")
    client.row(table.path, {"a": "x"})
    client.send("DELETE", table.path, status=204)
    name = f"_trash_table_{table.number}"
    with client.catalogue.database.reading() as connection:
        assert not sa.inspect(connection).has_table("Dropped", schema=table.schema)
        kept = sa.table(name, sa.column("a"), schema=table.schema)
        assert connection.scalars(sa.select(kept.c.a)).all() == ["x"]


def test_everything_at_once(client):
    """One change that renames the table, swaps, adds, drops, retypes, requires and indexes."""
    kinds = {"a": "string", "b": "integer", "c": "string", "d": "string"}
    table = Physical(client, {name: {"type": kind, "index": True} for name, kind in kinds.items()})
    client.row(table.path, {"a": "x", "b": 1, "c": "2", "d": "gone"})
    document = {
        "model_name": f"Else{table.number}",
        "fields": {
            "b": {"id": 1, "type": "string", "unique": True},
            "a": {"id": 2, "type": "integer", "required": True, "default": 0},
            "d": {"id": 3, "type": "number", "index": True},
            "e": {"type": "boolean", "required": True, "default": True},
        },
        "unique": [{"fields": ["a", "d"]}],
    }
    client.send("PUT", table.path, document, status=200)
    assert client.get(f"{table.path}rows/") == [{"id": 1, "b": "x", "a": 1, "d": 2.0, "e": True}]
    assert table.indexes == {"ux 1": (["b"], True), "ix 3": (["d"], False), "ux 6": (["a", "d"], True)}
    assert {name for name, column in table.columns.items() if not column["nullable"]} == {*SYSTEM, "a", "e"}
    assert client.row(table.path, {}) == {"id": 2, "b": None, "a": 0, "d": None, "e": True}


@contextmanager
def noted(client) -> Iterator[list[str]]:
    """The statements that run meanwhile."""
    statements = []

    def note(connection, cursor, statement, *ignored):
        statements.append(statement)

    engine = client.catalogue.database.engine
    client.looks_after = False
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
        client.looks_after = True


def test_what_clients_are_told_alone_leaves_the_table_alone(client):
    physical = Physical(client, {"a": {"type": "string", "required": True}, "b": {"type": "integer"}})
    before = physical.columns
    with noted(client) as statements:
        physical.patch({"label": "Things", "fields": {"b": {"label": "B", "read_only": True}, "a": {"label": "A"}}})
    name = physical.name
    assert [each for each in statements if f'"{name}"' in each and not each.startswith("LOCK TABLE")] == []
    assert {key: str(value) for key, value in physical.columns.items()} == {
        key: str(value) for key, value in before.items()
    }


@pytest.mark.parametrize("wanted", [{"unique": True}, {"index": True}])
def test_readers_go_on_while_an_index_is_built(client, wanted):
    physical = Physical(client, {"a": "string"})
    with noted(client) as statements:
        physical.patch({"fields": {"a": wanted}})
    created = next(place for place, each in enumerate(statements) if each.startswith("CREATE"))
    locked = [place for place, each in enumerate(statements) if "ACCESS EXCLUSIVE" in each]
    assert len(locked) == (client.catalogue.database.dialect.name == "postgresql")
    assert all(place > created for place in locked)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12.5", 12.5),
        (".5", 0.5),
        ("-3.", -3.0),
        ("1e3", 1000.0),
        (".5e1", 5.0),
        ("123456789012345", 123456789012345.0),
        ("9007199254740993", None),
        ("9007199254740993.0", 9007199254740992.0),
        ("1" * 99, None),
        ("0." + "1" * 97, 1 / 9),
        ("1e400", None),
        ("1.5.", None),
        (".", None),
        ("", None),
        ("-", None),
    ],
)
def test_texts_become_floats_as_in_python(client, text, number):
    physical = Physical(client, {"a": {"type": "text"}})
    client.send("POST", f"{physical.path}rows/", {"a": text}, status=201)
    physical.patch({"fields": {"a": {"type": "number"}}}, "?on_error=null")
    assert [row["a"] for row in client.get(f"{physical.path}rows/")] == [number]


def test_a_lossless_change_of_type_keeps_its_values_and_drops_its_rule(client):
    physical = Physical(client, {"a": {"type": "string"}})
    client.send("POST", f"{physical.path}rows/", [{"a": "x" * 200}, {"a": None}], status=201)
    wanted = {"model_name": physical.name, "fields": {"a": {"id": 1, "type": "text"}}}
    (step,) = client.app.post_json(f"{physical.path}plan/", wanted, status=200).json["steps"]
    assert (step["kind"], step["refused"], step["values"]["total"], step["values"]["lost"]) == (
        "retype_field",
        [],
        1,
        0,
    )
    physical.patch({"fields": {"a": {"type": "text"}}})
    assert [row["a"] for row in client.get(f"{physical.path}rows/")] == ["x" * 200, None]
    physical.patch({"fields": {"a": {"max_length": 300}}})
    assert set(physical.columns) == {*SYSTEM, "a"}
