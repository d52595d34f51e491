"""Reading at ``/rest/``, held against what PostgREST's own tests (test/spec/Feature) expect; errors, any input."""

import csv
import io
import re
from pathlib import Path

import pytest
import webtest
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

import dynmodel_pyramid
from dynmodel_pyramid.web.rest.problems import CODES
from tests.host import host_config

OBJECT = "application/vnd.pgrst.object+json"
REPRESENTATION = "return=representation"


def test_ranges(rest):
    def told(path, **headers):
        answer = rest.send("GET", path, **headers)
        return answer.status_int, answer.headers["Content-Range"]

    assert told("Project") == (200, "0-2/*")
    assert told("Project", Prefer="count=exact") == (200, "0-2/3")
    assert told("Project?limit=2", Prefer="count=exact") == (206, "0-1/3")
    assert told("Project?offset=1&limit=1") == (200, "1-1/*")
    assert told("Project", Range="1-1", Prefer="count=exact") == (206, "1-1/3")
    assert told("Project", Range="1-", Range_Unit="items") == (200, "1-2/*")
    assert told("Project", Range="junk") == (200, "0-2/*")
    assert told("Project?limit=0", Prefer="count=exact") == (206, "*/3")
    assert told("Project?id=eq.9", Prefer="count=exact") == (200, "*/0")
    assert told("Project?id=eq.9") == (200, "*/*")
    assert told("Project?offset=3", Prefer="count=exact") == (206, "*/3")
    assert told("Project?offset=4", Prefer="count=exact") == (416, "*/3")
    error = rest.refused("GET", "Project?offset=4", 416, "PGRST103", Prefer="count=exact")
    assert error["details"] == "An offset of 4 was requested, but there are only 3 rows."
    rest.refused("GET", "Project", 416, "PGRST103", Range="3-1")
    rest.refused("GET", "Project?limit=-1", 416, "PGRST103")
    head = rest.send("HEAD", "Project?limit=1", Prefer="count=exact")
    assert (head.status_int, head.headers["Content-Range"], head.body) == (206, "0-0/3", b"")


def test_media_types(rest):
    one = rest.send("GET", "Project?id=eq.1&select=id,data,client(name)", Accept=OBJECT)
    assert one.json == {"id": 1, "data": None, "client": {"name": "Bob"}}
    assert one.headers["Content-Type"] == f"{OBJECT}; charset=utf-8"
    rest.send("PATCH", "Project?id=eq.1", {"data": {"a": None, "b": [{"c": None}, 1.50]}})
    stripped = rest.send("GET", "Project?id=eq.1&select=id,data", Accept=f"{OBJECT};nulls=stripped")
    assert stripped.json == {"id": 1, "data": {"b": [{}, 1.5]}}
    array = rest.send("GET", "Project?select=id,data", Accept="application/vnd.pgrst.array+json;nulls=stripped")
    assert array.json[1] == {"id": 2}
    table = rest.send("GET", "Project?select=name,budget,data&order=id.desc", Accept="text/csv")
    assert table.text == 'name,budget,data\nP3,3.5000,\nP2,2.5000,\nP1,1.5000,"{""a"":null,""b"":[{""c"":null},1.5]}"'
    assert rest.send("GET", "Project?id=eq.9&select=id", Accept="text/csv").text == "id"
    assert rest.send("GET", "Project?limit=1", Accept="text/html, */*;q=0.1").content_type == "application/json"
    rest.refused("GET", "Project", 406, "PGRST107", Accept="image/png")
    for condition, count in (("id=eq.9", 0), ("id=gt.1", 2)):
        error = rest.refused("GET", f"Project?{condition}", 406, "PGRST116", Accept=OBJECT)
        assert error["details"] == f"The result contains {count} rows"


def test_exact_decimals_are_numbers(rest):
    text = "12345678901234567890.1234"
    body = b'{"name": "x", "budget": %s, "client": 1}' % text.encode()
    answer = rest.send("POST", "Project?select=budget", body=body, Prefer=REPRESENTATION)
    assert answer.text == f'[{{"budget":{text}}}]'
    for select in ("budget", "b:budget.max()", "b:budget.sum()"):
        assert text in rest.send("GET", f"Project?select={select}&name=eq.x").text
        assert f'"{text}"' not in rest.send("GET", f"Project?select={select}&name=eq.x").text
    embedded = rest.send("GET", "Client?select=projects(budget)&projects.name=eq.x&id=eq.1").text
    assert embedded == f'[{{"projects":[{{"budget":{text}}}]}}]'
    assert rest.rows("Project?select=budget::text&name=eq.x") == [{"budget": text}]


def test_long_lists_are_streamed(rest):
    rows = [{"id": n, "name": f'"{n}",', "client": 2} for n in range(10, 2510)]
    assert rest.send("POST", "Project", rows).status_int == 201
    wanted = "Project?select=id,name&id=gte.10"
    assert rest.rows(wanted) == [{"id": row["id"], "name": row["name"]} for row in rows]
    table = rest.send("GET", wanted, Accept="text/csv").text
    assert not table.endswith("\n")
    lines = list(csv.reader(io.StringIO(table)))
    assert lines == [["id", "name"], *[[str(row["id"]), row["name"]] for row in rows]]
    counted = rest.send("GET", wanted, Prefer="count=exact")
    assert (counted.status_int, counted.headers["Content-Range"]) == (200, "0-2499/2500")
    rest.refused("GET", wanted, 406, "PGRST116", Accept=OBJECT)
    made = rest.send("PATCH", "Project?id=gte.10&select=id", {"size": 1}, Prefer=REPRESENTATION)
    assert made.json == [{"id": row["id"]} for row in rows]


