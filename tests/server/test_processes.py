"""``pserve`` and ``dynmodel-serve`` with the service itself: clients that do not read hold no table and no log."""

import contextlib
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.server_process import Server, free_port, write_ini

from .conftest import until

TEXT = "x" * 400


def pserve(ini) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "pyramid.scripts.pserve", str(ini)]
    quiet = {**os.environ, "PYTHONWARNINGS": "ignore"}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=quiet)


def test_a_port_in_use_is_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = pserve(write_ini(tmp_path, {}, port=port))
    assert ended.returncode == 1
    assert ended.stderr == f"can't listen on ('127.0.0.1', {port}): Address already in use\n"


def test_an_unknown_key_is_one_line(tmp_path):
    ini = write_ini(tmp_path, {}, port=free_port())
    ini.write_text(ini.read_text().replace("threads = ", "thread = "))
    ended = pserve(ini)
    assert ended.returncode == 1
    assert ended.stderr.startswith("[server:main] has an unknown key thread; did you mean threads?")
    assert "Traceback" not in ended.stderr


class Long:
    """A table whose list is far longer than what the kernel keeps for a connection."""

    def __init__(self, server: Server):
        self.url, self.port = server.url, server.port
        definition = {"model_name": "Long", "fields": {"a": {"type": "text"}}}
        assert requests.post(f"{self.url}/table/", json=definition, timeout=60).status_code == 201
        rows = [{"a": TEXT}] * 5000
        for _ in range(4):
            assert requests.post(f"{self.url}/table/1/rows/", json=rows, timeout=60).status_code == 201

    def readers(self, count: int) -> list[socket.socket]:
        made = []
        for _ in range(count):
            reader = socket.socket()
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect(("127.0.0.1", self.port))
            reader.sendall(b"GET /table/1/rows/ HTTP/1.1\r\nHost: test\r\n\r\n")
            made.append(reader)
        for reader in made:
            assert reader.recv(12) == b"HTTP/1.1 200"
        return made


@pytest.fixture(params=["pyramid.scripts.pserve", "dynmodel_pyramid.scripts.serve"])
def long(request, settings, tmp_path):
    server = Server(settings, tmp_path, threads=2, module=request.param)
    server.start()
    yield Long(server)
    server.stop()


def checkpointed(settings: dict[str, str]) -> bool:
    """Whether SQLite's write-ahead log can be emptied: nobody reads in it."""
    path = settings["sqlalchemy.url"].removeprefix("sqlite:///")
    with contextlib.closing(sqlite3.connect(path, timeout=0)) as connection:
        return connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0


def test_readers_that_stop_hold_up_nothing(long, database, settings):
    readers = long.readers(6)
    for _ in range(10):
        assert requests.get(f"{long.url}/table/1/rows/1/", timeout=30).json()["a"] == TEXT
        assert requests.get(f"{long.url}/live", timeout=30).json() == {"status": "live"}
        assert requests.get(f"{long.url}/ready", timeout=30).json() == {"status": "ready"}

    def changed() -> bool:
        change = requests.patch(f"{long.url}/table/1/", json={"fields": {"b": "integer"}}, timeout=60)
        assert change.status_code in (200, 204, 503), change.text
        return change.ok

    until(changed, "the definition to be changed")
    if database == "sqlite":
        until(lambda: checkpointed(settings), "SQLite's log to be emptied")
    # What the readers have asked for before is whole, and of one definition.
    with readers[0] as reader:
        reader.settimeout(60)
        body = b""
        while not body.endswith(b"0\r\n\r\n"):
            body += reader.recv(1 << 20)
    assert body.count(TEXT.encode()) == 20_000 and b'"b"' not in body
    for reader in readers[1:]:
        reader.close()


MODULES = ["pyramid.scripts.pserve", "dynmodel_pyramid.scripts.serve"]
#: Each write adds as much to the log, at least.
BATCH = [{"a": TEXT}] * 2500


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("fits", [True, False])
def test_a_reader_that_stops_does_not_let_the_log_grow_without_bound(settings, tmp_path, module, fits):
    """Its answer is spooled, or given up after ``dynmodel.stream_timeout``; then the log is written from its start."""
    server = Server({**settings, "dynmodel.stream_timeout": "1800" if fits else "3"}, tmp_path, module=module)
    if not fits:
        bound = "outbuf_overflow = 65536\noutbuf_high_watermark = 1048576\n"
        server.ini.write_text(server.ini.read_text().replace("threads = ", bound + "threads = "))
    with running(server), Long(server).readers(1)[0]:
        log = Path(settings["sqlalchemy.url"].removeprefix("sqlite:///") + "-wal")

        def stays() -> bool:
            """Ten writes in a row do not make it longer."""
            before = log.stat().st_size
            for _ in range(10):
                assert requests.post(f"{server.url}/table/1/rows/", json=BATCH, timeout=60).status_code == 201
            return log.stat().st_size == before

        until(stays, "the log to grow no more")
        until(lambda: checkpointed(settings), "SQLite's log to be emptied")
        assert log.stat().st_size == 0
        assert ("(dynmodel.stream_timeout)" in server.log.read_text()) is not fits


@contextlib.contextmanager
def running(server: Server) -> Iterator[None]:
    server.start()
    try:
        yield
    finally:
        server.stop()
