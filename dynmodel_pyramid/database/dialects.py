"""What differs between the databases: one class each. Callers ask for a capability, never for a dialect's name."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from dynmodel_pyramid.database.cursors import raw_cursor
from dynmodel_pyramid.errors import Busy, ConfigurationProblem

#: Execution option of a connection or engine: begin transactions that will write.
WRITES = "dynmodel_writes"


@dataclass(frozen=True, slots=True)
class Failure:
    """What a database error means.

    ``kind`` is one of ``unique``, ``foreign_key``, ``required``, ``check`` (the data's fault), ``busy`` (a lock, a
    deadlock: run again), ``name_taken`` (a table or column of that name exists), ``away`` (no connection), ``full`` (no
    room), ``value`` (the database refuses a value), ``statement`` (a name or type that the database doesn't have: the
    sign of a stale definition) or ``other``. ``columns`` are physical names, where the database tells them;
    ``constraint`` likewise.
    """

    kind: str
    columns: tuple[str, ...] = field(default=())
    constraint: str | None = None

    def names(self, rule: tuple[str, str]) -> bool:
        """Whether it concerns a rule, given as (column, constraint); SQLite names the one, PostgreSQL the other."""
        return self.constraint == rule[1] or self.columns == (rule[0],)


class Dialect:
    """The base of both; its methods take SQLAlchemy connections unless they say otherwise."""

    name: str
    #: True: the state read first is final for the whole transaction. False: it is final only when read last.
    confirms_first: bool
    #: How many columns a table may have at most, dropped ones included.
    max_columns: int
    #: Unique indexes that treat nulls as equal.
    nulls_not_distinct: bool

    def __init__(self, settings):
        self.settings = settings

    @property
    def schema(self) -> str | None:
        """The schema of all our tables."""
        return None

    def engine_options(self) -> dict[str, Any]:
        """Options for ``create_engine`` that the deployment may override."""
        return {}

    def prepare_engine(self, engine: sa.Engine) -> None:
        """Install the event listeners that make connections and transactions ours."""
        raise NotImplementedError

    def failure(self, error: sa.exc.DBAPIError) -> Failure:
        """Say what a database error means."""
        raise NotImplementedError

    def reserve_ids(self, connection: sa.Connection, table: sa.Table, count: int, *, above: int) -> list[int]:
        """Draw that many new row ids, ascending; they are never drawn again.

        :param above: the greatest id that a client gave; these ids and all drawn later are greater
        """
        raise NotImplementedError

    def lock_tables(self, connection: sa.Connection, tables: Iterable[sa.Table], *, writes: bool, wait: float) -> None:
        """Hold off definition changes of these tables till the transaction ends; a no-op where reads do so anyway.

        :raises sqlalchemy.exc.DBAPIError: a table is gone, or the wait (seconds) is over
        """

    def bound_lock_waits(self, connection: sa.Connection, wait: float) -> None:
        """Let later statements of the transaction wait at most so many seconds for a lock; 0 and less: hardly."""

    def lock_exclusively(self, connection: sa.Connection, table: str) -> None:
        """Lock a user table against readers and writers; a no-op where the transaction does so anyway."""

    def foreign_keys_hold(self, connection: sa.Connection) -> bool:
        """Whether no row refers to one that is missing; asked at the end of a definition change."""
        return True

    def foreign_keys_suspended(self, connection: sa.Connection) -> AbstractContextManager[None]:
        """What a definition change needs around its transaction, so that rebuilding a table harms no other."""
        return nullcontext()


class SQLite(Dialect):
    """SQLite in WAL mode, with explicit transactions.

    The driver's own transaction control begins none for DDL and SELECT, so it is switched off and BEGIN is sent from
    the engine's event (SQLAlchemy, SQLite dialect, "Serializable isolation / Savepoints / Transactional DDL").
    Writers use BEGIN IMMEDIATE: a read transaction that is upgraded fails at once, whatever the timeout.
    """

    name = "sqlite"
    confirms_first = True
    max_columns = 1990  # SQLITE_MAX_COLUMN is 2000 (Implementation Limits For SQLite, 2)
    nulls_not_distinct = False

    def __init__(self, settings):
        super().__init__(settings)
        # SQLite's busy handler polls and is unfair: worst wait 2 s with 8 writers, 0.3 s with this lock before it.
        self._writer = threading.Lock()

    def engine_options(self) -> dict[str, Any]:
        # A connection parses the whole schema when it is new, so none is thrown away. No limit: a thread that waits
        # for a connection while holding the writer lock would block all others.
        # The class is named so that a database in memory comes as far as prepare_engine, which refuses it.
        # The last one used comes first: idle ones need not parse the schema again after each definition change.
        return {"poolclass": sa.QueuePool, "pool_size": 20, "max_overflow": -1, "pool_use_lifo": True}

    def prepare_engine(self, engine: sa.Engine) -> None:
        if engine.url.database in (None, "", ":memory:") or "mode=memory" in (engine.url.database or ""):
            raise ConfigurationProblem(
                "sqlalchemy.url: an in-memory SQLite database can't be shared by connections",
                hint="give a file, such as sqlite:////var/lib/dynmodel/data.sqlite",
            )
        timeout = int(self.settings.lock_timeout * 1000)
        synchronous = self.settings.sqlite_synchronous

        @event.listens_for(engine, "connect")
        def connect(dbapi, record):
            dbapi.isolation_level = None
            dbapi.execute(f"PRAGMA busy_timeout = {timeout}")
            dbapi.execute("PRAGMA journal_mode = WAL")
            dbapi.execute(f"PRAGMA synchronous = {synchronous}")
            dbapi.execute("PRAGMA foreign_keys = ON")
            # Double-quoted names that don't exist are errors, not string literals.
            if hasattr(dbapi, "setconfig"):  # Python 3.12
                dbapi.setconfig(sqlite3.SQLITE_DBCONFIG_DQS_DML, False)
                dbapi.setconfig(sqlite3.SQLITE_DBCONFIG_DQS_DDL, False)

        @event.listens_for(engine, "begin")
        def begin(connection):
            dbapi = connection.connection.dbapi_connection
            if not connection.get_execution_options().get(WRITES):
                dbapi.execute("BEGIN")
                return
            info = connection.connection.info
            if not info.get("writer") and not self._writer.acquire(timeout=self.settings.lock_timeout):
                raise Busy("the database is busy: another write took too long")
            info["writer"] = True
            try:
                dbapi.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                release(dbapi, connection.connection._connection_record)
                if "locked" in str(error) or "busy" in str(error):
                    raise Busy("the database is busy: another process's write took too long") from error
                raise sa.exc.OperationalError("BEGIN IMMEDIATE", {}, error) from error

        def release(dbapi, record, *ignored):
            # On check-in and not on commit: the next writer should not begin before this one has committed.
            if record is not None and record.info.pop("writer", None):
                self._writer.release()

        event.listen(engine, "checkin", release)
        event.listen(engine, "close", release)
        event.listen(engine, "invalidate", release)

    def failure(self, error: sa.exc.DBAPIError) -> Failure:
        original = error.orig
        text = str(original)
        if isinstance(original, sqlite3.IntegrityError):
            kinds = {"UNIQUE": "unique", "NOT NULL": "required", "FOREIGN KEY": "foreign_key", "CHECK": "check"}
            head, _, tail = text.partition(" constraint failed")
            # "UNIQUE constraint failed: Product.name, Product.price"; names can't hold a comma or a dot.
            columns = tuple(part.strip().rpartition(".")[2] for part in tail.lstrip(": ").split(",") if "." in part)
            return Failure(kinds.get(head, "other"), columns)
        if isinstance(original, OverflowError | sqlite3.DataError):
            return Failure("value")
        if isinstance(original, sqlite3.OperationalError):
            if "locked" in text or "busy" in text:
                return Failure("busy")
            if "already exists" in text:
                return Failure("name_taken")
            if "no such" in text or "has no column" in text:
                return Failure("statement")
            if "full" in text:
                return Failure("full")
            if "unable to open" in text or "disk I/O" in text or "readonly" in text:
                return Failure("away")
        return Failure("other")

    @contextmanager
    def foreign_keys_suspended(self, connection: sa.Connection) -> Iterator[None]:
        # With foreign keys on, rebuilding a table deletes or nulls the rows that refer to it (ALTER TABLE, "Making
        # Other Kinds Of Table Schema Changes", step 1); inside a transaction the pragma is ignored.
        raw = connection.connection.dbapi_connection
        raw.execute("PRAGMA foreign_keys = OFF")
        try:
            yield
        finally:
            if not connection.invalidated:
                raw.execute("PRAGMA foreign_keys = ON")

    def foreign_keys_hold(self, connection: sa.Connection) -> bool:
        return connection.exec_driver_sql("PRAGMA foreign_key_check").first() is None

    def reserve_ids(self, connection: sa.Connection, table: sa.Table, count: int, *, above: int) -> list[int]:
        # Sound because BEGIN IMMEDIATE makes this the only writer. The insert that follows raises the sequence, above
        # given ids too (SQLite Autoincrement, 3).
        with raw_cursor(connection) as cursor:
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (str(table.name),))
            last = cursor.fetchone()
        first = max(last[0] if last else 0, above) + 1
        return list(range(first, first + count))


class PostgreSQL(Dialect):
    """PostgreSQL through psycopg 3."""

    name = "postgresql"
    confirms_first = False
    max_columns = 1590  # MaxHeapAttributeNumber is 1600 (PostgreSQL manual, appendix K), dropped columns included
    nulls_not_distinct = True
    #: Up to this gap ids are drawn one by one, which never moves the sequence back; see _advance.
    SMALL_GAP = 10_000

    @property
    def schema(self) -> str:
        return self.settings.schema

    def engine_options(self) -> dict[str, Any]:
        # After ALTER TABLE a prepared statement of the same text fails once ("cached plan must not change result
        # type"), so none is prepared.
        return {"pool_size": 10, "max_overflow": 20, "connect_args": {"prepare_threshold": None}}

    def prepare_engine(self, engine: sa.Engine) -> None:
        dbapi_error = engine.dialect.loaded_dbapi.Error
        timeout = int(self.settings.lock_timeout * 1000)

        @event.listens_for(engine, "connect")
        def connect(dbapi, record):
            with dbapi.cursor() as cursor:
                cursor.execute("SET TIME ZONE 'UTC'")  # datetimes come back in UTC
                # Under REPEATABLE READ the state that is read after the data would look unchanged, so a default of the
                # server, the database or the role doesn't count.
                cursor.execute("SET default_transaction_isolation = 'read committed'")
                # Rows and tables that somebody else has locked are not waited for without end.
                cursor.execute(f"SET lock_timeout = {max(1, timeout)}")
            dbapi.commit()
            try:
                # A backend whose client died (kill -9 in a long ALTER) would else keep its locks till the statement
                # ends. Databases that only speak PostgreSQL's protocol may not know the setting.
                dbapi.cursor().execute("SET client_connection_check_interval = '100ms'")
                dbapi.commit()
            except dbapi_error:
                dbapi.rollback()

    _KINDS = {
        "23505": "unique",
        "23503": "foreign_key",
        "23502": "required",
        "23514": "check",
        "40001": "busy",
        "40P01": "busy",
        "55P03": "busy",
        "53100": "full",
        "54011": "full",
        "42P07": "name_taken",
        "42701": "name_taken",
    }
    _CLASSES = {
        "08": "away",
        "57": "away",
        "53": "away",
        "22": "value",
        "54": "value",
        "42": "statement",
        "0A": "statement",
    }

    def failure(self, error: sa.exc.DBAPIError) -> Failure:
        original = error.orig
        state = getattr(original, "sqlstate", None)
        if state is None:
            away = error.connection_invalidated or isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)
            return Failure("away" if away else "other")
        kind = self._KINDS.get(state) or self._CLASSES.get(state[:2], "other")
        column = original.diag.column_name
        return Failure(kind, (column,) if column else (), original.diag.constraint_name)

    @staticmethod
    def sequence(table: sa.Table) -> sa.Sequence:
        return table.c.id.default

    def reserve_ids(self, connection: sa.Connection, table: sa.Table, count: int, *, above: int) -> list[int]:
        if above:
            self._advance(connection, table, above)
        return self._draw(connection, table, count)

    def _draw(self, connection: sa.Connection, table: sa.Table, count: int) -> list[int]:
        name = connection.dialect.identifier_preparer.format_sequence(self.sequence(table))
        with raw_cursor(connection) as cursor:
            cursor.execute("SELECT nextval(%s) FROM generate_series(1, %s)", (name, count))
            return sorted(row[0] for row in cursor)

    def _advance(self, connection: sa.Connection, table: sa.Table, row_id: int) -> None:
        # setval can't be told to move forward only: between the reading and the setting another transaction may draw
        # ids, and the sequence would go back over them. Small gaps are therefore drawn; over a large gap no other
        # transaction can draw that many in between.
        name = connection.dialect.identifier_preparer.format_sequence(self.sequence(table))
        last, called = connection.exec_driver_sql(f"SELECT last_value, is_called FROM {name}").one()
        gap = row_id - last + (0 if called else 1)
        if gap > self.SMALL_GAP:
            connection.execute(sa.select(sa.func.setval(name, row_id)), execution_options={"compiled_cache": None})
        elif gap > 0:
            self._draw(connection, table, gap)

    def bound_lock_waits(self, connection: sa.Connection, wait: float) -> None:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {max(1, int(wait * 1000))}")

    def lock_exclusively(self, connection: sa.Connection, table: str) -> None:
        quote = connection.dialect.identifier_preparer.quote_identifier
        connection.exec_driver_sql(f"LOCK TABLE {quote(self.schema)}.{quote(table)} IN ACCESS EXCLUSIVE MODE")

    def lock_tables(self, connection: sa.Connection, tables: Iterable[sa.Table], *, writes: bool, wait: float) -> None:
        prepare = connection.dialect.identifier_preparer.format_table
        mode = "ROW EXCLUSIVE" if writes else "ACCESS SHARE"
        self.bound_lock_waits(connection, wait)
        for table in tables:
            connection.exec_driver_sql(f"LOCK TABLE {prepare(table)} IN {mode} MODE")
        self.bound_lock_waits(connection, self.settings.lock_timeout)


DIALECTS: dict[str, type[Dialect]] = {dialect.name: dialect for dialect in (SQLite, PostgreSQL)}


def dialect_for(url: sa.URL, settings) -> Dialect:
    """:raises ConfigurationProblem: for a database that is not supported"""
    name = url.get_backend_name()
    if name not in DIALECTS:
        raise ConfigurationProblem(
            f"sqlalchemy.url: {name} is not supported", hint="use one of " + ", ".join(sorted(DIALECTS))
        )
    return DIALECTS[name](settings)
