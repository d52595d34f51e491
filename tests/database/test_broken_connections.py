"""Connections of PostgreSQL that break or fall silent while a request has them."""

import os
import threading
import time
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.database import Database, postgresql_silence
from dynmodel_pyramid.database.cursors import raw_cursor
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.testing.databases import OPEN, database_settings
from tests.faults.proxy import Proxy


def test_sqlite_connections_that_can_not_write_are_given_up(tmp_path):
    """They were opened while the file was read-only, and stay so when it no longer is."""
    with database_settings("sqlite", tmp_path) as settings:
        wsgi = dynmodel_pyramid.main({}, **settings)
        app, database = webtest.TestApp(wsgi), wsgi.registry.dynmodel_database
        app.post_json("/table/", {"model_name": "T", "fields": {"n": "integer"}})
        is_read_only = True

        @sa.event.listens_for(database.engine, "connect")
        def connect(dbapi, record):
            if is_read_only:
                dbapi.execute("PRAGMA query_only = ON")

        database.engine.dispose()
        for _ in range(2):
            answer = app.post_json("/table/T/rows/", {"n": 1}, status=503)
            assert answer.json["code"] == "database_read_only" and answer.headers["Retry-After"]
            assert app.patch_json("/table/T/", {"label": "x"}, status=503).json["code"] == "database_read_only"
        assert app.get("/table/T/rows/").json == []
        is_read_only = False
        app.post_json("/table/T/rows/", {"n": 1}, status=201)
        app.patch_json("/table/T/", {"label": "x"}, status=200)
        database.close()


@pytest.mark.parametrize("content", [b"", b"no database" * 1000])
def test_a_sqlite_file_that_another_one_replaces(tmp_path, content):
    with database_settings("sqlite", tmp_path) as settings:
        wsgi = dynmodel_pyramid.main({}, **settings)
        app, database = webtest.TestApp(wsgi), wsgi.registry.dynmodel_database
        app.post_json("/table/", {"model_name": "T", "fields": {"n": "integer"}})
        app.post_json("/table/T/rows/", {"n": 1})
        file, saved, other = Path(database.engine.url.database), tmp_path / "saved", tmp_path / "other"
        database.close()
        file.rename(saved)
        other.write_bytes(content)
        other.rename(file)
        for method, path, *document in (
            ("get", "/table/T/rows/"),
            ("get", "/table/T/row/1/"),
            ("post_json", "/table/T/rows/", {"n": 2}),
            ("patch_json", "/table/T/", {"label": "x"}),
        ):
            answer = getattr(app, method)(path, *document, status=503).json
            assert answer["code"] == "database_unavailable", path
        for part in ("-wal", "-shm"):
            Path(f"{file}{part}").unlink(missing_ok=True)
        saved.rename(file)
        assert [row["n"] for row in app.get("/table/T/rows/").json] == [1]
        database.close()


@pytest.fixture
def proxied(tmp_path, monkeypatch):
    """An application, and what stands between it and its database."""
    monkeypatch.setattr(postgresql_silence, "PATIENCE", 0.6)
    monkeypatch.setattr(postgresql_silence, "INTERVAL", 0.2)
    monkeypatch.setattr(postgresql_silence, "CONNECT", 2)
    with database_settings("postgresql", tmp_path) as settings:
        url = sa.make_url(settings["sqlalchemy.url"])
        proxy = Proxy(f"{url.query['host']}/.s.PGSQL.{url.query.get('port', 5432)}")
        through = url.set(query={}, host="127.0.0.1", port=proxy.port)
        text = through.render_as_string(hide_password=False)
        wsgi = dynmodel_pyramid.main({}, **{**settings, **OPEN, "sqlalchemy.url": text, "dynmodel.lock_timeout": "3"})
        app = webtest.TestApp(wsgi)
        app.post_json("/table/", {"model_name": "T", "fields": {"n": "integer"}})
        yield app, proxy, wsgi.registry.dynmodel_database
        proxy.swallows = False
        proxy.cut()
        wsgi.registry.dynmodel_catalogue.database.close()
        proxy.close()


