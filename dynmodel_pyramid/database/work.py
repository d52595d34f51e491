"""Work for somebody who may go away: its statements are stopped then.

A statement that runs can only be stopped from another thread. One thread watches all work of the process.
"""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import ConnectionPoolEntry

#: Seconds between two looks. A statement that begins in between is stopped at the next one.
INTERVAL = 0.1
#: The key under which a pooled connection keeps the work that it is for.
_WORK = "work"


class Abandoned(Exception):
    """Nobody waits for the work any more: what it has begun is to be undone."""


class Work:
    """Statements of some connections, for one request.

    :param is_abandoned: asked about ten times a second, by another thread
    """

    def __init__(self, is_abandoned: Callable[[], bool]) -> None:
        self.is_abandoned = is_abandoned
        self._lock = threading.Lock()  # held while statements are stopped
        self._stops: dict[Any, Callable[[], None]] = {}
        self._connections: list[sa.Connection] = []
        self._stopped: set[Any] = set()

    def check(self) -> None:
        """Call it between the steps of long work, in its own thread.

        :raises Abandoned: nobody waits for it; its transactions are rolled back
        """
        if self.is_abandoned():
            self.throw_away()
            raise Abandoned

    def throw_away(self) -> None:
        """Roll back by closing the connections: a ROLLBACK would be stopped as any other statement, and no statement is
        to follow.
        """
        for connection in self._connections:
            if not connection.closed:
                connection.invalidate()
        self._connections.clear()

    def stops(self, connection: sa.Connection, stop: Callable[[], None]) -> None:
        """Stop the statements of this connection when the work is abandoned, until it goes back to the pool.

        :param stop: called by another thread, again and again
        """
        fairy = connection.connection
        fairy.info[_WORK] = self
        self._connections.append(connection)
        with self._lock:
            self._stops[fairy.dbapi_connection] = stop
        WATCHER.watch(self)

    def complete(self) -> None:
        """Call it before a commit: from here on the work is done, whoever waits for it.

        :raises Abandoned: nobody waits for it
        """
        self.check()
        with self._lock:
            self._stops.clear()
        if self._stopped:  # between the two
            self.check()
        WATCHER.forget(self)

    def stop(self) -> None:
        with self._lock:
            for connection, stop in self._stops.items():
                self._stopped.add(connection)
                with suppress(Exception):  # it may have ended, or have been closed, in this moment
                    stop()

    def leave(self, connection: Any) -> bool:
        """A connection goes back to the pool; -> whether it was stopped, so that a late signal may reach it still."""
        with self._lock:
            self._stops.pop(connection, None)
            is_last, was_stopped = not self._stops, connection in self._stopped
        if is_last:
            WATCHER.forget(self)
        return was_stopped


def listen(engine: sa.Engine) -> None:
    """Let go of the connections of an engine that go back to their pool, or are closed."""

    def checkin(dbapi: Any, record: ConnectionPoolEntry) -> None:
        if left(dbapi, record.info):
            record.invalidate()

    def closed(dbapi: Any, record: ConnectionPoolEntry, *ignored: object) -> None:
        left(dbapi, record.info)

    event.listen(engine, "checkin", checkin)
    event.listen(engine, "invalidate", closed)
    event.listen(engine, "close", closed)


def left(dbapi: Any, info: dict[Any, Any]) -> bool:
    """A connection is not used any more; -> whether it was stopped, so that it must be thrown away.

    :param info: of the connection
    """
    work: Work | None = info.pop(_WORK, None)
    return work is not None and work.leave(dbapi)


class _Watcher:
    """Looks at all work that runs, in a thread that begins with the first one and sleeps while there is none."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin anew; a fork has no threads."""
        # Single operations of a dictionary need no lock.
        self._work: dict[Work, None] = {}
        self._is_any = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def watch(self, work: Work) -> None:
        self._work[work] = None
        if self._thread is None:
            self._start()
        if not self._is_any.is_set():
            self._is_any.set()

    def forget(self, work: Work) -> None:
        self._work.pop(work, None)

    def _start(self) -> None:
        with self._lock:
            if self._thread is not None:
                return
            self._thread = threading.Thread(target=self._run, name="dynmodel-abandoned-work", daemon=True)
            try:
                self._thread.start()
            except RuntimeError:  # there are too many threads
                self._thread = None
                raise

    def _run(self) -> None:
        try:
            while True:
                self._look()
        finally:
            self._thread = None  # the next work begins another thread

    def _look(self) -> None:
        self._is_any.wait()
        time.sleep(INTERVAL)  # short requests come and go unseen
        running = list(self._work)
        if not running:
            self._is_any.clear()
            if self._work:  # it came before that, and saw no need to wake this thread
                self._is_any.set()
        for work in running:
            if work.is_abandoned():
                work.stop()


WATCHER = _Watcher()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=WATCHER.begin)
