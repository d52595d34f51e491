"""A connection that is kept ready has what belongs to it, whoever connects in the moment when it leaves the pool."""

import pytest


@pytest.fixture
def database():
    return "sqlite"


@pytest.fixture
def crowded(make_app, monkeypatch):
    """A service in which another thread takes the pool's entry as soon as a connection leaves it."""
    app = make_app()
    app.post_json("/table/", {"model_name": "Thing", "fields": {"name": "string"}}, status=201)
    app.post_json("/table/1/rows/", [{"name": name} for name in "abc"], status=201)
    engine = app.app.registry.dynmodel_catalogue.database.engine
    engine.dispose()
    pool, others = engine.pool, []
    give_back = pool._do_return_conn

    def do_return_conn(entry):
        give_back(entry)
        if entry.dbapi_connection is None:  # it is detached
            others.append(pool.connect())

    monkeypatch.setattr(pool, "_do_return_conn", do_return_conn)
    yield app, others
    for other in others:
        other.close()


def test_a_kept_connection_has_its_own_things(crowded):
    app, others = crowded
    for _ in range(3):
        app.post_json("/table/1/rows/", {"name": "d"}, status=201)
        assert [row["name"] for row in app.get("/table/1/rows/?limit=3").json] == ["a", "b", "c"]
    assert len(others) == 2  # a reader and a writer have left the pool
    readers = app.app.registry.dynmodel_catalogue.database.dialect._readers
    [reader] = readers._idle
    assert "file" in reader.connection.info
    for other in others:
        assert other.info is not reader.connection.info
        assert not set(map(id, other.info.values())) & {id(reader.connection.info["deadline"])}
