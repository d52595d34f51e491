"""The examples of PostgREST's reference, as requests of this service: Tables and Views, Resource Representation,
Pagination and Count, Prefer Header, Errors, OPTIONS, URL Grammar.

Tables, values and numbers of rows are this test's own; where an answer differs, docs/rest.md says why.
"""

from urllib.parse import quote

import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.promises import assert_promises
from tests.web.face import Face

OBJECT, REPRESENTATION = "application/vnd.pgrst.object+json", "return=representation"
TABLES = {
    "people": {
        "first_name": "text",
        "last_name": "text",
        "full_name": "text",
        "birth_date": "date",
        "age": "integer",
        "height": "integer",
        "weight": "integer",
        "student": "boolean",
        "grade": "integer",
        "category": "text",
        "salary": {"type": "decimal", "scale": 2},
        "story": "text",
        "json_data": "json",
    },
    "survey": {"age_range": "integer_range", "tags": "tags"},
    "projects": {"name": {"type": "text", "required": True}, "another_col": "text"},
    "films": {"title": "text", "project": {"type": "link", "table": "projects"}},
    "foo": {"bar": "text", "baz": {"type": "integer", "default": 100}},
    "datasets": {"source": "text", "publication_date": "date", "figure": "integer"},
    "products": {"sku": {"type": "string", "unique": True}, "name": "text", "price": "integer"},
    "employees": {"name": {"type": "string", "unique": True, "required": True}, "salary": "integer"},
    "items": {"n": "integer"},
    "timestamps": {"t": "datetime"},
    "Order Items": {"Unit Price": "integer"},
    "vulnerabilities": {"information.cpe": "text"},
    "marks": {"name": "text"},
    "موارد": {"هویت": "integer"},
}


def person(number, first, last, **more):
    return {"id": number, "first_name": first, "last_name": last, "full_name": f"{first} {last}", **more}


PHONES = [{"country_code": "61", "number": "917-929-5745"}, {"country_code": "43", "number": "213-891-5979"}]
PEOPLE = [
    person(1, "John", "Doe", age=30, height=180, student=False, grade=80, salary="90000.00", birth_date="1988-04-25"),
    person(2, "Jane", "Olsen", age=20, height=165, student=True, grade=95, salary="120000.00"),
    person(3, "Tim", "Page", age=14, student=True, grade=97),
    person(4, "Ann", "Ohlin", age=10, height=140, student=False, grade=91),
    person(5, "Eve", "Abel", age=None, height=170),
]
PEOPLE[0] |= {"json_data": {"blood_type": "A-", "age": 35, "phones": PHONES[:1]}, "story": "The fat cats sat"}
PEOPLE[1] |= {"json_data": {"blood_type": "O+", "age": 25, "phones": PHONES[::-1]}, "story": "A cat is fat"}
PEOPLE[2] |= {"json_data": {"blood_type": "A-", "age": 9}}
ROWS = {
    "people": [dict.fromkeys(TABLES["people"]) | row for row in PEOPLE],
    "survey": [
        {"id": 1, "age_range": "[21,30)", "tags": ["example", "new"]},
        {"id": 2, "age_range": "[25,40)", "tags": ["new"]},
        {"id": 3, "age_range": "[50,60)", "tags": ["example", "new", "old"]},
    ],
    "projects": [
        {"id": 11, "name": "OSX", "another_col": "val"},
        {"id": 12, "name": "ProjectX", "another_col": None},
    ],
    "films": [{"id": 1, "title": "First", "project": 11}],
    "products": [{"sku": "CL2031", "name": "T-shirt", "price": 30}, {"sku": "CL2040", "name": "Hoodie", "price": 50}],
    "employees": [{"id": 1, "name": "Old employee 1", "salary": 1}, {"id": 2, "name": "Old employee 2", "salary": 2}],
    "items": [{"id": number, "n": number} for number in range(1, 21)],
    "timestamps": [{"id": 1, "t": "2023-10-18T12:37:59.611Z"}],
    "Order Items": [{"id": 1, "Unit Price": 100}, {"id": 2, "Unit Price": 300}],
    "vulnerabilities": [{"id": 1, "information.cpe": "MS Office"}, {"id": 2, "information.cpe": "vi"}],
    "marks": [{"id": 1, "name": 'Quote:"'}, {"id": 2, "name": "Backslash:\\"}, {"id": 3, "name": "Hebdon,John"}],
    "موارد": [{"id": 1, "هویت": 1}],
}


