"""When tokens and sessions were last used: noted at most once a minute, in transactions of its own.

A thread of its own writes: on SQLite a write waits for other writers, which no reading request should do.
"""

import datetime
import logging
import threading

import sqlalchemy as sa

from dynmodel_pyramid.access.identity import Credential
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.definitions.store import now
from dynmodel_pyramid.errors import DynmodelError

log = logging.getLogger(__name__)
#: Uses that wait to be written; further ones are not noted.
MOST = 1000


class Usage:
    """The uses that one process notes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._waiting: dict[Credential, datetime.datetime] = {}
        self._thread: threading.Thread | None = None
        database.before_close.append(self.wait)

    def note(self, credential: Credential) -> None:
        """Let a use be written soon; this returns at once, and never fails."""
        with self._lock:
            if len(self._waiting) < MOST:
                self._waiting[credential] = now()
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name="dynmodel usage", daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Wait until all is written."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _write(self) -> None:
        while True:
            with self._lock:
                uses, self._waiting = self._waiting, {}
                if not uses:
                    self._thread = None
                    return
            try:
                with self._database.writer.begin() as connection:
                    for credential in sorted(uses, key=lambda credential: (credential.kind, credential.id)):
                        self._note(connection, credential, uses[credential])
            except (DynmodelError, sa.exc.SQLAlchemyError) as error:
                log.warning("the last use of tokens and sessions was not noted: %s", type(error).__name__)

    def _note(self, connection: sa.Connection, credential: Credential, moment: datetime.datetime) -> None:
        tables = self._database.system.access
        table, column = {
            "token": (tables.token, tables.token.c.last_used_at),
            "session": (tables.session, tables.session.c.seen_at),
        }[credential.kind]
        is_later = column.is_(None) | (column < moment)
        statement = sa.update(table).where(table.c.id == credential.id, is_later)
        connection.execute(statement.values({column.name: moment}))
