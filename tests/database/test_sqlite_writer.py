"""Writers of a SQLite file come in turn, over threads and processes, whatever becomes of the others."""

import os
import signal
import subprocess
import sys
import threading
import time
import warnings

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.database import Database, sqlite_writer
from dynmodel_pyramid.database.cursors import raw_cursor
from dynmodel_pyramid.database.sqlite_search import UNINDEXED
from dynmodel_pyramid.database.sqlite_writer import WriterOrder
from dynmodel_pyramid.errors import Busy
from dynmodel_pyramid.scripts import template
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.testing.databases import database_settings

#: Another process: it has the locks with these suffixes till its end.
HOLDER = """
import fcntl, sys
files = [open(path, "a") for path in sys.argv[1:]]
for file in files:
    fcntl.flock(file, fcntl.LOCK_EX)
print("has them", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "data.sqlite"
    file.touch(0o640)
    return str(file)


@pytest.fixture
def other_process():
    """Starts a process that holds locks of a database's files."""
    started = []

    def start(path: str, *suffixes: str) -> subprocess.Popen:
        command = [sys.executable, "-S", "-c", HOLDER, *(f"{path}{suffix}" for suffix in suffixes)]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        assert started[-1].stdout.readline() == "has them\n"
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_turns_come_in_order(path):
    order, ends = WriterOrder(), []
    turns = [order.queue(path) for _ in range(4)]

    def write(number: int) -> None:
        assert turns[number].wait(10)
        ends.append(number)
        turns[number].leave()

    threads = [threading.Thread(target=write, args=(number,)) for number in (3, 1)]
    for thread in threads:
        thread.start()
    assert turns[0].wait(0) and not turns[2].wait(0.05)
    turns[2].leave()  # it gives its place up
    ends.append(0)
    turns[0].leave()
    for thread in threads:
        thread.join(10)
    assert ends == [0, 1, 3]
    assert sorted(os.listdir(os.path.dirname(path))) == ["data.sqlite", "data.sqlite-next", "data.sqlite-writer"]
    assert os.stat(f"{path}-writer").st_mode & 0o777 == 0o640


def test_two_orders_of_a_process_take_turns(path):
    one, two = WriterOrder(), WriterOrder()
    for _ in range(3):
        first, second = one.queue(path), two.queue(path)
        assert first.wait(0) and not second.wait(0.05)
        third = one.queue(path)  # it comes behind the second, whose process waits longer
        first.leave()
        assert second.wait(10) and not third.wait(0.05)
        second.leave()
        assert third.wait(10)
        third.leave()


def test_short_turns_of_a_process_follow_one_another(path, monkeypatch):
    monkeypatch.setattr(sqlite_writer, "SPELL", 60.0)
    one, two = WriterOrder(), WriterOrder()
    first, second, third = one.queue(path), two.queue(path), one.queue(path)
    first.leave()
    assert third.wait(0) and not second.wait(0.05)
    third.leave()
    assert second.wait(10)
    second.leave()


@pytest.mark.parametrize("suffixes", [("-writer",), ("-next",), ("-next", "-writer")])
def test_a_process_that_is_killed_holds_nobody_up(path, other_process, suffixes):
    # With both it is as if one process had the turn and another waited for it.
    order = WriterOrder()
    holder = other_process(path, *suffixes)
    turn = order.queue(path)
    assert not turn.wait(0.1)
    holder.kill()
    assert turn.wait(10)
    late = order.queue(path)
    turn.leave()
    assert late.wait(10)
    late.leave()


def test_the_thread_that_waits_ends_before_a_template_gives_up(path, other_process):
    """A template that loads the application while others write can fork its workers."""
    holder = other_process(path, "-writer")
    order = WriterOrder()
    turn = order.queue(path)
    assert not turn.wait(0.1)
    holder.kill()
    assert turn.wait(10)
    turn.leave()
    waiting = [thread for thread in threading.enumerate() if thread.name == "dynmodel-writers-turn"]
    assert waiting
    for thread in waiting:
        thread.join(template.PATIENCE)
        assert not thread.is_alive()


def test_nobody_waits_for_a_turn_that_comes_late(path, other_process):
    order, holder = WriterOrder(), other_process(path, "-writer")
    turn = order.queue(path)
    assert not turn.wait(0.1)
    turn.leave()
    holder.kill()
    other = WriterOrder().queue(path)
    assert other.wait(10)
    other.leave()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_child_has_an_order_of_its_own(path):
    order = WriterOrder()
    turn = order.queue(path)
    assert turn.wait(0)
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        child = os.fork()
    if not child:
        try:
            own = order.queue(path)
            os.write(write, b"waits" if not own.wait(0.1) else b"has it")
            os.write(write, b", has it" if own.wait(10) else b", waits")
        finally:
            os._exit(0)
    os.close(write)
    assert os.read(read, 100) == b"waits"
    turn.leave()
    assert os.read(read, 100) == b", has it"
    os.waitpid(child, 0)
    os.close(read)
    assert order.queue(path).wait(10)


