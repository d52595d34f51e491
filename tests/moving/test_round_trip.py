"""A deployment with everything is moved there and back: every answer, id and version is the same."""

import contextlib

import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.scripts.move import main
from dynmodel_pyramid.testing.databases import database_settings
from tests.moving import deployment
from tests.promises import assert_promises
from tests.server_process import write_ini
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
        made.append(dynmodel_pyramid.main({}, **settings))
        return Client(webtest.TestApp(made[-1]))

    yield make
    for application in made:
        application.registry.dynmodel_catalogue.database.close()


@pytest.fixture
def move(tmp_path, capsys):
    def run(source, target, *arguments):
        inis = [str(write_ini(tmp_path, settings, port=1)) for settings in (source, target)]
        status = main([*inis, *arguments])
        return status, *capsys.readouterr()

    return run


def test_there_and_back(place, client_of, move):
    first, there, back = place("sqlite"), place("postgresql"), place("sqlite")
    client = client_of(first)
    deployment.make(client)
    answers, system = deployment.seen(client), deployment.system_rows(client)
    stamps = {deployment.stamps(client)[3:]}
    clients = []
    for source, target in ((first, there), (there, back)):
        status, out, err = move(source, target)
        assert status == 0, err
        assert "0 are damaged" in out
        moved = client_of(target)
        clients.append(moved)
        assert deployment.seen(moved) == answers
        assert deployment.system_rows(moved) == system
        assert deployment.stamps(moved)[:3] == deployment.stamps(client)[:3]
        stamps.add(deployment.stamps(moved)[3:])
        assert_promises(moved.catalogue)
    assert len(stamps) == 3
