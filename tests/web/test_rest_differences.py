"""Each difference from PostgREST that docs/rest.md lists has a reason, and is as it says."""

import re
from pathlib import Path

import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.web.face import Face

PAGE = (Path(dynmodel_pyramid.__file__).parent.parent / "docs" / "rest.md").read_text(encoding="utf-8")
_TABLE = PAGE.partition("## What differs from PostgREST")[2].partition("| --- | --- |")[2]
#: Differences and reasons.
ROWS = re.findall(r"^\| (.+?) \| (.*) \|$", _TABLE, re.MULTILINE)
REPRESENTATION, CSV = "return=representation", "text/csv"
TABLES = {
    "Author": {"name": "string", "code": {"type": "string", "unique": True}},
    "Actor": {"name": "text"},
    "Studio": {"name": "text"},
    "Book": {
        "title": "text",
        "pages": "integer",
        "price": {"type": "decimal", "precision": 20, "scale": 2},
        "tags": "tags",
        "data": "json",
        "is_new": "boolean",
        "moment": "datetime",
        "seen": {"type": "datetime", "default_expression": "now"},
        "author": {"type": "link", "table": "Author", "reverse": "books"},
        "lead": {"type": "link", "table": "Actor"},
    },
    "Role": {"book": {"type": "link", "table": "Book"}, "actor": {"type": "link", "table": "Actor"}},
    "Deal": {"book": {"type": "link", "table": "Book"}, "studio": {"type": "link", "table": "Studio"}},
    "Page": {"title": "text"},
    "See": {"one": {"type": "link", "table": "Page"}, "other": {"type": "link", "table": "Page"}},
    "Many": {"n": "integer"},
}
DOCUMENTS = {
    "Author": [{"id": 1, "name": "Ann", "code": "A"}, {"id": 2, "name": "Bob", "code": "B"}],
    "Actor": [{"id": 1, "name": "Zoe"}],
    "Studio": [{"id": 1, "name": "S"}],
    "Book": [
        {
            "id": 1,
            "title": "Äpfel",
            "pages": 5,
            "price": "123456789012345678.90",
            "tags": ["a"],
            "is_new": True,
            "author": 1,
            "lead": 1,
            "data": [1, 2],
        },
        {
            "id": 2,
            "title": "The cat",
            "pages": 5,
            "price": None,
            "tags": None,
            "is_new": None,
            "author": 1,
            "lead": None,
            "data": [[1, 2]],
        },
        {
            "id": 3,
            "title": "42",
            "pages": 7,
            "price": 5,
            "tags": None,
            "is_new": None,
            "author": 2,
            "lead": None,
            "data": None,
        },
    ],
    "Role": [{"book": 1, "actor": 1}],
    "Deal": [{"book": 2, "studio": 1}],
    "Many": [{"n": number} for number in range(1001)],
}


@pytest.fixture(scope="module", params=DATABASES)
def rest(request, tmp_path_factory):
    with database_settings(request.param, tmp_path_factory.mktemp("differences")) as made:
        wsgi = dynmodel_pyramid.main({}, **made, **{"dynmodel.plan_enabled": "true"})
        face = Face(webtest.TestApp(wsgi))
        for name, fields in TABLES.items():
            face.app.post_json("/table/", {"model_name": name, "fields": fields})
        for name, rows in DOCUMENTS.items():
            assert face.send("POST", name, rows).status_int == 201
        yield face
        wsgi.registry.dynmodel_catalogue.database.close()


def no_plans_of_writes(rest):
    plan = "application/vnd.pgrst.plan"
    rest.refused("POST", "Actor", 406, "PGRST107", {"name": "x"}, Accept=plan)
    assert rest.send("GET", "Actor", Accept=f"{plan}; options=nope").status_int >= 400
    assert rest.send("GET", "Actor", Accept=f"{plan}; options=analyze").status_int in (200, 400, 409)


