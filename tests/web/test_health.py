"""``/table/{id}/health/``, and that a table which is too wide is refused before the database does it."""

import datetime
import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.changes.doctor import machine
from dynmodel_pyramid.database.findings import Load
from dynmodel_pyramid.scripts.doctor import main
from tests.server_process import write_ini
from tests.web.test_trash_fields import columns, drop, restore, trash


@pytest.fixture
def narrow(fresh, monkeypatch):
    """A database whose tables have at most 12 columns."""
    monkeypatch.setattr(fresh.catalogue.database.dialect, "max_columns", 12)
    return fresh


def counts_dropped(client):
    return client.catalogue.database.dialect.counts_dropped_columns


def health(client, path):
    return client.get(f"{path}health/")


def add(client, path, name, kind="integer"):
    return client.send("PATCH", path, {"fields": {name: kind}})


def purge_all(client, path):
    for kept in trash(client, path):
        client.send("DELETE", f"{path}trash/{kept['number']}/", status=204)


def test_figures(fresh):
    path = fresh.table({"a": "string", "b": "string", "far": {"type": "links", "table": "Thing"}}, "Thing")
    fresh.row(path, {"a": "x"})
    limit = fresh.catalogue.database.dialect.max_columns
    fresh.send("PATCH", f"{path}?on_error=quarantine", {"fields": {"a": "integer"}}, status=200)
    drop(fresh, path, "b", "far")
    told = health(fresh, path)
    assert told == {
        "status": "healthy",
        "columns": {"in_use": 5, "in_trash": 2, "dropped": 0, "counted": 7, "limit": limit, "left": limit - 7},
        "trash": 3,
        "quarantine": 1,
        "pending": [],
        "warnings": [],
        "differences": [],
    }
    purge_all(fresh, path)
    told = health(fresh, path)
    dropped = 2 if counts_dropped(fresh) else 0
    assert (told["columns"]["in_trash"], told["columns"]["dropped"], told["trash"]) == (0, dropped, 0)
    fresh.refused("GET", f"{path}health/?x=1", status=400, code="unknown_parameter")
    assert fresh.send("GET", f"{path}health/").headers["Definition-Version"] == "3"


def test_rounds_of_adding_dropping_and_purging(narrow):
    """What PostgreSQL goes on counting comes to an end, with a warning long before; SQLite's columns are free again."""
    path = narrow.table({"a": "string"})
    warned = {}
    for number in range(20):
        warned[number] = health(narrow, path)["warnings"]
        left = health(narrow, path)["columns"]["left"]
        answer = add(narrow, path, "b")
        if answer.status_int == 409:
            break
        assert left > 0
        drop(narrow, path, "b")
        purge_all(narrow, path)
    if not counts_dropped(narrow):
        assert number == 19 and not any(warned.values())
        return
    assert number == 7
    assert [bool(each) for each in warned.values()] == [False] + 7 * [True]
    assert warned[7][0]["kind"] == "columns_run_out"
    assert "dynmodel-compact CONFIG.ini" in warned[7][0]["hint"]
    assert answer.json["code"] == "too_many_fields"
    assert "7 that were dropped for good" in answer.json["detail"]
    assert narrow.row(path, {"a": "x"}) == {"id": 1, "a": "x"}


def test_at_the_limit(narrow):
    """Lossless conversions and restores need no room; those that keep old values need some."""
    path = narrow.table({"a": "integer", **{f"f{number}": "string" for number in range(7)}})
    assert health(narrow, path)["columns"]["left"] == 0
    row = narrow.row(path, {"a": 5, "f0": "x", "f1": "2"})
    narrow.refused("PATCH", path, {"fields": {"b": "integer"}}, status=409, code="too_many_fields")
    for kind, value in (("string", "5"), ("integer", 5), ("text", "5"), ("integer", 5)):
        narrow.send("PATCH", path, {"fields": {"a": kind}}, status=200)
        assert narrow.get(f"{path}rows/1/")["a"] == value
    lossy = {"fields": {"f0": "integer"}}
    assert narrow.send("PATCH", f"{path}?on_error=null", lossy, status=409).json["code"] == "too_many_fields"
    for _ in range(3):
        drop(narrow, path, "f1")
        narrow.refused("PATCH", path, {"fields": {"b": "integer"}}, status=409, code="too_many_fields")
        restore(narrow, path, trash(narrow, path)[0]["number"])
    assert narrow.get(f"{path}rows/1/") == row
    if not counts_dropped(narrow):
        warnings = health(narrow, path)["warnings"]
        assert "table of its own" in warnings[0]["hint"]
        drop(narrow, path, "f1")
        assert "purge" in health(narrow, path)["warnings"][0]["hint"]
        purge_all(narrow, path)
        assert add(narrow, path, "b").status_int == 200


