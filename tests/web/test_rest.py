"""``/rest/``: PostgREST's face, held against what PostgREST's own tests (test/spec/Feature) expect."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
import webtest
from hypothesis import HealthCheck, given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from dynmodel_pyramid.web.rest.problems import CODES
from tests.host import host_config

OBJECT = "application/vnd.pgrst.object+json"
REPRESENTATION = "return=representation"


class Face:
    """``/rest/`` of an application. Every error must be PostgREST's."""

    def __init__(self, app: webtest.TestApp):
        self.app = app

    def send(
        self, method: str, path: str, document=None, *, body: bytes | None = None, **headers
    ) -> webtest.TestResponse:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if document is not None:
            body, headers = json.dumps(document).encode(), {"Content-Type": "application/json", **headers}
        answer = self.app.request(f"/rest/{path}", method=method, body=body or b"", headers=headers, expect_errors=True)
        if answer.status_int >= 300 and method != "HEAD":
            assert answer.content_type == "application/json"
            assert set(answer.json) == {"code", "message", "details", "hint"}
            assert answer.json["code"] and answer.json["message"]
            assert not any(inside in answer.text for inside in ("Traceback", "sqlalchemy", "_dynmodel", "SELECT"))
        return answer

    def rows(self, path: str, **headers):
        answer = self.send("GET", path, **headers)
        assert answer.status_int in (200, 206), answer.text
        return answer.json

    def refused(self, method: str, path: str, status: int, code: str, document=None, **more) -> dict:
        answer = self.send(method, path, document, **more)
        assert (answer.status_int, answer.json["code"]) == (status, code), answer.text
        return answer.json


@pytest.fixture(scope="module", params=DATABASES)
def whole(request, tmp_path_factory):
    with database_settings(request.param, tmp_path_factory.mktemp("rest")) as made:
        wsgi = dynmodel_pyramid.main({}, **made)
        app = webtest.TestApp(wsgi)
        app.post_json("/table/", {"model_name": "Client", "fields": {"name": {"type": "string", "unique": True}}})
        fields = {
            "name": {"type": "string", "required": True},
            "budget": {"type": "decimal", "precision": 30, "scale": 4},
            "size": {"type": "integer", "default": 7},
            "data": "json",
            "client": {"type": "link", "table": "Client", "reverse": "projects"},
        }
        app.post_json("/table/", {"model_name": "Project", "fields": fields})
        yield Face(app)
        wsgi.registry.dynmodel_catalogue.database.close()


