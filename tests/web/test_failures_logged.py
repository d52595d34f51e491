"""An answer of 500 and above has one line in the log, by which its ``request_id`` is found."""

import logging

import pytest
import sqlalchemy as sa

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

    monkeypatch.setattr("dynmodel_pyramid.web.listing.Listing.__init__", broken)
    answer = fresh.app.get(path, status=500)
    (record,) = lines_of(caplog, answer)
    assert record.levelno == logging.ERROR and record.exc_info


def test_lines_are_lines(fresh, caplog, monkeypatch):
    def broken(*arguments):
        raise RuntimeError("broken")

    monkeypatch.setattr("dynmodel_pyramid.web.resources.Traverser.__call__", broken)
    answer = fresh.app.get("/table/a%0Arequest%20x:%20y/", status="*")
    for record in lines_of(caplog, answer):
        assert "\n" not in record.getMessage()


def test_other_answers_have_none(fresh, caplog):
    fresh.table({"name": "string"}, "Thing")
    for path, status in (("/table/Thing/rows/", 200), ("/table/Thing/rows/?x=1", 400), ("/nothing/", 404)):
        answer = fresh.app.get(path, headers={"X-Request-Id": "quiet"}, status=status)
        assert answer.status_int == status
    assert "quiet" not in caplog.text
