"""The driver's own cursors, for the few statements that every request runs.

A statement through SQLAlchemy costs 35 to 60 us even if it is compiled and cached; by the driver's cursor, 3 us.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:  # SQLAlchemy 2.0 has no such name
    from sqlalchemy.engine.interfaces import DBAPIModule

_Fetch = Callable[[sa.Connection, str, Any], tuple[Sequence[Any], Sequence[Sequence[Any]]]]


def driver_connection(connection: sa.Connection) -> Any:
    """The driver's own connection, of the class that the driver has."""
    return connection.connection.dbapi_connection


class raw_cursor:
    """``with raw_cursor(connection) as cursor``: the driver's errors become SQLAlchemy's, and lost connections are
    noted.

    The caller converts parameters and values to the driver's form; ``rows/prepared.py`` does so for whole tables.
    """

    __slots__ = ("_arguments", "_connection", "_cursor")

    def __init__(self, connection: sa.Connection, *arguments: Any) -> None:
        """
        :param arguments: of the driver's ``cursor``
        """
        self._connection = connection
        self._arguments = arguments

    def __enter__(self) -> Any:
        self._cursor = self._connection.connection.cursor(*self._arguments)
        return self._cursor

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._cursor.close()
        finally:
            if isinstance(error, self._connection.dialect.loaded_dbapi.Error):
                raise self._as_sqlalchemy(error) from error

    def _as_sqlalchemy(self, error: "DBAPIModule.Error") -> sa.exc.StatementError:
        connection, dialect = self._connection, self._connection.dialect
        lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, None)
        if lost:
            connection.invalidate(error)
        return sa.exc.DBAPIError.instance(
            None, None, error, dialect.loaded_dbapi.Error, connection_invalidated=lost, dialect=dialect
        )


#: The key under which a connection keeps what fetches its rows: a function of ``fetched``'s parameters.
FETCH = "fetch"


def fetched(connection: sa.Connection, sql: str, parameters: Any) -> tuple[Sequence[Any], Sequence[Sequence[Any]]]:
    """The description of the columns, and all rows, of a SELECT of the driver. A dialect may let them bring the proof
    of what was read (:meth:`~.dialect.Dialect.prove_along`).
    """
    fetch: _Fetch | None = connection.connection.info.get(FETCH)
    if fetch is not None:
        return fetch(connection, sql, parameters)
    with raw_cursor(connection) as cursor:
        cursor.execute(sql, parameters)
        return cursor.description, cursor.fetchall()


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