@pytest.fixture
def rest(whole) -> Face:
    for name in ("Project", "Client"):
        whole.send("DELETE", f"{name}?id=gt.0")
    whole.send("POST", "Client", [{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bob"}])
    rows = [{"id": n, "name": f"P{n}", "budget": f"{n}.5", "client": 1 + n % 2, "data": None} for n in (1, 2, 3)]
    whole.send("POST", "Project", rows)
    return whole


# Reading


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
    assert rest.rows("Project?limit=1", Accept_Profile="public", Content_Profile="other", apikey="x")
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


# Writing


def test_answers_to_inserts(rest):
    quiet = rest.send("POST", "Client", {"name": "Cid"})
    assert (quiet.status_int, quiet.body, quiet.headers.get("Content-Type")) == (201, b"", None)
    assert "Location" not in quiet.headers and quiet.headers["Content-Range"] == "*/*"
    located = rest.send("POST", "Client", {"name": "Dan"}, Prefer="return=headers-only,count=exact")
    assert located.headers["Content-Range"] == "*/1"
    assert located.headers["Preference-Applied"] == "return=headers-only, count=exact"
    assert rest.app.get(located.headers["Location"]).json[0]["name"] == "Dan"
    shown = rest.send(
        "POST",
        "Project?select=name,client(name)",
        [{"name": "b", "client": 2}, {"name": "a", "client": 1}],
        Prefer=REPRESENTATION,
    )
    assert shown.json == [{"name": "b", "client": {"name": "Bob"}}, {"name": "a", "client": {"name": "Ann"}}]
    assert rest.send("POST", "Client", [], Prefer=REPRESENTATION).json == []
    assert rest.send("POST", "Client", {}).status_int == 201
    one = rest.send("POST", "Client?select=name", [{"name": "Eve"}], Prefer=REPRESENTATION, Accept=OBJECT)
    assert one.json == {"name": "Eve"}
    rest.refused("POST", "Client", 406, "PGRST116", [{"name": "F"}, {"name": "G"}], Accept=OBJECT)
    assert rest.rows("Client?name=in.(F,G)") == []
    back = rest.send("POST", "Client", {"name": "H"}, Prefer="tx=rollback")
    assert (back.status_int, back.headers["Preference-Applied"]) == (201, "tx=rollback")
    assert rest.rows("Client?name=eq.H") == []


def test_bodies(rest):
    rest.refused("POST", "Client", 400, "PGRST102", body=b"}{ x = 2")
    rest.refused("POST", "Client", 400, "PGRST102", body=b"")
    rest.refused("POST", "Client", 400, "PGRST102", body=b"[NaN]")
    rest.refused("POST", "Client", 400, "PGRST102", body=b"[" * 100_000)
    rest.refused("POST", "Client", 400, "PGRST102", body=b"\xff")
    rest.refused("POST", "Client", 400, "PGRST102", body=b"x", Content_Type="text/xml")
    rest.refused("POST", "Client", 400, "PGRST102", [{"name": "x"}, 1])
    rest.refused("POST", "Client", 400, "PGRST102", [{"name": "x"}, {"id": 9}])
    table = b'name,size,data\r\n"a,b",1,NULL\nNULL is text,NULL,"{""a"": 1}"\n'
    answer = rest.send(
        "POST", "Project?select=name,size,data", body=table, Content_Type="text/csv", Prefer=REPRESENTATION
    )
    assert answer.json == [
        {"name": "a,b", "size": 1, "data": None},
        {"name": "NULL is text", "size": None, "data": '{"a": 1}'},
    ]
    rest.refused("POST", "Project", 400, "PGRST102", body=b"name,size\na", Content_Type="text/csv")
    form = rest.send(
        "POST",
        "Project?select=name,size",
        body=b"name=a+b&size=4",
        Content_Type="application/x-www-form-urlencoded",
        Prefer=REPRESENTATION,
    )
    assert form.json == [{"name": "a b", "size": 4}]
    twice = rest.send("POST", "Client?select=name", body=b'{"name": "1", "name": "2"}', Prefer=REPRESENTATION)
    assert twice.json == [{"name": "2"}]


def test_columns(rest):
    rows = [{"name": "a", "junk": 1}, {"name": "b", "size": 2, "client": 1}]
    path = "Project?columns=name,size&select=size,client"
    assert rest.send("POST", path, rows, Prefer=REPRESENTATION).json == [
        {"size": None, "client": None},
        {"size": 2, "client": None},
    ]
    defaults = rest.send("POST", path, rows, Prefer=f"missing=default,{REPRESENTATION}")
    assert [row["size"] for row in defaults.json] == [7, 2]
    assert defaults.headers["Preference-Applied"] == f"missing=default, {REPRESENTATION}"
    rest.refused("POST", "Project?columns=name,nothing", 400, "PGRST204", rows)
    rest.refused("POST", "Project?columns=", 400, "PGRST100", rows)
    changed = rest.send("PATCH", "Project?id=eq.1&columns=size&select=name,size", {"name": "x"}, Prefer=REPRESENTATION)
    assert changed.json == [{"name": "P1", "size": None}]


def test_update_and_delete_by_filter(rest):
    done = rest.send("PATCH", "Project?id=in.(1,2)", {"size": "8"})
    assert (done.status_int, done.body, done.headers["Content-Range"]) == (204, b"", "0-1/*")
    shown = rest.send(
        "PATCH", "Project?id=in.(1,2)&select=id,client(name)&order=id.desc", {"size": 9}, Prefer=REPRESENTATION
    )
    assert shown.status_int == 200
    assert shown.json == [{"id": 2, "client": {"name": "Ann"}}, {"id": 1, "client": {"name": "Bob"}}]
    # The rows that were written are shown, though the filter no longer finds them.
    assert rest.send("PATCH", "Project?size=eq.9&select=id", {"size": 1}, Prefer=REPRESENTATION).json == [
        {"id": 1},
        {"id": 2},
    ]
    assert rest.send("PATCH", "Project?id=eq.9", {"size": 1}, Prefer=REPRESENTATION).json == []
    for empty in ({}, [], [{}]):
        nothing = rest.send("PATCH", "Project", empty)
        assert (nothing.status_int, nothing.headers["Content-Range"]) == (204, "*/*")
    assert rest.refused("PATCH", "Project", 400, "21000", {"size": 1})["message"] == "UPDATE requires a WHERE clause"
    assert rest.refused("DELETE", "Project", 400, "21000")["message"] == "DELETE requires a WHERE clause"
    most = "handling=strict,max-affected=1"
    assert (
        rest.refused("PATCH", "Project?id=gt.0", 400, "PGRST124", {"size": 0}, Prefer=most)["details"]
        == "The query affects 3 rows"
    )
    rest.refused("DELETE", "Project?id=gt.0", 400, "PGRST124", Prefer=most)
    rest.refused("PATCH", "Project?id=gt.0", 406, "PGRST116", {"size": 0}, Accept=OBJECT)
    rest.refused("DELETE", "Project?id=gt.0", 406, "PGRST116", Accept=OBJECT)
    assert rest.rows("Project?size=eq.0") == []
    rest.refused("PATCH", "Project?id=eq.1", 400, "428C9", {"id": 5})
    gone = rest.send("DELETE", "Project?id=eq.1&select=id,client(name)", Prefer=f"{REPRESENTATION},count=exact")
    assert (gone.status_int, gone.json, gone.headers["Content-Range"]) == (
        200,
        [{"id": 1, "client": {"name": "Bob"}}],
        "*/1",
    )
    rest.refused("DELETE", "Client?id=eq.1", 409, "23503")


def test_upserts(rest):
    merge, ignore = f"resolution=merge-duplicates,{REPRESENTATION}", f"resolution=ignore-duplicates,{REPRESENTATION}"
    mixed = rest.send(
        "POST", "Client?select=id,name", [{"id": 1, "name": "Anna"}, {"id": 5, "name": "Eve"}], Prefer=merge
    )
    assert (mixed.status_int, mixed.json) == (201, [{"id": 1, "name": "Anna"}, {"id": 5, "name": "Eve"}])
    assert mixed.headers["Preference-Applied"] == f"resolution=merge-duplicates, {REPRESENTATION}"
    assert rest.send("POST", "Client", {"id": 1, "name": "Ann"}, Prefer=merge).status_int == 200
    assert rest.send("POST", "Client", [], Prefer=merge).status_int == 200
    by_name = rest.send("POST", "Client?on_conflict=name&select=id", [{"name": "Bob"}], Prefer=merge)
    assert by_name.json == [{"id": 2}]
    kept = rest.send("POST", "Client?on_conflict=name&select=name", [{"name": "Bob"}, {"name": "Fay"}], Prefer=ignore)
    assert (kept.status_int, kept.json) == (201, [{"name": "Fay"}])
    rest.refused("POST", "Project?on_conflict=name", 400, "42P10", {"name": "x"}, Prefer=merge)
    rest.refused("POST", "Client", 400, "21000", [{"id": 1, "name": "x"}, {"id": 1, "name": "y"}], Prefer=merge)
    rest.refused("POST", "Client", 409, "23505", {"name": "Bob"})


def test_put(rest):
    assert rest.send("PUT", "Client?id=eq.1", {"id": 1, "name": "Anna"}).status_int == 204
    shown = rest.send("PUT", "Client?id=eq.1&select=name", [{"id": 1, "name": "Ann"}], Prefer=REPRESENTATION)
    assert (shown.status_int, shown.json) == (200, [{"name": "Ann"}])
    assert rest.send("PUT", "Client?id=eq.70", {"id": 70, "name": "New"}, Prefer=REPRESENTATION).status_int == 201
    for wrong in ("id=gt.1", "id=not.eq.1", "id=in.(1)", "and=(id.eq.1)", "name=eq.Ann", "id=eq.1&name=eq.Ann", ""):
        rest.refused("PUT", f"Client?{wrong}", 405, "PGRST105", {"id": 1, "name": "Ann"})
    rest.refused("PUT", "Client?id=eq.1&limit=1", 400, "PGRST114", {"id": 1, "name": "Ann"})
    for document in ({"id": 2, "name": "x"}, {"name": "x"}, [{"id": 1}, {"id": 2}], []):
        rest.refused("PUT", "Client?id=eq.1", 400, "PGRST115", document)


def test_faults_of_documents(rest):
    rest.refused("POST", "Project", 400, "23502", {"size": 1})
    rest.refused("POST", "Project", 400, "23502", {"name": None})
    rest.refused("POST", "Project", 400, "PGRST204", {"colour": 1})
    rest.refused("POST", "Project", 400, "22P02", {"name": "x", "size": "many"})
    rest.refused("POST", "Project", 400, "22003", {"name": "x", "size": 2**70})
    rest.refused("POST", "Project", 409, "23503", {"name": "x", "client": 99})
    rest.refused("PATCH", "Project?id=eq.1", 400, "PGRST204", {"colour": 1})
    rest.refused("PATCH", "Project?id=eq.1", 400, "22P02", {"size": "many"})


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
    assert whole.send("GET", "Client?limit=1", **headers).status_int in (200, 400, 406)


#: Codes of answers that no request below /rest/ gets: definitions, cursors, conditional requests, and so on.
ELSEWHERE = {
    "duplicate_key",
    "foreign_key",
    "linked_from",
    "linked_table_gone",
    "lossy_change",
    "malformed_csv",
    "name_taken",
    "not_ready",
    "precondition_failed",
    "too_many_fields",
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
