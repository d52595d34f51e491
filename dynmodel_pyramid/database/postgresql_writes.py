"""Transactions of PostgreSQL that write, and begin with their first statement. If it adds a row: BEGIN, the locks that
come before it, the row and the state that proves the attempt are one exchange (:mod:`~.postgresql_pipeline`), COMMIT is
another.

The server runs them one after another, as it does in exchanges of their own: the locks are there when the rows are
written, and the state is read last (``catalogue/attempt.py``).
"""

from time import monotonic
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.cursors import FETCH, driver_connection, driver_errors, fetched_plainly, raw_cursor
from dynmodel_pyramid.database.dialect import Proven
from dynmodel_pyramid.database.postgresql_pipeline import Pipeline, Rows
from dynmodel_pyramid.database.timing import timed
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
        #: What comes before the first statement; None, when it has run. If it fails, whatever is run next fails as
        #: well, or takes the locks.
        self.locks: list[str] | None = []
        self._attempt: Proven | None = None
        self._brought_proof = False

    def prove_along(self, attempt: Proven) -> None:
        """Let the row that is added first prove an attempt. Of several, the first one: the request's."""
        if self._attempt is None:
            self._attempt = attempt

    def read_on(self, connection: sa.Connection) -> None:
        if self.locks:
            with measuring.waiting("tables"), timed(), driver_errors(connection):
                driver_connection(connection).execute("; ".join(self.locks))
        self.locks = None
        if self._brought_proof and self._attempt is not None:
            # The proof covers what was done before it.
            self._brought_proof = False
            self._attempt.disprove()

    def __call__(self, connection: sa.Connection, sql: str, parameters: Any) -> tuple[Any, Rows]:
        return fetched_plainly(connection, sql, parameters)

    def add(self, connection: sa.Connection, sql: str, parameters: Any) -> tuple[Any, Rows]:
        if self.locks is None or self._attempt is None:
            return fetched_plainly(connection, sql, parameters)
        record = measuring.CURRENT.get()
        with driver_errors(connection):
            pipeline = Pipeline(connection)
            for lock in self.locks:
                pipeline.add_text(lock)
            if record is not None:
                pipeline.add(_WAITED, (), typed=False)
            pipeline.add(sql, parameters, typed=False)
            pipeline.add(*self._attempt.proof)
            began = monotonic()
            try:
                *first, result, proof = pipeline.begin()
            except connection.dialect.loaded_dbapi.errors.LockNotAvailable:
                if record is not None:
                    waited = monotonic() - began
                    measuring.observe(LOCK_SECONDS, waited, "tables")
                    record.queried(waited)
                raise
            self.locks = None
            if record is not None:
                measuring.observe(LOCK_SECONDS, pipeline.loaded(first[-1])[1][0][0], "tables")
            description, rows = pipeline.loaded(result)
            _, ((*found,),) = pipeline.loaded(proof)
        try:
            self._attempt.prove_by(connection, found)
        except BaseException:
            # A row that is refused may have been prepared for the columns of another version of the table.
            pipeline.forget_prepared()
            raise
        self._brought_proof = True
        return description, rows
