"""What a server process uses: resident memory and processor time; and a database for commands to run on."""

import argparse
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import sqlalchemy as sa

from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.server_process import Server

MB = 1 << 20


def command(description: str) -> argparse.ArgumentParser:
    """The options that all commands share."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--threads", type=int, default=2, help="threads of the server (waitress); default 2")
    return parser


@contextmanager
def running_server(database: str, threads: int, **settings: str) -> Iterator[Server]:
    """A real server process on an empty database of its own; ``server.settings`` tells which."""
    with tempfile.TemporaryDirectory() as folder, database_settings(database, Path(folder)) as own:
        server = Server({**own, **settings}, Path(folder), threads=threads)
        server.settings = own
        try:
            server.start()
            yield server
        finally:
            server.stop()
            if "dynmodel.schema" in own:
                drop_tables(own["sqlalchemy.url"], own["dynmodel.schema"])


def drop_tables(url: str, schema: str, at_a_time: int = 500) -> None:
    """Empty a schema of PostgreSQL in parts: it can't hold the locks of thousands of tables at once."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    quote = engine.dialect.identifier_preparer.quote_identifier
    names = sa.inspect(engine).get_table_names(schema)
    for start in range(0, len(names), at_a_time):
        tables = ", ".join(f"{quote(schema)}.{quote(name)}" for name in names[start : start + at_a_time])
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DROP TABLE {tables} CASCADE")
    engine.dispose()


def sqlite_schema_memory(url: str) -> float:
    """KB that a connection to this SQLite database takes for its schema, whoever opens it."""
    before = psutil.Process().memory_info().rss
    with closing(sqlite3.connect(sa.make_url(url).database)) as connection:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        connection.execute("SELECT id FROM _dynmodel_state").fetchone()
        return (psutil.Process().memory_info().rss - before) / 1024


def own_memory(process: psutil.Process) -> int:
    """Bytes that a process has resident, without the pages of files."""
    memory = process.memory_info()
    return memory.rss - memory.shared


class Meter:
    """The figures of one process."""

    def __init__(self, pid: int):
        self._process = psutil.Process(pid)

    def resident(self) -> float:
        """MB of memory, without the pages of files, which the system may take back."""
        return own_memory(self._process) / MB

    def cpu(self) -> float:
        """Seconds of processor time so far, of user and system."""
        times = self._process.cpu_times()
        return times.user + times.system

    @contextmanager
    def peak(self, every: float = 0.01) -> Iterator[list[float]]:
        """Sample the memory while the block runs; afterwards the list holds the peak in MB."""
        peaks: list[float] = []
        highest, done = self.resident(), threading.Event()

        def watch() -> None:
            nonlocal highest
            while not done.wait(every):
                highest = max(highest, self.resident())

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield peaks
        finally:
            done.set()
            thread.join()
            peaks.append(max(highest, self.resident()))
