"""The descriptions at ``/openapi.json`` and ``/table/{id}/openapi.json``, and a validator's judgement of them."""

import re
from pathlib import Path

import pytest
import webtest
from openapi_spec_validator import OpenAPIV31SpecValidator

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.web.client import Client
from tests.web.identity.test_matrix import PATHS, registered
from tests.web.openapi.every import every_type


@pytest.fixture(scope="module", params=DATABASES)
def client(request, tmp_path_factory):
    with database_settings(request.param, tmp_path_factory.mktemp("openapi31")) as made:
        wsgi = dynmodel_pyramid.main({}, **made)
        client = Client(webtest.TestApp(wsgi))
        client.send("POST", "/table/", {"model_name": "Maker", "fields": {"name": "string"}}, status=201)
        client.send("POST", "/table/", every_type("Every", table="Maker"), status=201)
        client.send(
            "POST", "/table/", {"model_name": "Order Items / 2", "fields": {"Price (€)": "decimal"}}, status=201
        )
        yield client
        wsgi.registry.dynmodel_catalogue.database.close()


def test_the_documents_are_valid(client):
    for path in ("/table/Every/openapi.json", "/table/3/openapi.json", "/openapi.json"):
        document = client.send("GET", path, status=200).json
        errors = [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message}"[:300]
            for error in OpenAPIV31SpecValidator(document).iter_errors()
        ]
        assert errors == []


#: Resources that stand in no description, and why.
LEFT_OUT = {
    "Functions": "there are no functions: every answer is 404",
    "Function": "the same",
    "PageFile": "files of the page, at addresses that change with each release",
    "OidcSignIn": "there is no provider here",
    "OidcCallback": "the same",
}


def test_every_route_and_method_is_described(client):
    whole, one = (client.send("GET", path).json for path in ("/openapi.json", "/table/Every/openapi.json"))
    missing = []
    for name, methods in registered(client.app.app).items():
        if name in LEFT_OUT:
            continue
        path = PATHS[name].partition("?")[0].replace("/Order", "/Every").replace("/ui/table/1/", "/ui/")
        for document in (whole, one) if path.startswith("/table/Every/") else (whole,):
            item = matching(document["paths"], path)
            missing += [f"{method} {path}" for method in methods if method.lower() not in item]
    assert missing == []


def matching(paths, path):
    """The operations at an address: of the path itself, and of those with parameters that fit."""
    patterns = {each: re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(each.rstrip("/"))) for each in paths}
    found = [each for each, pattern in patterns.items() if re.fullmatch(pattern, path.rstrip("/"))]
    return {method for each in found for method in paths[each]}


def test_every_code_of_an_error_is_described(client):
    page = (Path(dynmodel_pyramid.__file__).parents[1] / "docs" / "errors.md").read_text(encoding="utf-8")
    codes, _, faults = page.partition("## Codes in `errors`")
    document = client.send("GET", "/table/Maker/openapi.json").json["components"]
    shown = {
        (code, status)
        for status, response in document["responses"].items()
        for code in response.get("content", {}).get("application/problem+json", {}).get("examples", ())
    }
    assert shown == set(re.findall(r"^\| `([a-z_]+)` \| ([0-9]+) \|", codes, re.M))
    known = document["schemas"]["api.Fault"]["properties"]["code"]["examples"]
    assert known == re.findall(r"^\| `([a-z_]+)` \|", faults, re.M)


def test_documents_of_requests_name_all_their_members(client):
    """Unknown members are refused, so that a schema which is silent about them would promise too much."""
    document, seen, silent = client.send("GET", "/openapi.json").json, set(), []

    def walk(schema, place):
        if isinstance(schema, list):
            for part in schema:
                walk(part, place)
        if not isinstance(schema, dict):
            return
        reference = schema.get("$ref")
        if reference is not None and reference not in seen:
            seen.add(reference)
            *_, part, name = reference.split("/")
            walk(document["components"][part][name.replace("~1", "/").replace("~0", "~")], name)
        if "properties" in schema and "additionalProperties" not in schema:
            silent.append((place, sorted(schema["properties"])))
        for name, below in schema.get("properties", {}).items():
            walk(below, f"{place}.{name}")
        for word in ("items", "anyOf", "additionalProperties"):
            walk(schema.get(word), place)

    for path, item in document["paths"].items():
        for operation in (item[method] for method in ("post", "put", "patch", "delete") if method in item):
            for content in operation.get("requestBody", {}).get("content", {}).values():
                walk(content.get("schema"), path)
    assert len(seen) > 20
    assert silent == []
