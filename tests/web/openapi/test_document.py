"""The descriptions at ``/openapi.json`` and ``/table/{id}/openapi.json``, and a validator's judgement of them."""

import pytest
import webtest
from openapi_spec_validator import OpenAPIV31SpecValidator

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.web.client import Client
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
