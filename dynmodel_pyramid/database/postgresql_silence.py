"""Notices a PostgreSQL server that is silent, and ends the waiting for it.

When a network swallows what is sent, or a server is frozen, nobody closes the connections: libpq waits for an answer
for as long as the kernel believes in the connection, and for one that is acknowledged, for ever. A statement of ours
may take an hour, so a limit of time alone would tell nothing. But a server that works answers a new connection while
it works. So when a connection has waited for :data:`PATIENCE` seconds its server is asked by another one; if that has
no answer, either, the server is silent: all connections that wait are shut down, whose statements fail as with a
server that has gone, and new ones are refused at once until the server answers again.

It costs a statement 0.2 us, and a thread that ends when nobody has waited for a second, or all connections are closed.
"""

import itertools
import logging
import os
import socket
import threading
import time
import weakref
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

log = logging.getLogger(__name__)

#: Seconds for which a connection waits before its server is asked whether it is there.
PATIENCE = 10.0
#: Seconds for a new connection, which may take three exchanges over a slow line.
CONNECT = 10
#: Seconds between two looks; and between two questions to a server that was silent.
INTERVAL = 1.0
#: Seconds that a server which was silent has for an answer, in turns: the longest for a slow line, the others so that
#: it is soon noticed when it is back.
AGAIN = (3, 3, CONNECT)
#: For the kernel, which finds connections broken that nobody has closed (libpq, "Parameter Key Words"): it asks after
#: 15 s without a word, and gives up what isn't acknowledged within 15 s.
KERNEL = {
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


class Silence:
    """Of the server that an engine leads to.

    :param engine: its driver makes the connections
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._driver: Any = engine.dialect.loaded_dbapi
        self._connections: weakref.WeakSet[Any] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_single = True
        #: What to ask, while the server is silent.
        self._silent: dict[str, Any] | None = None
        self._again = itertools.cycle(AGAIN)
        #: Lets the thread look at once.
        self._look = threading.Event()
        kind = self._kind()

        @event.listens_for(engine, "do_connect")
        def do_connect(dialect: sa.Dialect, record: object, arguments: Any, parameters: dict[str, Any]) -> Any:
            if self._silent is not None:
                self._watch()  # a fork has no threads
                raise self._driver.OperationalError("the server does not answer")
            given = {"connect_timeout": CONNECT, **KERNEL, **parameters}
            # Of several servers another one may take over.
            self._is_single = "," not in str(given.get("host", ""))
            try:
                connection = kind.connect(*arguments, **given)
            except self._driver.errors.ConnectionTimeout:
                if self._is_single and not arguments:
                    self._silent = given
                    self._watch()
                raise
            with self._lock:
                self._connections.add(connection)
                if self._thread is not None and not self._thread.is_alive():  # a fork has no threads
                    self._thread = None
            return connection

        @event.listens_for(engine, "engine_disposed")
        def engine_disposed(engine: sa.Engine) -> None:
            self._look.set()

    def _kind(self) -> Any:
        silence = self

        class Watched(self._driver.Connection):  # type: ignore[name-defined]
            """A connection that notes since when it waits."""

            waits_since: float | None = None

            def wait(self, *arguments: Any, **options: Any) -> Any:
                self.waits_since = time.monotonic()
                if silence._thread is None:
                    silence._watch()
                try:
                    return super().wait(*arguments, **options)
                finally:
                    self.waits_since = None

        return Watched

    def _watch(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                thread = threading.Thread(target=self._run, name="dynmodel-silence", daemon=True)
                with suppress(RuntimeError):  # no thread can be had now, as at the end of the process
                    thread.start()
                    self._thread = thread

    def _waiting(self, seconds: float) -> list[Any]:
        """The connections that have waited for so long."""
        with self._lock:
            connections = list(self._connections)
        before = time.monotonic() - seconds
        return [each for each in connections if (since := each.waits_since) is not None and since <= before]

    def _run(self) -> None:
        while True:
            self._look.wait(INTERVAL)
            self._look.clear()
            if self._silent is not None:
                self._ask_silent(self._silent)
            elif waiting := self._waiting(PATIENCE):
                self._ask(waiting)
            elif not self._waiting(0):
                with self._lock:
                    self._thread = None
                # Whoever has begun to wait before that has seen a thread.
                if self._waiting(0):
                    self._watch()
                return

    def _ask(self, waiting: list[Any]) -> None:
        for connection in waiting:
            parameters = self._parameters(connection)
            if parameters is None:
                continue
            if self._answers(parameters):
                # It works for somebody; ask again later.
                time.sleep(PATIENCE / 2)
                return
            log.error("the database server does not answer: connections that wait for it are given up")
            if self._is_single:
                self._silent = parameters
            break
        self._give_up()

    def _ask_silent(self, parameters: dict[str, Any]) -> None:
        if self._answers({**parameters, "connect_timeout": next(self._again)}):
            self._silent = None
            log.warning("the database server answers again")
        else:
            self._give_up()

    def _give_up(self) -> None:
        for connection in self._waiting(INTERVAL):
            # It waits in this moment and for a second at least, so the descriptor is its own.
            with suppress(OSError, self._driver.Error), socket.socket(fileno=os.dup(connection.pgconn.socket)) as own:
                own.shutdown(socket.SHUT_RDWR)

    def _parameters(self, connection: Any) -> dict[str, Any] | None:
        """How to reach the server of a connection, whatever other servers its URL names."""
        try:
            info = connection.info
            found = {**info.get_parameters(), "host": info.host, "port": info.port}
            if info.password:
                found["password"] = info.password
        except self._driver.Error:
            return None
        for name in ("hostaddr", "target_session_attrs", "options"):
            found.pop(name, None)
        return {**found, **KERNEL, "connect_timeout": CONNECT}

    def _answers(self, parameters: dict[str, Any]) -> bool:
        """Whether the server says anything, if only that it takes no more connections."""
        try:
            self._driver.connect(**parameters).close()
        except self._driver.errors.ConnectionTimeout:
            return False
        except self._driver.Error:
            return True
        except OSError:  # of this process, such as too many open files: nothing is learned
            return self._silent is None
        return True
