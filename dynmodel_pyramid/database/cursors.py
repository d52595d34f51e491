"""The driver's own cursors, for the few statements that every request runs.

A statement through SQLAlchemy costs 35 to 60 us even if it is compiled and cached; by the driver's cursor, 3 us.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa

from dynmodel_pyramid.telemetry import measuring

if TYPE_CHECKING:  # SQLAlchemy 2.0 has no such name
    from sqlalchemy.engine.interfaces import DBAPIModule


def driver_connection(connection: sa.Connection) -> Any:
    """The driver's own connection, of the class that the driver has."""
    return connection.connection.dbapi_connection


class driver_errors:
    """A context in which the driver's errors become SQLAlchemy's, and lost connections are noted."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> Any:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, self._connection.dialect.loaded_dbapi.Error):
            raise _as_sqlalchemy(self._connection, error) from error


def _as_sqlalchemy(connection: sa.Connection, error: "DBAPIModule.Error") -> sa.exc.StatementError:
    dialect = connection.dialect
    lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, None)
    if lost:
        connection.invalidate(error)
    return sa.exc.DBAPIError.instance(
        None, None, error, dialect.loaded_dbapi.Error, connection_invalidated=lost, dialect=dialect
    )


class raw_cursor(driver_errors):
    """``with raw_cursor(connection) as cursor``: the driver's cursor, as a context of :class:`driver_errors`.

    The caller converts parameters and values to the driver's form; ``rows/prepared.py`` does so for whole tables.
    """

    __slots__ = ("_arguments", "_began", "_cursor")

    #: Whether the whole context is time of the database.
    is_timed = True

    def __init__(self, connection: sa.Connection, *arguments: Any) -> None:
        """
        :param arguments: of the driver's ``cursor``
        """
        super().__init__(connection)
        self._arguments = arguments

    def __enter__(self) -> Any:
        read_on(self._connection)
        self._cursor = self._connection.connection.cursor(*self._arguments)
        if measuring.active and self.is_timed:
            self._began = monotonic()
        return self._cursor

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if measuring.active and self.is_timed and (record := measuring.CURRENT.get()) is not None:
                record.queried(monotonic() - self._began)
            self._cursor.close()
        except self._connection.dialect.loaded_dbapi.Error as failed:  # a server's cursor is closed by a statement
            error = error or failed
        super().__exit__(kind, error, traceback)


class untimed_cursor(raw_cursor):
    """The same for steps that are :class:`~.timing.timed` one by one: rows that are read while they are sent."""

    __slots__ = ()

    is_timed = False


#: The key under which a connection keeps what fetches its rows, a :class:`Fetch`.
FETCH = "fetch"


class Fetch(Protocol):
    """Fetches rows together with the proof of what was read; the parameters and the result are those of
    :func:`fetched`.
    """

    def __call__(
        self, connection: sa.Connection, sql: str, parameters: Any
    ) -> tuple[Sequence[Any], Sequence[Sequence[Any]]]: ...

    def add(
        self, connection: sa.Connection, sql: str, parameters: Any
    ) -> tuple[Sequence[Any], Sequence[Sequence[Any]]]:
        """The same of :func:`added`."""

    def read_on(self, connection: sa.Connection) -> None:
        """The connection is about to run a statement in another way, which the proof does not cover."""


#: The key under which a connection keeps what fetches many rows faster than the driver (:mod:`~.sqlite_rows`).
TAKE = "take"


def read_on(connection: sa.Connection) -> None:
    """Called before a connection runs a statement that brings no proof."""
    fetch: Fetch | None = connection.connection.info.get(FETCH)
    if fetch is not None:
        fetch.read_on(connection)


def forget_fetch(connection: sa.Connection) -> None:
    """Let the connection's rows bring no more proofs."""
    connection.connection.info.pop(FETCH, None)


