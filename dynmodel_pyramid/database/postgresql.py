"""PostgreSQL."""

import random
import secrets
import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.database import postgresql_findings, postgresql_things
from dynmodel_pyramid.database import postgresql_shards as shards
from dynmodel_pyramid.database.backups import Saved, Watch
from dynmodel_pyramid.database.cursors import FETCH, driver_connection, driver_errors, raw_cursor, read_on
from dynmodel_pyramid.database.dialect import EXPLAIN_OPTIONS, Dialect, Failure, Hold, Proven
from dynmodel_pyramid.database.findings import Finding, Load
from dynmodel_pyramid.database.identifiers import quote_identifier, without_parameters
from dynmodel_pyramid.database.postgresql_entries import refused_entries
from dynmodel_pyramid.database.postgresql_pipeline import committed
from dynmodel_pyramid.database.postgresql_places import SchemaPlaces, note_tenant
from dynmodel_pyramid.database.postgresql_reads import Reads
from dynmodel_pyramid.database.postgresql_sessions import SAID, Sessions, end_stage, refuse_unsound, stage, write_staged
from dynmodel_pyramid.database.postgresql_silence import Silence
from dynmodel_pyramid.database.postgresql_stream import STREAM_KEY, ServerStream
from dynmodel_pyramid.database.postgresql_writes import Writes, lock_before
from dynmodel_pyramid.database.replicas import POSITION, Position, Reading
from dynmodel_pyramid.database.texts import functions
from dynmodel_pyramid.database.things import Thing, Things

#: The application names of sessions that are streams, as pg_stat_activity shows them.
STREAM, SLOW_STREAM = "dynmodel stream", "dynmodel stream that waits for its client"

#: The kinds of values by the types' numbers (pg_type.dat), of those whose texts say as much as their values.
_KINDS = {25: "text", 1043: "text", 20: "integer", 21: "integer", 23: "integer", 701: "number", 16: "boolean"}
_END_STREAMS = sa.text(
    """
    SELECT pg_terminate_backend(activity.pid) FROM pg_stat_activity AS activity
    WHERE activity.datname = current_database() AND activity.usename = current_user
      AND (
        activity.application_name = :slow
        OR activity.application_name = :stream AND (
          :every OR (activity.state = 'idle in transaction' OR activity.wait_event = 'ClientWrite')
          AND activity.state_change < clock_timestamp() - interval '1 second'
        )
      )
      AND activity.pid IN (
        SELECT locks.pid FROM pg_locks AS locks
        JOIN pg_class ON pg_class.oid = locks.relation
        JOIN pg_namespace ON pg_namespace.oid = pg_class.relnamespace
        WHERE locks.granted AND locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND pg_namespace.nspname = :schema AND pg_class.relname::text = ANY (:tables)
      )
    """
)

#: The part of ``dynmodel.lock_timeout`` by which a lock may be waited for longer than until the deadline: two of seven
#: statements less for a row that is added.
SLACK = 0.01
#: Seconds for the connection by which a statement is stopped.
CANCEL_TIMEOUT = 1.0
#: The first key of PostgreSQL's advisory lock of access (``access/changes.py``); an arbitrary number.
ACCESS_LOCK_KEY = 0x64796E61
#: That of the locks by which writers of several tables wait for one another.
WRITERS_LOCK_KEY = 0x64796E77


def _wait_at_most(seconds: float) -> str:
    return f"SET LOCAL lock_timeout = {max(1, int(seconds * 1000))}"