def test_without_lock_files(path, caplog):
    os.mkdir(f"{path}-next")
    order = WriterOrder()
    first, second = order.queue(path), order.queue(path)
    assert first.wait(0) and not second.wait(0.05)
    first.leave()
    assert second.wait(10)
    (record,) = caplog.records
    assert record.getMessage().startswith(f"no locks on files beside {path} (")


@pytest.fixture
def database(tmp_path):
    with database_settings("sqlite", tmp_path) as settings:
        made = Database(Settings({**settings, "dynmodel.lock_timeout": "3"}))
        with made.writer.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE t (a)")
            connection.exec_driver_sql(f"CREATE TABLE {UNINDEXED} (a)")
        yield made
        made.close()


def _write(database) -> float:
    begun = time.monotonic()
    with database.writer.begin() as connection:
        connection.exec_driver_sql("INSERT INTO t (a) VALUES (1)")
    return time.monotonic() - begun


def test_a_stopped_process_that_does_not_write_holds_nobody_up(database, other_process):
    holder = other_process(str(database.engine.url.database), "-next", "-writer")
    os.kill(holder.pid, signal.SIGSTOP)
    assert 0.9 < _write(database) < 2.5
    assert _write(database) < 0.9  # it does not wait for the turn for a while


def test_who_waits_too_long_is_told(database):
    plain = sa.create_engine(database.engine.url)
    with plain.connect() as connection, database.engine.connect() as reader:
        usual = reader.exec_driver_sql("PRAGMA busy_timeout").scalar()
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        turn = database.dialect._order.queue(str(database.engine.url.database))
        begun = time.monotonic()
        with pytest.raises(Busy):
            _write(database)
        assert 2.9 < time.monotonic() - begun < 4
        turn.leave()
        connection.rollback()
        _write(database)
        assert reader.exec_driver_sql("PRAGMA busy_timeout").scalar() == usual == 3000
    plain.dispose()


def test_a_writer_is_kept_and_begins_anew(database):
    dialect = database.dialect

    def numbers():
        with database.reading() as connection:
            return connection.exec_driver_sql("SELECT a FROM t ORDER BY a").scalars().all()

    with database.writer.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE near (far INTEGER REFERENCES t (b) DEFERRABLE INITIALLY DEFERRED)")
        connection.exec_driver_sql("ALTER TABLE t ADD COLUMN b INTEGER")
        connection.exec_driver_sql("CREATE UNIQUE INDEX u ON t (b)")
    first = database.begin_writing(is_kept=True)
    with raw_cursor(first) as cursor:
        cursor.execute("INSERT INTO t VALUES (1, 1)")
    dialect.commit_writing(first)
    dialect.end_writing(first)
    second = database.begin_writing(is_kept=True)
    assert second is first
    second.exec_driver_sql("INSERT INTO t VALUES (2, 2)")  # by SQLAlchemy, in the same transaction
    with second.begin_nested() as savepoint:
        second.exec_driver_sql("INSERT INTO t VALUES (3, 3)")
        savepoint.rollback()
    dialect.commit_writing(second)
    dialect.end_writing(second)
    for by_driver in (True, False):
        failing = database.begin_writing(is_kept=True)
        if by_driver:
            with raw_cursor(failing) as cursor:
                cursor.execute("INSERT INTO near VALUES (7)")
        else:
            failing.exec_driver_sql("INSERT INTO near VALUES (7)")
        with pytest.raises(sa.exc.IntegrityError):
            dialect.commit_writing(failing)
        dialect.end_writing(failing)
        assert _write(database) < 0.9
    undone = database.begin_writing(is_kept=True)
    undone.exec_driver_sql("INSERT INTO t VALUES (9, 9)")
    dialect.end_writing(undone)
    assert numbers() == [1, 1, 1, 2]
    assert database.begin_writing(is_kept=False) is not undone


def test_a_kept_writer_that_finds_no_turn_is_kept(database):
    holder = database.begin_writing(is_kept=True)
    with pytest.raises(Busy):
        database.begin_writing(is_kept=True)
    assert (database.dialect._writers.in_use, len(database.dialect._writers._idle)) == (1, 1)
    database.dialect.end_writing(holder)