@pytest.fixture(scope="module", params=DATABASES)
def world(request, tmp_path_factory):
    with database_settings(request.param, tmp_path_factory.mktemp("reference")) as made:
        wsgi = dynmodel_pyramid.main({}, **made)
        app = webtest.TestApp(wsgi)
        for name, fields in TABLES.items():
            app.post_json("/table/", {"model_name": name, "fields": fields})
        face = Face(app)
        for name, rows in ROWS.items():
            assert face.send("POST", quote(name), rows).status_int == 201
        yield face
        assert_promises(wsgi.registry.dynmodel_catalogue)
        wsgi.registry.dynmodel_catalogue.database.close()


#: Horizontal filtering, logical operators, modifiers, patterns, JSON columns, ordering: the query -> ids of people.
FILTERS = {
    "age=lt.13": [4],
    "age=gte.18&student=is.true": [2],
    "age=is.null": [5],
    "age=is.not_null": [1, 2, 3, 4],
    "age=isdistinct.30": [2, 3, 4, 5],
    "age=neq.30": [2, 3, 4],
    "or=(age.lt.18,age.gt.21)": [1, 3, 4],
    "grade=gte.90&student=is.true&or=(age.eq.14,not.and(age.gte.11,age.lte.17))": [2, 3],
    "not.and=(age.gte.0,age.lte.20)": [1],
    "age=not.eq.20": [1, 3, 4],
    "last_name=like(any).{O*,P*}": [2, 3, 4],
    "last_name=like(all).{O*,*n}": [2, 4],
    "last_name=ilike.o*": [2, 4],
    "last_name=match.^.h": [4],
    "last_name=imatch.^D": [1],
    'full_name=in.("Jane Olsen","Tim Page")': [2, 3],
    "json_data->>blood_type=eq.A-": [1, 3],
    "json_data->age=gt.20": [1, 2],
    "json_data->phones->0->>country_code=eq.43": [2],
    "order=age.desc,height.asc": [5, 1, 2, 3, 4],
    "order=age": [4, 3, 2, 1, 5],
    "order=age.nullsfirst": [5, 4, 3, 2, 1],
    "order=age.desc.nullslast": [1, 2, 3, 4, 5],
    "order=json_data->age.desc.nullslast&json_data->age=not.is.null": [1, 2, 3],
    "limit=2&offset=1": [2, 3],
}
#: Vertical filtering, renaming, JSON paths, casts, media types without a path of their own: the address -> rows.
SELECTS = {
    "people?select=first_name,age&id=lt.3": [{"first_name": "John", "age": 30}, {"first_name": "Jane", "age": 20}],
    "people?select=fullName:full_name,birthDate:birth_date&id=eq.1": [
        {"fullName": "John Doe", "birthDate": "1988-04-25"}
    ],
    "people?select=id,json_data->>blood_type,json_data->phones&id=eq.1": [
        {"id": 1, "blood_type": "A-", "phones": PHONES[:1]}
    ],
    "people?select=id,json_data->phones->0->>number&id=lt.3": [
        {"id": 1, "number": "917-929-5745"},
        {"id": 2, "number": "213-891-5979"},
    ],
    "people?select=full_name,salary::text&id=eq.1": [{"full_name": "John Doe", "salary": "90000.00"}],
    "survey?select=id,first:tags->0&id=eq.1": [{"id": 1, "first": "example"}],
    "survey?select=id,last:tags->>-1&tags->>1=eq.new&order=tags->0": [
        {"id": 1, "last": "new"},
        {"id": 3, "last": "old"},
    ],
    'survey?select=id&or=(age_range.adj."[18,21)",age_range.cs."[30,35]")': [{"id": 1}, {"id": 2}],
    "survey?select=id&tags=cs.{example, new}": [{"id": 1}, {"id": 3}],
    "survey?select=id&tags=cd.{new,old}": [{"id": 2}],
    "survey?select=id&tags=ov.{old,x}": [{"id": 3}],
    "survey?select=id&age_range=ov.[29,31)": [{"id": 1}, {"id": 2}],
    "survey?select=id&age_range=sl.(45,50)": [{"id": 1}, {"id": 2}],
    "survey?select=id&age_range=nxr.(1,41)": [{"id": 1}, {"id": 2}],
    "Order%20Items?Unit%20Price=lt.200": [{"id": 1, "Unit Price": 100}],
    "vulnerabilities?select=id&%22information.cpe%22=like.*MS*": [{"id": 1}],
    "marks?select=id&name=in.(%22Quote:%5C%22%22,%22Backslash:%5C%5C%22)": [{"id": 1}, {"id": 2}],
    "marks?select=id&name=in.(%22Hebdon,John%22,%22Williams,Mary%22)": [{"id": 3}],
    "%D9%85%D9%88%D8%A7%D8%B1%D8%AF?select=%D9%87%D9%88%DB%8C%D8%AA": [{"هویت": 1}],
    "films?select=title,projects(name)": [{"title": "First", "projects": {"name": "OSX"}}],
}


