"""Nothing of a tenant can be seen or touched by another one, whatever the request says."""

import itertools
import json

import pytest
import sqlalchemy as sa
import webtest

from dynmodel_pyramid.changes.doctor.examination import Doctor
from dynmodel_pyramid.database.findings import Load
from tests.tenants.conftest import PASSWORD, TABLE

#: Requests of every resource that shows or changes something of a tenant.
READS = (
    *("", "me/", "table/", "table/1/", "table/Thing/", "table/1/rows/", "table/1/rows/1/", "table/1/row/1/"),
    *("table/1/history/", "table/1/history/1/", "table/1/trash/", "table/1/quarantine/", "table/1/health/"),
    *("table/1/view/", "table/1/view/mine/", "table/1/view/mine/rows/", "table/1/openapi.json", "trash/", "schema/"),
    *("rest/", "rest/Thing", "rest/Thing?id=eq.1", "openapi.json", "access/", "user/", "user/1/", "token/", "token/1/"),
    *("audit/", "session/", "field-type/", "health/"),
)
WRITES = (
    ("POST", "table/", {**TABLE, "model_name": "Other"}),
    ("PATCH", "table/1/", {"label": "taken over"}),
    ("DELETE", "table/1/", None),
    ("POST", "table/1/rows/", {"name": "new"}),
    ("PATCH", "table/1/rows/1/", {"name": "taken over"}),
    ("DELETE", "table/1/rows/1/", None),
    ("DELETE", "rest/Thing?id=eq.1", None),
    ("POST", "batch/", {"operations": [{"op": "insert", "table": "Thing", "row": {"name": "new"}}]}),
    ("POST", "token/", {"name": "mine"}),
    ("POST", "user/", {"name": "eve", "password": PASSWORD}),
    ("PATCH", "user/1/", {"disabled": True}),
    ("DELETE", "token/1/", None),
)


def state(world, name):
    """All that a tenant's administrator sees of it."""
    paths = ("schema/", "table/1/rows/", "user/", "access/", "trash/", "table/1/history/")
    return [world.send("GET", f"/{name}/{path}", token=name, status=200).json for path in paths]


def test_a_token_of_one_tenant_is_nothing_to_another(world):
    for path in READS:
        own = world.send("GET", f"/acme/{path}", token="acme")
        assert own.status_int in (200, 303, 403), own.text  # a token may not look at what only its user may
        other = world.send("GET", f"/beta/{path}", token="acme", status=401)
        assert other.json["code"] in ("invalid_credential", "PGRST301")
        wrong = world.send("GET", f"/beta/{path}", token="dyn_" + "x" * 49, status=401)
        # As a token that nobody has.
        assert {**other.json, "request_id": ""} == {**wrong.json, "request_id": ""}
        assert "acme" not in world.send("GET", f"/beta/{path}", token="beta").text


def test_no_write_with_another_tenants_token_does_anything(world):
    before = state(world, "beta")
    for method, path, document in WRITES:
        world.send(method, f"/beta/{path}", document, token="acme", status=401)
    assert state(world, "beta") == before


def test_changes_of_one_tenant_are_no_others(world):
    before = state(world, "beta")
    world.send("PATCH", "/acme/table/1/", {"fields": {"name": {"max_length": 99}, "more": {"type": "integer"}}},
               token="acme", status=200)  # fmt: skip
    world.send("POST", "/acme/table/1/rows/", {"name": "beta 1", "more": 5}, token="acme", status=201)
    world.send("PATCH", "/acme/table/1/rows/1/", {"more": 6}, token="acme", status=200)
    assert state(world, "beta") == before
    rows = [row["name"] for row in world.send("GET", "/beta/table/1/rows/", token="beta").json]
    assert rows == ["beta 1", "beta 2"]
    # The same unique value, the same link and the same id are free in the other one.
    world.send("POST", "/beta/table/1/rows/", {"name": "acme 1"}, token="beta", status=201)


def test_tags_keys_and_cursors_of_one_tenant(world):
    for name in ("acme", "beta"):
        headers = {"Idempotency_Key": "the-same-key"}
        first = world.send("POST", f"/{name}/table/1/rows/", {"name": "once"}, token=name, status=201, **headers)
        again = world.send("POST", f"/{name}/table/1/rows/", {"name": "once"}, token=name, status=201, **headers)
        assert first.json == again.json and first.headers["Location"].startswith(f"/{name}/table/1/rows/")
    page = world.send("GET", "/acme/table/1/rows/?limit=1", token="acme", status=200)
    (link,) = [part for part in page.headers["Link"].split(",") if 'rel="next"' in part]
    path = link.partition("<")[2].partition(">")[0]
    assert path.startswith("/acme/") or "://localhost/acme/" in path or ":80/acme/" in path
    elsewhere = world.send("GET", "/beta" + path.partition("/acme")[2], token="beta")
    assert "acme" not in json.dumps([row for row in elsewhere.json if row["id"] == 1])