def other_formats(rest):
    ndjson, prefer = "application/x-ndjson", f"{REPRESENTATION},tx=rollback"
    lines = rest.send("GET", "Book?select=id,pages&id=lt.3", Accept=ndjson)
    assert (lines.text, lines.vary[:3]) == ('{"id":1,"pages":5}\n{"id":2,"pages":5}\n', ("Accept", "Prefer", "Range"))
    assert rest.send("GET", "Many?select=n", Accept=ndjson).text.count("\n") == 1001
    rest.refused("POST", "Actor", 406, "PGRST107", {"name": "x"}, Accept=ndjson)
    rest.refused("PATCH", "Actor?id=eq.1", 400, "PGRST102", body=b'{"name": "x"}', Content_Type=ndjson)
    for name in ("vnd.apache.parquet", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"):
        kind = f"application/{name}"
        file = rest.send("GET", "Book?select=id,title,pages,price,data&order=id", Accept=kind)
        assert (file.status_int, file.content_type) == (200, kind)
        assert file.headers["Content-Disposition"].startswith('attachment; filename="Book.')
        sent = {"body": file.body, "Content_Type": kind}
        made = rest.send("POST", "Book?columns=title,pages,price&select=title,price", Prefer=prefer, **sent)
        assert made.text == rest.send("GET", "Book?select=title,price&order=id").text
        merged = f"resolution=merge-duplicates,{prefer}"
        assert [row["id"] for row in rest.send("POST", "Book?select=id", Prefer=merged, **sent).json] == [1, 2, 3]
        rest.refused("POST", "Actor", 400, "PGRST204", **sent)
        rest.refused("POST", "Book", 400, "PGRST102", body=b"x", Content_Type=kind)
    assert rest.send(
        "POST", "Book?select=author", body=b'{"author": {"code": "B"}}', Content_Type=ndjson, Prefer=prefer
    ).json == [{"author": 2}]
    rest.refused("POST", "Book", 400, "PGRST102", body=b"{}", Content_Type=f"{ndjson}; charset=latin1")


def links_by_keys(rest):
    prefer = f"{REPRESENTATION},tx=rollback"
    book = {"title": "x", "author": {"code": "B"}}
    assert rest.send("POST", "Book?select=author", book, Prefer=prefer).json == [{"author": 2}]
    table = rest.send("POST", "Book?select=author", body=b"title,author.code\nx,B", Content_Type=CSV, Prefer=prefer)
    assert table.json == [{"author": 2}]


def having(rest):
    groups = "Book?select=pages,count()&order=count().desc&having=(count().gt.1)"
    assert rest.rows(groups) == [{"pages": 5, "count": 2}]


def cursors(rest):
    rest.refused("GET", "Book?_after=x", 400, "PGRST100")


def description(rest):
    assert not {"host", "schemes"} & set(rest.send("GET", "").json)


def cors(rest):
    answer = rest.send("OPTIONS", "Book", Origin="https://one.example")
    assert not [name for name in answer.headers if name.startswith("Access-Control")]


def location(rest):
    made = rest.send("POST", "Actor", {"name": "x"}, Prefer="return=headers-only,tx=rollback")
    assert made.headers["Location"].startswith("/rest/Actor?id=eq.")


def links_before_join_tables(rest):
    assert rest.rows("Book?select=Actor(name)&id=lt.3") == [{"Actor": {"name": "Zoe"}}, {"Actor": None}]
    assert rest.rows("Book?select=Actor!Role(name)&id=eq.1") == [{"Actor": [{"name": "Zoe"}]}]


def two_ways(rest):
    error = rest.refused("GET", "Page?select=Page(title)", 300, "PGRST201")
    for form in re.findall("'(Page!.*?)'", error["hint"]):
        assert rest.rows(f"Page?select={form}(title)") == []


def items_twice(rest):
    assert rest.rows("Actor?select=id,id") == [{"id": 1}]
    assert rest.send("GET", "Actor?select=id,id:name").status_int == 400


def streams(rest):
    assert rest.send("GET", "Many").headers["Content-Range"] == "*/*"


def guesses(rest):
    for how in ("planned", "estimated"):
        assert rest.send("GET", "Book", Prefer=f"count={how}").headers["Content-Range"] == "0-2/3"


def orders(rest):
    rest.send("PATCH", "Book?id=eq.1", {"title": "Äpfel"})
    assert [row["id"] for row in rest.rows("Book?select=id")] == [1, 2, 3]
    assert [row["id"] for row in rest.rows("Book?select=id&order=pages.desc")] == [3, 1, 2]


def equal_rows(rest):
    twice = [{"id": 9, "name": "x"}, {"id": 9, "name": "y"}]
    rest.refused("POST", "Actor", 400, "21000", twice, Prefer="resolution=merge-duplicates")


def searches(rest):
    assert [row["id"] for row in rest.rows("Book?select=id&title=plfts.cat")] == [2]
    assert rest.rows("Book?select=id&title=plfts.cats") == []


def other_languages(rest):
    answer = rest.send("GET", "Book?select=id&title=plfts(english).cats")
    if answer.status_int == 200:
        assert answer.json == [{"id": 2}]  # PostgreSQL
    else:
        assert (answer.status_int, answer.json["code"]) == (400, "PGRST127")


def orders_by_arrays(rest):
    rest.refused("GET", "Book?order=tags", 404, "42883")
    assert rest.rows("Book?select=id&order=tags->>0&limit=1") == [{"id": 1}]


def casts(rest):
    assert rest.rows("Book?select=title::integer") == [{"title": None}, {"title": None}, {"title": 42}]
    rest.refused("GET", "Book?select=title::money", 400, "42704")


def time_zones(rest):
    assert rest.send("GET", "Book?limit=1", Prefer="timezone=Jupiter/Red_Spot").status_int == 200


def relative_times(rest):
    assert rest.rows("Book?moment=gte.now-7d") == []
    rest.refused("GET", "Book?moment=gte.epoch", 400, "22007")
    rest.refused("PATCH", "Book?id=eq.1", 400, "22007", {"moment": "now"})


def defaults_made_anew(rest):
    rest.refused("PATCH", "Book?id=eq.1&columns=seen", 400, "PGRST100", {}, Prefer="missing=default")


def losing_csv(rest):
    for body, kind in (
        (b"name,name\na,b", CSV),
        (b"name=a&name=b", "application/x-www-form-urlencoded"),
        (b"name\na", f"{CSV}; charset=nonsense"),
        (b"name\na", f"{CSV}; header=absent"),
    ):
        rest.refused("POST", "Actor", 400, "PGRST102", body=body, Content_Type=kind)


def csv_has_json(rest):
    shown = rest.send("GET", "Book?select=is_new,tags&id=eq.1", Accept=CSV)
    assert shown.text == 'is_new,tags\ntrue,"[""a""]"'


def messages(rest):
    error = rest.refused("POST", "Author", 409, "23505", {"code": "A"})
    assert error["message"] == "duplicate key value violates unique constraint on (code)"


def more_hints(rest):
    assert rest.refused("GET", "Book?titel=eq.1", 400, "42703")["hint"]


def own_details(rest):
    error = rest.refused("GET", "Book?id=nope.1", 400, "PGRST100")
    assert error["message"].startswith('"failed to parse filter (nope.1)" (line 1, column')
    assert error["details"]


def texts_of_arrays(rest):
    assert rest.rows("Book?select=inner:data->>0&id=eq.2") == [{"inner": "[1, 2]"}]


def ignored_duplicates(rest):
    answer = rest.send("POST", "Author", {"code": "A"}, Prefer=f"resolution=ignore-duplicates,{REPRESENTATION}")
    assert answer.json == []


def resolutions(rest):
    answer = rest.send("POST", "Actor", {"name": "x"}, Prefer="resolution=merge-duplicates,tx=rollback")
    assert "resolution=merge-duplicates" in answer.headers["Preference-Applied"]


def new_ids(rest):
    given = rest.send("POST", "Studio", {"id": 70, "name": "T"}, Prefer=REPRESENTATION).json
    made = rest.send("POST", "Studio", {"name": "U"}, Prefer=REPRESENTATION).json
    assert made[0]["id"] > given[0]["id"]


def spread_aggregates(rest):
    assert rest.rows("Author?select=name,...books(pages.sum())&id=eq.1") == [{"name": "Ann", "sum": [10]}]


#: The beginning of a row -> shows that it is so.
SHOWN = {
    "`/rest/rpc/` is always 404": lambda rest: rest.refused("POST", "rpc/f", 404, "PGRST202", {}),
    "`application/geo+json`": lambda rest: rest.refused("GET", "Book", 406, "PGRST107", Accept="application/geo+json"),
    "Bodies of POST": other_formats,
    "There are no plans of writes": no_plans_of_writes,
    "A link may be given by a unique key": links_by_keys,
    "`having=(...)`": having,
    "`_after` and `_before` are refused": cursors,
    "The description has no `host`": description,
    "CORS is off": cors,
    "The id of a row never changes": lambda rest: rest.refused("PATCH", "Book?id=eq.1", 400, "428C9", {"id": 9}),
    "`Location` is": location,
    "A row shows the reverse sides": lambda rest: rest.rows("Author?id=eq.1")[0]["books"].index(2),
    "Where a link and a join table": links_before_join_tables,
    "Any table with a link to each of two": lambda rest: rest.rows("Studio?select=Book(title)")[0]["Book"].index(
        {"title": "The cat"}
    ),
    "Several ways through one join table": two_ways,
    "An item of `select` that stands twice": items_twice,
    "The name of a model that is embedded": lambda rest: rest.rows("Book?select=AUTHOR(name)")[0]["AUTHOR"]["name"],
    "A list of more than 1,000 rows": streams,
    "The total of `count=planned`": guesses,
    "Rows without an `order`": orders,
    "A lock that is not free in time": equal_rows,
    "`fts`, `plfts`": searches,
    "Other languages of searches": other_languages,
    "`ilike` and `imatch`": lambda rest: rest.rows("Book?title=ilike.%C3%A4PFEL")[0],
    "Rows can't be ordered by ranges": orders_by_arrays,
    "A cast of a value": casts,
    "`now`, `today` and the like": relative_times,
    "A time without an offset": lambda rest: rest.refused("POST", "Book", 400, "22007", {"moment": "2026-01-31T12:00"}),
    "`Prefer: timezone=` is ignored": time_zones,
    "`Prefer: missing=default` in a PATCH": defaults_made_anew,
    "CSV with a name twice": losing_csv,
    "CSV has values as JSON": csv_has_json,
    "`PUT` finds its row by `id`": lambda rest: rest.refused("PUT", "Author?code=eq.A", 405, "PGRST105", {"code": "A"}),
    "PATCH and DELETE without a condition": lambda rest: rest.refused("DELETE", "Book", 400, "21000"),
    "Messages of PostgreSQL's codes": messages,
    "`details` and `hint` say more": more_hints,
    "`details` of `PGRST100`": own_details,
    "`->>` of an array": texts_of_arrays,
    "`ignore-duplicates` without": ignored_duplicates,
    "`resolution=` is applied": resolutions,
    "What stands behind the end": lambda rest: rest.refused("GET", "Book?and=(id.eq.1))", 400, "PGRST100"),
    "Aggregates in spreads of many rows": spread_aggregates,
    "A new id is greater than all ids before": new_ids,
    "Queries that [queries.md]": lambda rest: rest.refused("GET", "Book?limit=few", 400, "PGRST100"),
}


def test_each_difference_has_a_reason_and_is_shown():
    assert len(ROWS) > 30
    assert [difference for difference, reason in ROWS if len(reason) < 8] == []
    unshown = [difference for difference, _ in ROWS if not difference.startswith(tuple(SHOWN))]
    assert unshown == [], "show them here"
    assert [beginning for beginning in SHOWN if not any(row.startswith(beginning) for row, _ in ROWS)] == []


@pytest.mark.parametrize("beginning", SHOWN)
def test_a_difference_is_as_the_page_says(rest, beginning):
    SHOWN[beginning](rest)
