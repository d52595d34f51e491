"""Execution plans: only where the setting allows them, of the statement that would have been run."""

import re
from urllib.parse import urljoin

import pytest

from dynmodel_pyramid.database.postgresql import PostgreSQL

PLAN = "application/vnd.pgrst.plan"
LIST, REST = "/table/Order/rows/", "/rest/Order"
FACES = pytest.mark.parametrize("path", (LIST, REST))
ON_POSTGRESQL = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def open_to_all(shop):
    return shop(plan_enabled="true")


def explained(client, path, accept=f"{PLAN}+json", **headers):
    answer = client.app.get(path, headers={"Accept": accept, **headers})
    assert "Accept" in answer.headers["Vary"]
    return answer


def code_of(client, path, accept, status):
    return client.app.get(path, headers={"Accept": accept}, status=status).json


def test_off_by_default(shop):
    client = shop()
    for accept in (PLAN, f"{PLAN}+json", f"{PLAN}+text; options=analyze"):
        assert code_of(client, REST, accept, 406)["code"] == "PGRST107"
        refused = code_of(client, LIST, accept, 406)
        assert refused["code"] == "not_acceptable"
        assert PLAN not in refused["detail"]
    mixed = client.app.get(REST, headers={"Accept": f"{PLAN}+json, application/json"})
    assert mixed.content_type == "application/json"


@FACES
def test_a_plan_as_json(open_to_all, database, path):
    answer = explained(open_to_all, f"{path}?n=eq.1&id=in.(1,2)&at=lt.2026-02-01T00:00:00Z&select=id&limit=2")
    assert answer.headers["Content-Type"] == f'{PLAN}+json; for="application/json"; charset=utf-8'
    assert "Content-Range" not in answer.headers
    if database == "postgresql":
        assert answer.json[0]["Plan"]["Node Type"] == "Limit"
        assert "Execution Time" not in answer.json[0]
    else:
        assert all(set(step) == {"id", "parent", "detail"} for step in answer.json)
        assert any(step["detail"].startswith("SEARCH") for step in answer.json)


@FACES
@pytest.mark.parametrize("accept", (PLAN, f"{PLAN}+text"))
def test_a_plan_as_text(open_to_all, database, path, accept):
    """Also of a list without a query, of one column, and of rows that embed others."""
    for query in ("", "?select=amount", "?select=id,customer(name)&order=n.desc&limit=3&offset=1"):
        answer = explained(open_to_all, path + query, accept)
        assert answer.headers["Content-Type"] == f'{PLAN}+text; for="application/json"; charset=utf-8'
        first = answer.text.splitlines()[0]
        assert "cost=" in first if database == "postgresql" else first.split()[0] in ("SCAN", "SEARCH", "CO-ROUTINE")


def test_steps_within_steps_are_indented(open_to_all, database):
    lines = explained(open_to_all, f"{LIST}?select=id,seen_by(name)", PLAN).text.splitlines()
    assert any(line.startswith("  ") for line in lines)


@ON_POSTGRESQL
@FACES
def test_options(open_to_all, path):
    accept = f'{PLAN}+json; for="application/json"; options=buffers|analyze|verbose|settings|wal'
    answer = explained(open_to_all, f"{path}?n=eq.3&select=id", accept)
    told = "; options=analyze|verbose|settings|buffers|wal; charset=utf-8"
    assert answer.headers["Content-Type"] == f'{PLAN}+json; for="application/json"{told}'
    plan = answer.json[0]
    assert plan["Plan"]["Actual Rows"] == 2
    assert plan["Execution Time"] >= 0
    assert "Output" in plan["Plan"]
    assert "Shared Hit Blocks" in plan["Plan"]
    assert "WAL Records" in plan["Plan"]


@ON_SQLITE
@FACES
def test_options_that_the_database_does_not_know(open_to_all, path):
    status, code = (409, "unsupported_by_database") if path == LIST else (400, "PGRST127")
    assert code_of(open_to_all, path, f"{PLAN}+json; options=analyze|wal", status)["code"] == code


@FACES
@pytest.mark.parametrize("options", ("costs", "analyze|costs", "wal", "analyze) SELECT 1; --"))
def test_options_that_can_not_be(open_to_all, path, options):
    refused = code_of(open_to_all, path, f'{PLAN}+json; options="{options}"', 400)
    assert refused["code"] == ("invalid_parameter" if path == LIST else "PGRST100")
    assert "options" in refused["hint"]


