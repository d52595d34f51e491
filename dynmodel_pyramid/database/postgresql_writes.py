"""A write transaction of PostgreSQL that begins with its first statement, in one exchange with the locks of its tables.

A row that is added by one statement brings the proof of its attempt along: BEGIN, the locks, the row and the state are
one exchange (:mod:`~.postgresql_pipeline`), COMMIT is the other. The server runs them one after another: the locks are
there when the state is read (``catalogue/attempt.py``).
"""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.cursors import driver_connection, driver_errors, fetched_plainly
from dynmodel_pyramid.database.dialect import Proven
from dynmodel_pyramid.database.postgresql_pipeline import Pipeline, Rows
from dynmodel_pyramid.telemetry.measuring import waiting


class Writes:
    """See the module, and :class:`~.cursors.Fetch`.

    :param locks: makes the statements that take the locks, without parameters; called when they are sent
    """

    def __init__(self, attempt: Proven, locks: Callable[[], Sequence[str]]) -> None:
        self._attempt = attempt
        self._locks: Callable[[], Sequence[str]] | None = locks
        self._is_proven = False

    def read_on(self, connection: sa.Connection) -> None:
        if self._locks is not None:
            locks, self._locks = self._locks, None
            # The driver sends all at once, as there are no parameters.
            with waiting("tables"), driver_errors(connection):
                driver_connection(connection).execute("; ".join(locks()))
        elif self._is_proven:
            self._is_proven = False
            self._attempt.disprove()

    def __call__(self, connection: sa.Connection, sql: str, parameters: Any) -> tuple[Sequence[Any], Rows]:
        return fetched_plainly(connection, sql, parameters)

    def add(self, connection: sa.Connection, sql: str, parameters: Any) -> tuple[Sequence[Any], Rows]:
        if self._locks is None:
            return fetched_plainly(connection, sql, parameters)
        locks, self._locks = self._locks, None
        with waiting("tables"), driver_errors(connection):
            pipeline = Pipeline(connection)
            for lock in locks():
                pipeline.add(lock, ())
            pipeline.add(sql, parameters, typed=False)
            pipeline.add(*self._attempt.proof)
            *_, result, proof = pipeline.run(writes=True)
            description, rows = pipeline.loaded(result)
            _, ((*found,),) = pipeline.loaded(proof)
        self._is_proven = True
        self._attempt.prove_by(connection, found)
        return description, rows
