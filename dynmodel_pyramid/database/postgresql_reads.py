"""Reads of PostgreSQL that bring the proof of their attempt along: BEGIN, the rows, the state and ROLLBACK in one
exchange (:mod:`~.postgresql_pipeline`).

The server runs the statements one after another in one READ COMMITTED transaction, as before: the first one holds its
tables' locks when the state is read (``catalogue/attempt.py``).
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.cursors import driver_connection, driver_errors, fetched_plainly
from dynmodel_pyramid.database.dialect import Proven
from dynmodel_pyramid.database.postgresql_pipeline import Pipeline, Rows
from dynmodel_pyramid.database.replicas import LENGTH, Reading


class Reads:
    """A read transaction of one connection, which begins with its first statement: see :class:`~.cursors.Fetch`.

    Rows that are fetched have a transaction of their own if the attempt is known, which they prove; so SQLAlchemy's,
    which takes 30 us, is begun for other statements only.
    """

    def __init__(self, reading: Reading | None = None) -> None:
        """
        :param reading: of a replica, whose place is read first in each transaction
        """
        self._attempt: Proven | None = None
        self._reading = reading
        self._bound: str | None = None

    def prove_along(self, attempt: Proven) -> None:
        self._attempt = attempt

    def bind(self, statement: str) -> None:
        """Begin each transaction with this statement from now on."""
        self._bound = statement

    def read_on(self, connection: sa.Connection) -> None:
        if not connection.in_transaction():
            connection.begin()
        if self._attempt is not None:
            # The proof covers what was read before it, and its transaction has ended.
            self._attempt.disprove()
        if self._bound is not None:
            with driver_errors(connection):
                driver_connection(connection).execute(self._bound)
        if self._reading is not None:
            with driver_errors(connection):
                found = driver_connection(connection).execute(LENGTH).fetchone()
            self._reading.see(*found)

    def add(self, connection: sa.Connection, sql: str, parameters: Any) -> tuple[Sequence[Any], Rows]:
        return fetched_plainly(connection, sql, parameters)

    def __call__(self, connection: sa.Connection, sql: str, parameters: Any) -> tuple[Sequence[Any], Rows]:
        if self._attempt is None:
            return fetched_plainly(connection, sql, parameters)
        with driver_errors(connection):
            pipeline = Pipeline(connection)
            if self._bound is not None:
                pipeline.add(self._bound, ())
            if self._reading is not None:
                pipeline.add(LENGTH, ())
            pipeline.add(sql, parameters)
            pipeline.add(*self._attempt.proof)
            *first, result, proof = pipeline.run()
            if self._reading is not None:
                _, ((length,),) = pipeline.loaded(first[-1])
                self._reading.see(length)
            description, rows = pipeline.loaded(result)
            _, ((*found,),) = pipeline.loaded(proof)
        self._attempt.prove_by(connection, found)
        return description, rows
