"""Fixtures: ``client`` has one application for a whole module and database, ``fresh`` has one for itself."""

from contextlib import ExitStack
from functools import cache

import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES
from tests.promises import assert_promises
from tests.web.client import EVERY_TYPE, EVERY_VALUE, Client
from tests.web.face import Face
from tests.web.shop import open_shop


@pytest.fixture(scope="module", params=DATABASES)
def client(request, emptied_databases):
    with emptied_databases.one(request.param) as emptied:
        wsgi = dynmodel_pyramid.main({}, **emptied.settings)
        yield Client(webtest.TestApp(wsgi))
        assert_promises(wsgi.registry.dynmodel_catalogue)
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


@pytest.fixture(scope="module", params=DATABASES)
def whole(request, emptied_databases):
    with emptied_databases.one(request.param) as emptied:
        wsgi = dynmodel_pyramid.main({}, **emptied.settings)
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
        assert_promises(wsgi.registry.dynmodel_catalogue)
        wsgi.registry.dynmodel_catalogue.database.close()


@pytest.fixture
def rest(whole) -> Face:
    for name in ("Project", "Client"):
        whole.send("DELETE", f"{name}?id=gt.0")
    whole.send("POST", "Client", [{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bob"}])
    rows = [{"id": n, "name": f"P{n}", "budget": f"{n}.5", "client": 1 + n % 2, "data": None} for n in (1, 2, 3)]
    whole.send("POST", "Project", rows)
    return whole


@pytest.fixture(scope="module")
def shops(emptied_databases):
    """A function: the settings of a database in which the shop is open, once a module."""
    with ExitStack() as ends:

        @cache
        def settings_of(database):
            settings = ends.enter_context(emptied_databases.one(database)).settings
            wsgi = dynmodel_pyramid.main({}, **settings)
            open_shop(Client(webtest.TestApp(wsgi)))
            ends.callback(wsgi.registry.dynmodel_catalogue.database.close)
            ends.callback(assert_promises, wsgi.registry.dynmodel_catalogue)
            return settings

        yield settings_of


@pytest.fixture
def shop(shops, database):
    """A function: the shop of the module, served with further settings. For tests that only read."""
    with ExitStack() as ends:

        def serve(**further) -> Client:
            given = {f"dynmodel.{name}": str(value) for name, value in further.items()}
            wsgi = dynmodel_pyramid.main({}, **{**shops(database), **given})
            ends.callback(wsgi.registry.dynmodel_catalogue.database.close)
            return Client(webtest.TestApp(wsgi))

        yield serve
