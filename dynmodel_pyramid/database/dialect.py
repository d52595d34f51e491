"""The differences between the databases: the interface, with one class per database in ``sqlite`` and ``postgresql``.

Callers ask for a capability, never for a dialect's name.
"""

from collections.abc import Callable, Collection, Generator, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.database.backups import Saved, Watch
from dynmodel_pyramid.database.cursors import untimed_cursor
from dynmodel_pyramid.database.findings import Finding, Load
from dynmodel_pyramid.database.places import Places
from dynmodel_pyramid.database.replicas import Position, Reading
from dynmodel_pyramid.database.things import Thing, Things
from dynmodel_pyramid.database.timing import timed
from dynmodel_pyramid.errors import Conflict
from dynmodel_pyramid.settings import Settings

#: Execution option of a connection or engine: begin transactions that will write.
WRITES = "dynmodel_writes"
#: Execution option of connections that read, but may make temporary tables.
REHEARSES = "dynmodel_rehearses"
#: Execution option of connections that read: all statements of the transaction see the moment of the first one. Correct
#: only after :meth:`Dialect.lock_tables`.
ONE_MOMENT = "dynmodel_one_moment"
#: No row gets a greater id: up to here all readers of JSON read numbers exactly (RFC 8259, section 6).
LARGEST_ID = 2**53 - 1
#: The greatest id that a client may give to a new row; as many ids are left for the database to draw.
LARGEST_GIVEN_ID = 2**52
#: Takes a step that must be done before anybody is told of a commit, with a key: the last step of a key stands for all.
Hold = Callable[[Hashable, Callable[[], None]], None]
#: Further options of a plan (PostgreSQL manual, EXPLAIN).
EXPLAIN_OPTIONS = ("analyze", "verbose", "settings", "buffers", "wal")


@dataclass(frozen=True, slots=True)
class Failure:
    """The meaning of a database error.

    ``kind`` is one of ``unique``, ``foreign_key``, ``required``, ``check`` (the data's fault), ``busy`` (a lock, a
    deadlock: run again), ``timeout`` (the statement took too long), ``too_complex`` (more than the database takes in
    one statement), ``name_taken`` (a table or column of that name exists), ``away`` (no connection), ``read_only``
    (server or connection take no writes), ``full`` (no room), ``value`` (the database refuses a value), ``too_large``
    (a value or a row, also of an answer, is larger than the database makes it), ``too_long`` (an index refuses it),
    ``statement`` (a name or type that the database doesn't have: the sign of a stale definition) or ``other``.
    ``columns``, ``constraint`` and ``table`` are physical names, where the database reports them. ``told`` is
    ``T.a, T.b`` where it reports them without quotes: only who knows the rules of the table can tell which one it is.
    """

    kind: str
    columns: tuple[str, ...] = field(default=())
    constraint: str | None = None
    table: str | None = None
    told: str | None = None

    def names(self, rule: tuple[str, str]) -> bool:
        """Whether the error is about a rule, given as (column, constraint); SQLite names the column, PostgreSQL the
        constraint.
        """
        return self.constraint == rule[1] or self.columns == (rule[0],)


def refuse_unsafe_ids(greatest: int) -> None:
    """
    :raises Conflict: an id that was drawn is beyond :data:`LARGEST_ID`
    """
    if greatest > LARGEST_ID:
        raise Conflict(
            f"the table has a row with an id near {LARGEST_ID}, so no ids are left to be drawn",
            code="ids_exhausted",
            hint=f"give new rows ids of your own, at most {LARGEST_GIVEN_ID}",
        )


class Moment(Protocol):
    """Holds a connection's snapshot."""

    def close(self) -> None:
        """Release the snapshot."""


class Proven(Protocol):
    """An attempt (``catalogue/attempt.py``), whose answer is proven by a row."""

    @property
    def proof(self) -> tuple[str, Sequence[Any]]:
        """A statement of the driver that gives the row, and its parameters."""

    def prove_by(self, connection: sa.Connection, found: Sequence[Any]) -> None:
        """Take the row, of the transaction that read the data, after it or with it."""

    def disprove(self) -> None:
        """More is read, which the row does not prove."""