def test_sessions_are_bound_to_the_path(world):
    browser = webtest.TestApp(world.wsgi)
    headers = {"Sec-Fetch-Site": "same-origin"}
    signed = browser.post_json("/acme/session/", {"name": "ann", "password": PASSWORD}, headers=headers, status=201)
    cookie = signed.headers["Set-Cookie"]
    assert "Path=/acme;" in cookie
    assert browser.get("/acme/me/", status=200).json["name"] == "ann"
    # A browser does not send it to another tenant; and who sends it by hand is nobody there.
    secret = cookie.partition("=")[2].partition(";")[0]
    forged = world.send("GET", "/beta/me/", Cookie=f"dynmodel_session={secret}", status=401)
    assert forged.json["code"] == "invalid_credential"
    assert "Path=/beta;" in forged.headers["Set-Cookie"]


def test_links_and_descriptions_stay_below_the_tenant(world):
    root = world.send("GET", "/acme/", token="acme", Accept="application/json", status=200).json
    assert all(link.startswith("/acme/") for link in root["links"].values()), root
    described = world.send("GET", "/acme/openapi.json", token="acme", status=200).json
    assert described["servers"] == [{"url": "/acme"}] or described["servers"][0]["url"].endswith("/acme")
    page = world.send("GET", "/acme/ui/", Accept="text/html", status=200)
    assert "/acme/ui/" in page.text and "beta" not in page.text


UNKNOWN = (
    *("/", "/nobody/", "/nobody/table/1/rows/1/", "/ACME/", "/acme%00/", "//acme/", "/./acme/", "/%2e%2e/acme/"),
    *("/acme%20/", "/acme;x/", "/public/", "/pg_catalog/", "/information_schema/", "/acme%22%3B--/", "/-/"),
    *("/" + "a" * 49 + "/", "/" + "a" * 5000 + "/", "/t%C3%A4nant/", "/acme%2e/", "/acme..beta/"),
)


def test_an_unknown_tenant_is_404_without_a_word_of_others(world):
    for path, token in itertools.product(UNKNOWN, (None, "acme")):
        answer = world.send("GET", path, token=token, status=404)
        assert answer.json["code"] == "not_found" and not answer.json["hint"]
        assert "beta" not in answer.text


def test_odd_spellings_of_an_address_lead_nowhere_else(world):
    for path in (
        "/acme/../beta/table/1/rows/1/",
        "/acme/%2e%2e/beta/table/1/rows/1/",
        "/acme//beta/table/1/",
        "/acme/beta/",
    ):
        answer = world.send("GET", path, token="acme")
        assert answer.status_int in (404, 401) and "beta 1" not in answer.text, path
    # WSGI servers decode an encoded slash, so this is a row of acme, and nothing else.
    assert world.send("GET", "/acme%2Ftable/1/rows/1/", token="acme", status=200).json["name"] == "acme 1"
    assert world.send("GET", "/%61cme/table/1/rows/1/", token="beta", status=401).json["code"] == "invalid_credential"


def test_pages_of_operators_belong_to_no_tenant(world):
    for path in ("/live", "/live/", "/ready", "/ready/"):
        assert world.send("GET", path, status=200).json["status"]
    assert world.send("GET", "/acme/ready/", status=200).json == {"status": "ready"}
    world.send("GET", "/live/table/", status=404)


@pytest.mark.damaged_database
def test_what_tenants_share_is_told_to_none_of_them(world, monkeypatch):
    catalogue = world.tenants.get("acme").catalogue
    database = catalogue.database
    monkeypatch.setattr(database.settings, "lock_attempt", database.settings.lock_timeout)
    with database.changing() as connection:
        connection.execute(sa.insert(database.system.counter).values(table_id=99, field_id=1, last=1))
    told = {finding.code for finding in Doctor(catalogue, Load()).whole()}
    assert told >= {"settings_clash", "without_owner"}
    document = world.send("GET", "/acme/health/", token="acme", status=200).json
    assert {finding["code"] for finding in document["findings"]} == {"without_owner"}
    assert world.send("GET", "/beta/health/", token="beta", status=200).json["findings"] == []
