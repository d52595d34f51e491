"""A SQLite file that is moved away or replaced under a running service: nothing is written into what nobody reads."""

import logging
import os
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import database_settings
from tests.web.client import Client

ROWS = "/table/1/rows/"


@pytest.fixture
def service(tmp_path):
    """A client of a service with one table and one row, and the path of its file."""
    with database_settings("sqlite", tmp_path) as settings:
        app = dynmodel_pyramid.main({}, **settings)
        client = Client(webtest.TestApp(app))
        client.table({"a": "integer"}, "T")
        client.row("/table/1/", {"a": 1})
        yield client, Path(sa.make_url(settings["sqlalchemy.url"]).database)
        app.registry.dynmodel_catalogue.database.close()


def unavailable(client, method: str, path: str, document=None, code: str = "database_unavailable") -> None:
    keywords = {} if document is None else {"params": document, "content_type": "application/json"}
    answer = client.app.request(path, method=method, expect_errors=True, body=(document or "").encode(), **(
        {"headers": {"Content-Type": "application/json"}} if keywords else {}
    ))  # fmt: skip
    assert (answer.status_int, answer.json["code"]) == (503, code), answer.text
    assert code == "not_ready" or answer.headers["Retry-After"]


def copy_of(path: Path, target: Path) -> None:
    source, made = sqlite3.connect(path), sqlite3.connect(target)
    source.backup(made)
    source.close()
    made.close()


def values_in(path: Path) -> list[int]:
    plain = sqlite3.connect(path)
    found = [value for (value,) in plain.execute('SELECT a FROM "T" ORDER BY id')]
    plain.close()
    return found


def test_moved_away_and_back(service, caplog):
    client, path = service
    away = path.with_suffix(".away")
    os.rename(path, away)
    with caplog.at_level(logging.WARNING, "dynmodel_pyramid.database.sqlite_file"):
        for _ in range(2):
            unavailable(client, "GET", ROWS)
            unavailable(client, "GET", f"{ROWS}?a=eq.1&limit=1")
            unavailable(client, "POST", ROWS, '{"a": 2}')
            unavailable(client, "PATCH", "/table/1/", '{"fields": {"b": "string"}}')
            unavailable(client, "GET", "/ready", code="not_ready")
        assert not path.exists(), "no empty file takes its place"
        told = [record.getMessage() for record in caplog.records if record.name.endswith("sqlite_file")]
        assert len(told) == 1 and str(path) in told[0]
    assert client.app.get("/live").status_int == 200
    os.rename(away, path)
    assert client.get("/ready") == {"status": "ready"}
    assert client.row("/table/1/", {"a": 3})["a"] == 3
    assert values_in(path) == [1, 3]


def test_replaced_by_a_restored_file(service):
    client, path = service
    backup = path.with_suffix(".backup")
    copy_of(path, backup)
    client.row("/table/1/", {"a": 2})
    client.send("PATCH", "/table/1/", {"fields": {"b": "string"}}, status=200)
    os.rename(path, path.with_suffix(".old"))
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    os.rename(backup, path)
    # New connections read it, and its definitions.
    assert client.get(ROWS) == [{"id": 1, "a": 1}]
    assert client.get("/ready") == {"status": "ready"}
    client.row("/table/1/", {"a": 7})
    assert values_in(path) == [1, 7]


def test_moved_while_a_transaction_runs(service):
    client, path = service
    database = client.catalogue.database
    away = path.with_suffix(".away")
    with pytest.raises(sa.exc.DBAPIError) as caught, database.changing() as connection:
        connection.exec_driver_sql('UPDATE "T" SET a = 9')
        os.rename(path, away)
    assert database.failure(caught.value).kind == "away"
    os.rename(away, path)
    assert client.get(ROWS) == [{"id": 1, "a": 1}]
    assert client.row("/table/1/", {"a": 4})["id"] == 2, "the writers' lock is free"


def test_a_new_file_is_for_its_owner_and_group(tmp_path):
    file = tmp_path / "new.sqlite"
    wsgi = dynmodel_pyramid.main({}, **{"sqlalchemy.url": f"sqlite:///{file}", "dynmodel.access": "open"})
    try:
        assert [path.name for path in tmp_path.iterdir() if path.stat().st_mode & 0o007] == []
        assert file.stat().st_mode & 0o600 == 0o600 and (tmp_path / "new.sqlite-wal").exists()
    finally:
        wsgi.registry.dynmodel_catalogue.database.close()
