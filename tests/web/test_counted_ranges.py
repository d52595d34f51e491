"""``Content-Range`` counts what is sent, at both faces, in all modes and forms; a guess is never below that."""

import csv
import io
import json

import pytest

from dynmodel_pyramid.web.http import listing

MODES = ["exact", "planned", "estimated", None]
FORMS = ["application/json", "text/csv", "application/x-ndjson"]
ROWS = 1500


@pytest.fixture(scope="module")
def tables(client):
    """Tables without statistics, of whose rows PostgreSQL's planner only has a guess."""
    client.table({"n": "integer"}, "Nothing")
    many = client.table({"n": "integer"}, "Many")
    client.send("POST", f"{many}rows/", [{"n": n} for n in range(ROWS)], status=201)
    database = client.catalogue.database
    if database.dialect.name == "postgresql":
        # On a busy machine the tests take so long that it would make statistics in between.
        with database.writer.begin() as connection:
            connection.exec_driver_sql(f'ALTER TABLE "{database.dialect.schema}"."Many" SET (autovacuum_enabled = off)')
    return client


@pytest.fixture(params=["/table/{}/rows/", "/rest/{}"], ids=["table", "rest"])
def face(request):
    return request.param


def ask(client, path, mode, form="application/json", method="GET", **headers):
    prefer = {} if mode is None else {"Prefer": f"count={mode}"}
    sent = {"Accept": form, **prefer, **headers}
    answer = client.app.request(path, method=method, headers=sent, expect_errors=True)
    return answer, answer.headers.get("Content-Range")


def sent(answer, form) -> int:
    if form == "application/json":
        return len(json.loads(answer.body))
    lines = [line for line in csv.reader(io.StringIO(answer.text)) if line]
    return len(lines) - (form == "text/csv")


@pytest.mark.parametrize("mode", MODES[:3])
def test_of_nothing(tables, face, mode):
    for query in ("", "?limit=5", "?n=gt.5", "?limit=5000"):
        answer, told = ask(tables, face.format("Nothing") + query, mode)
        assert (answer.status_int, told, answer.json) == (200, "*/0", []), query
        head, told = ask(tables, face.format("Nothing") + query, mode, method="HEAD")
        assert (head.status_int, told) == (200, "*/0"), query
    for query in ("?offset=1", "?offset=1&limit=5", "?offset=2000"):
        answer, told = ask(tables, face.format("Nothing") + query, mode)
        assert (answer.status_int, told) == (416, "*/0"), query
    answer, told = ask(tables, face.format("Nothing"), mode, Range="1-5")
    assert (answer.status_int, told) == (416, "*/0")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "query", ["", "limit=1500", "limit=1499", "limit=1200&offset=200", "limit=10", "offset=1495&limit=10",
              "offset=1495", "limit=0", "n=lt.1400", "n=lt.7&limit=7", "n=lt.7&limit=8", "offset=1500", "limit=9000"]
)  # fmt: skip
def test_of_many(tables, face, mode, query, form):
    if "rest" in face and form == "application/x-ndjson":
        form = "text/csv"
    answer, told = ask(tables, f"{face.format('Many')}?{query}", mode, form)
    given = dict(part.split("=") for part in query.split("&") if part)
    offset, count = int(given.get("offset", 0)), sent(answer, form)
    every = {"lt.1400": 1400, "lt.7": 7}.get(given.get("n"), ROWS)
    assert count == max(min(every - offset, int(given.get("limit", every))), 0)
    if told is None:
        # A stream that nobody counts, and that no range asks for.
        assert mode is None and "rest" not in face
        return
    places, _, total = told.partition("/")
    streamed = count > 1000 and mode is None
    assert places == (f"{offset}-{offset + count - 1}" if count and not streamed else "*")
    if mode is None:
        assert (total, answer.status_int) == ("*", 200)
        return
    total = int(total)
    assert total >= (offset + count if count else 0)
    assert answer.status_int == (206 if count < total else 200)
    at_end = count and ("limit" not in given or count < int(given["limit"]))
    if mode == "exact" or at_end:
        assert total == every
    head, told_head = ask(tables, f"{face.format('Many')}?{query}", mode, form, method="HEAD")
    assert (head.status_int, told_head) == (answer.status_int, told)


@pytest.mark.parametrize("mode", MODES)
def test_of_a_range(tables, face, mode):
    for asked, count in (("0-9", 10), ("1490-1600", 10), ("1495-", 5), ("0-1199", 1200), ("100-", 1400)):
        answer, told = ask(tables, face.format("Many"), mode, Range=asked)
        assert len(answer.json) == count
        if mode is None and count > 1000:
            assert told in (None, "*/*")
            continue
        first = int(asked.split("-")[0])
        places, _, total = told.partition("/")
        assert places == f"{first}-{first + count - 1}"
        assert total == "*" or int(total) >= first + count
        assert answer.status_int == (200 if mode is None else 206)


def test_bounded_counts(tables, monkeypatch):
    monkeypatch.setattr(listing, "BOUND", 50)
    for query, status, expected in (
        ("limit=10", 206, "0-9/51"),
        ("n=lt.30&limit=10", 206, "0-9/30"),
        ("n=lt.3&limit=10", 200, "0-2/3"),
        ("n=lt.50&limit=10&offset=45", 206, "45-49/50"),
        ("limit=10&offset=70", 206, "70-79/80"),
        ("n=lt.3&limit=10&offset=3", 206, "*/3"),
        ("n=lt.0&limit=10", 200, "*/0"),
        ("n=lt.20", 200, "0-19/20"),
    ):
        answer, part = ask(tables, f"/table/Many/rows/?{query}", "bounded")
        assert (answer.status_int, part) == (status, expected), query
        assert answer.headers["Preference-Applied"] == "count=bounded"
    answer, part = ask(tables, "/table/Many/rows/?n=lt.3&limit=10&offset=4", "bounded")
    assert (answer.status_int, answer.json["code"]) == (416, "range_not_satisfiable")
