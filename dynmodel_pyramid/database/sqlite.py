"""SQLite."""

import json
import re
import sqlite3
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql import visitors

from dynmodel_pyramid.database import sqlite_findings, sqlite_functions, sqlite_search, sqlite_sums, sqlite_things, work
from dynmodel_pyramid.database.backups import Saved, Watch
from dynmodel_pyramid.database.backups import sqlite as sqlite_backups
from dynmodel_pyramid.database.cursors import TAKE, driver_connection, driver_errors, raw_cursor
from dynmodel_pyramid.database.dialect import WRITES, Dialect, Failure, Hold
from dynmodel_pyramid.database.findings import Finding, Load
from dynmodel_pyramid.database.replicas import Reading
from dynmodel_pyramid.database.sqlite_deadline import MESSAGES, Deadline, was_overdue
from dynmodel_pyramid.database.sqlite_file import DatabaseFile, create
from dynmodel_pyramid.database.sqlite_log import WriteAheadLog
from dynmodel_pyramid.database.sqlite_places import FilePlaces
from dynmodel_pyramid.database.sqlite_readers import READY, Readers
from dynmodel_pyramid.database.sqlite_rows import TakenRows
from dynmodel_pyramid.database.sqlite_writer import Turn, WriterOrder
from dynmodel_pyramid.database.things import Thing, Things
from dynmodel_pyramid.errors import Busy, ConfigurationProblem
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.telemetry.measuring import waiting

#: The most free pages that a pooled connection may keep on the disk after its temporary tables are dropped; 4 MB.
KEPT_PAGES = 1000
#: Pages that the log has when they are brought into the database file. A commit does it while it has the lock of
#: writers, and waits twice for the disk. One block of the log's index knows 4,062 pages (WAL-mode File Format, 2.2):
#: with more, readers look into several.
LOG_PAGES = 4000
#: The most bytes of a value or a row, or twice as many as a request may have, if that is more: SQLite's own bound is
#: 1 GB, and it takes several times as much memory while the text of embedded rows grows.
LONGEST_VALUE = 134_217_728
#: Instructions of SQLite's machine between two looks at the clock; about a millisecond.
PROGRESS_INSTRUCTIONS = 20_000
#: The key under which a connection keeps its open file.
FILE = "file"
#: The declared types whose columns have floats (SQLite, Datatypes In SQLite, 3.1).
_REAL = re.compile(r"(?!.*(?:INT|CHAR|CLOB|TEXT|BLOB)).*(?:REAL|FLOA|DOUB)", re.IGNORECASE)
_DIALECT = dialect()
_INDEX = re.compile(r": index '(\w+)'")
#: The key under which a connection keeps its :class:`Deadline`.
DEADLINE = "deadline"
#: The key under which a connection keeps its :class:`Turn` to write.
TURN = "turn"
#: Seconds after which a writer that waits for its turn asks SQLite whether anybody writes.
PATIENCE = 1.0
_BUSY = "the database is busy: another write took too long"

# The driver looks for an adapter of each None, in vain: 600 ns. With one, which is a function in C, it takes 200.
sqlite3.register_adapter(type(None), {None: None}.get)


def _begin_immediate(dbapi: sqlite3.Connection, seconds: float, usual: float) -> bool:
    """Begin a transaction that writes, if SQLite's lock is free within some seconds.

    :param usual: the seconds that the connection is set to
    """
    is_unusual = seconds < 0.9 * usual
    if is_unusual:
        dbapi.execute(f"PRAGMA busy_timeout = {max(0, int(seconds * 1000))}").close()
    try:
        dbapi.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            return False
        raise
    finally:
        if is_unusual:
            dbapi.execute(f"PRAGMA busy_timeout = {int(usual * 1000)}").close()
    return True


