"""PostgreSQL: rows that bring the proof of their attempt along, in one exchange."""

import threading
import time

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.catalogue.attempt import Attempt, Stale
from dynmodel_pyramid.database import STAMP
from dynmodel_pyramid.database.cursors import driver_connection, fetched, raw_cursor
from dynmodel_pyramid.database.postgresql_pipeline import numbered


@pytest.fixture
def database() -> str:
    return "postgresql"


@pytest.fixture
def attempt(app, catalogue):
    app.post_json("/table/", {"model_name": "Thing", "fields": {"a": "string"}})
    app.post_json("/table/Thing/rows/", {"a": "x"})
    attempt = Attempt(catalogue)
    attempt.model("Thing")
    return attempt


@pytest.fixture
def connection(attempt):
    connection = attempt.database.begin_reading()
    yield attempt.open(connection)
    attempt.database.end_reading(connection)


@pytest.fixture
def rows(attempt, connection):
    table = attempt.database.engine.dialect.identifier_preparer.format_table(attempt.model("Thing").table)
    return f"SELECT a FROM {table}"


def relabel(app, label: str) -> None:
    app.patch_json("/table/Thing/", {"label": label}, headers={"Content-Type": "application/merge-patch+json"})


def test_placeholders():
    assert numbered("SELECT '%%', %(b)s, %(a_1)s, %(b)s") == (b"SELECT '%', $1, $2, $1", ("b", "a_1"))
    assert numbered("%s %s") == (b"$1 $2", (0, 1))
    assert numbered('"%%(a)s" %(a\ue020b)s') == (b'"%(a)s" $1', ("a\ue020b",))


def test_rows_prove_what_was_read_before_a_change(app, attempt, connection, rows):
    assert fetched(connection, rows, {})[1] == [("x",)]
    relabel(app, "L")  # no lock is held, so this does not wait
    attempt.confirm()


@pytest.mark.parametrize("way", ["statement", "cursor", "rows"])
def test_what_is_read_afterwards_needs_a_proof_of_its_own(app, attempt, connection, rows, way):
    fetched(connection, rows, {})
    relabel(app, "L")
    if way == "rows":
        with pytest.raises(Stale):
            fetched(connection, rows, {})
        return
    if way == "statement":
        connection.execute(sa.text(rows))
    else:
        with raw_cursor(connection) as cursor:
            cursor.execute(rows)
    with pytest.raises(Stale):
        attempt.confirm()


def test_the_state_is_read_when_the_lock_of_the_rows_is_there(attempt, connection, rows, monkeypatch):
    """Also if the rows had to wait for it, so that a change has come between the two."""
    found = []
    monkeypatch.setattr(attempt, "prove_by", lambda connection, row: found.append(row[STAMP]))
    with attempt.database.writer.connect() as change, change.begin():
        attempt.database.dialect.lock_exclusively(change, attempt.model("Thing").definition.physical_name)
        reader = threading.Thread(target=fetched, args=(connection, rows, {}))
        reader.start()
        waits = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = :pid")
        pid = driver_connection(connection).info.backend_pid
        while reader.is_alive() and not change.scalar(waits, {"pid": pid}):
            time.sleep(0.01)
        assert reader.is_alive()
        change.execute(sa.update(attempt.database.system.state).values(stamp="another"))
    reader.join()
    assert found == ["another"]


def test_errors_leave_a_connection_that_can_be_used(attempt, connection, rows):
    database = attempt.database
    for sql, parameters, kind in [
        ("SELECT nothing", {}, "statement"),
        ("SELECT 1 / %(zero)s::int", {"zero": 0}, "value"),
        ("SELECT %(text)s::text", {"text": "\0"}, "other"),
    ]:
        with pytest.raises(sa.exc.DBAPIError) as caught:
            fetched(connection, sql, parameters)
        assert database.failure(caught.value).kind in (kind, "value")
        connection.rollback()
        assert fetched(connection, rows, {})[1] == [("x",)]
    database.dialect.bound_statements(connection, 0.05)
    for read in (
        lambda: fetched(connection, "SELECT pg_sleep(5)", {}),
        lambda: connection.scalar(sa.text("SELECT pg_sleep(5)")),
    ):
        with pytest.raises(sa.exc.DBAPIError) as caught:
            read()
        assert database.failure(caught.value).kind == "timeout"
        connection.rollback()


def test_reads_only_read(attempt, connection, rows):
    with pytest.raises(sa.exc.DBAPIError, match="read-only"):
        fetched(connection, rows.replace("SELECT a FROM", "DELETE FROM") + " RETURNING a", {})


def test_an_interrupted_read_ends_its_connection(attempt, connection, rows, monkeypatch):
    raw = driver_connection(connection)

    def interrupted(generator):
        raise KeyboardInterrupt

    monkeypatch.setattr(type(raw), "wait", lambda self, generator, *rest: interrupted(generator))
    with pytest.raises(KeyboardInterrupt):
        fetched(connection, rows, {})
    assert raw.closed
    monkeypatch.undo()
    connection.invalidate()
