"""PgBouncer in transaction mode: no transaction relies on anything that another one has set."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.database.dialect import ONE_MOMENT
from dynmodel_pyramid.database.replicas import Replicas
from dynmodel_pyramid.database.work import Abandoned, Work
from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.testing.databases import OPEN

#: What the database says to whoever says nothing; all of it is wrong for the service.
HOSTILE = {
    "default_transaction_isolation": "repeatable read",
    "timezone": "Asia/Tokyo",
    "datestyle": "SQL, DMY",
    "lock_timeout": "0",
}
SETTINGS = {**OPEN, "dynmodel.schema": "pooled", "dynmodel.lock_timeout": "7", "dynmodel.max_body_size": "50000000"}


@pytest.fixture(scope="module")
def pooled(bed):
    """The URL of a pooler with two sessions, before a database whose defaults are hostile."""
    for name, value in HOSTILE.items():
        bed.primary.do(f"ALTER DATABASE postgres SET {name} = '{value}'")
    yield bed.start_pooler(size=2)
    bed.primary.do("ALTER DATABASE postgres RESET ALL")


@pytest.fixture(scope="module")
def app(pooled):
    wsgi = dynmodel_pyramid.main({}, **{"sqlalchemy.url": pooled, **SETTINGS})
    yield webtest.TestApp(wsgi)
    wsgi.registry.dynmodel_catalogue.database.close()


def test_every_transaction_brings_its_settings(app):
    database = app.app.registry.dynmodel_catalogue.database
    names = ("transaction_isolation", "lock_timeout", "TimeZone", "DateStyle", "transaction_read_only")
    query = sa.text("SELECT " + ", ".join(f"current_setting('{name}')" for name in names) + ", pg_backend_pid()")
    kinds = [database.engine, database.writer, database.engine.execution_options(**{ONE_MOMENT: True})]
    found, pids = set(), set()

    def look(number: int) -> None:
        with kinds[number % 3].connect() as connection:
            *values, pid = connection.execute(query).one()
            found.add((number % 3, *values))
            pids.add(pid)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(look, range(120)))
    rest = ("7s", "UTC", "ISO, MDY")
    assert found == {
        (0, "read committed", *rest, "on"),
        (1, "read committed", *rest, "off"),
        (2, "repeatable read", *rest, "on"),
    }
    assert len(pids) == 2


def test_uploads_keep_their_rows_apart(app):
    """Staged in temporary tables of the same names, in sessions that are shared."""
    app.post_json("/table/", {"model_name": "Upload", "fields": {"who": "integer", "text": "string"}})

    def upload(who: int) -> int:
        lines = "".join(f"{who},{number}\n" for number in range(3000))
        answer = app.post("/table/Upload/rows/", "who,text\n" + lines, {"Content-Type": "text/csv"}, status="*")
        return answer.status_int

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(upload, range(8))) == {201}
    counts = app.get("/table/Upload/rows/?select=who,count()&order=who").json
    assert [row["count"] for row in counts] == [3000] * 8
    with app.app.registry.dynmodel_catalogue.database.reading() as connection:
        left = "SELECT count(*) FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'"
        assert connection.exec_driver_sql(left).scalar() == 0


def test_a_statement_is_stopped_by_another_thread(app):
    database, gone = app.app.registry.dynmodel_catalogue.database, threading.Event()
    work = Work(gone.is_set)
    with database.reading() as connection:
        work.stops(connection, database.dialect.stopper(connection))
        threading.Timer(0.1, gone.set).start()
        started = time.monotonic()
        with pytest.raises(sa.exc.DBAPIError, match="cancel"):
            connection.exec_driver_sql("SELECT pg_sleep(20)")
        assert time.monotonic() - started < 5
        with pytest.raises(Abandoned):
            work.check()


def test_a_pooler_that_is_not_noticed_is_refused(pooled, monkeypatch):
    database = Database(Settings({"sqlalchemy.url": pooled, **SETTINGS}))
    monkeypatch.setattr("dynmodel_pyramid.database.postgresql_sessions._is_ours", lambda cursor: True)
    with pytest.raises(ConfigurationProblem, match=r"a transaction has \w+ = "):
        database.dialect.refuse_unsound(database.engine)
    database.close()


def test_a_primary_is_watched_through_it(pooled, caplog):
    """By threads that get each other's sessions."""
    watching = [Replicas(sa.create_engine(pooled), [], 0.05, 0.01) for _ in range(4)]
    for replicas in watching:
        replicas.choose(None)
    time.sleep(1)
    for replicas in watching:
        assert replicas._primary.is_there
        replicas.close()
    assert not [record for record in caplog.records if "left out" in record.getMessage()]
