"""Rows of a long list from a cursor of the server, each part asked for before the one before it is used.

So PostgreSQL makes rows while this process encodes and sends others. The driver's own cursors wait for each part: with
them a list of 20 columns takes 1.4 times as long on two cores.
"""

from collections.abc import Generator, Sequence
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.cursors import driver_connection, untimed_cursor
from dynmodel_pyramid.database.timing import timed

#: The key under which a pooled connection keeps its open stream.
STREAM_KEY = "stream"
_NAME = "_dynmodel_stream"
#: Parts that are not asked for early: until then the connection may run other statements.
_PATIENT_PARTS = 2


class ServerStream:
    """
    :param size: rows of a part
    """

    def __init__(self, connection: sa.Connection, size: int) -> None:
        self._raw = driver_connection(connection)
        self._info = connection.connection.info
        # Not imported: only the extra postgresql installs it.
        self._driver: Any = connection.dialect.loaded_dbapi
        self._rows = self._driver.adapt.Transformer(self._raw)
        self._size = size
        self._fetch = f"FETCH FORWARD {size} FROM {_NAME}"
        self._first = ""
        self._is_asked = False

    def read(
        self, connection: sa.Connection, sql: str, parameters: Any
    ) -> Generator[tuple[Sequence[Any], Sequence[Sequence[Any]]]]:
        """See :meth:`dynmodel_pyramid.database.Dialect.stream`."""
        with untimed_cursor(connection, _NAME) as cursor:
            with timed(sql):
                cursor.execute(sql, parameters)
            self._info[STREAM_KEY] = self
            try:
                number, is_last = 0, False
                while not is_last:
                    number += 1
                    if not self._is_asked:
                        self._ask()
                    result = self._answer()
                    is_last = result.ntuples < self._size
                    if number > _PATIENT_PARTS and not is_last:
                        self._ask()
                    self._rows.set_pgresult(result)
                    yield cursor.description, self._rows.load_rows(0, result.ntuples, tuple)
            finally:
                self._info.pop(STREAM_KEY, None)
                if self._is_asked and not self._raw.closed:
                    self._answer()

    def do_first(self, statement: str) -> None:
        """Run a statement with the next part that is asked for."""
        self._first += statement + "; "

    def _ask(self) -> None:
        self._raw.pgconn.send_query((self._first + self._fetch).encode())
        self._first, self._is_asked = "", True

    def _answer(self) -> Any:
        """
        :raises psycopg.Error: the database's error
        """
        self._is_asked = False
        with timed(self._fetch):
            results = self._raw.wait(self._driver.generators.execute(self._raw.pgconn))
        if results[-1].status != self._driver.pq.ExecStatus.TUPLES_OK:
            raise self._driver.errors.error_from_result(results[-1], encoding=self._raw.info.encoding)
        return results[-1]