@pytest.mark.parametrize("database", ["postgresql"])
def test_postgresqls_own_limit_is_never_met(fresh, database):
    """A table whose numbers are used up by columns that were dropped by SQL."""
    path = fresh.table({"a": "integer"}, "Wide")
    fresh.row(path, {"a": 1})
    dialect = fresh.catalogue.database.dialect
    names = [f"x{number}" for number in range(dialect.max_columns - 6)]
    with fresh.catalogue.database.changing() as connection:
        for action in ("ADD COLUMN {} int", "DROP COLUMN {}"):
            actions = ", ".join(action.format(name) for name in names)
            connection.exec_driver_sql(f'ALTER TABLE {dialect.schema}."Wide" {actions}')
    told = health(fresh, path)
    assert (told["columns"]["left"], told["columns"]["dropped"]) == (1, len(names))
    assert told["warnings"]
    fields = {"fields": {"b": "integer", "c": "integer"}}
    fresh.refused("PATCH", path, fields, status=409, code="too_many_fields")
    fresh.send("PATCH", path, {"fields": {"b": "integer"}}, status=200)
    fresh.refused("PATCH", path, {"fields": {"c": "integer"}}, status=409, code="too_many_fields")
    fresh.send("PATCH", path, {"fields": {"a": "string"}}, status=200)
    drop(fresh, path, "a")
    restore(fresh, path, 1)
    assert fresh.get(f"{path}rows/") == [{"id": 1, "b": None, "a": "1"}]
    assert columns(fresh, path)[-2:] == ["a", "b"]


# Differences


def sql(client, *statements):
    """Statements that change tables past the service; ``{}`` is where they stand."""
    schema = client.catalogue.database.dialect.schema
    with client.catalogue.database.changing() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement.replace("{}", f"{schema}." if schema else ""))


def differences(client, path):
    """By kind and name; the answer's form is looked at."""
    answer = client.app.get(f"{path}health/", status=200)
    found = answer.json["differences"]
    assert answer.json["status"] == ("damaged" if found else "healthy")
    assert {"columns", "trash", "quarantine", "pending", "warnings"} < set(answer.json)
    for each in found:
        assert set(each) == {"kind", "name", "table", "field", "promised", "found", "detail", "hint"}
        assert each["name"] in each["detail"] and each["hint"]
        assert (each["promised"] is None) + (each["found"] is None) < 2
    return {(each["kind"], each["name"]): (each["field"], each["promised"], each["found"]) for each in found}


@pytest.fixture
def shop(fresh):
    far = fresh.table({"name": "string"}, "Maker")
    fields = {
        "code": {"type": "string", "unique": True, "max_length": 5},
        "size": {"type": "integer", "index": True, "default": 7, "required": True},
        "maker": {"type": "link", "table": "Maker", "on_delete": "cascade"},
        "parts": {"type": "links", "table": "Maker"},
        "number": {"type": "autonumber", "unique": True},
    }
    rules = {
        "unique": [{"name": "both", "fields": ["code", "size"]}],
        "indexes": [{"name": "down", "fields": [{"field": "size", "descending": True}]}],
    }
    path = fresh.table(fields, "Product", **rules)
    fresh.row(far, {"name": "x"})
    fresh.row(path, {"code": "a", "maker": 1, "parts": [1]})
    assert differences(fresh, path) == {}
    fresh.looks_after = False
    return path


INDEX = {"code": "_ux_2_1", "size": "_ix_2_2", "maker": "_ix_2_3", "both": "_ux_2_6", "down": "_ix_2_7"}