class PostgreSQL(Dialect):
    """PostgreSQL through psycopg 3."""

    name = "postgresql"
    places = SchemaPlaces
    confirms_first = False
    max_columns = 1590  # MaxHeapAttributeNumber is 1600 (PostgreSQL manual, appendix K), dropped columns included
    counts_dropped_columns = True
    temporary_schema = "pg_temp"
    has_free_keys = False
    has_sequences = True
    nulls_not_distinct = True
    may_prove_later = True
    ends_streams = True
    has_replicas = True
    word_indexes = ("_sx_", "_fx_")
    explain_options = frozenset(EXPLAIN_OPTIONS)
    #: It makes all values of a skipped row: 90,000 rows of 20 plain columns take 60 ms, their ids in an index 12 ms. Up
    #: to here finding the rows by their ids would take longer, some 0.3 ms for 100 of them.
    ids_first_from = 1000
    #: Up to this gap ids are drawn one by one, which never moves the sequence back; see _advance.
    SMALL_GAP = 10_000

    @property
    def schema(self) -> str:
        return self.settings.schema

    def engine_options(self) -> dict[str, Any]:
        # The driver prepares none: after ALTER TABLE it would fail (see postgresql_prepared, which prepares reads).
        # The connection that was used last comes next: taking turns with another one costs 17 % of a get by id's
        # processor time, and 30 % of an insert's.
        pool = {"pool_size": 10, "max_overflow": 20, "pool_use_lifo": True}
        return {**pool, "connect_args": {"prepare_threshold": None}}

    def prepare_engine(self, engine: sa.Engine) -> None:
        Silence(engine)
        Sessions(self.settings).prepare(engine)

        @event.listens_for(engine, "before_cursor_execute")
        def before_cursor_execute(connection: sa.Connection, *ignored: object) -> None:
            read_on(connection)

        @event.listens_for(engine, "checkin")
        def checkin(dbapi: object, record: ConnectionPoolEntry) -> None:
            record.info.pop(FETCH, None)

    def refuse_unsound(self, engine: sa.Engine) -> None:
        with engine.connect() as one, engine.connect() as other:
            refuse_unsound((one, other), self.settings)

    def begin_reading(self, engine: sa.Engine, reading: Reading | None = None) -> sa.Connection:
        connection = engine.connect()
        connection.connection.info[FETCH] = Reads(reading)
        return connection

    def begin_writing(self, engine: sa.Engine, *, is_kept: bool) -> sa.Connection:
        connection = super().begin_writing(engine, is_kept=is_kept)
        if SAID not in connection.connection.info:  # else the transaction has begun with what had to be said
            connection.connection.info[FETCH] = Writes()
        return connection

    def commit_writing(
        self, connection: sa.Connection, *, tells: bool = False, hold: Hold | None = None
    ) -> Position | None:
        raw, failed = driver_connection(connection), connection.dialect.loaded_dbapi.pq.TransactionStatus.INERROR
        if raw.pgconn.transaction_status == failed:
            # PostgreSQL would roll it back, and tell no error (its manual, COMMIT).
            connection.invalidate()
            raise RuntimeError("a transaction is to be committed in which a statement has failed")
        if not tells:
            super().commit_writing(connection)
            return None
        try:
            with driver_errors(connection):
                # The place in the log is asked for behind the commit, in one exchange with it.
                position = Position(*committed(connection, POSITION))
        except BaseException:
            if not connection.invalidated:
                connection.invalidate()
            raise
        super().commit_writing(connection)  # which has nothing left to do
        return position

    def prove_along(self, connection: sa.Connection, attempt: Proven) -> None:
        fetch: Reads | Writes | None = connection.connection.info.get(FETCH)
        if fetch is not None:
            fetch.prove_along(attempt)

    _KINDS = {
        "54001": "too_complex",
        "54011": "full",
        "54023": "too_complex",
        "25006": "read_only",  # of a replica, or of a server that was the primary
        "57014": "timeout",  # query_canceled
        "23505": "unique",
        "23503": "foreign_key",
        "23502": "required",
        "23514": "check",
        "40001": "busy",
        "40P01": "busy",
        "55P03": "busy",
        "53100": "full",
        "54000": "too_large",
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
        original: Any = error.orig
        state = getattr(original, "sqlstate", None)
        if state is None:
            # psycopg tells an InternalError of its own where a BEGIN is answered twice, as by a pooler: the server
            # ends, and is lost.
            kinds = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.InternalError)
            away = error.connection_invalidated or isinstance(error, kinds)
            return Failure("away" if away else "other")
        kind = self._KINDS.get(state) or self._CLASSES.get(state[:2], "other")
        if state == "54000" and (original.diag.source_function or "").startswith(("_bt_", "index_")):
            kind = "too_long"  # the same SQLSTATE as a row too long for its table
        diagnosis = original.diag
        if diagnosis.table_name is None and kind in shards.KINDS:
            return Failure(kind, *shards.rule_of(kind, diagnosis.message_primary or ""))
        column = diagnosis.column_name
        names = shards.without_shard(diagnosis.constraint_name, diagnosis.table_name)
        return Failure(kind, (column,) if column else (), *names)

    def refused_entries(
        self, connection: sa.Connection, rows: sa.Select[*tuple[Any, ...]], first: int
    ) -> tuple[int, list[int]]:
        return refused_entries(connection, rows, first)

    @staticmethod
    def sequence(table: sa.Table) -> sa.Sequence:
        sequence = table.c.id.default
        assert isinstance(sequence, sa.Sequence)  # as the generator makes all tables here
        return sequence

    def let_commit_lag(self, connection: sa.Connection) -> None:
        connection.exec_driver_sql("SET LOCAL synchronous_commit = off")

    def gather_statistics(self, connection: sa.Connection, tables: Iterable[sa.FromClause]) -> None:
        prepare = connection.dialect.identifier_preparer
        for table in tables:
            name = without_parameters(prepare.format_table(table), connection.dialect)
            connection.exec_driver_sql(f"ANALYZE {name}", execution_options={"no_parameters": True})

    def save_whole(self, url: sa.URL, target: Path, watch: Watch) -> Saved:
        from dynmodel_pyramid.database.backups import postgresql  # psycopg, which SQLite does not need

        return postgresql.save(postgresql.Tools(url, self.schema), target, watch)

    def restore_whole(self, url: sa.URL, source: Path, watch: Watch, *, replace: bool) -> Saved:
        from dynmodel_pyramid.database.backups import postgresql

        return postgresql.restore(postgresql.Tools(url, self.schema), source, watch, replace=replace)

    def among(self, key: sa.ColumnElement[Any], ids: Sequence[int]) -> sa.ColumnElement[bool]:
        return key == sa.any_(sa.literal(list(ids), sa.ARRAY(sa.BigInteger)))

    def draw_ids(self, connection: sa.Connection, table: sa.Table, count: int, *, above: int) -> list[int]:
        if above:
            self._advance(connection, table, above)
        return self._draw(connection, table, count)

    def _draw(self, connection: sa.Connection, table: sa.Table, count: int) -> list[int]:
        name = connection.dialect.identifier_preparer.format_sequence(self.sequence(table))
        with raw_cursor(connection) as cursor:
            # All at once and in binary form an id takes 0.2 us of this process's time, 0.6 one by one as a text.
            cursor.execute("SELECT nextval(%s) FROM generate_series(1, %s)", (name, count), binary=True)
            return sorted([row[0] for row in cursor.fetchall()])

    def reserve_range(self, connection: sa.Connection, table: sa.Table, count: int, *, above: int) -> int | None:
        # A sequence never goes back here. So nobody else has drawn any of the ids if there is no gap between them.
        if above:
            self._advance(connection, table, above)
        if not count:
            return above + 1
        name = connection.dialect.identifier_preparer.format_sequence(self.sequence(table))
        with raw_cursor(connection) as cursor:
            cursor.execute(
                "SELECT min(id), max(id) FROM (SELECT nextval(%s) AS id FROM generate_series(1, %s)) AS drawn",
                (name, count),
            )
            first, last = cursor.fetchone()
        return int(first) if last - first + 1 == count else None

    def draw_ids_into(
        self, connection: sa.Connection, table: sa.Table, drawn: sa.Table, count: int, *, above: int
    ) -> None:
        if above:
            self._advance(connection, table, above)
        prepare = connection.dialect.identifier_preparer
        with raw_cursor(connection) as cursor:
            cursor.execute(
                f"INSERT INTO {prepare.format_table(drawn)} SELECT k, nextval(%s) FROM generate_series(0, %s) k",
                (prepare.format_sequence(self.sequence(table)), count - 1),
            )

    def _advance(self, connection: sa.Connection, table: sa.Table, row_id: int) -> None:
        # setval can't be limited to moving forward: between the reading and the setting another transaction may draw
        # ids, and the sequence would go back over them. Small gaps are therefore drawn; over a large gap no other
        # transaction can draw that many in between.
        name = connection.dialect.identifier_preparer.format_sequence(self.sequence(table))
        last, called = connection.exec_driver_sql(f"SELECT last_value, is_called FROM {name}").one()
        gap = row_id - last + (0 if called else 1)
        if gap > self.SMALL_GAP:
            connection.execute(sa.select(sa.func.setval(name, row_id)), execution_options={"compiled_cache": None})
        elif gap > 0:
            self._draw(connection, table, gap)

    _COLUMNS = (
        "FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
        "JOIN pg_namespace ON pg_namespace.oid = relnamespace "
        "WHERE nspname = :schema AND relname = :name AND attnum > 0"
    )

    def column_names(self, connection: sa.Connection, table: str) -> list[str]:
        query = sa.text(f"SELECT attname {self._COLUMNS} AND NOT attisdropped ORDER BY attnum")
        return list(connection.scalars(query, {"schema": self.schema, "name": table}))

    def things(self, connection: sa.Connection, table: str) -> Things:
        return postgresql_things.things(connection, self.schema, table)

    def promised_things(
        self, connection: sa.Connection, make: Callable[[sa.MetaData], tuple[sa.Table, list[sa.Index]]]
    ) -> Things:
        table, indexes = make(sa.MetaData(schema=postgresql_things.TEMPORARY))
        return postgresql_things.promised_things(connection, table, indexes)

    def relations(self, connection: sa.Connection, beginnings: Sequence[str] = ()) -> set[Thing]:
        return postgresql_things.relations(connection, self.schema, beginnings)

    def findings(self, connection: sa.Connection, load: Load) -> Iterable[Finding]:
        return postgresql_findings.findings(connection, self.settings, load)

    def compactions(self, connection: sa.Connection) -> dict[int, str]:
        return postgresql_things.compactions(connection, self.schema)

    def last_id(self, connection: sa.Connection, table: sa.Table) -> int | None:
        return postgresql_things.last_id(connection, self.schema, self._sequence_name(table))

    def count_from(self, connection: sa.Connection, table: sa.Table, last: int) -> None:
        name = quote_identifier(self._sequence_name(table), self.schema)
        with raw_cursor(connection) as cursor:
            cursor.execute("SELECT setval(%s, %s, %s)", (name, max(last, 1), last > 0))

    def _sequence_name(self, table: sa.Table) -> str:
        """Of a user's table, or of a system table, whose sequence belongs to its column."""
        sequence = table.c.id.default
        return str(sequence.name) if isinstance(sequence, sa.Sequence) else f"{table.name}_id_seq"

    def counted_columns(self, connection: sa.Connection, table: str) -> int:
        # A dropped column keeps its line, and its number is never used again (PostgreSQL manual, pg_attribute).
        query = sa.text(f"SELECT count(*) {self._COLUMNS}")
        return connection.execute(query, {"schema": self.schema, "name": table}).scalar_one()

    @contextmanager
    def foreign_keys_deferred(self, connection: sa.Connection) -> Iterator[None]:
        connection.exec_driver_sql("SET CONSTRAINTS ALL DEFERRED")
        yield
        connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")

    def planned_rows(self, connection: sa.Connection, sql: str, parameters: Any) -> int | None:
        with raw_cursor(connection) as cursor:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
            return int(cursor.fetchone()[0][0]["Plan"]["Plan Rows"])

    def explain(self, connection: sa.Connection, sql: str, parameters: Any, form: str, options: Collection[str]) -> Any:
        words = [f"FORMAT {form.upper()}", *(option.upper() for option in EXPLAIN_OPTIONS if option in options)]
        with raw_cursor(connection) as cursor:
            cursor.execute(f"EXPLAIN ({', '.join(words)}) {sql}", parameters)
            lines = [line for (line,) in cursor]
        return lines[0] if form == "json" else "\n".join(lines)

    def bound_statements(self, connection: sa.Connection, seconds: float) -> None:
        statement = f"SET LOCAL statement_timeout = {max(1, int(seconds * 1000))}"
        reads = connection.connection.info.get(FETCH)
        if isinstance(reads, Reads):
            reads.bind(statement)
        else:
            connection.exec_driver_sql(statement)

    def stream(
        self, connection: sa.Connection, sql: str, parameters: Any, size: int
    ) -> Generator[tuple[Sequence[Any], Sequence[Sequence[Any]]]]:
        return ServerStream(connection, size).read(connection, sql, parameters)

    def as_records(
        self, connection: sa.Connection, sql: str, parameters: Any
    ) -> tuple[str, Sequence[Any], Sequence[str | None]]:
        with raw_cursor(connection) as cursor:
            cursor.execute(f"SELECT * FROM ({sql}) AS records LIMIT 0", parameters)
            kinds = [_KINDS.get(column[1]) for column in cursor.description]
            return f"SELECT CAST((records.*) AS text) FROM ({sql}) AS records", cursor.description, kinds

    def stopper(self, connection: sa.Connection) -> Callable[[], None]:
        return partial(driver_connection(connection).cancel_safe, timeout=CANCEL_TIMEOUT)

    def hold_access(self, connection: sa.Connection, wait: float) -> None:
        # All writes queue behind an attempt. So that one long write does not hold up the others, attempts are short
        # and become longer, and the others pass between them.
        deadline, patience = time.monotonic() + wait, self.settings.lock_attempt
        while True:
            savepoint = connection.begin_nested()
            try:
                self.bound_lock_waits(connection, min(patience, max(0, deadline - time.monotonic())))
                with raw_cursor(connection) as cursor:
                    cursor.execute(self._access_lock("pg_advisory_xact_lock"))
            except sa.exc.DBAPIError as error:
                savepoint.rollback()
                if self.failure(error).kind != "busy" or time.monotonic() >= deadline:
                    raise
                time.sleep(min(random.uniform(0.5, 1.5) * patience, max(0, deadline - time.monotonic())))
                patience = min(1.5 * patience, 10 * self.settings.lock_attempt)
            else:
                savepoint.commit()
                break
        self.bound_lock_waits(connection, self.settings.lock_timeout)

    def share_access(self, connection: sa.Connection) -> None:
        lock_before(connection, self._access_lock("pg_advisory_xact_lock_shared"))

    def _access_lock(self, function: str) -> str:
        # Advisory locks belong to the whole database: the second key is the schema's.
        schema = (self.schema or "").replace("'", "''")
        return f"SELECT {function}({ACCESS_LOCK_KEY}, hashtext('{schema}'))"

    def order_writers(self, connection: sa.Connection, tables: Mapping[int, bool]) -> None:
        with raw_cursor(connection) as cursor:
            for table_id, is_alone in sorted(tables.items()):
                function = "pg_advisory_xact_lock" if is_alone else "pg_advisory_xact_lock_shared"
                cursor.execute(
                    f"SELECT {function}({WRITERS_LOCK_KEY}, hashtext(%s))", (f"{self.schema or ''}:{table_id}",)
                )

    def bound_lock_waits(self, connection: sa.Connection, wait: float) -> None:
        connection.exec_driver_sql(_wait_at_most(wait))

    def make_system_parts(self, connection: sa.Connection) -> None:
        for statement in functions.statements(quote_identifier(self.schema)):
            connection.exec_driver_sql(statement)

    def note_tenant(self, connection: sa.Connection) -> None:
        note_tenant(connection, self.settings)

    def side_table(self, name: str, *columns: sa.Column[Any]) -> sa.Table:
        # Nobody else sees it before the commit, at which it is gone. It is among the users' tables, and no temporary
        # one, because Citus runs a statement where all its tables are: subqueries over a table of the coordinator that
        # refer to a table of a worker are refused. Transactions with the same name would wait for one another. After a
        # crash of the server nothing of an unlogged table stays on the disk but empty files.
        own = quoted_name(f"{name}_{secrets.token_hex(8)}", quote=True)
        return sa.Table(own, sa.MetaData(schema=self.schema), *columns, prefixes=["UNLOGGED"])

    def prepare_staging(self, connection: sa.Connection) -> None:
        stage(connection)

    def write_staged(self, connection: sa.Connection) -> None:
        write_staged(connection)

    def discard_staging(self, connection: sa.Connection) -> bool:
        end_stage(connection)
        return True

    def hold_off_writers(self, connection: sa.Connection, table: str) -> None:
        self._lock(connection, table, "SHARE ROW EXCLUSIVE")

    def proves_later(self, connection: sa.Connection, table: str) -> bool:
        """By the planner's estimate, which is -1 where the table was never analysed."""
        if not self.settings.online_rows:
            return False
        query = sa.text(
            "SELECT c.reltuples FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = :schema AND c.relname = :name"
        )
        rows = connection.scalar(query, {"schema": self.schema, "name": str(table)})
        return rows is not None and rows >= self.settings.online_rows

    def _lock(self, connection: sa.Connection, table: str, mode: str) -> None:
        name = quote_identifier(table, self.schema)
        connection.exec_driver_sql(f"LOCK TABLE {name} IN {mode} MODE", execution_options={"no_parameters": True})

    def lock_exclusively(self, connection: sa.Connection, table: str) -> None:
        self._lock(connection, table, "ACCESS EXCLUSIVE")

    def mark_stream(self, connection: sa.Connection, *, waits: bool = False) -> None:
        statement = f"SET LOCAL application_name = '{SLOW_STREAM if waits else STREAM}'"
        running: ServerStream | None = connection.connection.info.get(STREAM_KEY)
        if running is None:
            connection.exec_driver_sql(statement)
        else:
            running.do_first(statement)

    def is_cut_off(self, connection: sa.Connection) -> bool:
        raw = driver_connection(connection)
        try:
            # Reads what has arrived, without waiting: first the server's last message, then the end of the connection.
            raw.pgconn.consume_input()
            raw.pgconn.consume_input()
        except connection.dialect.loaded_dbapi.Error:
            return True
        return raw.broken or raw.closed

    def end_streams(self, connection: sa.Connection, tables: Collection[str], *, every: bool) -> int:
        names = {"stream": STREAM, "slow": SLOW_STREAM}
        parameters = {"schema": self.schema, "tables": list(tables), "every": every, **names}
        return sum(connection.scalars(_END_STREAMS, parameters))

    def lock_tables(
        self, connection: sa.Connection, tables: Iterable[sa.FromClause], *, writes: bool, wait: float
    ) -> None:
        prepare = connection.dialect.identifier_preparer
        names = without_parameters(", ".join(map(prepare.format_table, tables)), connection.dialect)
        if not names:
            return
        lock = f"LOCK TABLE {names} IN {'ROW EXCLUSIVE' if writes else 'ACCESS SHARE'} MODE"
        usual = self.settings.lock_timeout
        if abs(usual - wait) <= SLACK * usual:
            lock_before(connection, lock)
        else:
            lock_before(connection, _wait_at_most(wait), lock, _wait_at_most(usual))
