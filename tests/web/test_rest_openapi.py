"""The description at ``/rest/`` (PostgREST, "OpenAPI"), and a validator's judgement of it."""

import re
from urllib.parse import quote, unquote, urlencode

import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.web.client import Client, admin_token
from tests.web.face import Face

LISTS = ["select", "order", "range", "rangeUnit", "offset", "limit", "preferCount"]
ENTITY = {
    "model_name": "child_entities",
    "description": "Entities of entities\n\nThey have\nparents.",
    "fields": {
        "name": {"type": "text", "description": "How it is called"},
        "parent_id": {"type": "link", "table": "entities", "description": "Where it belongs", "required": True},
    },
}
FIELDS = {
    "c_string": {"type": "string", "max_length": 9, "default": 'a "b" c'},
    "c_text": "text",
    "c_boolean": {"type": "boolean", "default": False},
    "c_integer": {"type": "integer", "min": 1, "default": 2**53 - 1},
    "c_decimal": {"type": "decimal", "precision": 30, "scale": 4, "default": "12345678901234567890.1234"},
    "c_number": {"type": "number", "default": 1.5},
    "c_json": {"type": "json", "default": {"a": [1, None]}},
    "c_tags": {"type": "tags", "default": ["a"]},
    "c_choice": {"type": "choice", "choices": ["x", "y"], "default": "y"},
    "c_date": {"type": "date", "default": "2026-01-31"},
    "c_datetime": "datetime",
    "c_time": "time",
    "c_duration": "duration",
    "c_uuid": "uuid",
    "c_ip": "ip_address",
    "c_range": "date_range",
    "c_links": {"type": "links", "table": "entities"},
    "c_made": "created_time",
    "c_pattern": {"type": "string", "pattern": r"[a-z]+\Z"},
    "c_secret": {"type": "text", "write_only": True},
}
#: PostgreSQL's names, as PostgREST tells them.
FORMATS = {
    "c_string": ("string", "text"),
    "c_text": ("string", "text"),
    "c_boolean": ("boolean", "boolean"),
    "c_integer": ("integer", "int64"),
    "c_decimal": ("number", "numeric"),
    "c_number": ("number", "double precision"),
    "c_json": (None, "jsonb"),
    "c_tags": ("array", "text[]"),
    "c_choice": ("string", "text"),
    "c_date": ("string", "date"),
    "c_datetime": ("string", "timestamp with time zone"),
    "c_time": ("string", "time without time zone"),
    "c_duration": ("string", "duration"),
    "c_uuid": ("string", "uuid"),
    "c_ip": ("string", "inet"),
    "c_range": ("string", "daterange"),
    "c_links": ("array", "bigint[]"),
    "c_made": ("string", "timestamp with time zone"),
}


@pytest.fixture(scope="module", params=DATABASES)
def rest(request, tmp_path_factory):
    with database_settings(request.param, tmp_path_factory.mktemp("openapi")) as made:
        wsgi = dynmodel_pyramid.main({}, **made)
        app = webtest.TestApp(wsgi)
        for document in (
            {"model_name": "entities", "fields": {"name": "text"}},
            ENTITY,
            {"model_name": "Every", "fields": FIELDS},
        ):
            app.post_json("/table/", document)
        yield Face(app)
        wsgi.registry.dynmodel_catalogue.database.close()


@pytest.fixture(scope="module")
def document(rest):
    answer = rest.send("GET", "")
    assert answer.headers["Content-Type"] == "application/openapi+json; charset=utf-8"
    return answer.json


def resolved(document, reference):
    """What a reference within the document points to."""
    found = document
    for step in unquote(reference["$ref"].removeprefix("#/")).split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found


def assert_valid(document):
    validator = pytest.importorskip("openapi_spec_validator")
    validator.OpenAPIV2SpecValidator(document).validate()
    # The validator does not resolve all references, nor compare parameters of one operation.
    for operations in document["paths"].values():
        for operation in operations.values():
            parameters = [resolved(document, reference) for reference in operation.get("parameters", ())]
            places = [(parameter["in"], parameter["name"]) for parameter in parameters]
            assert len(set(places)) == len(places)


