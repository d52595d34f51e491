"""Answers of uploads: made of the rows as they were at the commit, when nobody waits for these any more."""

import json
import sqlite3
import threading

import psycopg
import pytest
import sqlalchemy as sa

from dynmodel_pyramid.database import Database
from dynmodel_pyramid.rows.staging import PART
from dynmodel_pyramid.web.http.answers import RowsBody
from tests.web.face import Face

COUNT = PART + 200
FIELDS = {
    "s": {"type": "string", "unique": True},
    "n": {"type": "integer", "default": 4},
    "secret": {"type": "string", "write_only": True},
    "number": "autonumber",
}
DOCUMENTS = [{"s": f"x{number}", "secret": "y"} for number in range(COUNT)]
CSV = "s,secret\n" + "".join(f"x{number},y\n" for number in range(COUNT))
SHOWN = [{"s": f"x{number}", "n": 4, "number": number + 1} for number in range(COUNT)]
MERGING = "resolution=merge-duplicates"


@pytest.fixture
def uploads(client):
    """Senders of the rows to a new table, at both faces and in all media types, and its rows."""
    path = client.table(FIELDS)
    face, name = Face(client.app), client.get(path)["model_name"]

    def table(query="", body=None, content_type="application/json", prefer=None):
        body = json.dumps(DOCUMENTS).encode() if body is None else body
        headers = {"Content-Type": content_type} | ({} if prefer is None else {"Prefer": prefer})
        return client.app.request(f"{path}rows/{query}", method="POST", body=body, headers=headers, expect_errors=True)

    def rest(query="", body=None, content_type="application/json", prefer=None):
        body = json.dumps(DOCUMENTS).encode() if body is None else body
        prefer = ", ".join(filter(None, ("return=representation", prefer)))
        return face.send("POST", f"{name}{query}", body=body, Content_Type=content_type, Prefer=prefer)

    lines = "\n".join(map(json.dumps, DOCUMENTS)).encode()
    senders = {
        "json": table,
        "csv": lambda query="", **further: table(query, CSV.encode(), "text/csv", **further),
        "ndjson": lambda query="", **further: table(query, lines, "application/x-ndjson", **further),
        "rest-json": rest,
        "rest-csv": lambda query="", **further: rest(query, CSV.encode(), "text/csv", **further),
    }
    return senders, f"{path}rows/"


KINDS = ["json", "csv", "ndjson", "rest-json", "rest-csv"]


@pytest.fixture
def during(monkeypatch):
    """Has something done when the first rows are put into an answer; it has to end in time."""

    def do(what):
        add, done = RowsBody.add, []

        def first(self, part):
            if not done:
                thread = threading.Thread(target=lambda: done.append(what()))
                done.append(None)
                thread.start()
                thread.join(3)
                assert not thread.is_alive()
            add(self, part)

        monkeypatch.setattr(RowsBody, "add", first)
        return done

    return do


@pytest.mark.parametrize(
    ("kind", "query"), [*[(kind, "") for kind in KINDS], *[(kind, "order=n,s.desc") for kind in KINDS[3:]]]
)
@pytest.mark.parametrize("prefer", [None, MERGING])
def test_others_write_while_the_answer_is_made(client, uploads, during, kind, prefer, query):
    """They get SQLite's lock, and the answer has nothing of theirs."""
    senders, rows = uploads
    other = client.table(FIELDS)
    database = client.catalogue.database

    def write():
        answer = client.app.patch_json(f"{rows}?n=gte.0", {"n": 5}, headers={"Prefer": "return=minimal"})
        client.app.post_json(f"{other}rows/", {"s": "other"})
        return answer.status_int

    done = during(write)
    select = "select=s,n,number" + "&on_conflict=s" * (prefer is not None)
    wanted = sorted(SHOWN, key=lambda row: row["s"], reverse=True) if query else SHOWN
    answer = senders[kind](f"?{select}" + f"&{query}" * bool(query), prefer=prefer)
    assert answer.status_int == 201
    assert answer.json == wanted
    assert done == [None, 204]
    changed = client.get(f"{rows}?select=id&n=eq.5")
    # PostgreSQL has no lock of all writers: there the rows are not committed yet, and nobody else sees them.
    assert len(changed) == (COUNT if database.dialect.confirms_first else 0)
    assert len(client.get(f"{rows}?select=id")) == COUNT


