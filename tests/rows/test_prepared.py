"""Statements that go past SQLAlchemy's execution answer, store and fail as those through it."""

import datetime
import uuid
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range

from dynmodel_pyramid.database.cursors import raw_cursor
from dynmodel_pyramid.rows.prepared import PreparedInsert, PreparedSelect

#: Rows are written with ids of the tests' own, past what draws them.
pytestmark = pytest.mark.damaged_database

MOMENT = datetime.datetime(2026, 1, 31, 12, 0, 0, 5, datetime.UTC)
FIELDS = {
    "text": "string",
    "whole": "integer",
    "real": "number",
    "yes": "boolean",
    "day": "date",
    "moment": "datetime",
    "json": "json",
    "row_id": "integer",
    "uuid": "uuid",
    "exact": "decimal",
    "long": {"type": "decimal", "precision": 40, "scale": 0},
    "words": "tags",
    "range": "date_range",
    "ip": "ip_address",
}
VALUES = {
    "text": "50 % 'x' \\ \t\n \\N é",
    "whole": -(2**63),
    "real": 0.1,
    "yes": False,
    "day": datetime.date(1, 2, 3),
    "moment": MOMENT,
    "json": {"a": [1, None, "\\"]},
    "row_id": 7,
    "uuid": uuid.UUID(int=2**127 + 5),
    "exact": Decimal("-0.05"),
    "long": Decimal(-(10**39)),
    "words": ["a,b", 'c"d\\', "{}", "\t"],
    "range": Range(datetime.date(2026, 1, 1), datetime.date(2026, 2, 1)),
    "ip": "2001:db8::1",
}
SYSTEM = {"_version": 1, "_created": MOMENT, "_updated": MOMENT}


@pytest.fixture
def table(app, catalogue) -> sa.Table:
    app.post_json("/table/", {"model_name": "Thing", "fields": FIELDS}, status=201)
    with catalogue.database.reading() as connection:
        return catalogue.model(catalogue.store.by_id(connection, 1)[1]).table


@pytest.fixture
def connection(catalogue):
    with catalogue.database.writer.connect() as made, made.begin():
        yield made


@pytest.mark.parametrize("count", [1, PreparedInsert.COPY_FROM - 1, PreparedInsert.COPY_FROM])
def test_insert_stores_what_sqlalchemy_stores(table, connection, count):
    nulls = dict.fromkeys(VALUES)
    rows = [{"id": number, **SYSTEM, **(nulls if number % 2 else VALUES)} for number in range(2, 2 + count)]
    PreparedInsert(table, connection.dialect)(connection, rows)
    connection.execute(sa.insert(table), [{**row, "id": row["id"] + 1000} for row in rows])
    found = connection.execute(sa.select(table).order_by(table.c.id)).mappings().all()
    assert [dict(row) for row in found[:count]] == rows
    assert [{**row, "id": row["id"] - 1000} for row in found[count:]] == rows
    # The very bytes, for SQLite's types are no guard.
    texts = [sa.cast(column, sa.Text) for column in table.c if column.key != "id"]
    stored = connection.execute(sa.select(*texts).order_by(table.c.id)).all()
    assert stored[:count] == stored[count:]


def test_select_answers_what_sqlalchemy_answers(table, connection):
    connection.execute(sa.insert(table), [{"id": number, **SYSTEM, **VALUES} for number in (1, 2, 3)])
    query = sa.select(table).where(table.c.id <= sa.bindparam("last"), table.c.moment == MOMENT).order_by(table.c.id)
    prepared = PreparedSelect(query, connection.dialect)
    assert not prepared.refused
    for last in (3, 2, 0):
        wanted = connection.execute(query, {"last": last}).all()
        assert list(map(tuple, prepared(connection, {"last": last}))) == wanted
        fetched = prepared.fetch(connection, {"last": last})
        assert len(fetched) == len(wanted)
        assert fetched.documents(table.c.keys()) == [dict(zip(table.c.keys(), row, strict=True)) for row in wanted]
        assert list(map(tuple, fetched)) == wanted
        assert len(wanted) == last


def test_select_with_a_list_goes_through_sqlalchemy(table, connection):
    connection.execute(sa.insert(table), [{"id": number, **SYSTEM, **VALUES} for number in (1, 2, 3)])
    prepared = PreparedSelect(sa.select(table.c.id).where(table.c.id.in_([1, 3])), connection.dialect)
    assert prepared.refused
    assert sorted(prepared(connection)) == [(1,), (3,)]


@pytest.mark.parametrize("count", [1, PreparedInsert.COPY_FROM])
def test_errors_are_sqlalchemys(table, catalogue, count):
    rows = [{"id": number % max(count - 1, 1), **SYSTEM, **VALUES} for number in range(count)]
    with catalogue.database.writer.connect() as connection, connection.begin() as transaction:
        insert = PreparedInsert(table, connection.dialect)
        with pytest.raises(sa.exc.IntegrityError) as caught:
            insert(connection, rows)
            insert(connection, rows)
        assert catalogue.database.failure(caught.value).kind == "unique"
        transaction.rollback()


@pytest.mark.parametrize("database", ["postgresql"])  # SQLite has no connection that others can cut
def test_a_lost_connection_is_noted(catalogue, database):
    with catalogue.database.engine.connect() as connection:
        with catalogue.database.engine.connect() as other:
            number = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
            other.exec_driver_sql("SELECT pg_terminate_backend(%s)", (number,))
        with pytest.raises(sa.exc.OperationalError) as caught, raw_cursor(connection) as cursor:
            cursor.execute("SELECT 1")
        assert caught.value.connection_invalidated and connection.invalidated
        assert catalogue.database.failure(caught.value).kind == "away"
