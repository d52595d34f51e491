"""Fixtures: ``postgresql`` is a connection with the functions of texts."""

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.database.texts import functions
from dynmodel_pyramid.testing.databases import postgresql_url


@pytest.fixture(scope="module")
def postgresql():
    engine = sa.create_engine(postgresql_url())
    with engine.connect() as connection:
        for statement in functions.statements("pg_temp"):
            connection.exec_driver_sql(statement)
        yield connection
    engine.dispose()
