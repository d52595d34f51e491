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
import time
from contextlib import suppress
from functools import partial
from typing import Any

from dynmodel_pyramid.database.dialect import Hold
from dynmodel_pyramid.telemetry.families import DISK_SECONDS
from dynmodel_pyramid.telemetry.measuring import observe

#: The key under which a connection keeps the log, as an :class:`_Opened`; None: its commits wait for the disk.
BEHIND = "behind"


class _Opened:
    """The log, open for one connection: the kernel tells each that has a file open, once, that writing it failed
    (fsync(2)), so no other connection takes the news away. Closed with its last reference, which a thread that waits
    for the disk has.
    """

    def __init__(self, path: str) -> None:
        self._descriptor = -1
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def fileno(self) -> int:
        return self._descriptor

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)


class WriteAheadLog:
    """The log of one engine's database.

    :param is_wanted: whether commits are to be on the disk at all
    """

    def __init__(self, *, is_wanted: bool) -> None:
        # Windows gives no log of another to be written through; there commits do it.
        self._is_wanted = is_wanted and hasattr(os, "fdatasync")
        #: Whether the disk may lack a part of the log, and will not tell again.
        self._is_torn = False

    def take_over(self, database: str, dbapi: sqlite3.Connection, info: dict[Any, Any]) -> None:
        """From now on the connection's commits don't wait for the disk: call :meth:`write_through` after each.

        It is called before each transaction; the first call decides.

        :param database: the path of the database file, which the connection has open
        """
        if BEHIND in info:
            return
        info[BEHIND] = None
        # Without a log, as on a file system that lacks shared memory, NORMAL could lose more than the last commits.
        [mode] = dbapi.execute("PRAGMA journal_mode").fetchone()
        if self._is_wanted and mode == "wal":
            dbapi.execute("SELECT 1 FROM sqlite_schema").fetchone()  # which makes the log, if it is not there
            with suppress(OSError):
                info[BEHIND] = _Opened(f"{database}-wal")
                dbapi.execute("PRAGMA synchronous = NORMAL")

    def write_through(self, dbapi: sqlite3.Connection, info: dict[Any, Any], hold: Hold | None = None) -> None:
        """Wait until the disk has what was committed before.

        :param dbapi: the connection that has committed, with its ``info``
        :param hold: whoever is told of the commit is to wait, instead of the caller
        :raises sqlite3.OperationalError: the disk refused it; nobody knows what it has
        """
        opened = info.get(BEHIND)
        if opened is None:
            return
        if self._is_torn:
            self.mend(dbapi)
        elif hold is None:
            self._write_through(opened)
        else:
            hold(opened, partial(self._write_through, opened))

    def _write_through(self, opened: _Opened) -> None:
        if self._is_torn:  # since the commit
            raise sqlite3.OperationalError("disk I/O error: it refused a part of the log")
        began = time.monotonic()
        try:
            os.fdatasync(opened.fileno())
        except OSError as error:
            self._is_torn = True
            raise sqlite3.OperationalError(f"disk I/O error: {error.strerror}") from error
        observe(DISK_SECONDS, time.monotonic() - began)

    def mend(self, dbapi: sqlite3.Connection) -> None:
        """Call it before any transaction that writes. A disk tells once that it lost something (fsync(2), EIO), and
        what was lost is not written again. So after that the log is brought into the database file, whole, before
        another write is answered.

        :raises sqlite3.OperationalError: that can't be done now
        """
        if not self._is_torn:
            return
        [is_busy, *_] = dbapi.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        if is_busy:  # as long as somebody reads from the log
            raise sqlite3.OperationalError("disk I/O error: the log is not on the disk, and can't be emptied now")
        self._is_torn = False
