"""A SQLite file of which a part can't be read, as of a disk that fails: its end is cut off, and put back.

The rows are in the file itself and not in its log, and each worker has opened the file before.
"""

import http.client
import json
import os
import re
import sqlite3
from contextlib import closing

import pytest

from dynmodel_pyramid.settings import READ_IN_PLACE
from tests.faults.bed import SETTINGS
from tests.faults.service import Service, wait_until

ROWS = 20_000
DIED = re.compile(r"worker (\d+) died \(signal 7, Bus error\)")


@pytest.fixture
def service(tmp_path, monkeypatch):
    monkeypatch.delenv(READ_IN_PLACE, raising=False)
    service = Service({**SETTINGS, "sqlalchemy.url": f"sqlite:///{tmp_path}/data.sqlite"}, tmp_path, processes=1)
    service.start()
    yield service
    service.stop()


def ask(service, path, document=None):
    """-> the status, 0 without an answer; the document."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
    with closing(connection):
        body = None if document is None else json.dumps(document)
        try:
            connection.request("GET" if body is None else "POST", path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (http.client.HTTPException, OSError):
            return 0, None


def test_a_file_that_fails_to_read_costs_a_worker_once(service, tmp_path):
    file = tmp_path / "data.sqlite"
    assert ask(service, "/table/", {"model_name": "T", "fields": {"name": "string"}})[0] == 201
    assert ask(service, "/table/1/rows/", [{"name": f"{k:0100}"} for k in range(ROWS)])[0] == 201
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    first, last = "/table/1/row/1/", f"/table/1/row/{ROWS}/"
    good = [ask(service, first), ask(service, last)]
    whole, cut = file.read_bytes(), file.stat().st_size // 2

    def put_back():
        with file.open("r+b") as opened:
            opened.seek(cut)
            opened.write(whole[cut:])

    os.truncate(file, cut)
    assert ask(service, last) == (0, None)
    wait_until(lambda: deaths(service) == 1)
    put_back()  # before another one loads the application, whose first look at the file would tell
    wait_until(lambda: ask(service, first)[0] == 200)
    assert [ask(service, first), ask(service, last)] == good
    assert any("new workers start with dynmodel.sqlite_mmap_size = 0" in line for line in service.lines())

    os.truncate(file, cut)
    status, problem = ask(service, last)
    assert (status, problem["code"]) == (503, "database_unavailable")
    assert any("database disk image is malformed" in line for line in service.lines())
    put_back()
    assert [ask(service, first), ask(service, last)] == good
    assert deaths(service) == 1


def deaths(service):
    return sum(bool(DIED.search(line)) for line in service.lines())
