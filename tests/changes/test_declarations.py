"""Changes on SQLite that replace the stored declaration of a table, and touch no row."""

import sqlite3
from contextlib import closing

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.changes.ddl import sqlite_declaration, sqlite_renames
from dynmodel_pyramid.changes.ddl.sqlite_declaration import Declaration, DeclarationRefused, Replacement
from dynmodel_pyramid.changes.plan_document import plan_document
from dynmodel_pyramid.changes.trash import TableTrash
from dynmodel_pyramid.database.cursors import driver_connection
from dynmodel_pyramid.errors import Conflict
from tests.bench.evolution_places import plain_connection
from tests.promises import assert_promises
from tests.soak.crash_declarations import Seen
from tests.soak.declaring import KINDS, NAME, TABLE, drop, filled, put


@pytest.fixture(scope="module")
def place():
    with filled(30) as place:
        yield place


@pytest.fixture
def seen(place):
    """Puts the table back afterwards; the connection lives through all changes."""
    version = place.definition().version
    seen = Seen(place)
    yield seen
    place.revert(version)
    seen.connection.close()
    assert_promises(place.service.catalogue)


def planned(place, edit):
    document = place.document()
    edit(document)
    del document["version"]
    (plan,) = place.service.plan(TABLE, lambda before: document)
    return plan_document(plan)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_values_stay_and_the_plan_tells_the_cost(place, seen, kind):
    if kind.first is not None:
        place.change(kind.first)()
    wanted = seen.values(place.definition())
    costs = {step["cost"] for step in planned(place, kind.edit)["steps"]}
    assert ("rewrite" in costs, "scan" in costs) == (kind.writes, kind.looks)
    place.change(kind.edit)()
    assert list(seen.faults(place.definition(), wanted)) == []


@pytest.mark.parametrize("first", (None, 7))
@pytest.mark.parametrize("later", (None, 8))
def test_rows_older_than_a_field_keep_its_first_default(place, seen, first, later):
    """They end before the column, and would read the present default."""
    place.change(put("extra", type="integer", default=first, index=True))()
    assert set(seen.column("extra")) == {first}
    place.change(put("extra", default=later))()
    assert set(seen.column("extra")) == {first}
    place.change(drop("extra"))()
    assert [set(values) for values in seen.trash().values()][-1] == {first}
    assert seen.connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_rewritten_rows_have_the_column_from_then_on(place, seen):
    place.change(put("extra", type="integer", default=7))()
    assert planned(place, put("extra", default=8))["steps"][0]["cost"] == "rewrite"
    place.change(put("extra", default=8))()
    assert planned(place, put("extra", default=9))["steps"][0]["cost"] == "metadata"


def refused(replacement, connection, runner):
    store(replacement, connection, runner)
    raise DeclarationRefused("as if")


store = Replacement.store


@pytest.mark.parametrize("name, value", (("is_writable", lambda connection: False), ("Replacement.store", refused)))
def test_changes_are_made_in_another_way_where_sqlite_refuses(place, seen, monkeypatch, name, value):
    monkeypatch.setattr(f"{sqlite_declaration.__name__}.{name}", value)
    monkeypatch.setattr(sqlite_renames, "is_writable", lambda connection: False)
    wanted = seen.values(place.definition())
    for edit in (put("extra", type="integer", default=7), put("price", required=True), drop("far"), drop("code")):
        place.change(edit)()
        assert list(seen.faults(place.definition(), wanted)) == []


def test_a_connection_that_may_not_write_the_schema(place):
    def deny(action, table, *others):
        is_schema = action == sqlite3.SQLITE_UPDATE and table in ("sqlite_master", "sqlite_schema")
        return sqlite3.SQLITE_DENY if is_schema else sqlite3.SQLITE_OK

    with place.service.catalogue.database.rehearsing() as connection:
        assert sqlite_declaration.is_writable(connection)
        raw = driver_connection(connection)
        raw.set_authorizer(deny)
        try:
            assert not sqlite_declaration.is_writable(connection)
        finally:
            raw.set_authorizer(None)
        with pytest.raises(sa.exc.DBAPIError):
            connection.exec_driver_sql("UPDATE sqlite_schema SET sql = sql")