def test_filters(world):
    for query, ids in FILTERS.items():
        ordered = query if "order" in query else f"{query}&order=id"
        assert [row["id"] for row in world.rows(f"people?{ordered}")] == ids, query


def test_selects(world):
    for address, rows in SELECTS.items():
        assert world.rows(address) == rows, address


def test_representations(world):
    assert world.send("GET", "items?id=eq.1", Accept=OBJECT).json == {"id": 1, "n": 1}
    error = world.refused("GET", "items?id=eq.0", 406, "PGRST116", Accept=OBJECT)
    assert error == {
        "code": "PGRST116",
        "message": "Cannot coerce the result to a single JSON object",
        "details": "The result contains 0 rows",
        "hint": None,
    }
    stripped = world.send("GET", "projects?id=gt.10", Accept="application/vnd.pgrst.array+json;nulls=stripped")
    assert stripped.json == [{"id": 11, "name": "OSX", "another_col": "val"}, {"id": 12, "name": "ProjectX"}]
    error = world.refused("GET", "people", 406, "PGRST107", Accept="unknown/unknown")
    assert error["message"] == "None of these media types are available: unknown/unknown"
    assert world.send("GET", "items?limit=1", Accept="text/csv").text == "id,n\n1,1"
    assert world.send("OPTIONS", "people").headers["Allow"] == "OPTIONS,GET,HEAD,POST,PATCH,PUT,DELETE"


def test_pagination(world):
    def told(path, method="GET", **headers):
        answer = world.send(method, path, **headers)
        return answer.status_int, answer.headers["Content-Range"]

    assert told("items") == (200, "0-19/*")
    assert told("items?limit=15&offset=3") == (200, "3-17/*")
    assert told("items", Range="0-19", Range_Unit="items") == (200, "0-19/*")
    assert told("items", Range="10-") == (200, "10-19/*")
    assert told("items", "HEAD", Range="0-4", Prefer="count=exact") == (200, "0-19/20")
    assert told("items", Range="0-4", Prefer="count=exact") == (206, "0-4/20")
    # The true number, also where the planner's is asked for: the answer shows the end of the list.
    for how in ("planned", "estimated"):
        assert told("items?limit=25", "HEAD", Prefer=f"count={how}") == (200, "0-19/20")
    error = world.refused("GET", "items?offset=21", 416, "PGRST103", Prefer="count=exact")
    assert error["details"] == "An offset of 21 was requested, but there are only 20 rows."


def undone(*preferences):
    return ",".join((*preferences, "tx=rollback"))


