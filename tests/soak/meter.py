"""What a server process uses: resident memory and processor time; and a database for commands to run on."""

import argparse
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.server import Server

MB = 1 << 20


def command(description: str) -> argparse.ArgumentParser:
    """The options that all commands share."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--threads", type=int, default=2, help="threads of the server (waitress); default 2")
    return parser


@contextmanager
def running_server(database: str, threads: int, **settings: str) -> Iterator[Server]:
    """A real server process on an empty database of its own."""
    with tempfile.TemporaryDirectory() as folder, database_settings(database, Path(folder)) as own:
        server = Server({**own, **settings}, Path(folder), threads=threads)
        try:
            server.start()
            yield server
        finally:
            server.stop()


class Meter:
    """The figures of one process."""

    def __init__(self, pid: int):
        self._process = psutil.Process(pid)

    def resident(self) -> float:
        """MB of memory."""
        return self._process.memory_info().rss / MB

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
