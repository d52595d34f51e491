"""Replicas: never older than a client's own write, and no request fails because of them."""

import os
import signal
import time
from contextlib import contextmanager, suppress

import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.database.replicas import Position
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.tenants.administration import administration
from dynmodel_pyramid.testing.databases import OPEN

LAG = 0.2
MERGE = {"Content-Type": "application/merge-patch+json"}


@pytest.fixture(scope="module")
def replica(bed):
    """Whose log is under way for :data:`LAG` seconds."""
    return bed.add_replica(lag=LAG)


@pytest.fixture(scope="module")
def make(bed, replica):
    made = []

    def make(schema, **settings):
        own = {"sqlalchemy.url": bed.primary.url, "dynmodel.schema": schema, **OPEN, **settings}
        wsgi = dynmodel_pyramid.main({}, **{"dynmodel.replica_urls": replica.url, **own})
        made.append(wsgi)
        return webtest.TestApp(wsgi)

    yield make
    for wsgi in made:
        wsgi.registry.dynmodel_catalogue.database.close()


@pytest.fixture(scope="module")
def app(make):
    app = make("replicated")
    app.post_json("/table/", {"model_name": "Thing", "fields": {"n": "integer"}})
    app.post_json("/table/Thing/rows/", {"n": 0})
    wait_until_read(app)
    return app


def wait_until_read(app, path="/table/Thing/rows/1/", **headers) -> None:
    """Until a replica answers."""
    deadline = time.monotonic() + 20
    while "Data-Age" not in app.get(path, headers=headers).headers:
        assert time.monotonic() < deadline, app.app.registry.dynmodel_catalogue.database.replicas.status()
        time.sleep(0.02)


def test_a_write_is_read_with_its_token_and_may_be_missed_without(app):
    missed = 0
    for number in range(1, 21):
        answer = app.patch_json("/table/Thing/rows/1/", {"n": number}, headers=MERGE)
        token = answer.headers["Consistency-Token"]
        older = app.get("/table/Thing/rows/1/")
        missed += older.json["n"] != number
        assert float(older.headers.get("Data-Age", 0)) < 2
        for path in ("/table/Thing/rows/1/", "/table/Thing/rows/?limit=1", "/rest/Thing?limit=1"):
            found = app.get(path, headers={"Consistency-Token": token}).json
            assert (found[0] if isinstance(found, list) else found)["n"] == number
    assert missed > 10  # the replica was read, and it lags
    time.sleep(2 * LAG)
    answer = app.get("/table/Thing/rows/1/", headers={"Consistency-Token": token})
    assert "Data-Age" in answer.headers and answer.json["n"] == 20


def test_who_asks_for_it_gets_the_newest(app):
    answer = app.get("/table/Thing/rows/1/", headers={"Prefer": "consistency=strong, handling=strict"})
    assert "Data-Age" not in answer.headers
    assert "consistency=strong" in answer.headers["Preference-Applied"]
    assert app.get("/table/Thing/rows/1/", headers={"Consistency-Token": "x"}, status=400).json["code"] == "malformed"
    far = Position(1, 2**50).token
    assert "Data-Age" not in app.get("/table/Thing/rows/1/", headers={"Consistency-Token": far}).headers


def test_a_changed_definition_is_never_mixed_up_with_older_rows(app):
    caught_up = app.app.registry.dynmodel_catalogue
    for number in range(3):
        fields = {"n": {"type": "string" if number % 2 == 0 else "integer"}}
        answer = app.patch_json("/table/Thing/", {"fields": fields}, headers=MERGE)
        version, snapshot = answer.json["version"], caught_up.snapshot
        until = time.monotonic() + 3 * LAG
        while time.monotonic() < until:
            row = app.get("/table/Thing/rows/1/")
            assert row.headers["Definition-Version"] == str(version)
            assert type(row.json["n"]) is (str if number % 2 == 0 else int)
        assert caught_up.snapshot is snapshot  # nothing was forgotten because the replica lagged
        assert "Data-Age" in row.headers
    app.patch_json(
        "/table/Thing/",
        {"fields": {"n": {"type": "integer"}}},
        headers=MERGE,
    )


def test_a_revoked_token_is_refused_at_once(make):
    """By a process that has not heard of it, and a replica that has not either."""
    here, there = (make("guarded", **{"dynmodel.access": "enforced"}) for _ in range(2))
    accounts = here.app.registry.dynmodel_tenant.accounts
    with accounts.database.writer.begin() as connection:
        _, admin = accounts.tokens.create(connection, name="admin", roles=("admin",))
    headers = {"Authorization": f"Bearer {admin}"}
    here.post_json("/table/", {"model_name": "Thing", "fields": {"n": "integer"}}, headers=headers)
    here.post_json("/table/Thing/rows/", {"n": 0}, headers=headers)
    other = here.post_json("/token/", {"name": "other", "roles": ["admin"]}, headers=headers).json
    wait_until_read(there, Authorization=f"Bearer {other['secret']}")
    started = time.monotonic()
    here.delete(f"/token/{other['id']}/", headers=headers)
    assert 0.5 * LAG < time.monotonic() - started < 2
    there.get("/table/Thing/rows/1/", headers={"Authorization": f"Bearer {other['secret']}"}, status=401)