def test_inserts(world):
    made = world.send("POST", "people", {"first_name": "Ann", "age": 3}, Prefer=undone())
    assert (made.status_int, made.body) == (201, b"")
    form = world.send(
        "POST",
        "people?select=first_name,age,weight",
        body=b"first_name=John+Doe&age=50&weight=80",
        Content_Type="application/x-www-form-urlencoded",
        Prefer=undone(REPRESENTATION),
    )
    assert form.json == [{"first_name": "John Doe", "age": 50, "weight": 80}]
    world.refused("POST", "people", 400, "PGRST102", body=b'{"a": 1', Content_Type="application/json")
    table = b"first_name,age,height,story\nJ Doe,62,70,\nJonas,10,55,NULL"
    bulk = world.send(
        "POST",
        "people?select=first_name,age,height,story",
        body=table,
        Content_Type="text/csv",
        Prefer=undone(REPRESENTATION),
    )
    assert [tuple(row.values()) for row in bulk.json] == [("J Doe", 62, 70, ""), ("Jonas", 10, 55, None)]
    rows = [{"first_name": "J Doe", "age": 62}, {"first_name": "Janus", "age": 10}]
    many = world.send("POST", "people?select=first_name,age", rows, Prefer=undone(REPRESENTATION))
    assert many.json == rows
    assert world.refused("POST", "people", 400, "PGRST102", [rows[0], {"age": 1}])["message"] == (
        "All object keys must match"
    )
    document = {"source": "x", "publication_date": "2015-09-11", "figure": 1100, "location": "...", "stuff": "..."}
    columns = "datasets?columns=source,publication_date,figure&select=source,figure"
    assert world.send("POST", columns, document, Prefer=undone(REPRESENTATION)).json == [
        {"source": "x", "figure": 1100}
    ]
    error = world.refused("POST", "datasets?columns=source,nope", 400, "PGRST204", document)
    assert error["message"] == "Could not find the 'nope' column of 'datasets' in the schema cache"


def test_changes(world):
    changed = world.send("PATCH", "people?age=lt.13", {"category": "child"}, Prefer=undone())
    assert (changed.status_int, changed.body, changed.headers["Content-Range"]) == (204, b"", "0-0/*")
    shown = world.send("PATCH", "people?age=lt.13&select=id,category", {"category": "x"}, Prefer=undone(REPRESENTATION))
    assert shown.json == [{"id": 4, "category": "x"}]
    gone = world.send("DELETE", "films?id=eq.1", Prefer=undone(REPRESENTATION))
    assert gone.json == [{"id": 1, "title": "First", "project": 11}]
    assert world.send("DELETE", "people?student=is.false", Prefer=undone()).status_int == 204


def test_upserts(world):
    merge = "resolution=merge-duplicates"
    rows = [
        {"sku": "CL2031", "name": "Existing T-shirt", "price": 35},
        {"sku": "AC1022", "name": "New Cap", "price": 30},
    ]
    done = world.send(
        "POST", "products?on_conflict=sku&select=sku,name,price", rows, Prefer=undone(merge, REPRESENTATION)
    )
    assert (done.status_int, done.json) == (201, rows)
    left = world.send(
        "POST", "products?select=sku", rows, Prefer=undone("resolution=ignore-duplicates", REPRESENTATION)
    )
    assert (left.status_int, left.json) == (201, [{"sku": "AC1022"}])
    staff = [{"id": 1, "name": "Existing employee 1", "salary": 30000}, {"name": "New employee 3", "salary": 50000}]
    mixed = world.send(
        "POST",
        "employees?columns=id,name,salary&select=name,salary",
        staff,
        Prefer=undone(merge, "missing=default", REPRESENTATION),
    )
    assert mixed.json == [{name: row[name] for name in ("name", "salary")} for row in staff]
    known = [{"name": "Old employee 1", "salary": 40000}, {"name": "Old employee 2", "salary": 52000}]
    by_name = world.send("POST", "employees?on_conflict=name", known, Prefer=undone(merge, REPRESENTATION))
    assert [row["id"] for row in by_name.json] == [1, 2]
    sara = {"id": 4, "name": "Sara B.", "salary": 60000}
    put = world.send("PUT", "employees?id=eq.4", sara, Prefer=undone(REPRESENTATION))
    assert (put.status_int, put.json) == (201, [sara])


