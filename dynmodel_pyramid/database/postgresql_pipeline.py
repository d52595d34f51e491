"""Several statements of PostgreSQL in one exchange, by libpq's pipeline.

A row and its proof took four exchanges, 500 us and 240 us of this process's CPU; in one they take 230 and 60, in
psycopg's own pipeline mode 580 and 310. The server runs the statements one after another, as it does in exchanges of
their own.
"""

import functools
import re
from collections.abc import Generator, Sequence
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.cursors import driver_connection
from dynmodel_pyramid.database.postgresql_prepared import Call, PreparedStatements
from dynmodel_pyramid.database.postgresql_sessions import SAID, Said

#: The level is said again: other levels would prove nothing, whatever the default of the connection has become.
_READ: Call = "send_query_params", (b"BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY", None)
_WRITE: Call = "send_query_params", (b"BEGIN ISOLATION LEVEL READ COMMITTED", None)
_ROLLBACK: Call = "send_query_params", (b"ROLLBACK", None)
#: The driver's placeholders: ``%(name)s``, ``%s`` and ``%%``. A name may have any letter but a bracket.
_PLACE = re.compile(r"%(?:\(([^)]+)\)s|(s)|%)")
#: The key under which a pooled connection keeps what converts values.
_ADAPT = "adapt"

Rows = Sequence[Sequence[Any]]


@functools.lru_cache(maxsize=256)
def numbered(sql: str) -> tuple[bytes, tuple[str | int, ...]]:
    """A statement of the driver with the server's placeholders, and the keys of their parameters, in order."""
    keys: list[str | int] = []

    def place(found: re.Match[str]) -> str:
        name, unnamed = found.groups()
        if name is None and unnamed is None:
            return "%"
        key = len(keys) if name is None else name
        if key not in keys:
            keys.append(key)
        return f"${keys.index(key) + 1}"

    return _PLACE.sub(place, sql).encode(), tuple(keys)


def committed(connection: sa.Connection, query: str) -> Sequence[Any]:
    """Commit the transaction of a connection; -> the row of a query that runs behind the commit.

    :raises psycopg.Error: the commit failed
    """
    pipeline = Pipeline(connection)
    pipeline.add("COMMIT", ())
    pipeline.add(query, ())
    _, result = pipeline.run()
    return pipeline.loaded(result)[1][0]


class Pipeline:
    """Statements that are sent together, in the transaction of a connection, or else in one of their own."""

    def __init__(self, connection: sa.Connection) -> None:
        # Not imported: only the extra postgresql installs it.
        self._driver: Any = connection.dialect.loaded_dbapi
        self._raw = raw = driver_connection(connection)
        # Kept with the connection, because it knows the types that it has met: 15 us less.
        info = connection.connection.info
        self._said: Said | None = info.get(SAID)
        self._adapt = info.get(_ADAPT) or info.setdefault(_ADAPT, self._driver.adapt.Transformer(raw))
        # Where the session is not ours, the next exchange may be with another one.
        self._prepared = PreparedStatements.of(info) if self._said is None else PreparedStatements()
        self._statements: list[tuple[Any, ...]] = []

    def add(self, sql: str, parameters: Any, *, typed: bool = True) -> None:
        """
        :param typed: the types of parameters are those of the values; else all are sent as texts, and the server infers
            their types, as the statement has a column or a cast for each: so one prepared statement serves nulls, and
            numbers of all sizes
        """
        adapt, (text, keys) = self._adapt, numbered(sql)
        form = self._driver.adapt.PyFormat.AUTO if typed else self._driver.adapt.PyFormat.TEXT
        values = adapt.dump_sequence([parameters[key] for key in keys], [form] * len(keys))
        self._statements.append((text, values, adapt.types if typed else None, adapt.formats))

    def add_text(self, sql: str) -> None:
        """Add a statement in the server's form, without parameters, which is never prepared."""
        self._statements.append((sql.encode(), None))

    def run(self) -> list[Any]:
        """The results of the statements.

        :raises psycopg.Error: the database's error at the first one that failed
        """
        if self._raw.pgconn.transaction_status != self._driver.pq.TransactionStatus.IDLE:
            return self._exchanged(self._texts())
        try:
            return self._in_own_transaction(self._prepared)
        except self._driver.errors.FeatureNotSupported:
            # A prepared statement's columns have other types now; or else it is refused again.
            return self._in_own_transaction(PreparedStatements())

    def begin(self) -> list[Any]:
        """The same in a new transaction that writes, and stays open, also if one of them fails."""
        prepared = self._prepared
        calls = [_WRITE, *prepared.begin()]
        first = len(calls)
        for statement in self._statements:
            is_text = statement[1] is None
            calls.append(("send_query_params", statement) if is_text else prepared.call(*statement))
        try:
            results = self._exchanged([*calls, *prepared.end()])
        except self._driver.errors.FeatureNotSupported:
            prepared.failed()  # a table has changed, which the version of the definition does not tell
            raise
        except BaseException:
            prepared.dropped()
            raise
        prepared.succeeded()
        return results[first : len(calls)]

    def _texts(self) -> list[Call]:
        return [("send_query_params", statement) for statement in self._statements]

    def _in_own_transaction(self, prepared: PreparedStatements) -> list[Any]:
        calls = [_READ, *prepared.begin()]
        if self._said is not None:
            calls.append(("send_query_params", self._said.query))
        first = len(calls)
        calls += [prepared.call(*statement) for statement in self._statements]
        try:
            results = self._exchanged([*calls, *prepared.end(), _ROLLBACK])
        except BaseException:
            prepared.failed()
            if not self._raw.closed:
                self._raw.rollback()  # the server has left out all statements behind the one that failed
            raise
        prepared.succeeded()
        return results[first : len(calls)]

    def _exchanged(self, calls: Sequence[Call]) -> list[Any]:
        libpq, driver = self._raw.pgconn, self._driver
        try:
            libpq.enter_pipeline_mode()
            for method, arguments in calls:
                getattr(libpq, method)(*arguments)
            libpq.pipeline_sync()
            results: list[Any] = self._raw.wait(self._results(len(calls)))
            libpq.exit_pipeline_mode()
        finally:
            if libpq.pipeline_status:
                self._raw.close()  # interrupted: nobody can tell whose the next results are
        for result in results:
            if result.status == driver.pq.ExecStatus.FATAL_ERROR:
                raise driver.errors.error_from_result(result, encoding=self._raw.info.encoding)
        return results

    def _results(self, count: int) -> Generator[Any, Any, list[Any]]:
        libpq, generators = self._raw.pgconn, self._driver.generators
        found = [(yield from generators.execute(libpq))]
        for _ in range(count):  # the last one is the end of the pipeline
            found.append((yield from generators.fetch_many(libpq)))
        return [results[-1] for results in found[:-1]]

    def forget_prepared(self) -> None:
        """Let the session prepare all statements anew."""
        self._prepared.failed()

    def loaded(self, result: Any) -> tuple[Sequence[Any], Rows]:
        """The description of a result's columns, as cursors have it, their names and types; and its rows."""
        adapt = self._adapt
        adapt.set_pgresult(result)
        rows = adapt.load_rows(0, result.ntuples, tuple)
        adapt.set_pgresult(None)
        return [(result.fname(number), result.ftype(number)) for number in range(result.nfields)], rows