def fetched(
    connection: sa.Connection, sql: str, parameters: Any, width: int = 0
) -> tuple[Sequence[Any], Sequence[Sequence[Any]]]:
    """The description of the columns, and all rows, of a SELECT of the driver. A dialect may let them bring the proof
    of what was read (:meth:`~.dialect.Dialect.prove_along`).

    :param width: the values of a row, of a statement with a limit that may find many rows
    """
    if measuring.active and (record := measuring.CURRENT.get()) is not None:
        began = monotonic()
        description, rows = _fetched(connection, sql, parameters, width)
        record.rows_read += len(rows)
        record.queried(monotonic() - began, sql)
        return description, rows
    return _fetched(connection, sql, parameters, width)


def _fetched(
    connection: sa.Connection, sql: str, parameters: Any, width: int
) -> tuple[Sequence[Any], Sequence[Sequence[Any]]]:
    info = connection.connection.info
    fetch: Fetch | None = info.get(FETCH)
    if fetch is not None:
        return fetch(connection, sql, parameters)
    if width and TAKE in info and width <= info[TAKE].most:
        taken: tuple[Sequence[Any], Sequence[Sequence[Any]]] = info[TAKE](connection, sql, parameters, width)
        return taken
    return fetched_plainly(connection, sql, parameters)


def fetched_plainly(
    connection: sa.Connection, sql: str, parameters: Any
) -> tuple[Sequence[Any], Sequence[Sequence[Any]]]:
    """The same without a proof. As :class:`untimed_cursor`, which takes 6 us more: most requests run two statements."""
    fairy = connection.connection
    fetch: Fetch | None = fairy.info.get(FETCH)
    if fetch is not None:
        fetch.read_on(connection)
    try:
        cursor: Any = fairy.cursor()
        try:
            cursor.execute(sql, parameters)
            return cursor.description, cursor.fetchall()
        finally:
            cursor.close()
    except connection.dialect.loaded_dbapi.Error as error:
        raise _as_sqlalchemy(connection, error) from error


def added(connection: sa.Connection, sql: str, parameters: Any) -> tuple[Sequence[Any], Sequence[Sequence[Any]]]:
    """The same as :func:`fetched` of an INSERT that returns what it adds. A dialect may send it together with the locks
    that come before it and the proof (:meth:`~.dialect.Dialect.prove_along`), and prepare it.

    :param sql: each of its parameters has a column or a cast; the same text has never written columns of other types
    """
    fetch: Fetch | None = connection.connection.info.get(FETCH)
    add = fetched_plainly if fetch is None else fetch.add
    if measuring.active and (record := measuring.CURRENT.get()) is not None:
        began = monotonic()
        found = add(connection, sql, parameters)
        record.rows_read += len(found[1])
        record.queried(monotonic() - began, sql)
        return found
    return add(connection, sql, parameters)


def fetched_row(connection: sa.Connection, sql: str, parameters: Any) -> Any:
    """The first row of a SELECT of the driver, or None; it brings no proof."""
    if measuring.active and (record := measuring.CURRENT.get()) is not None:
        began = monotonic()
        rows = fetched_plainly(connection, sql, parameters)[1]
        record.queried(monotonic() - began)
    else:
        rows = fetched_plainly(connection, sql, parameters)[1]
    return rows[0] if rows else None


@contextmanager
def savepoint(connection: sa.Connection) -> Iterator[None]:
    """A context under a savepoint; SQLAlchemy's ``begin_nested`` costs 0.5 ms, as much as the write of a few rows.

    An exception undoes what the context has done, unless the connection is lost.
    """
    _run(connection, "SAVEPOINT _rows")
    try:
        yield
    except BaseException:
        if not connection.invalidated:
            _run(connection, "ROLLBACK TO SAVEPOINT _rows")
            _run(connection, "RELEASE SAVEPOINT _rows")
        raise
    _run(connection, "RELEASE SAVEPOINT _rows")


def _run(connection: sa.Connection, sql: str) -> None:
    with raw_cursor(connection) as cursor:
        cursor.execute(sql)
