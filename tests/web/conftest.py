"""Fixtures: ``client`` has one application for a whole module and database, ``fresh`` has one for itself."""

import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.web.client import EVERY_TYPE, EVERY_VALUE, Client


@pytest.fixture(scope="module", params=DATABASES)
def client(request, tmp_path_factory):
    with database_settings(request.param, tmp_path_factory.mktemp("client")) as settings:
        wsgi = dynmodel_pyramid.main({}, **settings)
        yield Client(webtest.TestApp(wsgi))
        wsgi.registry.dynmodel_catalogue.database.close()


@pytest.fixture
def fresh(app) -> Client:
    return Client(app)


@pytest.fixture(scope="module")
def things(client) -> str:
    """A table with a field of every type and three rows: its canonical path."""
    path = client.table(EVERY_TYPE, "Thing", unique=[{"name": "rule", "fields": ["name", "amount"]}])
    for number in range(3):
        client.row(path, {**EVERY_VALUE, "amount": number})
    return path
