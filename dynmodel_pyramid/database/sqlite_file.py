"""Checks that a SQLite connection's open file is still the file at its path.

SQLite keeps a file open by its inode: when the file is moved, deleted or replaced by a restored one, connections go on
reading and writing the old file (How To Corrupt An SQLite Database File, 1.4 and 2.5). The check costs about 2 us.
"""

import logging
import os
import sqlite3
import threading
from contextlib import suppress

log = logging.getLogger(__name__)

#: (device, inode)
Identity = tuple[int, int]


def create(database: str) -> None:
    """Make the file of a new database, for its owner and group alone; the log beside it gets the same mode.

    :param database: the database of the URL; a ``file:`` URI is left to SQLite
    """
    if not database.startswith("file:"):
        with suppress(OSError):  # it is there; or else SQLite tells why it can't be made
            os.close(os.open(database, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o660))


class DatabaseFile:
    """The file of one engine.

    :param path: a tenant's file, which must be there; empty: the first connection may make it, and tells its path
    """

    def __init__(self, path: str = "") -> None:
        self.path = path
        # Tenants are dropped while they are in use.
        self._level = logging.WARNING if path else logging.ERROR
        self._missed = False
        self._lock = threading.Lock()

    def refuse_to_create(self) -> None:
        """A new connection must not create an empty file in the place of one that was there.

        :raises sqlite3.OperationalError: the file was there, and is gone
        """
        if self.path and self._identity() is None:
            self._refuse(None)

    def opened(self, dbapi: sqlite3.Connection) -> Identity | None:
        """The file that a new connection has open."""
        if not self.path:
            self.path = next(path for _, name, path in dbapi.execute("PRAGMA database_list") if name == "main")
        return self._identity()

    def check(self, opened: Identity | None) -> None:
        """
        :param opened: the connection's file
        :raises sqlite3.OperationalError: the path leads to another file now, or to none
        """
        present = self._identity()
        if present is None or present != opened:
            self._refuse(present)
        if self._missed:
            self._found()

    def _identity(self) -> Identity | None:
        try:
            status = os.stat(self.path)
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def _refuse(self, present: Identity | None) -> None:
        what = "is gone" if present is None else "was replaced"
        with self._lock:
            if not self._missed:
                text = "the database file %s %s: connections to what it was are given up"
                log.log(self._level, text, self.path, what)
            self._missed = True
        raise sqlite3.OperationalError(f"unable to open database file: it {what}")

    def _found(self) -> None:
        with self._lock:
            if self._missed:
                log.warning("the database file %s is there and open", self.path)
            self._missed = False
