"""Writes of rows, changes of access and changes of definitions lock in one order, so none waits in a circle."""

import threading
import time
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

import dynmodel_pyramid
from dynmodel_pyramid.access import changes
from dynmodel_pyramid.access.attempt import RequestAttempt
from dynmodel_pyramid.access.caller import Caller
from dynmodel_pyramid.access.grants import Access
from dynmodel_pyramid.access.identity import ANONYMOUS
from dynmodel_pyramid.catalogue.attempt import Attempt
from dynmodel_pyramid.changes.service import DefinitionService
from dynmodel_pyramid.database.cursors import fetched
from dynmodel_pyramid.testing.databases import database_settings


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    """On PostgreSQL: on SQLite a transaction that writes waits for all others."""
    with database_settings("postgresql", tmp_path_factory.mktemp("order")) as raw:
        catalogue = dynmodel_pyramid.main({}, **{**raw, "dynmodel.lock_timeout": "3"}).registry.dynmodel_catalogue
        yield catalogue
        catalogue.database.close()


@pytest.fixture
def model(catalogue):
    name = f"T{time.monotonic_ns()}"
    DefinitionService(catalogue).create({"model_name": name, "fields": {"x": "string"}})
    return Attempt(catalogue).model(name)


@contextmanager
def thread(run):
    """Runs beside the block; its error is raised."""
    errors = []

    def target():
        try:
            run()
        except Exception as error:
            errors.append(error)

    beside = threading.Thread(target=target)
    beside.start()
    yield beside
    beside.join(10)
    assert not beside.is_alive()
    if errors:
        raise errors[0]


def writing(catalogue, model, connection):
    """A write of somebody who is not an administrator begins."""
    with catalogue.database.reading() as reading:
        stamp = catalogue.database.state(reading).access_stamp
    caller = Caller(ANONYMOUS, Access(), stamp)
    attempt = RequestAttempt(catalogue, forget=lambda caller, connection: None)
    attempt.came_from(caller)
    attempt.model(model.definition.id)
    attempt.open(connection, writes=True)
    return attempt


def change(catalogue, model):
    fields = {"x": "string", "y": {"type": "integer", "default": 3}}
    document = {"model_name": model.definition.model_name, "fields": fields}
    DefinitionService(catalogue).change(model.definition.id, lambda current: document)


def test_a_row_that_is_locked_before_it_is_written_holds_off_definition_changes(catalogue, model):
    table = model.table
    with catalogue.database.writer.begin() as connection:
        connection.execute(sa.insert(table).values(id=1, _version=1, _created=sa.func.now(), _updated=sa.func.now()))
    with catalogue.database.writer.connect() as connection, connection.begin():
        attempt = writing(catalogue, model, connection)
        connection.execute(sa.select(table.c.id).where(table.c.id == 1).with_for_update())
        with thread(lambda: change(catalogue, model)) as changing:
            changing.join(0.3)
            assert changing.is_alive()
            connection.exec_driver_sql("SET LOCAL lock_timeout = '1s'")
            connection.execute(sa.update(table).values(x="new"))
            attempt.confirm()
            connection.commit()


def test_a_write_that_waits_for_its_table_holds_up_no_change_of_access(catalogue, model):
    database = catalogue.database

    def write():
        with database.writer.begin() as connection:
            writing(catalogue, model, connection)
            connection.execute(sa.update(model.table).values(x="new"))

    with database.writer.connect() as long, long.begin():
        database.dialect.hold_off_writers(long, model.definition.physical_name)
        with thread(write):
            time.sleep(0.3)
            with database.writer.begin() as connection:
                changes.hold(connection, database, 0.1)
            long.rollback()


def test_a_change_of_access_waits_for_the_first_row_of_a_write(catalogue, model):
    """Its locks are sent with the row, and that of access must be among them."""
    database = catalogue.database
    connection = database.begin_writing(is_kept=True)
    try:
        writing(catalogue, model, connection)
        columns, values = "id, _version, _created, _updated", "1, 1, now(), now()"
        table = connection.dialect.identifier_preparer.format_table(model.table)
        fetched(connection, f"INSERT INTO {table} ({columns}) VALUES ({values}) RETURNING id", {})
        with pytest.raises(sa.exc.DBAPIError), database.writer.begin() as change:
            changes.hold(change, database, 0.1)
        database.dialect.commit_writing(connection)
    finally:
        database.dialect.end_writing(connection)
    with database.writer.begin() as change:
        changes.hold(change, database, 0.1)


def test_other_writes_pass_a_change_of_access_that_waits(catalogue):
    database = catalogue.database

    def wait():
        with database.writer.begin() as connection:
            changes.hold(connection, database)

    with database.writer.connect() as long, long.begin():
        changes.share(long, database)
        with thread(wait) as waiting:
            for _ in range(4):
                with database.writer.begin() as connection:
                    database.dialect.bound_lock_waits(connection, 1.5)
                    changes.share(connection, database)
            assert waiting.is_alive()
            long.rollback()