@pytest.mark.parametrize("rule", INDEX)
def test_an_index_that_is_missing_or_another(fresh, shop, rule):
    """It is told, stops no change, and comes back when its rule is taken out and put back."""
    name = INDEX[rule]
    field = rule if rule in ("code", "size", "maker") else None
    before = fresh.get(shop)
    sql(fresh, f"DROP INDEX {{}}{name}")
    assert list(differences(fresh, shop)) == [("index", name)]
    assert differences(fresh, shop)["index", name][0] == field
    table = '"Product"' if fresh.catalogue.database.dialect.schema is None else '{}"Product"'
    sql(fresh, f"CREATE INDEX {name} ON {table} (_version)")
    ((told, promised, found),) = differences(fresh, shop).values()
    assert told == field and "_version" in found and promised != found
    sql(fresh, f"DROP INDEX {{}}{name}")
    without = {**before, "fields": {**before["fields"]}, "unique": [], "indexes": []}
    for each in ("code", "size"):
        without["fields"][each] = {**before["fields"][each], "unique": False, "index": False}
    fresh.send("PUT", shop, without, status=200)
    fresh.send("PATCH", shop, {"fields": {"code": {"max_length": 6}, "maker": None}}, status=200)
    fresh.send("POST", f"{shop}history/1/revert/", status=200)
    assert differences(fresh, shop) == {}


@pytest.mark.damaged_database
def test_what_else_may_be_otherwise(fresh, shop):
    """Each thing that somebody may have changed by SQL."""
    if fresh.catalogue.database.dialect.schema is None:
        sql(
            fresh,
            "PRAGMA writable_schema = ON",
            "UPDATE sqlite_master SET sql = replace(sql, 'ON DELETE CASCADE', 'ON DELETE SET NULL') "
            "WHERE name = 'Product'",
            "UPDATE sqlite_master SET sql = replace(sql, '<= 5', '<= 6') WHERE name = 'Product'",
            "UPDATE sqlite_master SET sql = replace(sql, 'DEFAULT 7', 'DEFAULT 8') WHERE name = 'Product'",
            "UPDATE sqlite_master SET sql = replace(sql, ' AUTOINCREMENT', '') WHERE name = 'Product'",
            "UPDATE sqlite_sequence SET seq = 0 WHERE name = 'Product'",
            "DROP TABLE _links_2_4",
        )
        further = {("column", "id"), ("column", "size")}
    else:
        sql(
            fresh,
            'ALTER TABLE {}"Product" DROP CONSTRAINT _fk_2_3, DROP CONSTRAINT _ck_2_1_max_length',
            'ALTER TABLE {}"Product" ADD CONSTRAINT _ck_2_1_max_length CHECK (length(code) <= 5) NOT VALID',
            'ALTER TABLE {}"Product" ALTER number TYPE numeric, ALTER size DROP NOT NULL, ALTER size DROP DEFAULT',
            'ALTER TABLE {}"Product" ADD mine text DEFAULT 1',
            "ALTER SEQUENCE {}_seq_2 RESTART",
            "DROP TABLE {}_links_2_4",
        )
        further = {("column", "size"), ("column", "number"), ("column", "mine")}
    rows = "UPDATE {}_dynmodel_counter SET last = 0", "CREATE TABLE {}_rebuild_2 (id int)"
    sql(fresh, *rows)
    wanted = {("foreign_key", "_fk_2_3"), ("check", "_ck_2_1_max_length"), ("counter", "id"), ("counter", "number")}
    assert set(differences(fresh, shop)) == wanted | further | {("table", "_links_2_4"), ("table", "_rebuild_2")}
    sql(fresh, 'DROP TABLE {}"Product"' + (" CASCADE" if fresh.catalogue.database.dialect.schema else ""))
    assert ("table", "Product") in differences(fresh, shop)


def test_an_index_of_somebody_else_is_none_of_ours(fresh, shop):
    table = '"Product"' if fresh.catalogue.database.dialect.schema is None else '{}"Product"'
    sql(fresh, f"CREATE INDEX tuned ON {table} (size, code)")
    assert differences(fresh, shop) == {}


@pytest.mark.damaged_database
def test_the_alarms_of_operators(fresh, shop, settings, tmp_path, caplog, capsys):
    """A line in the log, and the exit status of ``dynmodel-doctor``."""
    ini = str(write_ini(tmp_path, settings, port=1))

    def told(*options):
        status = main([ini, "--quiet", "--json", *options])
        document = json.loads(capsys.readouterr().out)
        of_tables = [each for each in document["findings"] if each["table"] is not None]
        assert status == {"healthy": 0, "warnings": 1, "damaged": 2}[document["status"]]
        return status, document["tables"], of_tables

    assert told()[1:] == (2, [])
    assert "damaged" not in caplog.text
    sql(fresh, "DROP INDEX {}_ux_2_1", "DROP INDEX {}_ix_2_2")
    answer = fresh.app.get(f"{shop}health/")
    (line,) = [each for each in caplog.messages if "damaged" in each]
    assert answer.json["differences"][0]["detail"] in line and "2 differences" in line
    status, tables, findings = told()
    assert (status, tables) == (2, 2)
    assert {(each["code"], each["where"]) for each in findings} == {("differs", "the table Product (2)")}
    assert told("--without-tables")[1:] == (0, [])
    assert main([ini, "--quiet"]) == 2
    assert "ERROR: the table Product (2) (differs)" in capsys.readouterr().out
    assert main([str(tmp_path / "none.ini")]) == 2


