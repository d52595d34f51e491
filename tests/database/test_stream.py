"""Parts of a long list, as each database streams them."""

from itertools import islice

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.database import Database
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.testing.databases import DATABASES, database_settings

#: The numbers from 0, and a division that fails at one of them.
NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {last}) "
    "SELECT i, CASE WHEN i = {fails} THEN abs(-9223372036854775807 - 1) END FROM n",
    "postgresql": "SELECT i, CASE WHEN i = {fails} THEN 1 / (i - {fails}) END FROM generate_series(0, {last}) i",
}


@pytest.fixture(scope="module", params=DATABASES)
def database(request, tmp_path_factory):
    with database_settings(request.param, tmp_path_factory.mktemp("stream")) as settings:
        database = Database(Settings(settings))
        yield database
        database.close()


@pytest.fixture
def connection(database):
    with database.reading() as connection:
        yield connection


@pytest.fixture
def stream(database, connection):
    def start(last: int, *, fails: int = -1, size: int = 10):
        sql = NUMBERS[connection.dialect.name].format(last=last, fails=fails)
        parts = database.dialect.stream(connection, sql, (), size)
        return ([row[0] for row in rows] for _, rows in parts)

    return start


@pytest.mark.parametrize("count", [1, 9, 10, 11, 40, 55])
def test_all_rows_come_in_order(stream, count):
    parts = list(stream(count - 1))
    assert sum(parts, []) == list(range(count))
    assert max(map(len, parts)) <= 10


@pytest.mark.parametrize("parts", [0, 1, 2, 3, 5])
def test_the_connection_is_usable_when_a_stream_is_closed(stream, connection, parts):
    source = stream(1000)
    assert len(list(islice(source, parts))) == parts
    source.close()
    assert connection.scalar(sa.text("SELECT 7")) == 7
    assert sum(stream(25), []) == list(range(26))


def test_a_stream_can_be_marked_while_it_is_read(stream, connection, database):
    source = stream(1000)
    for _ in range(4):
        next(source)
    database.dialect.mark_stream(connection, waits=True)
    assert sum(source, []) == list(range(40, 1001))
    if database.dialect.ends_streams:
        assert "waits" in connection.scalar(sa.text("SHOW application_name"))


@pytest.mark.parametrize("fails", [5, 25, 45])
def test_an_error_in_the_middle_is_raised(stream, connection, fails):
    read = []
    with pytest.raises(sa.exc.DBAPIError):
        for part in stream(1000, fails=fails):
            read += part
    assert read == list(range(len(read)))
    connection.rollback()
    assert connection.scalar(sa.text("SELECT 7")) == 7
