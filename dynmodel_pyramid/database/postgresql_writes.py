"""Transactions of PostgreSQL that write, and begin with their first statement: BEGIN, the locks that come before it,
the statement and the state that proves the attempt are one exchange (:mod:`~.postgresql_pipeline`), COMMIT is another.

The server runs them one after another, as it does in exchanges of their own: the locks are there when the rows are
written, and the state is read last (``catalogue/attempt.py``).
"""

from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.cursors import FETCH, driver_connection, driver_errors, fetched_plainly, raw_cursor
from dynmodel_pyramid.database.dialect import Proven
from dynmodel_pyramid.database.postgresql_pipeline import Pipeline, Rows
from dynmodel_pyramid.telemetry import measuring
from dynmodel_pyramid.telemetry.families import LOCK_SECONDS

#: The seconds since BEGIN, as a float.
_WAITED = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp() - now()) AS double precision)"


def lock_before(connection: sa.Connection, *statements: str) -> None:
    """Run statements that lock, in the server's form and without parameters, before the next one of a connection."""
    writes = connection.connection.info.get(FETCH)
    if isinstance(writes, Writes) and writes.locks is not None:
        writes.locks += statements
        return
    with measuring.waiting("tables"), raw_cursor(connection) as cursor:
        # The driver sends all at once, as there are no parameters.
        cursor.execute("; ".join(statements))


class Writes:
    """A transaction of one connection, of which the server knows nothing yet: see the module, and
    :class:`~.cursors.Fetch`.
    """

    def __init__(self) -> None:
        #: The statements that come before the first one; None, when it has run.
        self.locks: list[str] | None = []
        self._attempt: Proven | None = None
        self._is_proven = False

    def prove_along(self, attempt: Proven) -> None:
        """Let the first statement prove an attempt. Of several, the first one: the request's."""
        if self._attempt is None:
            self._attempt = attempt

    def read_on(self, connection: sa.Connection) -> None:
        locks, self.locks = self.locks, None
        if locks:
            with measuring.waiting("tables"), driver_errors(connection):
                driver_connection(connection).execute("; ".join(locks))
        if self._is_proven and self._attempt is not None:
            # The proof covers what was done before it.
            self._is_proven = False
            self._attempt.disprove()

    def __call__(self, connection: sa.Connection, sql: str, parameters: Any) -> tuple[Any, Rows]:
        if self.locks is None or self._attempt is None:
            return fetched_plainly(connection, sql, parameters)
        locks, self.locks = self.locks, None
        is_measured = measuring.CURRENT.get() is not None
        with driver_errors(connection):
            pipeline = Pipeline(connection)
            for lock in locks:
                pipeline.add_text(lock)
            if is_measured:
                pipeline.add_text(_WAITED)
            pipeline.add(sql, parameters)
            pipeline.add(*self._attempt.proof)
            *first, result, proof = pipeline.begin()
            if is_measured:
                measuring.observe(LOCK_SECONDS, pipeline.loaded(first[-1])[1][0][0], "tables")
            description, rows = pipeline.loaded(result)
            _, ((*found,),) = pipeline.loaded(proof)
        self._attempt.prove_by(connection, found)
        self._is_proven = True
        return description, rows
