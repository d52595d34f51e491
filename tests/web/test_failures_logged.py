"""An answer of 500 and above has one line in the log, by which its ``request_id`` is found."""

import logging

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.rows.service import Rows
from dynmodel_pyramid.web.http.listing import Listing

FACES = ["/table/Thing/rows/", "/rest/Thing"]


def lines_of(caplog, answer) -> list[logging.LogRecord]:
    return [record for record in caplog.records if answer.headers["X-Request-Id"] in record.getMessage()]


@pytest.mark.parametrize("path", FACES)
def test_rows_that_are_locked(make_app, path, caplog):
    app = make_app(**{"dynmodel.lock_timeout": "0.2"})
    app.post_json("/table/", {"model_name": "Thing", "fields": {"name": "string"}})
    database = app.app.registry.dynmodel_catalogue.database
    app.post_json("/table/Thing/rows/", {"name": "a"})
    other = sa.create_engine(database.engine.url)
    with other.connect() as connection:
        if database.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql(f'LOCK TABLE {database.dialect.schema}."Thing"')
        for number in range(2):
            headers = {"X-Request-Id": f"mine-{number}"}
            answer = app.post_json(path, {"name": "b"}, headers=headers, status=503)
            (record,) = lines_of(caplog, answer)
            assert record.getMessage().startswith(f"request mine-{number}: POST {path} answered 503 busy: ")
            assert (record.levelno, record.exc_info) == (logging.WARNING, None)
    other.dispose()


@pytest.mark.parametrize("path", FACES)
def test_a_fault_of_ours_has_its_traceback_and_no_second_line(fresh, path, caplog, monkeypatch):
    fresh.table({"name": "string"}, "Thing")

    def broken(*arguments, **options):
        raise RuntimeError("broken")

    monkeypatch.setattr("dynmodel_pyramid.web.http.listing.Listing.__init__", broken)
    answer = fresh.app.get(path, status=500)
    (record,) = lines_of(caplog, answer)
    assert record.levelno == logging.ERROR and record.exc_info


def test_lines_are_lines(fresh, caplog, monkeypatch):
    def broken(*arguments):
        raise RuntimeError("broken")

    monkeypatch.setattr("dynmodel_pyramid.web.http.tree.Traverser.__call__", broken)
    answer = fresh.app.get("/table/a%0Arequest%20x:%20y/", status="*")
    for record in lines_of(caplog, answer):
        assert "\n" not in record.getMessage()


def test_other_answers_have_none(fresh, caplog):
    fresh.table({"name": "string"}, "Thing")
    for path, status in (("/table/Thing/rows/", 200), ("/table/Thing/rows/?x=1", 400), ("/nothing/", 404)):
        answer = fresh.app.get(path, headers={"X-Request-Id": "quiet"}, status=status)
        assert answer.status_int == status
    assert "quiet" not in caplog.text


@pytest.fixture
def two_apps(make_app):
    """Two applications on one database, as two processes are."""
    return make_app(), make_app()


def errors_of(caplog) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("path", ["/table/Thing/rows/1/", "/table/Thing/rows/", "/rest/Thing"])
def test_a_stale_attempt_is_no_fault(two_apps, path, caplog):
    """On PostgreSQL the driver meets texts in a column that the attempt takes to hold numbers."""
    here, there = two_apps
    there.post_json("/table/", {"model_name": "Thing", "fields": {"size": "number"}})
    there.post_json("/table/Thing/rows/", {"size": 1.5})
    here.get("/table/Thing/")  # it knows the definition, and has no statement yet
    there.patch_json("/table/Thing/", {"fields": {"size": "text"}})
    assert '"size":"1.5"' in here.get(path, status=200).text
    assert errors_of(caplog) == []


@pytest.mark.parametrize("path", FACES)
@pytest.mark.parametrize("called, status", [(Listing.__init__, 200), (Rows.read, 201)])
@pytest.mark.parametrize("is_stale", [True, False])
def test_an_error_of_any_kind_in_a_stale_attempt_makes_another_one(
    two_apps, path, called, status, is_stale, caplog, monkeypatch
):
    here, there = two_apps
    here.post_json("/table/", {"model_name": "Thing", "fields": {"name": "string"}})
    calls = []

    def fails_once(*arguments, **options):
        calls.append(called)
        if len(calls) > 1:
            return called(*arguments, **options)
        if is_stale:
            there.patch_json("/table/Thing/", {"fields": {"more": "integer"}})
        raise KeyError("name")

    owner = {Listing.__init__: Listing, Rows.read: Rows}[called]
    monkeypatch.setattr(owner, called.__name__, fails_once)
    method = "GET" if status == 200 else "POST"
    sent = {"body": b'{"name": "a"}', "content_type": "application/json"} if method == "POST" else {}
    answer = here.request(path, method=method, status="*", **sent)
    assert answer.status_int == (status if is_stale else 500)
    assert len(errors_of(caplog)) == (0 if is_stale else 1)
    assert len(calls) == (2 if is_stale else 1)
