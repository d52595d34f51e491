"""Who may see and change roles and grants, also in ``/schema/``; and that a change is in force for the next answer."""

import pytest

WRITER = {"definitions": "write"}


@pytest.fixture(scope="module")
def office(people):
    """Two tables, and a role that may change definitions."""
    for name in ("Order", "Other"):
        document = {"model_name": name, "fields": {"text": "string"}}
        people.send("POST", "/table/", document, secret=people.admin, status=201)
    people.send("PUT", "/access/role/writer/", WRITER, secret=people.admin, status=201)
    people.writer = people.token("writer")
    return people


REQUESTS = [
    ("GET", "/access/"),
    ("PUT", "/access/"),
    ("PATCH", "/access/"),
    ("GET", "/access/role/writer/"),
    ("PUT", "/access/role/writer/"),
    ("PATCH", "/access/role/writer/"),
    ("DELETE", "/access/role/writer/"),
    ("GET", "/access/role/nothing/"),
    ("POST", "/access/plan/"),
    ("GET", "/access/explain/?table=Order&action=read&as=everyone"),
]


@pytest.mark.parametrize("method, path", REQUESTS)
def test_admins_only(office, method, path):
    document = None if method in ("GET", "DELETE") else {"roles": {}}
    office.send(method, path, document, secret=office.writer, status=403)
    office.send(method, path, document, status=401)
    assert office.send("GET", "/access/", secret=office.admin, status=200).json["roles"]["writer"]


def test_the_schema_shows_and_takes_roles_from_admins_only(office):
    whole = office.send("GET", "/schema/", secret=office.admin, status=200).json
    answer = office.send("GET", "/schema/", secret=office.writer, status=200)
    assert whole["access"]["roles"]["writer"] == {"tables": {}, **WRITER}
    assert answer.json == {"tables": whole["tables"]}
    more = {"roles": {"writer": {"tables": {"*": {"read": True}}, **WRITER}}}
    for method, path in (("PUT", "/schema/"), ("PATCH", "/schema/"), ("POST", "/schema/plan/")):
        office.send(method, path, {**answer.json, "access": more}, secret=office.writer, status=403)
        # Nothing of it was changed, and without roles it is allowed.
        assert office.send("GET", "/schema/", secret=office.admin).json == whole
        tag = office.send("GET", "/schema/", secret=office.writer).headers["ETag"]
        office.send(method, path, answer.json, secret=office.writer, status=200, If_Match=tag)
    # The tag of those who don't see roles does not change with them.
    office.send("PUT", "/access/role/some/", {}, secret=office.admin)
    assert office.send("GET", "/schema/", secret=office.writer).headers["ETag"] == answer.headers["ETag"]
    office.send("DELETE", "/access/role/some/", secret=office.admin, status=204)


def test_a_change_is_in_force_for_the_next_answer(office):
    secret = office.token("reader")
    rows = "/table/Order/rows/"
    for _ in range(3):
        office.send("GET", rows, secret=secret, status=404)
        grant = {"tables": {"Order": {"read": True}}}
        office.send("PUT", "/access/role/reader/", grant, secret=office.admin)
        office.send("GET", rows, secret=secret, status=200)
        office.send("POST", rows, {"text": "a"}, secret=secret, status=403)
        grant["tables"]["Order"]["create"] = {"check": "text=neq.no"}
        office.send("PUT", "/access/role/reader/", grant, secret=office.admin, status=200)
        office.send("POST", rows, {"text": "a"}, secret=secret, status=201)
        office.send("POST", rows, {"text": "no"}, secret=secret, status=403)
        office.send("DELETE", "/access/role/reader/", secret=office.admin, status=204)


def test_the_author_is_in_the_audit(office):
    office.send("PUT", "/access/role/noted/", {}, secret=office.admin, status=201)
    events = office.send("GET", "/audit/", secret=office.admin, status=200).json
    me = office.me(secret=office.admin)["id"]
    changes = [event for event in events if event["event"] == "access_changed"]
    assert any(event["identity"] == me and event["detail"]["roles"] == ["noted"] for event in changes)