def test_media_types(rest):
    for accept in ("application/openapi+json", "application/json", "*/*", "text/csv, */*;q=0.1"):
        assert rest.send("GET", "", Accept=accept).json["swagger"] == "2.0"
    for accept in ("text/csv", "application/vnd.pgrst.object+json", "image/png"):
        rest.refused("GET", "", 406, "PGRST107", Accept=accept)
    rest.refused("GET", "entities", 406, "PGRST107", Accept="application/openapi+json")
    assert rest.send("HEAD", "").body == b""


def test_paths(document):
    path = document["paths"]["/child_entities"]
    filters = [f"#/parameters/rowFilter.child_entities.{name}" for name in ("id", "name", "parent_id")]

    def used(method):
        return [parameter["$ref"] for parameter in path[method]["parameters"]]

    assert used("get") == [*filters, *[f"#/parameters/{name}" for name in LISTS]]
    body = "#/parameters/body.child_entities"
    of_post = ("select", "columns", "on_conflict", "preferPost", "idempotencyKey")
    assert used("post") == [body, *[f"#/parameters/{name}" for name in of_post]]
    others = ["#/parameters/preferReturn", "#/parameters/idempotencyKey"]
    assert used("patch") == [*filters, body, *others]
    assert used("delete") == [*filters, *others]
    for method, status in (("get", "200"), ("get", "206"), ("post", "201"), ("patch", "204"), ("delete", "204")):
        assert path[method]["responses"][status]["description"]
    assert path["get"]["responses"]["200"]["schema"] == {
        "type": "array",
        "items": {"$ref": "#/definitions/child_entities"},
    }
    assert (path["get"]["summary"], path["get"]["description"]) == ("Entities of entities", "They have\nparents.")
    assert "summary" not in document["paths"]["/entities"]["get"]
    assert document["paths"]["/"]["get"]["tags"] == ["Introspection"]


def test_parameters(document):
    parameters = document["parameters"]
    wanted = {"name": "parent_id", "required": False, "in": "query", "type": "string"}
    assert parameters["rowFilter.child_entities.parent_id"] == wanted
    assert parameters["body.child_entities"]["schema"] == {"$ref": "#/definitions/child_entities"}
    assert {"return=representation", "return=minimal"} <= set(parameters["preferReturn"]["enum"])
    assert parameters["rangeUnit"]["default"] == "items"
    assert "rowFilter.Every.c_secret" not in parameters


def test_definitions(document):
    assert document["definitions"]["child_entities"] == {
        "description": ENTITY["description"],
        "type": "object",
        "required": ["id", "parent_id"],
        "properties": {
            "id": {"type": "integer", "format": "int64", "description": "Note:\nThis is a Primary Key.<pk/>"},
            "name": {"type": "string", "format": "text", "description": "How it is called"},
            "parent_id": {
                "type": "integer",
                "format": "int64",
                "minimum": 1,
                "maximum": 2**53 - 1,
                "description": "Where it belongs\n\nNote:\nThis is a Foreign Key to `entities.id`."
                "<fk table='entities' column='id'/>",
            },
        },
    }


def test_columns(rest, document):
    columns = document["definitions"]["Every"]["properties"]
    assert {name: (columns[name].get("type"), columns[name]["format"]) for name in FORMATS} == FORMATS
    for name, field in FIELDS.items():
        if isinstance(field, dict) and "default" in field and name != "c_decimal":
            assert columns[name]["default"] == field["default"]
    assert '"default":12345678901234567890.1234' in rest.send("GET", "").text
    assert columns["c_string"]["maxLength"] == 9
    assert columns["c_choice"]["enum"] == ["x", "y"]
    assert "c_secret" not in columns
    made = rest.send("POST", "Every", {}, Prefer="return=representation,tx=rollback").json[0]
    assert {name: made[name] for name in columns if "default" in columns[name]} == {
        name: column["default"] for name, column in columns.items() if "default" in column
    }


def test_the_document_is_valid(document):
    assert_valid(document)


