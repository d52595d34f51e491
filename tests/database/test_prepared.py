"""Statements that PostgreSQL keeps prepared: they are found by their texts, and forgotten where they can't be run."""

import pytest

from dynmodel_pyramid.database import postgresql_prepared
from dynmodel_pyramid.database.cursors import driver_connection


@pytest.fixture
def database():
    return "postgresql"


@pytest.fixture
def path(app):
    document = {"model_name": "Thing", "fields": {"size": "integer", "name": "string"}}
    path = app.post_json("/table/", document, status=201).headers["Location"]
    app.post_json(f"{path}rows/", [{"size": 5, "name": "a"}, {"size": 6, "name": "b"}], status=201)
    return path


def kept(app) -> int:
    """How many statements the sessions keep; the tests run one request after the other, so there is one session."""
    with app.app.registry.dynmodel_catalogue.database.engine.connect() as connection:
        cursor = driver_connection(connection).execute("SELECT count(*) FROM pg_prepared_statements")
        return cursor.fetchone()[0]


def test_what_is_asked_often_is_prepared(app, path):
    app.get(f"{path}rows/1/")
    before = kept(app)
    for _ in range(3):
        assert app.get(f"{path}rows/2/").json == {"id": 2, "size": 6, "name": "b"}
    assert kept(app) > before
    more = kept(app)
    for number in (1, 2, 1, 2):
        assert app.get(f"{path}rows/{number}/").json["id"] == number
    assert kept(app) == more


def test_a_column_of_another_type_is_read_at_once(app, path):
    for _ in range(5):
        app.get(f"{path}rows/1/")
        app.get(f"{path}rows/")
    for kind, value in (("string", "5"), ("integer", 5), ("number", 5.0), ("decimal", "5.00")):
        app.patch_json(path, {"fields": {"size": {"type": kind}}}, status=200)
        for _ in range(4):
            assert app.get(f"{path}rows/1/").json["size"] == value
            assert app.get(f"{path}rows/?id=eq.1").json == [{"id": 1, "size": value, "name": "a"}]


def test_statements_are_bounded(app, path, monkeypatch):
    monkeypatch.setattr(postgresql_prepared, "MOST", 3)
    for query in ("size=eq.5", "name=eq.a", "id=lt.2", "size=lt.6", "name=lt.b", "order=id&limit=1", "size=lte.5"):
        for _ in range(4):
            assert [row["id"] for row in app.get(f"{path}rows/?{query}").json] == [1]
        assert kept(app) <= 5


def test_a_statement_that_fails_leaves_nothing(app, path):
    for _ in range(5):
        app.get(f"{path}rows/?name=match.(", status=400)
        assert app.get(f"{path}rows/1/").json["id"] == 1
    assert kept(app) <= 4
