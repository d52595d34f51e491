"""Cross-origin requests (the Fetch standard)."""

import pytest

from tests.web.client import Client, admin_token

ONE, OTHER = "https://one.example", "https://other.example"
EXPOSED = {
    *("Content-Encoding", "Content-Location", "Content-Range", "Content-Type", "Date", "Location", "Server"),
    *("Transfer-Encoding", "Range-Unit", "Preference-Applied", "ETag", "Link", "Definition-Version"),
}


def cors_headers(answer):
    return {name for name in answer.headers if name.startswith("Access-Control-")}


def preflight(client, path, origin=ONE, method="PUT", headers="content-type,if-match"):
    return client.send(
        "OPTIONS", path, origin=origin, access_control_request_method=method, access_control_request_headers=headers
    )


def test_off(client, things):
    for path in ("/table/", "/table/1/", "/nothing"):
        answer = client.send("GET", path, origin=ONE)
        assert not cors_headers(answer)
        assert "Origin" not in answer.vary
        assert not cors_headers(client.send("OPTIONS", path, origin=ONE, access_control_request_method="PUT"))


def administrator(make_app, origins):
    """A client with a token: open mode does not go with origins."""
    app = make_app(**{"dynmodel.cors_origins": origins, "dynmodel.access": "enforced"})
    app.extra_environ["HTTP_AUTHORIZATION"] = f"Bearer {admin_token(app.app)}"
    return Client(app)


@pytest.fixture
def open_to_one(make_app):
    made = administrator(make_app, f"{ONE} https://two.example")
    made.table({"a": "string"})
    return made


def test_named_origin(open_to_one):
    for path in ("/table/", "/table/1/", "/table/1/rows/", "/table/1/rows/9", "/nothing"):
        answer = open_to_one.send("GET", path, origin=ONE)
        assert answer.headers["Access-Control-Allow-Origin"] == ONE
        assert {name.strip() for name in answer.headers["Access-Control-Expose-Headers"].split(",")} >= EXPOSED
        assert "Origin" in answer.vary


def test_other_origin(open_to_one):
    for origin in (None, OTHER, "null", "", ONE.upper(), f"{ONE}.evil", f"{ONE} https://two.example"):
        answer = open_to_one.send("GET", "/table/1/", status=200, origin=origin)
        assert not cors_headers(answer)
        assert "Origin" in answer.vary
        assert not cors_headers(preflight(open_to_one, "/table/1/", origin))


def test_preflight(open_to_one):
    for path in ("/table/1/", "/table/1/rows/9", "/table/"):
        answer = preflight(open_to_one, path)
        assert answer.status_int == 204
        assert answer.headers["Access-Control-Allow-Origin"] == ONE
        assert {"PUT", "PATCH", "DELETE"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))
        allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
        assert allowed[:2] == ["content-type", "if-match"]
        assert {"Authorization", "Accept", "apikey", "x-client-info", "Content-Profile", "Prefer"} <= set(allowed)
        assert len({name.lower() for name in allowed}) == len(allowed)
        assert answer.headers["Access-Control-Max-Age"] == "86400"
        assert {"Origin", "Access-Control-Request-Headers"} <= set(answer.vary)


def test_errors_can_be_read(open_to_one):
    for method, path, status in (("DELETE", "/", 405), ("GET", "/table/1/rows/?x=1", 400), ("POST", "/table/", 415)):
        answer = open_to_one.send(method, path, status=status, origin=ONE)
        assert answer.headers["Access-Control-Allow-Origin"] == ONE


def test_every_origin(make_app):
    client = administrator(make_app, "*")
    answer = client.send("GET", "/table/", status=200, origin=OTHER)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Origin" not in answer.vary
    answer = preflight(client, "/table/", OTHER)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Headers"] == "content-type, if-match"