def test_a_silent_server_is_given_up_and_found_again(proxied, caplog):
    app, proxy, database = proxied
    proxy.swallows = True
    started = time.monotonic()
    assert app.post_json("/table/T/rows/", {"n": 1}, status=503).json["code"] == "database_unavailable"
    assert time.monotonic() - started < 6
    started = time.monotonic()
    assert app.get("/table/T/rows/", status=503).json["code"] == "database_unavailable"
    assert time.monotonic() - started < 0.5  # it is known
    proxy.swallows = False
    deadline = time.monotonic() + 10
    while app.get("/table/T/rows/", status="*").status_int != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    lines = [record.getMessage() for record in caplog.records if record.name.endswith("postgresql_silence")]
    assert lines == [
        "the database server does not answer: connections that wait for it are given up",
        "the database server answers again",
    ]


def test_a_long_statement_of_a_server_that_works_goes_on(proxied):
    _, _, database = proxied
    with database.engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT 1 FROM pg_sleep(2)")) == 1
    deadline = time.monotonic() + 5
    while any(thread.name == "dynmodel-silence" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_thread_ends_with_the_connections(proxied, monkeypatch):
    """A process that is to be forked waits for it."""
    _, _, database = proxied
    monkeypatch.setattr(postgresql_silence, "INTERVAL", 3600)
    with database.engine.connect() as connection:
        connection.scalar(sa.text("SELECT 1"))
    [thread] = [thread for thread in threading.enumerate() if thread.name == "dynmodel-silence"]
    database.engine.dispose()
    thread.join(10)
    assert not thread.is_alive()


def test_a_rollback_of_a_lost_connection_is_no_error(proxied):
    _, proxy, database = proxied
    with database.engine.connect() as connection:
        connection.begin()
        raw = connection.connection.dbapi_connection
        connection.execute(sa.text("SELECT 1"))
        proxy.cut(resets=True)
        time.sleep(0.1)
    assert raw.closed
    with database.engine.connect() as connection:  # another one
        assert connection.scalar(sa.text("SELECT 1")) == 1
    with pytest.raises(sa.exc.DBAPIError), database.engine.connect() as connection:
        connection.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert isinstance(raw, psycopg.Connection)


def test_a_cursor_that_is_not_closed_because_its_connection_is_lost_is_an_error_of_the_database(proxied):
    _, proxy, database = proxied
    with database.engine.connect() as connection:
        connection.begin()
        with pytest.raises(sa.exc.OperationalError) as found, raw_cursor(connection, "rows") as cursor:
            cursor.execute("SELECT 1")
            proxy.cut(resets=True)
        cursor._closed = True  # or else it warns that nobody has closed it
        assert database.failure(found.value).kind == "away"


def test_a_fork_finds_a_server_again_that_was_silent(proxied):
    app, proxy, database = proxied
    proxy.swallows = True
    app.post_json("/table/T/rows/", {"n": 1}, status=503)
    pid = os.fork()
    if not pid:
        deadline = time.monotonic() + 10
        while app.get("/table/T/rows/", status="*").status_int != 200:
            if time.monotonic() > deadline:
                os._exit(1)
            time.sleep(0.05)
        os._exit(0)
    proxy.swallows = False
    assert os.waitpid(pid, 0)[1] == 0


def test_a_begin_that_is_answered_twice_is_a_lost_connection(tmp_path):
    """A pooler passes on that the server ends, and says that it is lost."""
    own = psycopg.InternalError("received 2 results from command 'BEGIN'")
    with database_settings("postgresql", tmp_path) as settings:
        database = Database(Settings(settings))
        assert database.failure(sa.exc.InternalError("BEGIN", None, own)).kind == "away"
        database.close()
