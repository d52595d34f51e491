"""The INI files that come with the project: they load, and their servers take their settings."""

import plaster
import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.server.settings import parse
from dynmodel_pyramid.testing.databases import database_settings
from tests.documents import ROOT


@pytest.mark.parametrize("name", ["development.ini", "production.ini"])
def test_server_section_is_ours(name):
    section = plaster.get_loader(str(ROOT / name), protocols=["wsgi"]).get_settings("server:main")
    assert section.pop("use") == "egg:dynmodel_pyramid#server"
    parse({key: value for key, value in section.items() if not key.startswith("__")})


def test_production_ini_serves(tmp_path, monkeypatch):
    with database_settings("postgresql", tmp_path) as settings:
        monkeypatch.setenv("DATABASE_URL", settings["sqlalchemy.url"])
        given = plaster.get_loader(str(ROOT / "production.ini"), protocols=["wsgi"]).get_settings("app:main")
        assert given.pop("use") == "egg:dynmodel_pyramid"
        given.update({"dynmodel.schema": settings["dynmodel.schema"], "dynmodel.auto_upgrade": "true"})
        wsgi = dynmodel_pyramid.main({}, **given)
        webtest.TestApp(wsgi).get("/ready")
        wsgi.registry.dynmodel_catalogue.database.close()
