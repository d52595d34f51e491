"""SQLite's write-ahead log, written through to the disk behind the commit instead of in it.

With ``synchronous = FULL`` a commit waits for the disk while it holds the lock of writers: one row a wait, whoever
writes. With ``NORMAL`` it doesn't wait (SQLite, "PRAGMA synchronous"). The service writes the log through by itself,
after it has let the next writer in and before it answers: threads and processes wait for the disk side by side, and it
takes their commits at once.

What is promised stays: a write that was answered is on the disk, with all that was committed before it, for the log is
written from its beginning on. A checkpoint writes the log through before it touches the database file, also in NORMAL
("Write-Ahead Logging", 3.2). What changes: for the milliseconds until the disk has it, others may read a row whose
writer has no answer yet, and which is gone if the machine loses its power then.
"""

import os
import sqlite3
import threading
from typing import Any

#: The key under which a connection keeps that its commits are written through by :class:`WriteAheadLog`.
BEHIND = "behind"


class WriteAheadLog:
    """The log of one engine's database.

    :param is_wanted: whether commits are to be on the disk at all
    """

    def __init__(self, *, is_wanted: bool) -> None:
        # Windows gives no log of another to be written through; there commits do it.
        self._is_wanted = is_wanted and hasattr(os, "fdatasync")
        self._lock = threading.Lock()
        self._descriptor = -1
        self._identity: tuple[int, int] | None = None
        #: Whether the disk may lack a part of the log, and will not tell again.
        self._is_torn = False

    def take_over(self, dbapi: sqlite3.Connection, info: dict[Any, Any]) -> None:
        """From now on the connection's commits don't wait for the disk: call :meth:`write_through` after each.

        It is called before each transaction; the first call decides.
        """
        if BEHIND not in info:
            # Without a log, as on a file system that lacks shared memory, NORMAL could lose more than the last commits.
            [mode] = dbapi.execute("PRAGMA journal_mode").fetchone()
            info[BEHIND] = self._is_wanted and mode == "wal"
            if info[BEHIND]:
                dbapi.execute("PRAGMA synchronous = NORMAL")

    def write_through(self, database: str, dbapi: sqlite3.Connection, info: dict[Any, Any]) -> None:
        """Wait until the disk has what was committed before.

        A disk tells once that it lost something (fsync(2), EIO), and what was lost is not written again. So after that
        the log is brought into the database file, whole, before another write is answered.

        :param database: the path of the database file, which a connection has open
        :param dbapi: the connection that has committed, with its ``info``
        :raises sqlite3.OperationalError: the disk refused it; nobody knows what it has
        """
        if not info.get(BEHIND):
            return
        if self._is_torn:
            self._mend(dbapi)
            return
        try:
            os.fdatasync(self._opened(f"{database}-wal"))
        except OSError as error:
            self._is_torn = True
            raise sqlite3.OperationalError(f"disk I/O error: {error.strerror}") from error

    def _mend(self, dbapi: sqlite3.Connection) -> None:
        [is_busy, *_] = dbapi.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        if is_busy:  # as long as somebody reads from the log
            raise sqlite3.OperationalError("disk I/O error: the log is not on the disk, and can't be emptied now")
        self._is_torn = False

    def _opened(self, path: str) -> int:
        """The log's descriptor. A log that was replaced, as one is by the restoration of a backup, is opened anew."""
        with self._lock:
            status = os.stat(path)
            identity = status.st_dev, status.st_ino
            if identity != self._identity:
                self.close()
                self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                self._identity = identity
            return self._descriptor

    def close(self, *ignored: object) -> None:
        """Close the file. No lock is given up by it: SQLite has none on the log."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._identity = -1, None
