"""Long answers as a server gets them from the application: what they hold, for how long, and how they end."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from webtest import TestRequest

from dynmodel_pyramid.web.http.streams import StreamEnded
from tests.scripts.serving import until

ROWS = 3500
MEDIA_TYPES = ["application/json", "application/x-ndjson", "text/csv"]


class Waiting:
    """What our server tells an application of its answer."""

    gives_way = None
    gone = False

    def abort(self, reason: str) -> None:
        self.gone = True

    def takes_long(self) -> None:
        """Another thread takes over."""


class Stream:
    """The answer to a GET, of which a server has taken the headers."""

    def __init__(self, app, path: str, server: Waiting | None = None, **headers: str):
        environ = TestRequest.blank(path, headers={"X-Request-Id": "stream-1", **headers}).environ
        if server is not None:
            environ["dynmodel.answer"] = server
        self.body = app.app(environ, self._begun)
        self.parts = iter(self.body)

    def _begun(self, status, headers, exc_info=None):
        self.status, self.headers = int(status.split()[0]), dict(headers)

    def rest(self) -> bytes:
        return b"".join(self.parts)


@pytest.fixture
def long(fresh) -> str:
    """The path of a table with many rows."""
    path = fresh.table({"n": "integer", "t": "string"}, "Long")
    fresh.send("POST", f"{path}rows/", [{"n": n, "t": f"row {n}"} for n in range(ROWS)], status=201)
    return path


@pytest.fixture
def pool(catalogue):
    return catalogue.database.engine.pool


def faces(path: str) -> list[str]:
    return [f"{path}rows/", "/rest/Long"]


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_the_connection_is_free_before_the_last_part_is_sent(app, long, pool, media_type):
    for path in faces(long):
        if media_type == "application/x-ndjson" and "rest" in path:
            continue  # the other face alone
        stream = Stream(app, path, Accept=media_type)
        assert (stream.status, pool.checkedout()) == (200, 1)
        read = b""
        while f"row {ROWS - 1}".encode() not in read:
            assert pool.checkedout() == 1 or f"row {ROWS - 1000}".encode() in read
            read += next(stream.parts)
        assert pool.checkedout() == 0
        read += stream.rest()
        if media_type == "application/json":
            assert [row["n"] for row in json.loads(read)] == list(range(ROWS))
        stream.body.close()


def test_a_client_that_is_gone_frees_the_connection(app, long, pool):
    for path in faces(long):
        for parts in range(3):
            stream = Stream(app, path)
            for _ in range(parts):
                next(stream.parts)
            assert pool.checkedout() == 1
            stream.body.close()
            assert pool.checkedout() == 0


def test_a_head_and_a_refusal_hold_nothing(app, long, pool):
    assert app.head(f"{long}rows/").status_int == 200
    assert app.head("/rest/Long").status_int == 200
    one = {"Accept": "application/vnd.pgrst.object+json"}
    assert app.get("/rest/Long", headers=one, status=406).json["details"] == "The result contains more than 1000 rows"
    assert pool.checkedout() == 0


def test_a_definition_change_ends_a_stream_that_waits_for_its_client(app, fresh, long, pool, catalogue, caplog):
    # SQLite's changes need not wait for readers; there the list comes whole, of the version that it began with.
    waits = catalogue.database.dialect.ends_streams
    for number, path in enumerate(faces(long)):
        stream = Stream(app, path)
        begin = next(stream.parts)
        with caplog.at_level(logging.WARNING):
            fresh.send("PATCH", long, {"fields": {f"new_{number}": "string"}}, status=200)
        assert any("ended 1 long answers" in line for line in caplog.messages) == waits
        caplog.clear()
        if waits:
            with caplog.at_level(logging.WARNING), pytest.raises(StreamEnded):
                stream.rest()
            (line,) = caplog.messages
            assert line.startswith(f"request stream-1: GET {path}: the answer was broken off: the database: ")
        else:
            assert [row["n"] for row in json.loads(begin + stream.rest())] == list(range(ROWS))
        stream.body.close()
        assert pool.checkedout() == 0
        assert fresh.get(f"{long}rows/?limit=1")[0][f"new_{number}"] is None


def test_a_dead_stream_can_be_closed_without_a_word(app, fresh, long, pool, caplog):
    stream = Stream(app, f"{long}rows/")
    next(stream.parts)
    fresh.send("DELETE", long, status=204)
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        stream.body.close()
    assert (caplog.messages, pool.checkedout()) == ([], 0)


def test_our_server_learns_that_it_waits_in_vain(app, fresh, long, pool, catalogue, caplog):
    server = Waiting()
    stream = Stream(app, f"{long}rows/", server)
    assert not server.gives_way()
    next(stream.parts)
    fresh.send("PATCH", long, {"fields": {"new": "string"}}, status=200)
    caplog.clear()
    if catalogue.database.dialect.ends_streams:
        until(server.gives_way, "the end of the connection to be seen")
        (line,) = caplog.messages
        assert line.startswith(f"request stream-1: GET {long}rows/: the answer was broken off: a definition change")
        assert (pool.checkedout(), server.gone) == (0, True)
        assert stream.rest() == b"", "the server has reset the connection, so there is no further error to log"
    else:
        assert not server.gives_way()
    stream.body.close()
    assert pool.checkedout() == 0


def test_a_stream_that_never_waits_has_half_of_the_time_of_a_change(make_app):
    app = make_app(**{"dynmodel.lock_timeout": "6"})
    database = app.app.registry.dynmodel_catalogue.database
    app.post_json("/table/", {"model_name": "Long", "fields": {"n": "integer"}})
    with database.engine.connect() as connection, ThreadPoolExecutor(1) as thread:
        connection.begin()
        database.dialect.mark_stream(connection)
        table = database.system.state.schema
        name = '"Long"' if table is None else f'{table}."Long"'
        connection.exec_driver_sql(f"SELECT count(*) FROM {name}").all()
        running = None
        if database.dialect.ends_streams:
            running = thread.submit(connection.exec_driver_sql, "SELECT pg_sleep(60)")
        app.patch_json("/table/Long/", {"fields": {"new": "string"}}, status=200)
        if running is not None:
            assert isinstance(running.exception(60), sa.exc.OperationalError)
            connection.invalidate()


@pytest.mark.parametrize("parts", [0, 1])
def test_a_stream_has_a_total_time(make_app, parts, caplog):
    app = make_app(**{"dynmodel.stream_timeout": "1"})
    caplog.clear()
    pool = app.app.registry.dynmodel_catalogue.database.engine.pool
    app.post_json("/table/", {"model_name": "Long", "fields": {"n": "integer"}})
    app.post_json("/table/Long/rows/", [{"n": n} for n in range(ROWS)])
    for path in faces("/table/Long/"):
        stream = Stream(app, path)
        for _ in range(parts):
            next(stream.parts)
        until(lambda: pool.checkedout() == 0, "the connection to be free")
        with pytest.raises(StreamEnded, match=r"longer than 1 s \(dynmodel.stream_timeout\)"):
            next(stream.parts)
        stream.body.close()
        until(lambda: caplog.messages, "the line of the log")
        assert [line.partition(": the answer was broken off: ")[0] for line in caplog.messages] == [
            f"request stream-1: GET {path}"
        ]
        caplog.clear()
        assert len(app.get(f"{path}?limit=5").json) == 5  # by the same pool


def test_what_fails_in_the_middle_is_logged_and_never_looks_whole(app, long, pool, caplog, monkeypatch):
    stream = Stream(app, f"{long}rows/")
    begin = next(stream.parts)

    def broken(parts):
        raise RuntimeError("broken")
        yield b""

    monkeypatch.setattr(stream.body, "_body", broken(()))
    with pytest.raises(RuntimeError):
        next(stream.parts)
    assert pool.checkedout() == 0
    assert "request stream-1: GET" in caplog.text
    assert not begin.endswith(b"]")


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_a_stream_shows_one_moment_while_others_write(app, fresh, long, media_type):
    """Its count, too."""
    stream = Stream(app, f"{long}rows/", Accept=media_type, Prefer="count=exact")
    read, written = b"", 0
    for part in stream.parts:
        read += part
        if written < 2:
            fresh.row(long, {"n": -1, "t": "new"})
            app.patch_json(f"{long}rows/?n=gte.{ROWS - 10}", {"t": "changed"})
            app.delete(f"{long}rows/?n=eq.{ROWS - 20 - written}")
            written += 1
    assert written == 2
    assert stream.headers["Content-Range"] == f"0-{ROWS - 1}/{ROWS}"
    assert [text in read for text in (b"new", b"changed")] == [False, False]
    assert read.count(b"row ") == ROWS
    assert len(fresh.get(f"{long}rows/?t=neq.changed")) == ROWS - 10
    stream.body.close()


def test_the_count_of_a_stream_is_that_of_its_rows(app, fresh, long, monkeypatch):
    """A row that another writes between the count and the rows is in neither."""
    from dynmodel_pyramid.rows.querying import Queried

    count = Queried.count

    def counted_and_overtaken(self, *arguments):
        total = count(self, *arguments)
        monkeypatch.setattr(Queried, "count", count)
        fresh.row(long, {"n": -1})
        return total

    for number, path in enumerate(faces(long)):
        monkeypatch.setattr(Queried, "count", counted_and_overtaken)
        answer = app.get(path, headers={"Prefer": "count=exact"})
        total = ROWS + number
        assert len(answer.json) == total
        assert (answer.status_int, answer.headers["Content-Range"]) == (200, f"0-{total - 1}/{total}")