def test_words_of_queries_as_names(rest):
    """Fields whose names are words of the grammar are quoted in queries; texts of people stand in descriptions."""
    words = ["select", "order", "limit", "offset", "columns", "on_conflict"]
    text = 'It\'s <b>"bold"</b>, {braces} ~1 %2F\n\n# and more'
    fields = {name: {"type": "text", "description": text} for name in words}
    table = rest.app.post_json("/table/", {"model_name": "Ünï", "description": text, "fields": fields})
    document = rest.send("GET", "").json
    rest.app.delete(table.headers["Location"])
    assert_valid(document)
    used = document["paths"]["/%C3%9Cn%C3%AF"]["get"]["parameters"]
    names = [resolved(document, reference)["name"] for reference in used]
    assert names[1 : len(words) + 1] == [f'"{name}"' for name in words]
    assert document["definitions"]["Ünï"]["description"] == text


#: Names that a client must percent-encode or quote somewhere: addresses, JSON pointers, templates, query strings.
NASTY = [
    "a/b",
    "~1",
    "{id}",
    "a.b",
    "%2E",
    "what?",
    "#1",
    '"q"',
    "it's",
    "<pk/>",
    "a b",
    "a[0]",
    "a&b=c",
    "-",
    "select",
]


def test_any_names(rest):
    made = [
        # The dots of these two would make one key of two.
        rest.app.post_json("/table/", {"model_name": "a.b", "fields": {"c": "text"}}),
        rest.app.post_json("/table/", {"model_name": "a", "fields": {"b.c": "text"}}),
    ]
    for number, name in enumerate(NASTY):
        fields = {name: {"type": "text", "default": name} for name in NASTY}
        fields["to"] = {"type": "link", "table": NASTY[max(number - 1, 0)]} if number else "text"
        if name != "a.b":
            made.append(rest.app.post_json("/table/", {"model_name": name, "fields": fields}))
    try:
        document = rest.send("GET", "").json
        assert_valid(document)
        for name in NASTY:
            address = f"/{quote(name, safe='')}"
            operations = document["paths"][address]
            used = [resolved(document, reference) for reference in operations["get"]["parameters"]]
            columns = document["definitions"][name]["properties"]
            filters = [parameter["name"] for parameter in used[: len(columns)]]
            assert resolved(document, operations["get"]["responses"]["200"]["schema"]["items"])["properties"] == columns
            body = resolved(document, operations["post"]["parameters"][0])
            assert resolved(document, body["schema"])["properties"] == columns
            # The parameters as the description names them are understood.
            query = urlencode([(parameter, "is.null") for parameter in filters])
            assert rest.rows(f"{address[1:]}?{query}") == []
    finally:
        for answer in reversed(made):
            rest.app.delete(answer.headers["Location"])


def test_it_shows_only_what_the_caller_may_see(make_app):
    app = make_app(**{"dynmodel.access": "enforced"})
    app.extra_environ["HTTP_AUTHORIZATION"] = f"Bearer {admin_token(app.app)}"
    client = Client(app)
    client.table({"name": "string"}, "Hidden")
    fields = {"a": "string", "b": "string", "c": "string", "far": {"type": "link", "table": "Hidden"}}
    client.table(fields, "Shown")
    grants = {"read": {"fields": ["a", "far"]}, "create": {"fields": ["a", "b"]}}
    client.send("PUT", "/access/role/reader/", {"tables": {"Shown": grants}}, status=201)
    made = client.send("POST", "/token/", {"name": "t", "roles": ["reader"]}, status=201).json
    document = Face(app).send("GET", "", Authorization=f"Bearer {made['secret']}").json
    assert_valid(document)
    assert set(document["paths"]) == {"/", "/Shown"}
    assert set(document["paths"]["/Shown"]) == {"get", "post"}
    assert set(document["definitions"]["Shown"]["properties"]) == {"id", "a", "b", "far"}
    filters = {key for key in document["parameters"] if key.startswith("rowFilter")}
    assert filters == {f"rowFilter.Shown.{name}" for name in ("id", "a", "far")}
    assert "description" not in document["definitions"]["Shown"]["properties"]["far"]
    assert not re.search('Hidden|"c"', Face(app).send("GET", "", Authorization=f"Bearer {made['secret']}").text)
