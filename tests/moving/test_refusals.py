"""Moves that can't be made, or not finished: what is told, and that the next run makes good."""

import contextlib
import sqlite3
import threading

import psycopg
import pytest
import sqlalchemy as sa

import dynmodel_pyramid
from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.moving import moving, parts
from tests.system_tables import libpq


@pytest.fixture
def small(place, client_of, monkeypatch):
    """Settings of a source with a few rows in many parts, and its client."""
    monkeypatch.setattr(parts, "READ", 5)
    monkeypatch.setattr(parts, "ROWS", 10)
    settings = place("sqlite")
    client = client_of(settings)
    client.table(
        {"a": {"type": "string", "unique": True}, "x": "number", "far": {"type": "link", "table": "Item"}}, "Item"
    )
    client.row("/table/Item/", [{"a": f"{n}", "x": n} for n in range(35)])
    return settings, client


def by_sql(settings, *statements):
    """Writes past the service."""
    url = sa.make_url(settings["sqlalchemy.url"])
    if url.get_backend_name() == "sqlite":
        with contextlib.closing(sqlite3.connect(url.database)) as connection, connection:
            for statement in statements:
                connection.execute(statement)
    else:
        with psycopg.connect(libpq(url), autocommit=True) as connection:
            connection.execute(f"SET search_path = {settings['dynmodel.schema']}".encode())
            for statement in statements:
                connection.execute(statement.encode())


def rows_of(client_of, settings):
    return client_of(settings).get("/table/Item/rows/?limit=1000")


def test_values_that_the_target_can_not_keep(small, place, client_of, move):
    source, client = small
    there, back = place("postgresql"), place("sqlite")
    by_sql(source, "UPDATE Item SET a = 'x' || char(0) WHERE id = 27")
    status, _, err = move(source, there)
    assert status == 1
    assert "the target: Item (table 1), row 27: a: " in err and "correct it in the source" in err
    with pytest.raises(ConfigurationProblem, match="unfinished target of a move .run dynmodel-move again"):
        dynmodel_pyramid.main({}, **there)
    by_sql(source, "UPDATE Item SET a = 'mended', far = 99 WHERE id = 27")
    status, _, err = move(source, there)
    assert status == 1
    assert "Item (table 1): far of the row 27 refers to the row 99, which is not there" in err
    by_sql(
        source,
        "UPDATE Item SET far = 1, x = 9e999 WHERE id = 27",
        "UPDATE Item SET a = CAST(x'ff' AS TEXT) WHERE id = 3",
    )
    status, _, err = move(source, there)
    assert (status, "the source: Item (table 1), row 3: a: " in err) == (1, True), err
    by_sql(source, "UPDATE Item SET a = 'three' WHERE id = 3")
    status, out, err = move(source, there)
    assert status == 0, err
    assert rows_of(client_of, there) == client.get("/table/Item/rows/?limit=1000")
    # Back: SQLite makes null of NaN.
    by_sql(
        there,
        'ALTER TABLE "Item" DROP CONSTRAINT IF EXISTS "_ck_1_2_type"',
        "UPDATE \"Item\" SET x = 'NaN' WHERE id = 8",
    )
    status, _, err = move(there, back)
    assert status == 1
    assert 'not equal: Item (table 1): the row 8: x is null and should be {"":"nan"}' in err
    by_sql(there, 'UPDATE "Item" SET x = -0.0 WHERE id = 8')
    assert move(there, back)[0] == 0
    assert rows_of(client_of, back)[7]["x"] == 0


def test_a_source_that_is_written_to(small, place, client_of, move, monkeypatch):
    source, client = small
    there = place("postgresql")
    verify = moving.Move._verify

    def meanwhile(self, works):
        verify(self, works)
        first, second = (client.get(f"/table/Item/rows/{number}/")["a"] for number in (1, 34))
        client.send("PATCH", "/table/Item/rows/1/", {"a": "free"}, status=200)
        client.send("PATCH", "/table/Item/rows/34/", {"a": first}, status=200)
        client.send("PATCH", "/table/Item/rows/1/", {"a": second}, status=200)
        client.row("/table/Item/", {"a": f"later {second}"})
        client.send("DELETE", "/table/Item/rows/33/")

    with monkeypatch.context() as then:
        then.setattr(moving.Move, "_verify", meanwhile)
        status, _, err = move(source, there)
        assert status == 2
        assert "the source was written to while it was read: Item (table 1) (stop the service" in err

    def and_gone(self, works):
        verify(self, works)
        number = client.row("/table/Item/", {"a": "not for long"})["id"]
        client.send("DELETE", f"/table/Item/rows/{number}/", status=204)

    monkeypatch.setattr(moving.Move, "_verify", and_gone)
    status, out, _ = move(source, there)
    assert status == 0
    # Of four parts the two without a change are not written again.
    assert f"{len(client.get('/table/Item/rows/?limit=99'))}  Item" in out
    written = int(out.partition(" of them written now")[0].split()[-1])
    assert 0 < written < 20
    assert rows_of(client_of, there) == client.get("/table/Item/rows/?limit=1000")
    # The number of a row that came and went is not given again.
    assert client_of(there).row("/table/Item/", {"a": "next"})["id"] == 38


