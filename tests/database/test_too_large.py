"""Texts that grow while a query embeds rows are bounded."""

import json

import pytest
import sqlalchemy as sa
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.database import Database, sqlite
from dynmodel_pyramid.database.expressions import postgresql
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.testing.databases import DATABASES, database_settings

NODE = {
    "model_name": "Node",
    "fields": {"text": "text", "parent": {"type": "link", "table": "Node", "reverse": "parts"}},
}
MB = 1024 * 1024


@pytest.fixture(params=DATABASES)
def app(request, tmp_path, monkeypatch):
    """Ten nodes, of 1 KB each, that are all parts of the first; and 4 MB are the most."""
    monkeypatch.setattr(sqlite, "LONGEST_VALUE", 4 * MB)
    monkeypatch.setattr(postgresql, "LONGEST", 4 * MB)
    with database_settings(request.param, tmp_path) as settings:
        wsgi = dynmodel_pyramid.main({}, **settings, **{"dynmodel.max_body_size": str(MB)})
        app = webtest.TestApp(wsgi)
        app.post_json("/table/", NODE)
        app.post_json("/table/Node/rows/", [{"text": "a" * 1000} for _ in range(10)])
        app.patch_json("/table/Node/rows/?id=gt.0", {"parent": 1})
        yield app
        wsgi.registry.dynmodel_database.close()


def nested(times: int) -> str:
    select = "id"
    for _ in range(times):
        select = f"text,parts(text,parent({select}))"
    return select


@pytest.mark.parametrize("path", ["/table/Node/rows/", "/rest/Node"])
@pytest.mark.parametrize("page", ["limit=1", "id=eq.1"])
def test_rows_that_multiply_by_embedding(app, path, page):
    for times in (1, 2):
        assert len(app.get(f"{path}?select={nested(times)}&{page}").body) > 1000 * 10**times
    for times in (4, 5):
        answer = app.get(f"{path}?select={nested(times)}&{page}", status=400).json
        if path.startswith("/table"):
            assert answer["code"] == "query_too_complex"
        assert "embed less deeply" in json.dumps(answer)


def test_what_a_request_may_send_is_stored(app):
    text = "b" * (MB - 100)
    row = app.post_json("/table/Node/rows/", {"text": text}).headers["Location"]
    assert app.get(row).json["text"] == text


def test_postgresql_tells_texts_that_are_too_large(tmp_path):
    with database_settings("postgresql", tmp_path) as settings:
        database = Database(Settings(settings))
        with database.engine.connect() as connection, pytest.raises(sa.exc.DBAPIError) as caught:
            connection.exec_driver_sql("SELECT repeat('a', 1073741823)")
        assert database.failure(caught.value).kind == "too_large"
        database.close()
