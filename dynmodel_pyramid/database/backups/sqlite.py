"""SQLite's online backup (Using The SQLite Online Backup API)."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from dynmodel_pyramid.database import sqlite_functions
from dynmodel_pyramid.database.backups import NOT_KEPT, Saved, Watch, begin, finish
from dynmodel_pyramid.database.sqlite_deadline import Deadline
from dynmodel_pyramid.errors import ConfigurationProblem

#: The first bytes of a file (Database File Format, 1.3).
MAGIC = b"SQLite format 3\x00"
#: Pages of one step; between two steps the progress is told.
STEP = 4000


def save(source: Path, target: Path, watch: Watch) -> Saved:
    """Copy a database that may be in use; writers go on meanwhile.

    :raises ConfigurationProblem: there is no such file, or the copy is not whole
    """
    if not source.exists():
        raise ConfigurationProblem(f"{source}: there is no such file")
    with _told_of(target):
        part = begin(target)
        try:
            saved = _copied(source, part, watch)
            finish(part, target)
        finally:
            part.unlink(missing_ok=True)
    return saved


def restore(source: Path, target: Path, watch: Watch, *, replace: bool) -> Saved:
    """Put a saved database in the place of one.

    :param replace: though there is one
    :raises ConfigurationProblem: the file is none, or is damaged; there is a database; or one that is in use
    """
    with source.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise ConfigurationProblem(f"{source} is no SQLite database")
    with _told_of(target):
        part = begin(target)
        try:
            saved = _copied(source, part, watch)
            with _unused(target, replace=replace):
                _let_the_service_in(part, target)
                finish(part, target)
        finally:
            part.unlink(missing_ok=True)
    return saved


@contextmanager
def _told_of(target: Path) -> Iterator[None]:
    """
    :raises ConfigurationProblem: for errors of SQLite: no room, no right, a damaged file
    """
    try:
        yield
    except sqlite3.Error as error:
        raise ConfigurationProblem(f"{target}: {error}") from error


def _copied(source: Path, part: Path, watch: Watch) -> Saved:
    with closing(_open(source)) as old, closing(_open(part)) as new:
        # In a transaction that reads, all steps copy the same moment, and writers do not make it begin again.
        old.execute("BEGIN")
        saved = Saved(_rows(old))
        old.backup(new, pages=STEP, progress=lambda status, remaining, total: watch(total - remaining, total), sleep=0)
        # One file: no log beside it.
        new.execute("PRAGMA journal_mode = DELETE")
        faults = [text for (text,) in new.execute("PRAGMA integrity_check(3)")]
        if faults != ["ok"]:
            raise ConfigurationProblem(f"{source}: the copy is damaged: {'; '.join(faults)}")
        saved.refuse_differences(_rows(new), NOT_KEPT)
        if "_dynmodel_state" not in saved.rows:
            raise ConfigurationProblem(f"{source} is no database of dynmodel_pyramid")
    return saved


def _let_the_service_in(part: Path, target: Path) -> None:
    """Give a file the owner and the mode of the one that it replaces, or else of the folder that it comes into."""
    model = target if target.exists() else target.parent
    status = model.stat()
    part.chmod(status.st_mode & 0o666)
    if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
        with contextlib.suppress(PermissionError):  # only root may give a file away
            os.chown(part, status.st_uid, status.st_gid)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    # Indexes of expressions call them.
    sqlite_functions.register(connection, Deadline())
    return connection


def _rows(connection: sqlite3.Connection) -> dict[str, int]:
    try:
        names = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
            if not name.startswith("sqlite_")
        ]
        return {name: connection.execute(f"SELECT count(*) FROM {_quoted(name)}").fetchone()[0] for name in names}
    except sqlite3.DatabaseError as error:
        raise ConfigurationProblem(f"the file is damaged: {error}") from error


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def _unused(path: Path, *, replace: bool) -> Iterator[None]:
    """Hold the file that is to be replaced, if there is one, so that nobody opens it meanwhile.

    :raises ConfigurationProblem: it may not be replaced, or somebody has it open
    """
    if not path.exists() or not path.stat().st_size:
        yield
        return
    if not replace:
        raise ConfigurationProblem(f"{path} is there already", hint="--replace puts the backup in its place")
    with closing(sqlite3.connect(path, isolation_level=None, timeout=1)) as old:
        try:
            # An exclusive lock of the file itself, which fails while any connection has it open in WAL mode
            # (Write-Ahead Logging, 8). It also takes what is in the log into the file, so that none is left beside.
            old.execute("PRAGMA locking_mode = EXCLUSIVE")
            old.execute("PRAGMA journal_mode = DELETE")
            old.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            raise ConfigurationProblem(f"{path} is in use", hint="stop the service first") from error
        yield
        old.execute("ROLLBACK")
