"""What is wrong with a SQLite file and its place. Only reads, and holds no lock that writers need."""

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from dynmodel_pyramid.database.findings import Finding, size_text
from dynmodel_pyramid.settings import Settings

_MB = 1024 * 1024
#: A log that is larger was kept from its checkpoint: SQLite makes one every 1,000 pages, 4 MB.
LARGE_LOG = 64 * _MB
#: Free pages are told from this size, and this part of the file, on.
MUCH_FREE, FREE_PART = 16 * _MB, 0.25
#: Less free room on the disk is an error; less than the file's own size is a warning.
LITTLE_ROOM = 200 * _MB
#: File systems on which processes don't share the log's index (SQLite, "Write-Ahead Logging", 1).
_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "fuse.glusterfs")
_COMPACT = "dynmodel-compact CONFIG.ini"


def findings(connection: sa.Connection, settings: Settings) -> Iterator[Finding]:
    """Of the file of a connection."""

    def pragma(name: str) -> int:
        return int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())

    path = Path(str(connection.engine.url.database))
    yield from _modes(path)
    yield from _place(path)
    log = Path(f"{path}-wal")
    log_size = log.stat().st_size if log.exists() else 0
    if log_size > LARGE_LOG:
        yield Finding(
            "warning",
            "large_log",
            f"the write-ahead log has {size_text(log_size)}: a long read, or a process that was stopped, kept SQLite "
            "from taking it into the file",
            f"the file {log}",
            f"end long reads and stopped processes (lsof {path}), then run {_COMPACT}",
        )
    size, free = pragma("page_count") * pragma("page_size"), pragma("freelist_count") * pragma("page_size")
    if free > MUCH_FREE and free > FREE_PART * size:
        yield Finding(
            "note",
            "free_pages",
            f"{size_text(free)} of the file's {size_text(size)} are free pages, which SQLite uses again but never "
            "gives back",
            f"the file {path}",
            f"{_COMPACT}; writers wait meanwhile",
        )
    if settings.sqlite_synchronous != "full":
        yield Finding(
            "note",
            "not_durable",
            "the last writes that were acknowledged may be lost when power fails",
            "the setting dynmodel.sqlite_synchronous",
            "set it to full, or live with it: writes are faster so",
        )
    if connection.exec_driver_sql("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").first() is None:
        yield Finding(
            "note",
            "no_full_text_index",
            "this SQLite has no FTS5, so fields can't have index: search",
            f"the library SQLite {sqlite3.sqlite_version}",
            "install a Python whose SQLite has FTS5",
        )


def _modes(path: Path) -> Iterator[Finding]:
    files = [each for each in (path, Path(f"{path}-wal"), Path(f"{path}-shm")) if each.exists()]
    modes = {file: file.stat().st_mode for file in files}
    if readable := [file for file, mode in modes.items() if mode & (stat.S_IROTH | stat.S_IWOTH)]:
        is_writable = any(modes[file] & stat.S_IWOTH for file in readable)
        names = " ".join(map(str, readable))
        yield Finding(
            "error" if is_writable else "warning",
            "open_file",
            f"every user of the machine may {'write' if is_writable else 'read'} all rows, hashes of passwords and "
            f"digests of tokens: {names}",
            f"the file {path}",
            f"chmod o-rw {names}",
        )
    for file in files[1:]:
        if hasattr(os, "geteuid") and file.stat().st_uid != path.stat().st_uid:
            yield Finding(
                "error",
                "other_owner",
                "the file belongs to another user than the database, so the service may not be able to write",
                f"the file {file}",
                f"chown --reference={path} {file}",
            )


def _place(path: Path) -> Iterator[Finding]:
    room, size = shutil.disk_usage(path.parent).free, path.stat().st_size
    if room < LITTLE_ROOM:
        yield Finding(
            "error",
            "disk_full_soon",
            f"the disk has {size_text(room)} left; writes will be refused when it is full",
            f"the folder {path.parent}",
            "make room, or move the database to a larger disk",
        )
    elif room < size:
        yield Finding(
            "warning",
            "little_room",
            f"the disk has {size_text(room)} left, less than the file's {size_text(size)}: a change that rebuilds the "
            "largest table, a backup beside it or dynmodel-compact may find no room",
            f"the folder {path.parent}",
            "make room, or move the database to a larger disk",
        )
    kind = _file_system(path)
    if kind in _NETWORK:
        yield Finding(
            "error",
            "network_file_system",
            f"the file is on {kind}, where processes do not see each other's locks and writes: it will be damaged",
            f"the file {path}",
            "move it to a local disk, or use PostgreSQL",
        )


def _file_system(path: Path) -> str | None:
    """The kind of the file system of a path (Linux); None: not known."""
    try:
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    best: tuple[int, str | None] = (-1, None)
    for line in lines:
        _, place, kind, *_ = line.split(" ")
        place = place.replace("\\040", " ")
        if path.resolve().is_relative_to(place):
            best = max(best, (len(place), kind), key=lambda found: found[0])
    return best[1]