def test_definitions_that_change_between_two_runs(small, place, client_of, move, monkeypatch):
    source, client = small
    there = place("postgresql")
    client.table({"b": "string"}, "Going")
    with monkeypatch.context() as then:
        then.setattr(moving.Move, "_make_rules", _stop)
        assert move(source, there)[0] == 1
    client.send("DELETE", "/table/Going/", status=204)
    client.send("DELETE", "/trash/2/", status=204)
    client.send("PATCH", "/table/Item/", {"fields": {"x": None, "y": {"type": "integer", "default": 3}}}, status=200)
    client.table({"b": "string"}, "Coming")
    status, out, err = move(source, there)
    assert (status, "2 tables were compared, 0 are damaged" in out) == (0, True), err
    assert rows_of(client_of, there) == client.get("/table/Item/rows/?limit=1000")


def _stop(self, *arguments):
    raise ConfigurationProblem("stopped")


def test_of_two_runs_the_later_one_goes_on(small, place, client_of, move, monkeypatch):
    source, client = small
    there = place("postgresql")
    held, go_on, told = threading.Event(), threading.Event(), []
    make_rules = moving.Move._make_rules

    def wait(self, *arguments):
        held.set()
        go_on.wait(60)
        make_rules(self, *arguments)

    monkeypatch.setattr(moving.Move, "_make_rules", wait)
    first = threading.Thread(target=lambda: told.append(move(source, there)))
    first.start()
    assert held.wait(60)
    monkeypatch.setattr(moving.Move, "_make_rules", make_rules)
    status, _, err = move(source, there)
    go_on.set()
    first.join()
    assert status == 0, err
    assert (told[0][0], "another dynmodel-move" in told[0][2] or "_dynmodel_move" in told[0][2]) == (1, True), told
    assert len(rows_of(client_of, there)) == 35


def test_targets_that_are_refused(small, place, client_of, move, tmp_path):
    source, client = small
    there = place("postgresql")
    # The wrong direction.
    status, _, err = move(there, source)
    assert (status, "the source: the system tables are at revision none" in err) == (1, True), err
    missing = {"sqlalchemy.url": f"sqlite:///{tmp_path}/not there.sqlite"}
    assert move(missing, there)[0] == 1
    assert not (tmp_path / "not there.sqlite").exists()
    # A target in use, and itself.
    other = place("postgresql")
    client_of(other)
    for target in (other, source):
        status, _, err = move(source, target)
        assert (status, "has tables of dynmodel_pyramid already" in err) == (1, True), err
    # Tables of others: under our names they are refused, else they stay.
    by_sql(source, "CREATE TABLE others (a)")
    full = place("postgresql")
    with psycopg.connect(libpq(sa.make_url(full["sqlalchemy.url"])), autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {full['dynmodel.schema']}".encode())
    by_sql(full, 'CREATE TABLE "Item" (a int)')
    status, _, err = move(source, full)
    assert (status, "tables of others: Item" in err) == (1, True), err
    by_sql(full, 'ALTER TABLE "Item" RENAME TO theirs')
    assert move(source, full)[0] == 0
    by_sql(full, "SELECT * FROM theirs")
    # The unfinished move of another source.
    mine = place("sqlite")
    by_sql(source, "UPDATE Item SET far = 99 WHERE id = 1")
    assert move(source, mine)[0] == 1
    again = place("sqlite")
    client_of(again)
    status, _, err = move(again, mine)
    assert (status, "is the unfinished move of sqlite:///" in err) == (1, True), err


def test_a_url_has_no_replicas(place, client_of, move):
    source, target = place("postgresql"), place("sqlite")
    client_of(source).table({"a": "string"}, "Item")
    source["dynmodel.replica_urls"] = source["sqlalchemy.url"]
    assert move(source, target["sqlalchemy.url"])[0] == 0


def test_what_the_target_lacks_is_refused_first(place, client_of, move):
    source, target = place("postgresql"), place("sqlite")
    client = client_of(source)
    rule = {"fields": ["a"], "nulls_distinct": False}
    client.table({"a": "string"}, "Item", unique=[rule])
    status, _, err = move(source, target)
    assert (status, "nulls_distinct: false" in err) == (1, True), err
    client.send("PUT", "/table/Item/", {"model_name": "Item", "fields": {"a": "string"}}, status=200)
    assert move(source, target)[0] == 0
    assert client_of(target).get("/table/Item/")["model_name"] == "Item"