def test_preferences(world):
    error = world.refused("GET", "projects", 400, "PGRST122", Prefer="handling=strict, foo, bar")
    assert error == {
        "code": "PGRST122",
        "message": "Invalid preferences given with handling=strict",
        "details": "Invalid preferences: foo, bar",
        "hint": None,
    }
    assert world.send("GET", "projects", Prefer="handling=lenient, foo, bar").status_int == 200
    # Times are answered in UTC.
    assert world.rows("timestamps", Prefer="timezone=America/Los_Angeles")[0]["t"].startswith("2023-10-18T12:37:59.611")
    located = world.send("POST", "projects", {"id": 33, "name": "x"}, Prefer=undone("return=headers-only"))
    assert (located.status_int, located.body) == (201, b"")
    assert located.headers["Location"] == "/rest/projects?id=eq.33"
    assert located.headers["Preference-Applied"] == "return=headers-only, tx=rollback"
    full = world.send("POST", "projects?select=id,name", {"id": 33, "name": "x"}, Prefer=undone(REPRESENTATION))
    assert (full.status_int, full.json) == (201, [{"id": 33, "name": "x"}])
    assert world.rows("projects?id=eq.33") == []
    rows = [{"bar": "val1"}, {"bar": "val2", "baz": 15}]
    prefer = undone("missing=default", REPRESENTATION)
    made = world.send("POST", "foo?columns=id,bar,baz&select=bar,baz", rows, Prefer=prefer)
    assert made.json == [{"bar": "val1", "baz": 100}, {"bar": "val2", "baz": 15}]
    assert made.headers["Preference-Applied"] == "missing=default, return=representation, tx=rollback"
    nulls = world.send("POST", "foo?columns=bar,baz&select=baz", rows, Prefer=undone(REPRESENTATION))
    assert nulls.json == [{"baz": None}, {"baz": 15}]
    error = world.refused("DELETE", "items?id=lt.15", 400, "PGRST124", Prefer="handling=strict, max-affected=10")
    assert error["message"] == "Query result exceeds max-affected preference constraint"
    assert error["details"] == "The query affects 14 rows"
    assert world.send("DELETE", "items?id=lt.15", Prefer=undone("max-affected=10")).status_int == 204


#: The request -> status, code, and what message, details or hint say.
ERRORS = {
    ("GET", "peopl"): (404, "PGRST205", {"hint": "Perhaps you meant the table 'public.people'"}),
    ("GET", "nothing_like_it"): (404, "PGRST205", {"hint": None}),
    ("GET", "rpc/nonexistent_function"): (404, "PGRST202", {}),
    ("GET", "people?age=cat"): (400, "PGRST100", {}),
    ("GET", "people?age=eq.cat"): (400, "22P02", {}),
    ("GET", "people?birth_date=eq.cat"): (400, "22007", {}),
    ("GET", "people?nope=eq.1"): (400, "42703", {"message": "column people.nope does not exist"}),
    ("GET", "people?select=nope"): (400, "42703", {"message": "column people.nope does not exist"}),
    ("GET", "people?select=nope(*)"): (
        400,
        "PGRST200",
        {"message": "Could not find a relationship between 'people' and 'nope' in the schema cache"},
    ),
    ("GET", "films?projects.name=eq.x"): (
        400,
        "PGRST108",
        {"message": "'projects' is not an embedded resource in this request", "details": None},
    ),
    ("GET", "projects?select=films(*)&order=films(title)"): (
        400,
        "PGRST118",
        {
            "message": "A related order on 'films' is not possible",
            "details": "'projects' and 'films' do not form a many-to-one or one-to-one relationship",
        },
    ),
    ("GET", "people/1"): (404, "PGRST125", {"message": "Invalid path specified in request URL"}),
    ("PUT", "people?age=eq.1"): (405, "PGRST105", {}),
    ("PUT", "people?id=eq.1&limit=1"): (400, "PGRST114", {}),
    ("PUT", "people?id=eq.1"): (400, "PGRST115", {}),
    ("POST", "projects"): (
        400,
        "23502",
        {"message": 'null value in column "name" of relation "projects" violates not-null constraint'},
    ),
    ("DELETE", "people"): (400, "21000", {}),
    ("DELETE", "projects?id=eq.11"): (409, "23503", {}),
    ("TRACE", "people"): (405, "PGRST117", {"message": "Unsupported HTTP method: TRACE"}),
}


def test_errors(world):
    for (method, path), (status, code, members) in ERRORS.items():
        document = {"id": 2} if method in ("PUT", "POST") else None
        error = world.refused(method, path, status, code, document)
        assert {name: error[name] for name in members} == members, (method, path)
        answer = world.send(method, path, document)
        assert answer.headers["Proxy-Status"] == f"PostgREST; error={code}"
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    taken = world.refused("POST", "employees", 409, "23505", {"name": "Old employee 1"})
    assert "(name)" in taken["message"]
    world.refused("GET", "people", 406, "PGRST106", Accept_Profile="tenant3")
    world.refused("GET", "items", 416, "PGRST103", Range="5-2")