def test_names_and_schemas(rest):
    rest.refused("GET", "project", 404, "PGRST205")
    rest.refused("POST", "Nothing", 404, "PGRST205", {})
    rest.refused("GET", "1", 404, "PGRST205")
    rest.refused("GET", "Project/1", 404, "PGRST125")
    rest.refused("GET", "rpc/f", 404, "PGRST202")
    rest.refused("POST", "rpc/f", 404, "PGRST202", {"a": 1})
    rest.refused("GET", "Project", 406, "PGRST106", Accept_Profile="private")
    rest.refused("POST", "Project", 406, "PGRST106", {"name": "x"}, Content_Profile="private")
    assert rest.rows("Project?limit=1", Accept_Profile="public", Content_Profile="other")
    rest.refused("POST", "", 405, "PGRST117", {})
    assert rest.send("OPTIONS", "Project").headers["Allow"] == "OPTIONS,GET,HEAD,POST,PATCH,PUT,DELETE"
    assert rest.send("GET", "Project?limit=1").headers["Definition-Version"] == "1"


def test_leniencies(rest):
    assert len(rest.rows("Project?order=&limit=&offset=&and=&or=", Prefer="unknown=1,count=none")) == 3
    assert len(rest.rows("Project?columns=a&on_conflict=b")) == 3
    rest.refused("GET", "Project", 400, "PGRST122", Prefer="handling=strict, unknown=1")
    assert rest.send("DELETE", "Project?id=eq.1", body=b"junk", Content_Type="x/y").status_int == 204
    assert rest.send("GET", "Project?id=eq.2", Content_Type="text/junk").status_int == 200


def test_description(rest):
    document = rest.send("GET", "").json
    assert document["swagger"] == "2.0"
    assert set(document["paths"]["/Project"]) == {"get", "post", "patch", "delete"}
    columns = document["definitions"]["Project"]
    assert columns["required"] == ["id", "name"]
    assert columns["properties"]["budget"]["type"] == "number"
    assert columns["properties"]["size"] == {"type": "integer", "default": 7} | columns["properties"]["size"]


def test_problem_documents_by_name(rest):
    answer = rest.app.get("/rest/Nothing", headers={"Accept": "application/problem+json"}, status=404)
    assert answer.content_type == "application/problem+json"
    assert answer.json["code"] == "PGRST205"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["id", "name", "budget", "size", "data", "client"]) | st.text(max_size=3)


@example_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_any_document_is_answered(whole, document):
    """What is stored comes back; what is not is refused, never failed upon."""
    answer = whole.send("POST", "Project", document, Prefer=f"{REPRESENTATION},tx=rollback")
    assert answer.status_int in (201, 400, 409)
    if answer.status_int == 201:
        assert set(document) <= set(answer.json[0])


@example_settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=40), st.text(max_size=60))
def test_any_headers_are_answered(whole, accept, prefer):
    headers = {"Accept": accept.encode("ascii", "ignore").decode(), "Prefer": prefer.encode("ascii", "ignore").decode()}
    headers = {name: "".join(c for c in value if c.isprintable()) for name, value in headers.items()}
    # A refusal repeats what was sent; the client of these tests would take such a word for one of ours.
    assume("_dynmodel" not in accept.lower())
    assert whole.send("GET", "Client?limit=1", **headers).status_int in (200, 400, 406)


#: Codes that no request below /rest/ gets from the application: definitions, cursors, conditional requests, what the
#: server itself refuses.
ELSEWHERE = {
    "cannot_compact",
    "condition_broken",
    "duplicate_key",
    "foreign_key",
    "in_use_by_access",
    "linked_from",
    "linked_table_gone",
    "lossy_change",
    "name_taken",
    "not_ready",
    "on_error_by_field",
    "precondition_failed",
    "request_timeout",
    "sign_in_failed",
    "too_many_connections",
    "too_many_fields",
    "too_many_tables",
    "too_many_tokens",
    "too_many_views",
    "wrong_password",
}


def test_every_code_has_one_of_postgrest():
    page = (Path(dynmodel_pyramid.__file__).parent.parent / "docs" / "errors.md").read_text(encoding="utf-8")
    answers = page.partition("## Codes in `errors`")[0]
    listed = set(re.findall(r"^\| `([a-z_]+)` \|", answers, re.MULTILINE))
    assert listed - set(CODES) == ELSEWHERE
    assert set(CODES) <= listed


@pytest.fixture
def made_under_prefix(settings):
    wsgi = host_config(settings).make_wsgi_app()
    yield webtest.TestApp(wsgi)
    wsgi.registry.dynmodel_catalogue.database.close()


def test_under_a_prefix(made_under_prefix):
    answer = made_under_prefix.get("/data/rest/Nothing", status=404)
    assert answer.json["code"] == "PGRST205"
    made_under_prefix.post_json("/data/table/", {"model_name": "Client", "fields": {"name": "string"}})
    headers = {"Prefer": "return=headers-only"}
    located = made_under_prefix.post_json("/data/rest/Client", {"name": "x"}, headers=headers).headers["Location"]
    assert located == "/data/rest/Client?id=eq.1"
    assert made_under_prefix.get(located).json == [{"id": 1, "name": "x"}]
