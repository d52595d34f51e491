"""The page at ``/docs/`` below a prefix, with the viewer and without it."""

import re

import pytest
import webtest
from pyramid.config import Configurator

from dynmodel_pyramid.web.openapi import viewer


@pytest.fixture
def make(tmp_path):
    """A function -> a host with the service at ``/data``."""
    registries = []

    def made():
        url = f"sqlite:///{tmp_path}/viewer.sqlite"
        settings = {"sqlalchemy.url": url, "dynmodel.access": "open", "dynmodel.open_to": "anywhere"}
        config = Configurator(settings=settings)
        config.include("pyramid_tm")
        config.include("dynmodel_pyramid", route_prefix="/data")
        registries.append(config.registry)
        return webtest.TestApp(config.make_wsgi_app(), extra_environ={"SCRIPT_NAME": "/app"})

    yield made
    for registry in registries:
        registry.dynmodel_catalogue.database.close()


def test_its_addresses_have_the_prefix(make):
    app = make()
    page = app.get("/data/docs/", status=200)
    files = re.findall(r'(?:href|src)="(/[^"]+)"', page.text)
    assert (page.html.find(id="viewer")["data-root"], files[-1]) == ("/app/data/", "/app/data/openapi.json")
    for file in files[:-1]:
        answer = app.get(file.removeprefix("/app"), status=200)
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert len(files) == 5
    policy = page.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"} < set(policy)
    assert app.get("/data/openapi.json").json["servers"] == [{"url": "/app/data"}]


def test_without_the_viewer_it_is_a_link(make, monkeypatch):
    monkeypatch.setattr(viewer, "find_spec", lambda name: None)
    monkeypatch.setattr(viewer, "_viewer", viewer.Viewer)
    app = make()
    page = app.get("/data/docs/", status=200)
    assert page.html.find("script") is None
    assert page.html.find("a")["href"] == "/app/data/openapi.json"
    assert viewer.INSTALL in page.html.text
    assert app.get(page.html.find("link", rel="stylesheet")["href"].removeprefix("/app")).status_int == 200
