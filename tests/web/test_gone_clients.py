"""A client that goes away stops the work for it: over real HTTP, as WebTest's clients never go."""

import json
import logging
import threading
import time
from contextlib import closing

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.rows.imports import Import
from dynmodel_pyramid.rows.querying import Queried
from dynmodel_pyramid.rows.service import Rows
from dynmodel_pyramid.rows.staging import StagedRows
from dynmodel_pyramid.web.http import clients, transactions
from tests.scripts.serving import until
from tests.server.conftest import Running

#: A statement that would run for minutes.
ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n LIMIT 1",
    "postgresql": "SELECT pg_sleep(300)",
}
#: Seconds: the work ends within one on a machine that has nothing else to do.
SOON = 5.0


@pytest.fixture
def serving(app, fresh):
    fresh.table({"n": "integer"}, "T")
    running = Running(app.app, {"threads": "2"})
    yield running
    running.stop()


@pytest.fixture
def pool(catalogue):
    return catalogue.database.engine.pool


@pytest.fixture
def endless(monkeypatch):
    """Let a method run an endless statement after it; gives an event that says when it begins."""

    def let(owner: type, method: str) -> threading.Event:
        begins, original = threading.Event(), getattr(owner, method)

        def endlessly(self, connection: sa.Connection, *arguments, **named):
            result = original(self, connection, *arguments, **named)
            begins.set()
            connection.exec_driver_sql(ENDLESS[connection.dialect.name])
            return result

        monkeypatch.setattr(owner, method, endlessly)
        return begins

    return let


def send(serving: Running, method: str, path: str, rows: list | None = None, **headers: str):
    client = serving.connect()
    body = b"" if rows is None else json.dumps(rows).encode()
    client.request(path, method, Content_Type="application/json", Content_Length=str(len(body)), **headers)
    return client.send(body)


def assert_ends_soon(serving: Running, pool, client, begins: threading.Event) -> None:
    """The work is stopped when the client goes, and holds nothing any more."""
    assert begins.wait(30)
    client.close()
    gone = time.monotonic()
    until(lambda: not serving.server.dispatcher.is_busy and pool.checkedout() == 0, "the work to be stopped")
    assert time.monotonic() - gone < SOON


def lines(caplog) -> list[str]:
    return [line.partition(": ")[2] for line in caplog.messages if "the client has gone" in line]


def test_a_statement_that_reads_is_stopped(serving, fresh, pool, endless, caplog):
    caplog.set_level(logging.INFO)
    begins = endless(Queried, "count")
    for path in ("/table/T/rows/?limit=5", "/rest/T"):
        begins.clear()
        caplog.clear()
        assert_ends_soon(serving, pool, send(serving, "GET", path, Prefer="count=exact"), begins)
        assert lines(caplog) == [f"GET {path.partition('?')[0]}: the client has gone: its work was stopped"]


def test_a_stream_is_stopped_in_the_middle_of_a_statement(serving, fresh, pool, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    begins, parts = threading.Event(), Queried.parts

    def endless_parts(self, connection, *arguments):
        with closing(parts(self, connection, *arguments)) as source:
            sent = 0
            while sent < 2000:  # in parts whose size is the database's affair
                sent += len(part := next(source))
                yield part
        begins.set()
        connection.exec_driver_sql(ENDLESS[connection.dialect.name])

    monkeypatch.setattr(Queried, "parts", endless_parts)
    fresh.send("POST", "/table/T/rows/", [{"n": n} for n in range(2500)], status=201)
    client = send(serving, "GET", "/table/T/rows/")
    assert client.head()[0] == 200
    assert_ends_soon(serving, pool, client, begins)
    assert lines(caplog) == ["GET /table/T/rows/: the client has gone: its answer is read no further"]


def test_a_write_is_undone(serving, fresh, pool, endless, caplog):
    begins = endless(Rows, "insert")
    assert_ends_soon(serving, pool, send(serving, "POST", "/table/T/rows/", [{"n": 1}]), begins)
    assert fresh.get("/table/T/rows/") == []
    (record,) = [record for record in caplog.records if "has gone" in record.getMessage()]
    assert record.levelname == "WARNING"
    assert record.getMessage().endswith(
        "POST /table/T/rows/: the client has gone: its work was stopped, and nothing was written"
    )


def test_an_upload_is_stopped_while_its_rows_are_judged_or_moved(serving, fresh, pool, monkeypatch, caplog):
    begins, judged, go = threading.Event(), [], threading.Event()
    judge, move = Import._judged, StagedRows.move

    def slowly(self, part, first):
        judged.append(first)
        begins.set()
        assert go.wait(30)
        return judge(self, part, first)

    def endless_move(self):
        count = move(self)
        begins.set()
        self.connection.exec_driver_sql(ENDLESS[self.connection.dialect.name])
        return count

    monkeypatch.setattr(StagedRows, "move", endless_move)
    rows = [{"n": n} for n in range(2500)]
    assert_ends_soon(serving, pool, send(serving, "POST", "/table/T/rows/", rows), begins)
    begins.clear()
    monkeypatch.setattr(Import, "_judged", slowly)
    client = send(serving, "POST", "/table/T/rows/", rows)
    assert begins.wait(30)
    client.close()
    until(lambda: not serving.server._channels(), "the connection to be closed")
    go.set()
    until(lambda: pool.checkedout() == 0, "the work to be stopped")
    assert judged == [0]
    assert fresh.get("/table/T/rows/") == []
    assert len(lines(caplog)) == 2


def test_a_commit_that_has_begun_is_not_undone(serving, fresh, pool, monkeypatch, caplog):
    completed, go = threading.Event(), threading.Event()

    def complete(request):
        clients.complete_work(request)
        completed.set()
        assert go.wait(30)

    monkeypatch.setattr(transactions, "complete_work", complete)
    client = send(serving, "POST", "/table/T/rows/", [{"n": 1}])
    assert completed.wait(30)
    client.close()
    until(lambda: not serving.server._channels(), "the connection to be closed")
    go.set()
    # A writer of SQLite is none of the pool's, so its end is seen by the row alone.
    until(lambda: [row["n"] for row in fresh.get("/table/T/rows/")] == [1], "the row to be committed")
    until(lambda: pool.checkedout() == 0, "the request to end")
    assert lines(caplog) == []


def test_the_rows_of_an_upload_stay_when_its_answer_is_not_made(serving, fresh, pool, endless, monkeypatch, caplog):
    """On SQLite the answer is read after the commit; on PostgreSQL before it, so nothing is written."""
    caplog.set_level(logging.INFO)
    begins = endless(Rows, "parts")
    client = send(serving, "POST", "/table/T/rows/", [{"n": n} for n in range(2500)], Prefer="return=representation")
    assert_ends_soon(serving, pool, client, begins)
    is_committed = "the rows were written" in caplog.text
    monkeypatch.undo()
    assert len(fresh.get("/table/T/rows/")) == (2500 if is_committed else 0)
    assert len(lines(caplog)) == 1
