"""A document is read as often as the locks demand, and no connection is opened that is of no use."""

import pytest

from dynmodel_pyramid.changes import service
from dynmodel_pyramid.database import Database

FIELDS = {"size": "integer"}


@pytest.fixture
def readings(monkeypatch) -> list:
    """The documents that are read from now on."""
    documents, usual = [], service.read_table

    def reading(document, *arguments, **keywords):
        documents.append(document)
        return usual(document, *arguments, **keywords)

    monkeypatch.setattr(service, "read_table", reading)
    return documents


def put(app, **fields) -> None:
    app.put_json("/table/2/", {"model_name": "Part", "fields": {**FIELDS, **fields}})


@pytest.fixture
def two_tables(app) -> None:
    app.post_json("/table/", {"model_name": "Far", "fields": {}})
    app.post_json("/table/", {"model_name": "Part", "fields": FIELDS})


def test_once_where_no_far_table_turns_up(app, two_tables, readings):
    put(app, note="text")
    assert len(readings) == 1


def test_once_more_where_one_does(app, two_tables, readings):
    """It has to be locked, too, in order of id."""
    put(app, far={"type": "link", "table": "Far"})
    assert len(readings) == 2


@pytest.mark.parametrize("database", ["sqlite"])
def test_sqlite_plans_nothing_before_a_change(app, two_tables, monkeypatch):
    """PostgreSQL looks first whether the table is large."""

    def rehearsing(self):
        raise AssertionError("a connection for nothing")

    monkeypatch.setattr(Database, "rehearsing", rehearsing)
    put(app, size={"type": "integer", "min": 0})
    monkeypatch.undo()
