"""Fixtures: every test that takes ``settings``, ``app`` or ``server`` runs on SQLite and on PostgreSQL."""

import hypothesis
import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.promises import assert_promises
from tests.server import Server

# The machine may be busy: how long an example takes, or the making of one, is no fault.
hypothesis.settings.register_profile("suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("suite")


@pytest.fixture(params=DATABASES)
def database(request) -> str:
    return request.param


@pytest.fixture
def settings(database, tmp_path):
    """INI settings of an empty database."""
    with database_settings(database, tmp_path) as made:
        yield made


@pytest.fixture
def make_app(request, settings):
    """A function that makes a WebTest application, with further settings."""
    made = []

    def make(**further) -> webtest.TestApp:
        wsgi = dynmodel_pyramid.main({}, **settings, **further)
        made.append(wsgi)
        return webtest.TestApp(wsgi)

    yield make
    try:
        # Whatever a test did by the service, its tables are as their definitions say.
        if made and request.node.get_closest_marker("damaged_database") is None:
            assert_promises(made[-1].registry.dynmodel_catalogue)
    finally:
        for wsgi in made:
            wsgi.registry.dynmodel_catalogue.database.close()


@pytest.fixture
def app(make_app) -> webtest.TestApp:
    return make_app()


@pytest.fixture
def catalogue(app):
    return app.app.registry.dynmodel_catalogue


@pytest.fixture
def make_server(settings, tmp_path):
    """A function that starts real server processes (pserve) on one database."""
    started = []

    def make(**further) -> Server:
        server = Server({**settings, **further}, tmp_path)
        started.append(server)
        server.start()
        return server

    yield make
    for server in started:
        server.stop()


@pytest.fixture
def server(make_server) -> Server:
    return make_server()
