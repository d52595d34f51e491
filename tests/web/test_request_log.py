"""What the log tells of requests: ids and numbers, in one line each, whatever clients send."""

import json
import logging
import re

import pytest
import sqlalchemy as sa
import webtest

from dynmodel_pyramid.database import Failure
from dynmodel_pyramid.telemetry import measuring
from dynmodel_pyramid.telemetry.lines import BoundedLog, JsonFormatter, shape
from dynmodel_pyramid.web.http import errors

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def lines(caplog) -> list[logging.LogRecord]:
    measuring.store()
    return [record for record in caplog.records if record.name == "dynmodel_pyramid.web.observed"]


@pytest.fixture
def made(make_app, caplog):
    def make(**settings):
        app = make_app(**settings)
        app.post_json("/table/", {"model_name": "Thing", "fields": {"name": "string"}})
        app.post_json("/table/Thing/rows/", [{"name": "secret-value"}, {"name": "b"}])
        lines(caplog)
        caplog.clear()
        return app

    with caplog.at_level(logging.INFO, "dynmodel_pyramid.web.observed"):
        yield make


def test_every_request_has_a_line_of_ids_and_numbers(made, caplog):
    app = made(**{"dynmodel.request_log": "all"})
    headers = {"X-Request-Id": "mine-1", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    app.get("/table/Thing/rows/?name=eq.secret-value", headers=headers)
    app.post_json("/table/Thing/rows/", {"name": "secret-value"}, headers={"X-Request-Id": "mine-2"})
    read, written = lines(caplog)
    text = read.getMessage()
    assert re.fullmatch(
        r"request mine-1: GET answered 200: resource=rows table=\d+ ms=[\d.]+ queue_ms=0.0 database_ms=[\d.]+ "
        rf"statements=\d+ attempts=1 rows_read=1 rows_written=0 trace={TRACE}",
        text,
    ), text
    assert "secret" not in text and " rows_written=1" in written.getMessage()
    document = json.loads(JsonFormatter().format(read))
    assert (document["request"], document["method"], document["status"]) == ("mine-1", "GET", 200)
    assert (document["rows_read"], document["trace"]) == (1, TRACE) and document["database_ms"] > 0
    assert "secret" not in json.dumps(document)


def test_a_client_can_neither_break_nor_forge_a_line(made, caplog):
    app = made(**{"dynmodel.request_log": "all"})
    evil = "x\r\nrequest 1: GET answered 200: \x1b[31m\u2028"
    environ = webtest.TestRequest.blank("/table/Thing/rows/").environ
    environ |= {"HTTP_X_REQUEST_ID": evil, "HTTP_TRACEPARENT": evil, "REQUEST_METHOD": "GET\nX", "REMOTE_ADDR": "::1"}
    list(app.app(environ, lambda status, headers: None))
    app.get("/table/Thing%0d%0a/rows/", status=404)
    assert len(lines(caplog)) == 2
    for record in lines(caplog):
        assert record.getMessage().isprintable()
        assert JsonFormatter().format(record).isprintable()


def test_a_slow_request_tells_the_shape_of_its_statement_and_no_value(made, caplog, monkeypatch):
    app = made(**{"dynmodel.slow_request": "0.000001"})
    monkeypatch.setattr(measuring, "NOTED", 0.0)
    app.get("/table/Thing/rows/?name=eq.secret-value")
    (record,) = lines(caplog)
    text = record.getMessage()
    assert record.levelno == logging.WARNING and " was slow, answered 200: resource=rows " in text
    assert " slowest_ms=" in text and ' statement="' in text and "secret" not in text


def test_requests_that_are_well_have_no_line_by_default(made, caplog):
    made().get("/table/Thing/rows/")
    assert not lines(caplog)


@pytest.mark.parametrize(("mode", "count"), (("errors", 100), ("off", 0)))
def test_an_outage_has_a_line_for_each_request_until_there_are_too_many(made, caplog, monkeypatch, mode, count):
    app = made(**{"dynmodel.request_log": mode})
    monkeypatch.setattr(errors, "_bounded", BoundedLog(errors.log, burst=100))
    database = app.app.registry.dynmodel_catalogue.database

    def away(*arguments, **options):
        raise sa.exc.OperationalError("BEGIN", {}, Exception("gone\x1b[1m"), connection_invalidated=True)

    monkeypatch.setattr(database.dialect, "begin_reading", away)
    monkeypatch.setattr(database.dialect, "failure", lambda error: Failure("away"))
    for number in range(120):
        app.get("/table/Thing/rows/1", headers={"X-Request-Id": f"lost-{number}"}, status=503)
    told = [record.getMessage() for record in caplog.records if "lost-" in record.getMessage()]
    assert len(told) == count
    for line in told:
        assert line.startswith("request lost-") and " answered 503 database_unavailable: " in line and "ms=" in line
        assert line.isprintable()


def test_shapes_have_no_values():
    assert shape("SELECT \"a'1\", t_12.x FROM t WHERE a = 'it''s' AND b > 1.5 -- x\n AND c = $1 AND d = %(p_2)s") == (
        'SELECT "a\'1", t_12.x FROM t WHERE a = ? AND b > ? -- x AND c = $1 AND d = %(p_2)s'
    )
    assert shape("SELECT $q$secret$q$, 'cut in the mid") == "SELECT ?, ?"