@FACES
def test_a_plan_for_what_there_is(open_to_all, path):
    assert code_of(open_to_all, path, f'{PLAN}+json; for="image/png"', 406)
    answer = explained(open_to_all, path, f'{PLAN}+json; for="text/csv"; options=')
    assert answer.headers["Content-Type"] == f'{PLAN}+json; for="text/csv"; charset=utf-8'


def test_the_header_of_postgrest_js(open_to_all):
    for media_type in ("application/vnd.pgrst.object+json", "application/vnd.pgrst.array+json;nulls=stripped"):
        answer = explained(open_to_all, REST, f'{PLAN}+text; for="{media_type}"; options=;')
        assert answer.headers["Content-Type"].startswith(f"{PLAN}+text; for=")


@FACES
def test_the_client_may_like_rows_better(open_to_all, path):
    assert explained(open_to_all, path, f"{PLAN}+json;q=0.5, application/json").content_type == "application/json"
    assert explained(open_to_all, path, f"{PLAN}+json, application/json;q=0.5").content_type == f"{PLAN}+json"
    assert explained(open_to_all, path, "*/*").content_type == "application/json"


@FACES
def test_the_range_and_the_query_count(open_to_all, database, path):
    answer = explained(open_to_all, path, f"{PLAN}+json", Range="0-1")
    assert "Content-Range" not in answer.headers
    if database == "postgresql":
        assert answer.json[0]["Plan"]["Node Type"] == "Limit"
    code = code_of(open_to_all, f"{path}?select=nil", f"{PLAN}+json", 400)["code"]
    assert code == ("unknown_field" if path == LIST else "42703")


def test_a_query_as_a_document(open_to_all):
    answer = open_to_all.app.post_json(
        "/table/Order/query/", {"where": {"n": {"gt": 1}}}, headers={"Accept": f"{PLAN}+json"}
    )
    assert answer.content_type == f"{PLAN}+json"
    assert answer.json


@ON_POSTGRESQL
def test_a_run_that_takes_too_long(shop, monkeypatch):
    """The plan alone takes no time; with ``analyze`` the statement is run, within the time that it may take."""
    client = shop(plan_enabled="true", statement_timeout=0.2)
    endless = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t"
    monkeypatch.setattr("dynmodel_pyramid.rows.querying.written", lambda *given: (endless, {}))
    assert explained(client, LIST).json
    assert code_of(client, LIST, f"{PLAN}+json; options=analyze", 504)["code"] == "statement_timeout"
    assert code_of(client, REST, f"{PLAN}+json; options=analyze", 500)["code"] == "57014"


@ON_POSTGRESQL
@FACES
def test_a_run_is_a_read(open_to_all, monkeypatch, path):
    def explain(self, connection, *given):
        return connection.exec_driver_sql("SHOW transaction_read_only").scalar()

    monkeypatch.setattr(PostgreSQL, "explain", explain)
    assert explained(open_to_all, path, f"{PLAN}+json; options=analyze").json == "on"


def test_a_page_behind_a_cursor(open_to_all):
    page = open_to_all.app.get(f"{LIST}?order=n.desc&limit=2")
    following = re.search('<([^>]*)>; rel="next"', page.headers["Link"])[1]
    assert explained(open_to_all, urljoin(LIST, following)).json


@pytest.mark.parametrize("path", ("/table/Customer/rows/", "/rest/Customer"))
def test_values_that_sql_could_read(open_to_all, path):
    """Values are parameters, and signs of the driver's own are none."""
    for value in ("%25s", "100%25", "?", ":n", "%27%20OR%201%3D1", "%25(n)s"):
        query = f'name=in.("{value}",b)&name=neq.{value}&home->>"{value}"=eq.{value}'
        assert explained(open_to_all, f"{path}?{query}").json


def test_head(open_to_all):
    for path in (LIST, REST):
        answer = open_to_all.app.head(path, headers={"Accept": PLAN})
        assert (answer.body, answer.content_type) == (b"", f"{PLAN}+text")


def test_writes_have_no_plan(open_to_all):
    for method, path in (("POST", LIST), ("PATCH", f"{LIST}?id=eq.1"), ("DELETE", f"{LIST}?id=eq.1")):
        document = {} if method != "DELETE" else None
        further = {} if document is None else {"document": document}
        open_to_all.refused(method, path, status=406, code="not_acceptable", accept=f"{PLAN}+json", **further)
    for method, path in (("POST", REST), ("PATCH", f"{REST}?id=eq.1"), ("DELETE", f"{REST}?id=eq.1")):
        answer = open_to_all.app.request(
            path, method=method, body=b"{}", headers={"Accept": PLAN, "Content-Type": "application/json"}, status=406
        )
        assert answer.json["code"] == "PGRST107"
    assert len(open_to_all.get(LIST)) == 4