class SQLite(Dialect):
    """SQLite in WAL mode, with explicit transactions.

    The driver's own transaction control begins none for DDL and SELECT, so it is switched off and BEGIN is sent from
    the engine's event (SQLAlchemy, SQLite dialect, "Serializable isolation / Savepoints / Transactional DDL").
    Writers use BEGIN IMMEDIATE: a read transaction that is upgraded fails at once, whatever the timeout.
    """

    name = "sqlite"
    places = FilePlaces
    confirms_first = True
    max_columns = 1990  # SQLITE_MAX_COLUMN is 2000 (Implementation Limits For SQLite, 2)
    nulls_not_distinct = False
    sorts_parts_slowly = looks_up_pages = True
    # They stay in the processor's cache: rows of 20 columns as JSON take 5.2 us each, and 6.3 by 1000.
    streamed_rows = 200
    goes_on_after_refusals = True  # SQLite, "ON CONFLICT clause": ABORT, the default
    temporary_schema = "temp"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._order = WriterOrder()
        self._log = WriteAheadLog(is_wanted=settings.sqlite_synchronous == "full")

    def engine_options(self) -> dict[str, Any]:
        # A new connection parses the whole schema, so none is thrown away. There is no limit: a thread that waits for a
        # connection while holding the writer lock would block all others. The class is set so that a database in memory
        # reaches prepare_engine, which refuses it. The connection used last is used first, so that idle ones need not
        # parse the schema after each definition change.
        return {"poolclass": sa.QueuePool, "pool_size": 20, "max_overflow": -1, "pool_use_lifo": True}

    def prepare_engine(self, engine: sa.Engine) -> None:
        if engine.url.database in (None, "", ":memory:") or "mode=memory" in (engine.url.database or ""):
            raise ConfigurationProblem(
                "sqlalchemy.url: an in-memory SQLite database can't be shared by connections",
                hint="give a file, such as sqlite:////var/lib/dynmodel/data.sqlite",
            )
        timeout = int(self.settings.lock_timeout * 1000)
        synchronous, mmap_size = self.settings.sqlite_synchronous, self.settings.sqlite_mmap_size

        longest = max(LONGEST_VALUE, 2 * self.settings.max_body_size)

        # A tenant that is not there is never made by the way.
        file, release = DatabaseFile(engine.url.database if self.settings.tenant else ""), self._release

        @event.listens_for(engine, "do_connect")
        def do_connect(dialect: sa.Dialect, record: object, arguments: object, parameters: object) -> None:
            file.refuse_to_create()
            if not file.path:
                create(str(engine.url.database))

        @event.listens_for(engine, "connect")
        def connect(dbapi: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
            record.info[FILE] = file.opened(dbapi)
            dbapi.isolation_level = None
            dbapi.execute(f"PRAGMA busy_timeout = {timeout}")
            dbapi.execute("PRAGMA journal_mode = WAL")
            dbapi.execute(f"PRAGMA synchronous = {synchronous}")
            dbapi.execute("PRAGMA foreign_keys = ON")
            dbapi.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
            # SQLite keeps 2 MB of pages a connection, so larger tables are copied each time (decision 50).
            dbapi.execute(f"PRAGMA mmap_size = {mmap_size}")
            dbapi.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, longest)
            deadline = record.info[DEADLINE] = Deadline()
            sqlite_functions.register(dbapi, deadline)
            sqlite_sums.register(dbapi, deadline)
            record.info[TAKE] = TakenRows(dbapi)
            # Double-quoted names that don't exist are errors, not string literals.
            if sys.version_info >= (3, 12):
                dbapi.setconfig(sqlite3.SQLITE_DBCONFIG_DQS_DML, False)
                dbapi.setconfig(sqlite3.SQLITE_DBCONFIG_DQS_DDL, False)

        def check_file(connection: sa.Connection) -> None:
            try:
                file.check(connection.connection.info[FILE])
            except sqlite3.OperationalError as error:
                connection.invalidate(error)
                engine.dispose()  # the other connections have the same file open
                raise sa.exc.OperationalError("BEGIN", {}, error, connection_invalidated=True) from error

        @event.listens_for(engine, "commit")
        def prepare_commit(connection: sa.Connection) -> None:
            if connection.get_execution_options().get(WRITES):
                check_file(connection)
                with raw_cursor(connection) as cursor:
                    sqlite_search.index_written(cursor)

        self._prepare_commit = prepare_commit

        @event.listens_for(engine, "begin")
        def begin(connection: sa.Connection) -> None:
            dbapi = driver_connection(connection)
            info = connection.connection.info
            if dbapi.in_transaction and READY in info:
                return
            check_file(connection)
            if connection.get_execution_options().get(WRITES):
                begin_writing(dbapi, info)
            else:
                dbapi.execute("BEGIN")

        def begin_writing(dbapi: sqlite3.Connection, info: dict[Any, Any]) -> None:
            try:
                self._log.mend(dbapi)
                with waiting("writer"):
                    self._begin_writing(dbapi, info, file.path)
            except BaseException as error:
                _leave_turn(info)
                if isinstance(error, sqlite3.OperationalError):
                    raise sa.exc.OperationalError("BEGIN IMMEDIATE", {}, error) from error
                raise

        def unbound(dbapi: sqlite3.Connection | None, record: ConnectionPoolEntry, *ignored: object) -> None:
            if dbapi is not None:
                _unbind(dbapi, record.info)

        event.listen(engine, "checkin", unbound)
        self._readers = Readers(engine, check_file, _end_use)
        self._writers = Readers(engine, check_file, _end_use, **{WRITES: True})
        self._check_file, self._begin_driver = check_file, begin_writing
        self._file = file

        # On check-in and not on commit: the next writer should not begin before this one has committed.
        event.listen(engine, "checkin", release)
        event.listen(engine, "close", release)
        event.listen(engine, "invalidate", release)

    def _begin_writing(self, dbapi: sqlite3.Connection, info: dict[str, Any], database: str) -> None:
        """
        :raises Busy: other writers took too long
        """
        timeout = self.settings.lock_timeout
        deadline = time.monotonic() + timeout
        turn = info.get(TURN)
        if turn is None:
            turn = info[TURN] = self._order.queue(database)
            remaining = timeout
            while not turn.wait(min(remaining, PATIENCE)):
                # Whoever has the turn may be a stopped process, which writes nothing.
                if _begin_immediate(dbapi, 0, timeout):
                    info.pop(TURN).leave()
                    self._order.distrust()
                    return
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    raise Busy(_BUSY)
        if not _begin_immediate(dbapi, deadline - time.monotonic(), timeout):  # another program writes
            raise Busy(_BUSY)

    @staticmethod
    def _release(dbapi: object, record: ConnectionPoolEntry | None, *ignored: object) -> None:
        if record is not None:
            _leave_turn(record.info)

    def connections(self, engine: sa.Engine) -> tuple[int, int, int]:
        in_use, idle, most = super().connections(engine)
        ready = self._readers, self._writers
        return in_use + sum(each.in_use for each in ready), idle + sum(each.idle for each in ready), most

    def begin_reading(self, engine: sa.Engine, reading: Reading | None = None) -> sa.Connection:
        return self._readers.begin()

    def end_reading(self, connection: sa.Connection) -> None:
        self._readers.end(connection)

    def make_system_parts(self, connection: sa.Connection) -> None:
        sqlite_search.make_notes(connection)

    def begin_writing(self, engine: sa.Engine, *, is_kept: bool) -> sa.Connection:
        if not is_kept:
            return super().begin_writing(engine, is_kept=False)
        writer = self._writers.take()
        try:
            self._check_file(writer)
            dbapi, info = driver_connection(writer), self._writers.info(writer)
            self._log.take_over(self._file.path, dbapi, info)
            self._begin_driver(dbapi, info)
        except BaseException:
            self.end_writing(writer)
            raise
        return writer

    def commit_writing(self, connection: sa.Connection, *, tells: bool = False, hold: Hold | None = None) -> None:
        if connection not in self._writers:
            super().commit_writing(connection)
            return
        if connection.in_transaction():
            connection.commit()
        else:
            self._prepare_commit(connection)
            with raw_cursor(connection) as cursor:
                cursor.execute("COMMIT")
        info = self._writers.info(connection)
        _leave_turn(info)
        with driver_errors(connection):
            self._log.write_through(driver_connection(connection), info, hold)

    def end_writing(self, connection: sa.Connection) -> None:
        if connection not in self._writers:
            super().end_writing(connection)
            return
        info = self._writers.info(connection)
        try:
            self._writers.end(connection)
        finally:
            _leave_turn(info)

    def failure(self, error: sa.exc.DBAPIError) -> Failure:
        original = error.orig
        text = str(original)
        if isinstance(original, sqlite3.IntegrityError):
            kinds = {"UNIQUE": "unique", "NOT NULL": "required", "FOREIGN KEY": "foreign_key", "CHECK": "check"}
            head, _, tail = text.partition(" constraint failed")
            if (index := _INDEX.fullmatch(tail)) is not None:
                # "UNIQUE constraint failed: index '_ux_1_2'", where the index is one of expressions.
                return Failure(kinds.get(head, "other"), (), index[1])
            if head == "CHECK":
                return Failure("check", (), tail.removeprefix(": "))
            # "UNIQUE constraint failed: Product.name, Product.price"; the columns are right for our own tables.
            told = tail.removeprefix(": ")
            columns = tuple(part.rpartition(".")[2] for part in told.split(", ") if "." in part)
            return Failure(kinds.get(head, "other"), columns, told=told)
        if isinstance(original, sqlite3.DataError) and text == "string or blob too big":
            return Failure("too_large")
        if isinstance(original, OverflowError | sqlite3.DataError):
            return Failure("value")
        if type(original) is sqlite3.DatabaseError and ("malformed" in text or "not a database" in text):
            return Failure("away")  # SQLITE_CORRUPT and SQLITE_NOTADB: the file is damaged
        if isinstance(original, sqlite3.OperationalError):
            if text.startswith("no such table: _dynmodel_"):
                return Failure("away")  # the file was replaced by another program's, or an empty one
            if text.startswith("no such ") or "has no column named" in text:  # before others, which a name may hold
                return Failure("statement")
            if "parser stack overflow" in text or "too large" in text or "too many" in text or "at most 64" in text:
                return Failure("too_complex")
            if text == "interrupted" or (text in MESSAGES and was_overdue()):
                return Failure("timeout")
            if "locked" in text or "busy" in text:
                return Failure("busy")
            if "already exists" in text:
                return Failure("name_taken")
            if "no such" in text:
                return Failure("statement")
            if "full" in text:
                return Failure("full")
            if "readonly" in text:
                # A connection that was opened while the file could not be written stays so; others may be better.
                return Failure("read_only")
            if "unable to open" in text or "disk I/O" in text:
                return Failure("away")
        return Failure("other")

    def column_names(self, connection: sa.Connection, table: str) -> list[str]:
        query = sa.text("SELECT name FROM pragma_table_info(:name)")
        return list(connection.scalars(query, {"name": table}))

    def things(self, connection: sa.Connection, table: str) -> Things:
        return sqlite_things.things(connection, table)

    def promised_things(
        self, connection: sa.Connection, make: Callable[[sa.MetaData], tuple[sa.Table, list[sa.Index]]]
    ) -> Things:
        return sqlite_things.promised_things(*make(sa.MetaData()), connection.dialect)

    def relations(self, connection: sa.Connection, beginnings: Sequence[str] = ()) -> set[Thing]:
        return sqlite_things.relations(connection, beginnings)

    def findings(self, connection: sa.Connection, load: Load) -> Iterable[Finding]:
        return sqlite_findings.findings(connection, self.settings)

    def compact_file(self, engine: sa.Engine) -> tuple[int, int]:
        with engine.connect() as connection:
            raw: sqlite3.Connection = driver_connection(connection)

            def size() -> int:  # the file may lack what stands in the log
                [[pages]], [[page]] = (raw.execute(f"PRAGMA {name}").fetchall() for name in ("page_count", "page_size"))
                return int(pages * page)

            before = size()
            # VACUUM waits for the writer, and then all writers wait; readers go on (SQLite, VACUUM).
            raw.execute("VACUUM")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            return before, size()

    def dangling(self, connection: sa.Connection, table: str) -> int:
        # Other programs may have written without PRAGMA foreign_keys.
        check = sa.text("SELECT count(*) FROM pragma_foreign_key_check(:name)")
        return int(connection.execute(check, {"name": table}).scalar_one())

    def last_id(self, connection: sa.Connection, table: sa.Table) -> int:
        return sqlite_things.last_id(connection, str(table.name))

    def count_from(self, connection: sa.Connection, table: sa.Table, last: int) -> None:
        # The table of AUTOINCREMENT may be written (SQLite Autoincrement, 3). It has no key.
        with raw_cursor(connection) as cursor:
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = ?", (str(table.name),))
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (str(table.name), last))

    def explain(self, connection: sa.Connection, sql: str, parameters: Any, form: str, options: Collection[str]) -> Any:
        # SQLite, "EXPLAIN QUERY PLAN": id, the id of the parent (0: none), a column without meaning, detail.
        with raw_cursor(connection) as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
            steps = [(step, parent, detail) for step, parent, _, detail in cursor]
        if form == "json":
            return [{"id": step, "parent": parent, "detail": detail} for step, parent, detail in steps]
        depths, lines = {0: -1}, []
        for step, parent, detail in steps:
            depths[step] = depths[parent] + 1
            lines.append("  " * depths[step] + detail)
        return "\n".join(lines)

    def bound_statements(self, connection: sa.Connection, seconds: float) -> None:
        info = connection.connection.info
        info["bound"] = True
        deadline: Deadline = info[DEADLINE]
        deadline.set(seconds)
        driver_connection(connection).set_progress_handler(lambda: deadline.is_over, PROGRESS_INSTRUCTIONS)

    def unbound_statements(self, connection: sa.Connection) -> None:
        connection.connection.info[DEADLINE].lift()
        driver_connection(connection).set_progress_handler(None, 0)

    def stopper(self, connection: sa.Connection) -> Callable[[], None]:
        fairy = connection.connection
        raw: sqlite3.Connection = fairy.dbapi_connection  # type: ignore[assignment]
        deadline: Deadline = fairy.info[DEADLINE]

        def stop() -> None:
            deadline.set(0)  # for functions, which no interruption reaches
            raw.interrupt()

        return stop

    def returned(self, value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any] | None:
        # RETURNING gives 5 for 5.0 of a column of floats. What that makes of expressions is not looked into.
        column = value.element if isinstance(value, sa.Label) else value
        parts = [part for part in visitors.iterate(column) if isinstance(part, sa.Column)]
        if any(part.computed is not None for part in parts):
            return None
        if not any(_REAL.match(part.type.compile(_DIALECT)) for part in parts):
            return value
        return sa.type_coerce(sa.cast(column, sa.REAL), column.type) if isinstance(column, sa.Column) else None

    def prepare_staging(self, connection: sa.Connection) -> None:
        driver_connection(connection).execute("PRAGMA temp_store = FILE")

    def discard_staging(self, connection: sa.Connection) -> bool:
        raw = driver_connection(connection)
        # The checkpoint at the commit stopped at this connection's own moment (keep_moment): the log would grow if only
        # uploads wrote. Passive: it waits for nobody.
        raw.execute("PRAGMA wal_checkpoint(PASSIVE)")
        # Only connections with small temporary files are kept. A new one has to parse the schema, but the file of an
        # old one never shrinks.
        if raw.execute("PRAGMA temp.page_count").fetchone()[0] > KEPT_PAGES:
            return False
        for (name,) in raw.execute("SELECT name FROM temp.sqlite_master WHERE type = 'table'").fetchall():
            raw.execute(f'DROP TABLE temp."{name}"')
        return True

    def keep_moment(self, connection: sa.Connection) -> sqlite3.Cursor:
        # A statement that is not read to its end goes on after the commit, and so does the connection's snapshot, which
        # later statements share. The writer lock is released (SQLite, "Transactions", 2.1 and "Write-Ahead Logging",
        # 2.2).
        cursor: sqlite3.Cursor = driver_connection(connection).cursor()
        cursor.execute("SELECT name FROM sqlite_schema")
        cursor.fetchone()
        return cursor

    def let_others_write(self, connection: sa.Connection) -> None:
        fairy = connection.connection
        self._release(fairy.dbapi_connection, fairy._connection_record)

    @contextmanager
    def foreign_keys_deferred(self, connection: sa.Connection) -> Iterator[None]:
        # It switches itself off at the end of the transaction (PRAGMA defer_foreign_keys), where violations are found.
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        yield

    @contextmanager
    def foreign_keys_suspended(self, connection: sa.Connection) -> Iterator[None]:
        # With foreign keys on, rebuilding a table deletes or nulls the rows that refer to it (ALTER TABLE, "Making
        # Other Kinds Of Table Schema Changes", step 1); inside a transaction the pragma is ignored.
        raw = driver_connection(connection)
        raw.execute("PRAGMA foreign_keys = OFF")
        try:
            yield
        finally:
            if not connection.invalidated:
                raw.execute("PRAGMA foreign_keys = ON")

    def is_there(self, url: sa.URL) -> bool:
        return Path(url.database or "").exists()

    def save_whole(self, url: sa.URL, target: Path, watch: Watch) -> Saved:
        return sqlite_backups.save(Path(url.database or ""), target, watch)

    def restore_whole(self, url: sa.URL, source: Path, watch: Watch, *, replace: bool) -> Saved:
        return sqlite_backups.restore(source, Path(url.database or ""), watch, replace=replace)

    def among(self, key: sa.ColumnElement[Any], ids: Sequence[int]) -> sa.ColumnElement[bool]:
        # SQLite, "The JSON table-valued functions"; SQLite has no arrays.
        return key.in_(sa.select(sa.func.json_each(json.dumps(list(ids))).table_valued("value").c.value))

    def draw_ids(self, connection: sa.Connection, table: sa.Table, count: int, *, above: int) -> list[int]:
        first = self.reserve_range(connection, table, count, above=above)
        return list(range(first, first + count))

    def reserve_range(self, connection: sa.Connection, table: sa.Table, count: int, *, above: int) -> int:
        # Sound because BEGIN IMMEDIATE makes this the only writer. The insert that follows raises the sequence, also
        # above ids that clients give (SQLite Autoincrement, 3).
        with raw_cursor(connection) as cursor:
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (str(table.name),))
            last = cursor.fetchone()
        return max(last[0] if last else 0, above) + 1


def _unbind(dbapi: sqlite3.Connection, info: dict[Any, Any]) -> None:
    """Lift the bound of the statements of a connection that nobody uses any more."""
    if info.pop("bound", None):
        info[DEADLINE].lift()
        dbapi.set_progress_handler(None, 0)


def _leave_turn(info: dict[Any, Any]) -> None:
    turn: Turn | None = info.pop(TURN, None)
    if turn is not None:
        turn.leave()


def _end_use(dbapi: sqlite3.Connection, info: dict[Any, Any]) -> bool:
    """The same, and the end of the work that a reader was for; -> whether the reader may be used again."""
    _unbind(dbapi, info)
    return not work.left(dbapi, info)