def test_a_fork_has_watchers_of_its_own(app, caplog):
    wait_until_read(app)
    replicas = app.app.registry.dynmodel_catalogue.database.replicas
    numbers = [watched._raw.info.backend_pid for watched in (replicas._primary, *replicas.all)]
    pid = os.fork()
    if not pid:
        with suppress(BaseException):
            replicas.choose(None)
            time.sleep(1)
            own = [watched._raw.info.backend_pid for watched in (replicas._primary, *replicas.all)]
            os._exit(0 if not set(own) & set(numbers) and all(replica.is_usable for replica in replicas.all) else 1)
        os._exit(2)
    assert os.waitpid(pid, 0)[1] == 0
    time.sleep(0.5)
    assert [watched._raw.info.backend_pid for watched in (replicas._primary, *replicas.all)] == numbers
    assert not [record for record in caplog.records if "left out" in record.getMessage()]


@contextmanager
def hanging(node):
    node.signal_all(signal.SIGSTOP)
    try:
        yield
    finally:
        node.signal_all(signal.SIGCONT)


def test_no_request_fails_because_a_replica_does(app, replica, monkeypatch):
    monkeypatch.setattr("dynmodel_pyramid.database.replicas._HANGS", 0.5)
    wait_until_read(app)
    with hanging(replica):
        started = time.monotonic()
        for _ in range(20):
            app.get("/table/Thing/rows/1/", status=200)
        assert time.monotonic() - started < 4
    wait_until_read(app)
    replica.stop()
    for _ in range(20):
        assert "Data-Age" not in app.get("/table/Thing/rows/1/", status=200).headers
    app.patch_json("/table/Thing/rows/1/", {"n": 7}, headers=MERGE)
    replica.start()
    wait_until_read(app)


def test_a_service_on_a_replica_only_reads(make, replica, app):
    reader = make("replicated", **{"sqlalchemy.url": replica.url, "dynmodel.replica_urls": ""})
    assert reader.get("/table/Thing/rows/1/").json["id"] == 1
    for answer in (
        reader.post_json("/table/Thing/rows/", {"n": 1}, status=503),
        reader.patch_json("/table/Thing/", {"label": "x"}, status=503),
        reader.post_json("/table/", {"model_name": "Other", "fields": {}}, status=503),
        reader.post("/table/Thing/rows/", "n\n" + "1\n" * 3000, {"Content-Type": "text/csv"}, status=503),
    ):
        assert answer.json["code"] == "database_read_only" and answer.headers["Retry-After"]
    assert reader.post_json("/rest/Thing", {"n": 1}, status=503).json["code"] == "25006"


def test_tenants_read_from_a_replica_all_through_poolers(bed, replica):
    urls = {"sqlalchemy.url": bed.start_pooler(), "dynmodel.replica_urls": bed.start_pooler(replica)}
    settings = {**urls, "dynmodel.tenants": "path", "dynmodel.tenant_schemas": "both_", **OPEN}
    with administration(Settings(settings)) as tenants:
        for name in ("acme", "beta"):
            tenants.create(name)
    wsgi = dynmodel_pyramid.main({}, **settings)
    app = webtest.TestApp(wsgi)
    try:
        tokens, by_replica = {}, 0
        for name in ("acme", "beta"):
            app.post_json(f"/{name}/table/", {"model_name": "Thing", "fields": {"name": "string"}})
            tokens[name] = app.post_json(f"/{name}/table/Thing/rows/", {"name": name}).headers["Consistency-Token"]
        time.sleep(2 * LAG)
        for number in range(10):
            name, other = ("acme", "beta") if number % 2 else ("beta", "acme")
            path = f"/{name}/table/Thing/rows/1/"
            if number == 6:
                app.patch_json("/acme/table/Thing/", {"fields": {"more": "integer"}}, headers=MERGE)
                time.sleep(2 * LAG)
            # The other one's token asks for a moment of the same log.
            found = app.get(path, headers={"Consistency-Token": tokens[other]})
            assert found.json["name"].startswith(name) and ("more" in found.json) == (name == "acme" and number >= 6)
            by_replica += "Data-Age" in found.headers
            if number % 4 == 1:
                written = {"name": f"{name} {number}"}
                tokens[name] = app.patch_json(path, written, headers=MERGE).headers["Consistency-Token"]
                found = app.get(path, headers={"Consistency-Token": tokens[name]})
                assert found.json["name"] == written["name"]
                time.sleep(2 * LAG)
        assert by_replica > 3
    finally:
        wsgi.registry.dynmodel_tenants.close()
