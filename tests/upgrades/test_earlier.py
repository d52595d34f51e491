"""Databases that code of earlier states made are opened by the present code, and everything works."""

import gzip
import json
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from tests.system_tables import libpq
from tests.upgrades import COMMITS, DATA, SCHEMA
from tests.web.client import Client

pytestmark = pytest.mark.no_system_tables


def _keep_answers(url: sa.URL, schema: str | None) -> None:
    """Answers to requests that may be repeated are kept for a time, and the database was made long ago."""
    engine = sa.create_engine(url)
    try:
        if sa.inspect(engine).has_table("_dynmodel_answer", schema):
            now = "strftime('%Y-%m-%d %H:%M:%f000', 'now')" if engine.dialect.name == "sqlite" else "now()"
            with engine.begin() as connection:
                place = f"{schema}." if schema else ""
                connection.exec_driver_sql(
                    f"UPDATE {place}_dynmodel_answer SET kept_at = {now}", execution_options={"no_parameters": True}
                )
    finally:
        engine.dispose()


@pytest.fixture(params=COMMITS)
def earlier(request, database, settings):
    """The revision and what was answered then; the database is as it was left."""
    url = sa.make_url(settings["sqlalchemy.url"])
    if database == "sqlite":
        Path(url.database).write_bytes(gzip.decompress((DATA / f"{request.param}.sqlite.gz").read_bytes()))
    else:
        sql = (DATA / f"{request.param}.sql").read_text(encoding="utf-8")
        with psycopg.connect(libpq(url), autocommit=True) as connection:
            connection.execute(sql.replace(SCHEMA, settings["dynmodel.schema"]).encode())
    _keep_answers(url, settings.get("dynmodel.schema"))
    then = json.loads((DATA / f"{request.param}.json").read_text(encoding="utf-8"))
    return request.param, {**then, "token": then["token"][database]}


def test_an_earlier_database(earlier, make_app):
    revision, then = earlier
    client = Client(make_app(**{"dynmodel.auto_upgrade": "true"}))
    for name, rows in then["tables"].items():
        assert client.get(f"/table/{name}/rows/") == rows
    assert client.get("/table/2/")["version"] == then["version"]
    assert [version["version"] for version in client.get("/table/2/history/")] == list(range(then["version"], 0, -1))
    # Rules and counters.
    assert client.row("/table/2/", {"title": "7", "isbn": "I7"})["id"] == 7
    client.send("POST", "/table/2/rows/", {"title": "8", "isbn": "I7"}, status=409)
    client.send("POST", "/table/2/rows/", {"title": "9", "pages": -1}, status=422)
    client.send("POST", "/table/2/rows/", {"title": "10", "author": 99}, status=422)
    if revision >= "0007":
        once = client.send("POST", "/table/1/rows/", {"name": "Once"}, status=201, idempotency_key="0123456789abcdef")
        assert once.json["id"] == 4
    # Changes, the trash and history.
    client.send("PATCH", "/table/2/", {"fields": {"title": {"max_length": 50}, "new": "integer"}}, status=200)
    gone = next(field for field in client.get("/table/2/trash/") if field["name"] == "gone")
    client.send("POST", f"/table/2/trash/{gone['number']}/restore/", status=200)
    client.send("POST", "/trash/3/restore/", status=200)
    assert client.get("/table/3/rows/") == [{"id": 1, "a": "kept", "author": 2}]
    client.send("POST", "/table/2/history/1/revert/", status=200)
    rows = {row["id"]: row for row in client.get("/table/2/rows/")}
    assert (rows[4]["rated"], rows[3]["rated"], rows[5]["gone"]) == ("four", "3", "gone 5")
    for number in (1, 2, 3):
        assert client.get(f"/table/{number}/health/")["status"] == "healthy"


def test_tokens_of_an_earlier_database(earlier, make_app):
    revision, then = earlier
    if then["token"] is None:
        return  # its release had no tokens
    client = Client(make_app(**{"dynmodel.auto_upgrade": "true", "dynmodel.access": "enforced"}))
    sent = {"authorization": f"Bearer {then['token']}"}
    assert client.get("/table/2/rows/", **sent) == then["tables"]["Book"]
    client.send("GET", "/table/1/rows/", status=404, **sent)
