"""Marks of imports in parts: they move with the parts, and only one import moves them."""

import pytest

from dynmodel_pyramid.database import Database
from dynmodel_pyramid.errors import Conflict, NotFound
from dynmodel_pyramid.exchange.marks import Mark
from dynmodel_pyramid.settings import Settings
from tests.system_tables import make_system_tables


def test_one_import_moves_a_mark(settings):
    make_system_tables(settings)
    database = Database(Settings(settings))
    try:
        one, two, other = Mark(database, ("a", 1)), Mark(database, ("a", 1)), Mark(database, ("a", 2))
        one.begin()
        assert two.resume() == 0
        for mark in (one, two):
            with pytest.raises(ZeroDivisionError), database.writer.begin() as connection:
                mark.move(connection, 0, 5)
                raise ZeroDivisionError  # the part is not written
        with database.writer.begin() as connection:
            one.move(connection, 0, 5)
        with pytest.raises(Conflict), database.writer.begin() as connection:
            two.move(connection, 0, 5)
        assert two.resume() == 5
        one.begin(5)
        with pytest.raises(Conflict), database.writer.begin() as connection:
            two.move(connection, 5, 9)
        assert two.resume() == 5
        with pytest.raises(NotFound) as none:
            other.resume()
        assert "--resume" in none.value.hint
    finally:
        database.close()