@pytest.mark.parametrize("kind", ["json", "rest-csv"])
@pytest.mark.parametrize("prefer", [None, MERGING])
def test_what_is_shown_is_the_moment_of_the_commit(client, uploads, monkeypatch, kind, prefer):
    """Others that write before the first row is read are not seen either."""
    senders, rows = uploads
    free, written = Database.reads_from_now_on, []

    def write():
        written.append(client.app.delete(f"{rows}?n=gte.0", headers={"Prefer": "return=minimal"}).status_int)

    def then_write(self, connection):
        free(self, connection)
        thread = threading.Thread(target=write)
        thread.start()
        thread.join(5)

    monkeypatch.setattr(Database, "reads_from_now_on", then_write)
    answer = senders[kind]("?select=s,n,number" + "&on_conflict=s" * (prefer is not None), prefer=prefer)
    assert (answer.status_int, answer.json) == (201, SHOWN)
    assert len(client.get(f"{rows}?select=id")) == (0 if written else COUNT)
    assert written == ([204] if client.catalogue.database.dialect.confirms_first else [])


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_shown_whole(uploads, kind):
    senders, _ = uploads
    answer = senders[kind]()
    assert [{name: row[name] for name in ("s", "n", "number")} for row in answer.json] == SHOWN
    assert {tuple(row) for row in answer.json} == {("id", "s", "n", "number")}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("prefer", ["tx=rollback", f"tx=rollback, {MERGING}"])
def test_rolled_back(client, uploads, kind, prefer):
    senders, rows = uploads
    answer = senders[kind]("?select=s,n,number", prefer=prefer)
    assert (answer.status_int, answer.json) == (201, SHOWN)
    assert client.get(rows) == []
    # Nothing is left that the next upload would find.
    assert senders[kind]("?select=s,n,number").json == SHOWN


@pytest.mark.parametrize("kind", ["json", "rest-json"])
def test_a_commit_that_fails_shows_nothing(client, uploads, kind):
    senders, rows = uploads
    engine = client.catalogue.database.engine
    errors = {"sqlite": sqlite3.OperationalError("disk I/O error"), "postgresql": psycopg.OperationalError("gone")}

    def refuse(connection):
        if connection.get_execution_options().get("dynmodel_writes"):
            raise sa.exc.OperationalError("COMMIT", {}, errors[engine.dialect.name])

    sa.event.listen(engine, "commit", refuse)
    try:
        answer = senders[kind]()
    finally:
        sa.event.remove(engine, "commit", refuse)
    assert (answer.status_int, answer.json["code"]) == (503, "outcome_unknown" if kind == "json" else "08007")
    assert client.get(rows) == []
    assert senders[kind]("?select=s,n,number").json[0]["s"] == "x0"


@pytest.mark.parametrize("kind", ["json", "rest-json"])
def test_an_answer_that_cannot_be_made(client, uploads, monkeypatch, kind):
    """It says that the rows are there, if they are."""
    senders, rows = uploads

    def fail(self, part):
        raise OSError("no space left on device")

    monkeypatch.setattr(RowsBody, "add", fail)
    answer = senders[kind]()
    written = len(client.get(f"{rows}?select=id"))
    told = answer.json.get("detail") or answer.json["message"]
    assert answer.status_int == 500
    assert (written, "were written" in told) in ((0, False), (COUNT, True))
    assert (written == COUNT) == client.catalogue.database.dialect.confirms_first
    monkeypatch.undo()
    client.send("DELETE", f"{rows}?id=gt.0", status=204)
    assert len(senders[kind]().json) == COUNT