def whole(client, **parameters):
    """The findings of /health/ by their codes and places, and the whole answer."""
    answer = client.app.get("/health/", parameters, status=200)
    return {(each["code"], each["where"]) for each in answer.json["findings"]}, answer


@pytest.mark.damaged_database
def test_the_whole_deployment(fresh, shop):
    # The machine and the server of the test may have faults of their own.
    before, answer = whole(fresh)
    assert answer.json["tables"] == 2
    system = fresh.catalogue.database.system
    old = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1000)
    with fresh.catalogue.database.changing() as connection:
        connection.execute(sa.insert(system.counter).values(table_id=99, field_id=1, last=1))
        token = {"digest": "d", "name": "n", "user_id": 77, "roles": [], "narrowing": {}, "created_at": old}
        connection.execute(sa.insert(system.access.token).values(token))
        event = {"at": old, "event": "signed_in", "detail": {}, "count": 1}
        connection.execute(sa.insert(system.access.audit).values(event))
    sql(fresh, "CREATE TABLE {}_links_98_1 (id int)", "CREATE TABLE {}_trash_links_97 (id int)", "DROP INDEX {}_ux_2_1")
    found, answer = whole(fresh)
    assert answer.json["status"] == "damaged"
    assert found - before == {
        ("without_owner", "the table _dynmodel_counter"),
        ("without_owner", "the table _dynmodel_token"),
        ("purge_is_late", "the table _dynmodel_audit"),
        ("without_definition", "the table _links_98_1"),
        ("without_definition", "the table _trash_links_97"),
        ("differs", "the table Product (2)"),
    }
    for each in answer.json["findings"]:
        assert each["detail"] and each["mend"]
    found, answer = whole(fresh, limit=1)
    assert answer.json["tables"] == 1 and answer.json["next"] == 1 and ("differs", "the table Product (2)") not in found
    found, answer = whole(fresh, limit=1, after=answer.json["next"])
    assert found == {("differs", "the table Product (2)")} and answer.json["next"] is None
    fresh.refused("GET", "/health/?after=x", status=400, code="invalid_parameter")


def test_links_that_take_long_to_look_at(fresh, shop, monkeypatch):
    database = fresh.catalogue.database
    slow = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    dangling = lambda self, connection, table: connection.exec_driver_sql(slow).scalar_one()  # noqa: E731
    monkeypatch.setattr(type(database.dialect), "dangling", dangling)
    monkeypatch.setattr(database.settings, "statement_timeout", 0.5)
    found, answer = whole(fresh)
    assert {("links_unchecked", "the table Maker (1)"), ("links_unchecked", "the table Product (2)")} <= found
    assert not {each["severity"] for each in answer.json["findings"] if each["code"] == "links_unchecked"} - {"note"}
    assert answer.json["next"] is None


def test_settings_that_fit_neither_the_machine_nor_one_another(fresh):
    database = fresh.catalogue.database
    codes = [each.code for each in machine.findings(database, Load(1, 4, 8))]
    assert codes == []
    database.settings.lock_attempt, kept = 9.0, database.settings.lock_attempt
    try:
        codes = [each.code for each in machine.findings(database, Load(10_000, 8, 4))]
    finally:
        database.settings.lock_attempt = kept
    assert codes == ["settings_clash", "small_pool", "many_processes", "little_memory"]
    with database.reading() as connection:
        found = {each.code for each in database.dialect.findings(connection, Load(1000, 8, 12))}
    if database.dialect.schema is not None:
        assert "too_many_connections" in found
        return
    path = Path(database.engine.url.database)
    assert not found & {"open_file", "network_file_system"} or path.stat().st_mode & 0o004
    path.chmod(0o666)
    with database.reading() as connection:
        (finding,) = [
            each for each in database.dialect.findings(connection, Load()) if each.where == f"the file {path}"
        ]
    assert (finding.code, finding.severity) == ("open_file", "error")
    assert finding.mend.startswith(f"chmod o-rw {path}")
