"""Databases to move between, applications on them, and the command."""

import contextlib

import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.scripts.move import main
from dynmodel_pyramid.testing.databases import database_settings
from tests.server_process import write_ini
from tests.system_tables import make_system_tables
from tests.web.client import Client


@pytest.fixture
def place(tmp_path):
    """A function: name of a database -> settings of an empty one."""
    with contextlib.ExitStack() as stack:
        count = iter(range(99))

        def make(database):
            folder = tmp_path / f"{database}{next(count)}"
            folder.mkdir()
            return stack.enter_context(database_settings(database, folder))

        yield make


@pytest.fixture
def client_of():
    """A function: settings -> a client of an application; closed at the end."""
    made = []

    def make(settings):
        make_system_tables(settings)
        made.append(dynmodel_pyramid.main({}, **settings))
        return Client(webtest.TestApp(made[-1]))

    yield make
    for application in made:
        application.registry.dynmodel_catalogue.database.close()


@pytest.fixture
def move(tmp_path, capsys):
    """A function: runs ``dynmodel-move``; -> exit status, standard output, standard error. The target may be a URL."""

    def run(source, target, *arguments):
        places = [
            place if isinstance(place, str) else str(write_ini(tmp_path, place, port=1)) for place in (source, target)
        ]
        status = main([*places, *arguments])
        return status, *capsys.readouterr()

    return run