def test_a_change_that_is_rolled_back_leaves_no_trace(place, seen):
    before, wanted = place.definition(), seen.values(place.definition())
    document = place.document()
    for edit in (put("price", required=True, default=2.5), drop("title")):
        edit(document)
    changes = place.service._changing(TABLE, lambda definition: document, lambda definition: None)

    def fail(connection, begun):
        with pytest.raises(sa.exc.IntegrityError):
            connection.exec_driver_sql(f"INSERT INTO \"{NAME}\" (price, body) VALUES (NULL, 'x')")
        raise ZeroDivisionError

    del document["version"]
    with pytest.raises(ZeroDivisionError):
        place.service.executor.execute([TABLE], changes, between=fail)
    assert place.definition() == before
    # Another program's change gets the version that the schema had in the transaction. The connection notices it.
    seen.connection.execute(f'ALTER TABLE "{NAME}" ADD COLUMN "_other"')
    with place.service.catalogue.database.rehearsing() as connection:  # the one that the change had
        columns = [line[1] for line in connection.exec_driver_sql(f'PRAGMA table_xinfo("{NAME}")')]
        assert columns == [line[1] for line in seen.connection.execute(f'PRAGMA table_xinfo("{NAME}")')]
        assert connection.exec_driver_sql(f'SELECT title, "_other" FROM "{NAME}"').first()[1] is None
    seen.connection.execute(f'ALTER TABLE "{NAME}" DROP COLUMN "_other"')
    assert list(seen.faults(before, wanted)) == []


@pytest.mark.parametrize("what", ("field", "table"))
def test_values_that_broke_rules_in_the_trash_do_not_come_back(what):
    """Columns in the trash have no rules, and other programs may write them."""
    with filled(3) as place, closing(plain_connection(place.address)) as raw:
        if what == "field":
            place.change(drop("count"))()
            raw.execute(f'UPDATE "{NAME}" SET "_trash_1" = 5001 WHERE id = 2')
        else:
            place.service.drop(TABLE)
            raw.execute(f'UPDATE "_trash_table_{TABLE}" SET count = 5001 WHERE id = 2')
        with pytest.raises(Conflict, match="rows break a rule"):
            place.revert(1) if what == "field" else TableTrash(place.service.catalogue).restore_table(TABLE, {})


def test_tables_that_are_not_declared_as_ours_are_not_declared_anew(place):
    with closing(plain_connection(place.address)) as raw:
        raw.execute("CREATE TABLE strict (id INTEGER PRIMARY KEY, a TEXT) STRICT")
        raw.execute("CREATE TABLE wider (id INTEGER PRIMARY KEY, a TEXT, b TEXT)")
        raw.execute("CREATE TABLE other (id INTEGER PRIMARY KEY, a INTEGER)")
    with place.service.catalogue.database.rehearsing() as connection:
        for name in ("strict", "wider", "other"):
            columns = sa.Column("id", sa.Integer, primary_key=True), sa.Column("a", sa.Text)
            table = sa.Table(name, sa.MetaData(), *columns)
            assert Declaration.of(connection, name).replacement(connection, table) is None
    with closing(plain_connection(place.address)) as raw:
        for name in ("strict", "wider", "other"):
            raw.execute(f"DROP TABLE {name}")


def test_names_are_changed_in_the_schema_unless_others_may_name_them(place, seen, caplog):
    """A view, whose text only SQLite could rename; indexes, rules and links follow either way."""
    caplog.set_level("INFO")
    before = place.definition()

    def rename(document):
        document["model_name"] = "Other name"
        fields = document["fields"]
        document["fields"] = {{"title": "price", "price": "title"}.get(name, name): fields[name] for name in fields}

    place.change(rename)()
    assert "renamed by ALTER TABLE" not in caplog.text
    assert_promises(place.service.catalogue)
    assert seen.connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    place.revert(before.version)
    seen.connection.execute("CREATE VIEW glance AS SELECT 1 AS one")
    try:
        place.change(rename)()
        assert "there are views" in caplog.text
        assert_promises(place.service.catalogue)
        place.revert(before.version)
    finally:
        seen.connection.execute("DROP VIEW glance")
