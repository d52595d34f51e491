"""A client that openapi-python-client generates creates, reads, changes and deletes rows of a table with every type.

The examples of docs/openapi.md run, too.
"""

import datetime
import importlib
import uuid

import httpx
import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.clients.generated import python_client
from tests.documents import Answer, check, examples
from tests.test_guides import blocks
from tests.web.client import Client
from tests.web.openapi.every import every_type

VALUES = {
    "a_boolean": True,
    "a_colour": "#ff8800",
    "a_currency": "1.50",
    "a_date": datetime.date(2026, 1, 31),
    "a_date_range": "[2026-01-01,2026-02-01)",
    "a_datetime": datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC),
    "a_decimal": "2.50",
    "a_duration": "P1DT2H",
    "a_email": "ada@example.com",
    "a_integer": -(2**63),
    "a_integer_range": "[1,10)",
    "a_ip_address": "192.0.2.1",
    "a_json": {"a": [1, None, "x"]},
    "a_link": 1,
    "a_links": [2, 1],
    "a_number": 0.5,
    "a_percent": "12.50",
    "a_phone": "+442083661177",
    "a_rating": 4,
    "a_slug": "a-slug",
    "a_string": "Änderung",
    "a_tags": ["x", "y"],
    "a_text": "line\nline",
    "a_time": "12:30:00",
    "a_url": "https://example.com/",
    "a_uuid": uuid.UUID("8e03978e-40d5-43dd-bc93-6894a57f9324"),
}


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A function: a client and a table -> the package that is generated; it is the same for both databases."""
    folder, made = tmp_path_factory.mktemp("packages"), {}

    def package(client, table, address=None, paths=None):
        if table not in made:
            document = client.send("GET", address or f"/table/{table}/openapi.json").json
            if paths is not None:
                document["paths"] = {path: document["paths"][path] for path in paths}
                schemas = document["components"]["schemas"]
                document["components"] = {
                    **document["components"],
                    "schemas": {name: schema for name, schema in schemas.items() if name.startswith("api.")},
                }
            made[table] = python_client(document, folder, f"{table.lower()}_client")
        return made[table]

    return package


@pytest.fixture(scope="module", params=DATABASES)
def service(request, tmp_path_factory):
    with database_settings(request.param, tmp_path_factory.mktemp("generated")) as settings:
        wsgi = dynmodel_pyramid.main({}, **settings)
        client = Client(webtest.TestApp(wsgi))
        client.send("POST", "/table/", {"model_name": "Maker", "fields": {"name": "string"}}, status=201)
        client.send("POST", "/table/Maker/rows/", [{"name": "a"}, {"name": "b"}], status=201)
        client.send("POST", "/table/", every_type("Every", table="Maker"), status=201)
        yield client, httpx.WSGITransport(app=wsgi)
        wsgi.registry.dynmodel_catalogue.database.close()


def test_rows_are_created_read_changed_and_deleted(service, package):
    sender, transport = service
    made = package(sender, "Every")
    client = made.Client("http://testserver", httpx_args={"transport": transport})
    models = importlib.import_module(f"{made.__name__}.models")

    def call(name, *arguments, **further):
        module = importlib.import_module(f"{made.__name__}.api.every.every_{name}")
        answer = module.sync_detailed(*arguments, client=client, **further)
        assert answer.status_code < 300, answer.content
        return answer.parsed

    choice, point = models.EveryCreateAChoiceType0.A, models.EveryCreateAPointType0(longitude=13.4, latitude=52.5)
    row = models.EveryCreate(**VALUES, a_choice=choice, a_multi_choice=[], a_point=point)
    created = call("add", body=row)
    assert isinstance(created, models.EveryPart)
    read = call("get", created.id)
    assert {name: getattr(read, name) for name in VALUES} == VALUES
    assert (read.a_choice.value, read.a_point.latitude, read.a_autonumber) == ("a", 52.5, 1)
    changed = call("patch", created.id, body=models.EveryPatch(a_string="b", a_integer=None))
    assert (changed.a_string, changed.a_integer, changed.a_text) == ("b", None, "line\nline")
    replaced = call("replace", created.id, body=models.EveryReplace(a_string="c"))
    assert (replaced.a_string, replaced.a_text) == ("c", None)
    assert [row.a_string for row in call("list", a_string=["eq.c"], order="id", limit=5)] == ["c"]
    call("delete", created.id)
    assert call("list") == []


def test_a_batch(service, package):
    """By a client of the description of all tables, of which only this is generated, as that takes seconds."""
    sender, transport = service
    made = package(sender, "Batch", "/openapi.json", {"/batch/"})
    client = made.Client("http://testserver", httpx_args={"transport": transport})
    models = importlib.import_module(f"{made.__name__}.models")
    run = importlib.import_module(f"{made.__name__}.api.batches.api_run_batch")
    operations = [
        {"operation": "insert", "table": "Maker", "row": {"name": "of a batch"}, "select": "id,name"},
        {"operation": "update", "table": "Maker", "id": {"$ref": "/0/id"}, "row": {"name": "c"}, "select": "name"},
    ]
    kinds = (models.ApiBatchInsertRow, models.ApiBatchUpdateId)
    body = [kind.from_dict(operation) for kind, operation in zip(kinds, operations, strict=True)]
    answer = run.sync_detailed(client=client, body=body)
    assert answer.status_code == 200, answer.content
    assert [result.additional_properties["name"] for result in answer.parsed] == ["of a batch", "c"]


def test_the_examples_of_the_documentation(service, package):
    client, transport = service
    with httpx.Client(transport=transport) as http:

        def send(method, target, headers, body):
            answer = http.request(method, target, headers=headers, content=body)
            return Answer(answer.status_code, answer.reason_phrase, answer.headers, answer.text)

        for each in examples("docs/openapi.md"):
            check(each, "http://testserver", send)
    package(client, "Book")
    [example] = blocks("openapi.md", "python")
    address = 'Client("http://127.0.0.1:6543")'
    assert address in example
    found = {"transport": transport}
    exec(example.replace(address, 'Client("http://testserver", httpx_args={"transport": transport})'), found)
    assert (found["made"].title, [row.title for row in found["rows"]]) == ("Momo", ["Momo"])
