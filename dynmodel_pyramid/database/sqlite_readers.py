"""SQLite's connections that are kept ready: all that SQLAlchemy makes for them is made once.

SQLite reads a row and the state in 20 us, BEGIN and ROLLBACK included. SQLAlchemy took 50 us more: 12 for the pool, 8
for the connection, 30 for the transaction and its events. One statement that joins the state with the row, without a
transaction, gains nothing (21 us).

A reader is a connection outside of the pool. One thread uses it at a time, in a transaction that the driver begins and
ends; a statement that goes through SQLAlchemy runs in the same transaction. A writer is the same for transactions that
write: 60 us less for one row.
"""

import sqlite3
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

#: Readers that are kept while nobody uses them; as many as connections in the pool.
MOST = 20
#: The key under which a reader or writer says that it is one: its transactions are begun by the driver.
READY = "ready"


class Readers:
    """The readers of one engine; any thread may take one.

    :param check: called with a reader before its transaction begins; it may throw the reader away, and raise an error
    :param unbind: called with the driver's connection and its ``info`` after each use; -> whether it may be used again
    :param options: execution options of the connections
    """

    def __init__(
        self,
        engine: sa.Engine,
        check: Callable[[sa.Connection], None],
        unbind: Callable[[sqlite3.Connection, dict[Any, Any]], bool],
        **options: Any,
    ) -> None:
        self._engine = engine.execution_options(**options) if options else engine
        self._check, self._unbind = check, unbind
        # Single operations of lists and dictionaries need no lock. The reader used last is used first, as in the pool.
        self._idle: list[sa.Connection] = []
        #: The readers that are in use; one that was thrown away knows its connection no more.
        self._used: dict[sa.Connection, tuple[sqlite3.Connection, dict[Any, Any]]] = {}
        event.listen(engine, "engine_disposed", self.close)

    @property
    def in_use(self) -> int:
        return len(self._used)

    @property
    def idle(self) -> int:
        return len(self._idle)

    def begin(self) -> sa.Connection:
        """A reader in a new transaction."""
        reader = self.take()
        try:
            self._check(reader)
            self._used[reader][0].execute("BEGIN")
        except BaseException:
            self.end(reader)
            raise
        return reader

    def take(self) -> sa.Connection:
        """A reader whose transaction the caller begins, by the driver."""
        try:
            reader = self._idle.pop()
        except IndexError:
            reader = self._engine.connect()
            # SQLAlchemy gives the pool its entry back, and copies the ``info`` then: by that time another thread may
            # have cleared it for a connection of its own, and put other things in.
            info = dict(reader.connection.info)
            reader.detach()
            reader.connection.info.clear()
            reader.connection.info.update(info)
        fairy = reader.connection
        raw: sqlite3.Connection = fairy.dbapi_connection  # type: ignore[assignment]
        self._used[reader] = raw, fairy.info
        fairy.info[READY] = True
        return reader

    def info(self, reader: sa.Connection) -> dict[Any, Any]:
        """The ``info`` of a reader in use, also if it was thrown away."""
        return self._used[reader][1]

    def __contains__(self, connection: sa.Connection) -> bool:
        """Whether the connection is one of these, in use."""
        return connection in self._used

    def end(self, reader: sa.Connection) -> None:
        """Roll back the reader's transaction, and keep the reader."""
        raw, info = self._used.pop(reader)
        is_usable = self._unbind(raw, info)
        if reader.closed or reader.invalidated:
            raw.close()  # the traceback of an error may still refer to it
            return
        try:
            if reader.get_transaction() is not None:  # which may be one whose commit failed
                reader.rollback()
            raw.rollback()
        except BaseException:
            reader.invalidate()
            raise
        if is_usable and len(self._idle) < MOST:
            self._idle.append(reader)
        else:
            reader.close()

    def close(self, *ignored: object) -> None:
        """Close the readers that nobody uses."""
        while self._idle:
            self._idle.pop().close()