class Dialect:
    """The base class. Methods take SQLAlchemy connections unless they say otherwise."""

    name: str
    #: Where tenants have their tables.
    places: type[Places]
    #: True: the state read first is final for the whole transaction. False: it is final only when read last.
    confirms_first: bool
    #: How many columns a table may have at most, dropped ones included.
    max_columns: int
    #: Whether purged columns count towards it (:meth:`counted_columns`).
    counts_dropped_columns = False
    #: Whether each table has a sequence for its rows' ids; else the key's column draws them itself.
    has_sequences = False
    #: Unique indexes that treat nulls as equal.
    nulls_not_distinct: bool
    #: Rules may be in force before they are proven for all rows (:meth:`proves_later`).
    may_prove_later = False
    #: Which of :data:`EXPLAIN_OPTIONS` the database knows.
    explain_options: frozenset[str] = frozenset()
    #: Whether a key of whole numbers costs nothing, because rows are kept in its order (SQLite's rowid).
    has_free_keys = True
    #: Whether sorting for a page takes longer the further the page is from the beginning, and in the end much longer
    #: than sorting everything: so it is with SQLite, which keeps the rows before the page's end in a B-tree.
    sorts_parts_slowly = False
    #: From how many skipped rows on a page is made faster if its ids are found first, without the rows' other values;
    #: None: the database makes no values of rows that it skips.
    ids_first_from: int | None = None
    #: Whether a page is made fastest if its ids are found first and its rows looked up in their order: so it is with
    #: SQLite, which copies each value of a subquery with a limit before it is taken (:mod:`~.sqlite_rows`).
    looks_up_pages = False
    #: How many rows of a stream are read, encoded and sent together, if its form takes any number.
    streamed_rows = 1000
    #: Whether a statement that breaks a rule undoes itself alone, and the transaction goes on without a savepoint.
    goes_on_after_refusals = False
    #: The schema of a connection's temporary tables.
    temporary_schema: str

    #: Whether it may have replicas that answer reads (:mod:`~.replicas`).
    has_replicas = False

    #: How the names of the indexes begin that an index of words is made of.
    word_indexes: tuple[str, ...] = ("_sx_",)

    #: Whether definition changes wait for readers, and may end streams (:meth:`end_streams`).
    ends_streams = False

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def connections(self, engine: sa.Engine) -> tuple[int, int, int]:
        """How many connections are in use, are kept for the next one, and may be open; the last is 0 for any number."""
        pool: Any = engine.pool
        try:
            most = pool.size() + pool._max_overflow if pool._max_overflow >= 0 else 0
            return pool.checkedout(), pool.checkedin(), most
        except AttributeError:  # a pool of another class, which counts nothing
            return 0, 0, 0

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

    def refuse_unsound(self, engine: sa.Engine) -> None:
        """Look, at the start, whether connections keep what their statements rely on.

        :raises ConfigurationProblem: they do not
        """

    def begin_reading(self, engine: sa.Engine, reading: Reading | None = None) -> sa.Connection:
        """A connection in a new read transaction, which sees one moment where a transaction does.

        :param reading: of a replica, whose engine it is
        """
        connection = engine.connect()
        connection.begin()
        return connection

    def end_reading(self, connection: sa.Connection) -> None:
        """End the transaction of :meth:`begin_reading`, and give the connection back."""
        connection.close()

    def begin_writing(self, engine: sa.Engine, *, is_kept: bool) -> sa.Connection:
        """A connection in a new transaction that writes.

        :param engine: one whose transactions write
        :param is_kept: whether it may be one that earlier transactions had
        """
        connection = engine.connect()
        try:
            connection.begin()
        except BaseException:
            connection.close()
            raise
        return connection

    def commit_writing(
        self, connection: sa.Connection, *, tells: bool = False, hold: Hold | None = None
    ) -> Position | None:
        """Commit the transaction of :meth:`begin_writing`.

        :param tells: return a place in the database's log behind the commit
        :param hold: called if the commit may be lost unless a step is done; then nobody may be told of it before
        """
        try:
            connection.commit()
        except BaseException:
            # SQLAlchemy takes it for ended, but SQLite leaves a transaction open whose COMMIT fails.
            if not connection.invalidated:
                connection.invalidate()
            raise
        return None

    def end_writing(self, connection: sa.Connection) -> None:
        """End the transaction of :meth:`begin_writing`, if it is not committed, and give the connection back."""
        connection.close()

    def prove_along(self, connection: sa.Connection, attempt: Proven) -> None:
        """Let a statement of :func:`~dynmodel_pyramid.database.cursors.fetched` bring the proof of the attempt with its
        rows, where the state is read last; else the attempt reads it by a statement of its own, before it is answered.

        :param connection: its ``info`` may have a :data:`~.cursors.FETCH` until it goes back to the pool
        """

    def failure(self, error: sa.exc.DBAPIError) -> Failure:
        """The meaning of a database error."""
        raise NotImplementedError

    def column_names(self, connection: sa.Connection, table: str) -> list[str]:
        """The names of a table's columns. Reflection would examine their types as well, and warn of unknown ones."""
        raise NotImplementedError

    def things(self, connection: sa.Connection, table: str) -> Things:
        """The parts of a table (:mod:`~.things`); none if there is no such table."""
        raise NotImplementedError

    def promised_things(
        self, connection: sa.Connection, make: Callable[[sa.MetaData], tuple[sa.Table, list[sa.Index]]]
    ) -> Things:
        """The parts that a newly made table would have. The table is made temporarily; nothing of it stays.

        :param connection: in a transaction that may make temporary tables
        :param make: makes the table, without foreign keys, and its indexes
        """
        raise NotImplementedError

    def relations(self, connection: sa.Connection, beginnings: Sequence[str] = ()) -> set[Thing]:
        """All tables and sequences in the schema of our tables, or those whose names begin in one of these ways."""
        raise NotImplementedError

    def last_id(self, connection: sa.Connection, table: sa.Table) -> int | None:
        """The greatest id that a table has given to a row; None if the sequence of its ids is missing."""
        raise NotImplementedError

    def count_from(self, connection: sa.Connection, table: sa.Table, last: int) -> None:
        """Let the next id of a table, one of users or of the system, follow ``last``."""
        raise NotImplementedError

    def counted_columns(self, connection: sa.Connection, table: str) -> int:
        """How many columns of a table count towards ``max_columns``, where dropped ones do."""
        raise NotImplementedError

    def findings(self, connection: sa.Connection, load: Load) -> Iterable[Finding]:
        """What is wrong with the server, or with the file and its place.

        :param connection: one that reads
        """
        raise NotImplementedError

    def compactions(self, connection: sa.Connection) -> dict[int, str]:
        """What compactions that run, or were left, have noted, by the ids of their tables."""
        return {}

    def compact_file(self, engine: sa.Engine) -> tuple[int, int] | None:
        """Give free room of the whole database back; -> bytes before and after. Writers wait meanwhile. None where the
        database does that by itself.
        """
        return None

    def dangling(self, connection: sa.Connection, table: str) -> int:
        """How many rows of a table refer to rows that are not there. 0 where the database itself sees to that."""
        return 0

    def refused_entries(
        self, connection: sa.Connection, rows: sa.Select[*tuple[Any, ...]], first: int
    ) -> tuple[int, list[int]]:
        """How many rows are too long for an index, and the ids of the first ones.

        :param rows: the id, and the values that the index would have
        :param connection: in a transaction that may make temporary tables
        """
        return 0, []

    def planned_rows(self, connection: sa.Connection, sql: str, parameters: Any) -> int | None:
        """How many rows the planner expects of a statement; None where the database gives no estimate."""
        return None

    def explain(self, connection: sa.Connection, sql: str, parameters: Any, form: str, options: Collection[str]) -> Any:
        """The database's plan for a statement of the driver.

        :param form: ``json``, for a document, or ``text``
        :param options: of ``explain_options``; with ``analyze`` the statement is run
        """
        raise NotImplementedError

    def bound_statements(self, connection: sa.Connection, seconds: float) -> None:
        """End statements of this transaction that take longer; they fail with the kind ``timeout``."""
        raise NotImplementedError

    def unbound_statements(self, connection: sa.Connection) -> None:
        """Lift that bound, also for a statement whose rows are still being read."""

    def stream(
        self, connection: sa.Connection, sql: str, parameters: Any, size: int
    ) -> Generator[tuple[Sequence[Any], Sequence[Sequence[Any]]]]:
        """Run a SELECT of the driver; yields the description of its columns with each part of at most ``size`` rows.
        The rows of no more than two parts are in memory. There is at least one part, which may be empty.

        The connection runs no other statement meanwhile, but :meth:`mark_stream`.
        """
        with untimed_cursor(connection) as cursor:
            with timed(sql):
                cursor.execute(sql, parameters)
                rows = cursor.fetchmany(size)
            while True:
                yield cursor.description, rows
                if len(rows) < size:
                    return
                with timed(sql):
                    rows = cursor.fetchmany(size)

    def as_records(
        self, connection: sa.Connection, sql: str, parameters: Any
    ) -> tuple[str, Sequence[Any], Sequence[str | None]] | None:
        """A SELECT whose rows are those of another one, each as one text: ``("a text",1,,t)``. With it the description
        of the other one's columns, and the kinds of their values: text, integer, number, boolean; None: another one.
        None for all, if the database writes no such texts.
        """
        return None

    def returned(self, value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any] | None:
        """The expression that gives in RETURNING what this one gives in a SELECT; None if none is known."""
        return value

    def stopper(self, connection: sa.Connection) -> Callable[[], None]:
        """A function that ends the statement that this connection runs, if it runs one; for other threads. The
        connection is thrown away afterwards.
        """
        raise NotImplementedError

    def reserve_ids(self, connection: sa.Connection, table: sa.Table, count: int, *, above: int) -> list[int]:
        """Draw that many new row ids, ascending; they are never drawn again.

        :param above: the greatest id that a client gave; these ids and all drawn later are greater
        :raises Conflict: ids would pass :data:`LARGEST_ID`
        """
        ids = self.draw_ids(connection, table, count, above=above)
        if ids:
            refuse_unsafe_ids(ids[-1])
        return ids

    def draw_ids(self, connection: sa.Connection, table: sa.Table, count: int, *, above: int) -> list[int]:
        """As :meth:`reserve_ids`, however large they are."""
        raise NotImplementedError

    def reserve_range(self, connection: sa.Connection, table: sa.Table, count: int, *, above: int) -> int | None:
        """The first of that many new row ids that follow one another; None where others may draw ids in between.

        :param above: see :meth:`reserve_ids`
        """
        return None

    def draw_ids_into(
        self, connection: sa.Connection, table: sa.Table, drawn: sa.Table, count: int, *, above: int
    ) -> None:
        """Put that many new row ids, ascending, into the column ``id`` of a table whose first column counts from 0."""
        raise NotImplementedError

    def among(self, key: sa.ColumnElement[Any], ids: Sequence[int]) -> sa.ColumnElement[bool]:
        """Whether a whole number is one of these: one parameter, however many they are."""
        raise NotImplementedError

    def lock_tables(
        self, connection: sa.Connection, tables: Iterable[sa.FromClause], *, writes: bool, wait: float
    ) -> None:
        """Hold off definition changes of these tables till the transaction ends; a no-op where every read does so.

        :param wait: seconds; where they are the usual ones but for a hundredth, those are waited for
        :raises sqlalchemy.exc.DBAPIError: a table is gone, or the wait is over
        """

    def bound_lock_waits(self, connection: sa.Connection, wait: float) -> None:
        """Let later statements of the transaction wait at most ``wait`` seconds for a lock; 0 or less: almost none."""

    def hold_access(self, connection: sa.Connection, wait: float) -> None:
        """Wait for the writes of rows that were allowed before a change of access, and hold off new ones, until the
        transaction ends; a no-op where only one transaction writes at a time.

        :raises sqlalchemy.exc.DBAPIError: the wait (seconds) is over
        """

    def share_access(self, connection: sa.Connection) -> None:
        """Hold off changes of access until the transaction ends, but no other writers of rows."""

    def order_writers(self, connection: sa.Connection, tables: Mapping[int, bool]) -> None:
        """Let transactions that write rows of several tables, in no order, wait for one another before they lock any
        row, so that none waits for another's rows in a circle; a no-op where only one transaction writes at a time.

        :param tables: the ids of the tables that are written, and whether other such writers of the table wait
        """

    def hold_off_writers(self, connection: sa.Connection, table: str) -> None:
        """Block writers of a table's rows, but not readers, until the transaction ends."""

    def proves_later(self, connection: sa.Connection, table: str) -> bool:
        """Whether a new rule of this table should be in force before it is proven for all rows."""
        return False

    def lock_exclusively(self, connection: sa.Connection, table: str) -> None:
        """Lock a user table against readers and writers; a no-op where every writing transaction does so."""

    def make_system_parts(self, connection: sa.Connection) -> None:
        """Make in a new database what its system tables need beside those that are declared."""

    def note_tenant(self, connection: sa.Connection) -> None:
        """Say in the place of a new tenant whose it is."""

    def side_table(self, name: str, *columns: sa.Column[Any]) -> sa.Table:
        """A table for one transaction, which makes and drops it; statements may join it with users' tables in any way.

        :param name: unique among those of the transaction
        """
        return sa.Table(quoted_name(name, quote=True), sa.MetaData(), *columns, prefixes=["TEMPORARY"])

    def prepare_staging(self, connection: sa.Connection) -> None:
        """Let this connection have temporary tables: in files, so that they don't grow in memory, and in a session that
        is its own.
        """

    def write_staged(self, connection: sa.Connection) -> None:
        """The next transaction of such a connection writes rows."""

    def discard_staging(self, connection: sa.Connection) -> bool:
        """Drop this connection's temporary tables, outside of a transaction; -> whether the connection may be used
        again.
        """
        raise NotImplementedError

    def keep_moment(self, connection: sa.Connection) -> Moment | None:
        """Keep the snapshot of this connection after the commit of its transaction; None where that is impossible.
        After the call the transaction writes nothing more, and no table is dropped before the moment is closed.
        """
        return None

    def let_others_write(self, connection: sa.Connection) -> None:
        """After the commit: let others write while this connection stays open. It writes no more."""

    def mark_stream(self, connection: sa.Connection, *, waits: bool = False) -> None:
        """Let other processes know that this transaction belongs to a stream that waits for its client."""

    def is_cut_off(self, connection: sa.Connection) -> bool:
        """Whether another process has ended this idle connection."""
        return False

    def end_streams(self, connection: sa.Connection, tables: Collection[str], *, every: bool) -> int:
        """End the streams of these tables that wait for their clients, or all of them; -> how many were ended."""
        return 0

    def is_there(self, url: sa.URL) -> bool:
        """Whether there is a database; False only where connecting would make one."""
        return True

    def let_commit_lag(self, connection: sa.Connection) -> None:
        """The commit of this transaction need not be on the disk before it returns; it is there before any later one
        that waits for its own.
        """

    def gather_statistics(self, connection: sa.Connection, tables: Iterable[sa.FromClause]) -> None:
        """Let the planner know of many new rows, where it needs to be told."""

    def save_whole(self, url: sa.URL, target: Path, watch: Watch) -> Saved:
        """Write the whole database, as of one moment, into a file.

        :raises ConfigurationProblem: it can't be done; then there is no file
        """
        raise NotImplementedError

    def restore_whole(self, url: sa.URL, source: Path, watch: Watch, *, replace: bool) -> Saved:
        """Make the database what a file of :meth:`save_whole` says.

        :param replace: though there is a database of ours
        :raises ConfigurationProblem: it can't be done; then nothing has changed
        """
        raise NotImplementedError

    def foreign_keys_deferred(self, connection: sa.Connection) -> AbstractContextManager[None]:
        """A context in which foreign keys are checked at the end of the transaction, not by each statement."""
        raise NotImplementedError

    def foreign_keys_suspended(self, connection: sa.Connection) -> AbstractContextManager[None]:
        """A context around a definition change's transaction, in which rebuilding a table changes no referring rows."""
        return nullcontext()
