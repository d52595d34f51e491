"""All rows of a statement in one step of SQLite: an aggregate function takes them.

The driver gives up Python's lock twice for each row that it fetches, and SQLite takes the connection's mutex two or
three times for each value: together 40 % of the time in which 100 rows of 21 values are fetched. Arguments of functions
need no mutex, and the lock is given up once: 0.75 to 0.8 of the time.
"""

import sqlite3
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.cursors import fetched_plainly, untimed_cursor


class _Taking:
    """One run of the aggregate function."""

    __slots__ = ("step",)

    def __init__(self, take: Callable[[tuple[Any, ...]], None]) -> None:
        self.step = lambda *row: take(row)

    def finalize(self) -> None:
        """The rows are no value of SQLite's."""


class TakenRows:
    """Fetches rows of one connection, in the order of the statement; see :func:`~.cursors.fetched`."""

    def __init__(self, dbapi: sqlite3.Connection) -> None:
        #: The most values of a row.
        self.most = dbapi.getlimit(sqlite3.SQLITE_LIMIT_FUNCTION_ARG)
        self._rows: list[tuple[Any, ...]] = []
        # typeshed wants a class.
        dbapi.create_aggregate("dynmodel_rows", -1, lambda: _Taking(self._rows.append))  # type: ignore[arg-type,return-value]

    def __call__(
        self, connection: sa.Connection, sql: str, parameters: Any, width: int
    ) -> tuple[Sequence[Any], Sequence[Sequence[Any]]]:
        """
        :param sql: a statement with a limit of its own, or in a subquery on the left of an outer join: only then is it
            certain that SQLite keeps the order within another statement
        """
        rows = self._rows = []
        try:
            with untimed_cursor(connection) as cursor:
                cursor.execute(_taking(sql, width), parameters)
        except UnicodeDecodeError:
            # A text that is no UTF-8. The driver's own error says which, and is one of the database's.
            return fetched_plainly(connection, sql, parameters)
        finally:
            self._rows = []
        return ((None,) * 7,) * width, rows


@lru_cache(maxsize=256)
def _taking(sql: str, width: int) -> str:
    names = ", ".join([f"v{place}" for place in range(width)])
    return f"WITH found({names}) AS ({sql}) SELECT dynmodel_rows({names}) FROM found"
