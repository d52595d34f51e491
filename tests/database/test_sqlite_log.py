"""Writes to SQLite are on the disk when they are answered, and don't wait for one another there."""

import errno
import os
import sqlite3
import threading

import pytest


@pytest.fixture
def database():
    return "sqlite"


@pytest.fixture
def full(make_app):
    app = make_app(**{"dynmodel.sqlite_synchronous": "full", "dynmodel.lock_timeout": "1"})
    app.post_json("/table/", {"model_name": "Thing", "fields": {"name": "string", "near": "json"}}, status=201)
    return app


def table_of(connection):
    [table] = connection.execute("SELECT physical_name FROM _dynmodel_table").fetchone()
    return table


def counted(monkeypatch, app):
    """The numbers of rows that a stranger saw each time when the log was written through."""
    file = app.app.registry.dynmodel_catalogue.database.engine.url.database
    write_through, seen = os.fdatasync, []

    def fdatasync(descriptor):
        assert os.readlink(f"/proc/self/fd/{descriptor}") == f"{file}-wal"
        with sqlite3.connect(file) as stranger:
            seen.extend(stranger.execute(f'SELECT count(*) FROM "{table_of(stranger)}"').fetchone())
        write_through(descriptor)

    monkeypatch.setattr(os, "fdatasync", fdatasync)
    return seen


def test_every_way_to_write_a_row_waits_for_the_disk_behind_its_commit(full, monkeypatch):
    seen = counted(monkeypatch, full)
    full.post_json("/table/1/row/", {"name": "a"}, status=201)
    full.post_json("/table/1/rows/", [{"name": "b"}, {"name": "c"}], status=201)
    full.put_json("/table/1/rows/1/", {"name": "A"}, status=200)
    full.patch_json("/table/1/rows/?id=eq.2", {"near": [1]}, status=200)
    full.delete("/table/1/rows/3/", status=204)
    full.post_json("/rest/Thing", {"name": "d"}, status=201)
    assert seen == [1, 3, 3, 3, 2, 3]
    full.post_json("/table/1/row/", {"name": 5}, status=422)
    full.get("/table/1/rows/", status=200)
    assert len(seen) == 6


def test_nothing_waits_where_the_last_writes_may_be_lost(make_app, monkeypatch):
    app = make_app()
    app.post_json("/table/", {"model_name": "Thing", "fields": {"name": "string"}}, status=201)
    seen = counted(monkeypatch, app)
    app.post_json("/table/1/row/", {"name": "a"}, status=201)
    assert seen == []


def test_a_write_is_not_answered_before_the_disk_has_it_and_the_next_one_goes_on_meanwhile(full, monkeypatch):
    waits, goes_on = threading.Event(), threading.Event()

    def fdatasync(descriptor):
        waits.set()
        assert goes_on.wait(10)

    monkeypatch.setattr(os, "fdatasync", fdatasync)
    first = threading.Thread(target=full.post_json, args=("/table/1/row/", {"name": "a"}))
    first.start()
    assert waits.wait(10)
    monkeypatch.setattr(os, "fdatasync", lambda descriptor: None)
    full.post_json("/table/1/row/", {"name": "b"}, status=201)
    assert first.is_alive()
    goes_on.set()
    first.join(10)
    assert [row["name"] for row in full.get("/table/1/rows/").json] == ["a", "b"]


def test_a_disk_that_refuses_leaves_the_outcome_unknown(full, monkeypatch):
    def fdatasync(descriptor):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", fdatasync)
    answer = full.post_json("/table/1/row/", {"name": "a"}, status=503)
    assert answer.json["code"] == "outcome_unknown"
    # The disk tells of it once; what it lost is still in the log, so that must be emptied before anything is answered.
    seen = []
    monkeypatch.setattr(os, "fdatasync", seen.append)
    file = full.app.registry.dynmodel_catalogue.database.engine.url.database
    with sqlite3.connect(file) as stranger:
        stranger.execute("BEGIN")
        stranger.execute("SELECT count(*) FROM _dynmodel_table").fetchone()
        for change in (full.post_json, "/table/1/row/", {"name": "b"}), (full.patch_json, "/table/1/", {"label": "b"}):
            assert change[0](*change[1:], status=503).json["code"] == "database_unavailable"  # and nothing is written
    assert seen == []
    full.post_json("/table/1/row/", {"name": "c"}, status=201)
    full.post_json("/table/1/row/", {"name": "d"}, status=201)
    assert len(seen) == 2
    with sqlite3.connect(f"file:{file}?immutable=1", uri=True) as without_log:
        assert without_log.execute(f'SELECT count(*) FROM "{table_of(without_log)}"').fetchone() == (1,)


class Held:
    """A server that holds an answer back: ``environ["dynmodel.answer"]``."""

    def __init__(self):
        self.steps = {}

    def hold(self, key, step):
        self.steps[key] = step


def test_where_the_server_holds_the_answer_back_it_waits_for_the_disk(full, monkeypatch):
    seen, held = counted(monkeypatch, full), Held()
    for name in "abc":
        full.post_json("/table/1/row/", {"name": name}, status=201, extra_environ={"dynmodel.answer": held})
    assert seen == []
    assert len(held.steps) == 1  # the same log, whichever connection wrote it
    for step in held.steps.values():
        step()
    assert seen == [3]


def test_a_disk_that_refuses_is_told_to_the_server_that_holds_the_answer(full, monkeypatch):
    held, others = Held(), Held()
    full.post_json("/table/1/row/", {"name": "a"}, status=201, extra_environ={"dynmodel.answer": held})
    full.post_json("/table/1/row/", {"name": "b"}, status=201, extra_environ={"dynmodel.answer": others})
    seen = []

    def fdatasync(descriptor):
        seen.append(descriptor)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", fdatasync)
    for steps in held.steps, others.steps:
        for step in steps.values():
            with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
                step()
    assert len(seen) == 1  # what the disk refused once, it need not tell again
    monkeypatch.setattr(os, "fdatasync", seen.append)
    full.post_json("/table/1/row/", {"name": "c"}, status=201, extra_environ={"dynmodel.answer": held})
    assert len(seen) == 1 and len(held.steps) == 1  # the log is in the database file, and this commit is held


def test_a_log_that_was_replaced_is_opened_anew(full, monkeypatch):
    full.post_json("/table/1/row/", {"name": "a"}, status=201)
    database = full.app.registry.dynmodel_catalogue.database
    file = database.engine.url.database
    database.close()  # the last connection deletes the log
    assert not os.path.exists(f"{file}-wal")
    seen = counted(monkeypatch, full)
    full.post_json("/table/1/row/", {"name": "b"}, status=201)
    assert seen == [2]


def test_a_pool_that_is_disposed_of_leaves_its_log_to_whoever_waits_for_the_disk(full, monkeypatch):
    engine = full.app.registry.dynmodel_catalogue.database.engine
    write_through = os.fdatasync

    def fdatasync(descriptor):
        engine.dispose()
        write_through(descriptor)

    monkeypatch.setattr(os, "fdatasync", fdatasync)
    for name in "abc":
        full.post_json("/table/1/row/", {"name": name}, status=201)


def test_each_connection_is_told_by_itself_that_the_disk_refused(full, monkeypatch):
    """The kernel tells it once to each open file (fsync(2)), so two threads must not share one."""
    used, both = set(), threading.Barrier(2)

    def fdatasync(descriptor):
        used.add(descriptor)
        both.wait(10)

    monkeypatch.setattr(os, "fdatasync", fdatasync)
    threads = [threading.Thread(target=full.post_json, args=("/table/1/row/", {"name": name})) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(used) == 2
