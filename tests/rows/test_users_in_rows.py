"""Values of the type ``user`` name users who exist when the row is written, whatever way it comes."""

import json

import pytest

from dynmodel_pyramid.rows.parts import PART
from tests.web.client import Client


@pytest.fixture
def client(app) -> Client:
    accounts = app.app.registry.dynmodel_tenant.accounts
    with accounts.database.writer.begin() as connection:
        for name in ("Ann", "Bob"):
            accounts.users.create(connection, name=name)
    return Client(app)


def faults(answer):
    return [(fault["pointer"], fault["code"], fault["detail"]) for fault in answer.json["errors"]]


def test_every_way_of_writing(client):
    path = client.table({"owner": "user", "key": {"type": "integer", "unique": True}}) + "rows/"
    row = client.row(path.removesuffix("rows/"), {"owner": "user:1", "key": 1})
    bad, expected = {"owner": "user:9", "key": 2}, ("unknown_value", "there is no user:9")
    one = f"{path}{row['id']}/"
    for method, to, document, pointer in (
        ("POST", path, bad, "/owner"),
        ("POST", path, [{"owner": "user:2"}, bad], "/1/owner"),
        ("PUT", one, bad, "/owner"),
        ("PATCH", one, {"owner": "user:9"}, "/owner"),
        ("PATCH", f"{path}?key=eq.1", {"owner": "user:9"}, "/owner"),
        ("POST", f"{path}?on_conflict=key", [bad], "/0/owner"),
        ("POST", f"{path}?on_conflict=key", [{"owner": "user:9", "key": 1}], "/0/owner"),
    ):
        prefer = "resolution=merge-duplicates" if "on_conflict" in to else None
        answer = client.send(method, to, document, status=422, prefer=prefer)
        assert faults(answer) == [(pointer, *expected)], (method, to)
    assert client.get(path) == [row]
    body = b"owner,key\nuser:2,5\nuser:9,6\n"
    answer = client.send("POST", path, body=body, content_type="text/csv", status=422)
    assert faults(answer) == [("/1/owner", *expected)]
    assert client.get(f"{path}?owner=eq.user:1") == client.get(f"{path}?owner=in.(user:1,user:9)") == [row]


def test_a_long_upload(client):
    """It is staged, and checked there."""
    path = client.table({"owner": "user"}) + "rows/"
    rows = [{"owner": f"user:{1 + number % 2}"} for number in range(PART + 10)]
    client.send("POST", path, rows, status=201, prefer="return=minimal")
    rows[3] = rows[PART + 5] = {"owner": "user:9"}
    answer = client.send("POST", path, body=json.dumps(rows).encode(), status=422)
    assert [fault[0] for fault in faults(answer)] == ["/3/owner", f"/{PART + 5}/owner"]
    assert len(client.get(path)) == PART + 10


def test_a_deleted_user_stays(client):
    table = client.table({"owner": "user", "n": "integer"})
    row = client.row(table, {"owner": "user:1"})
    accounts = client.app.app.registry.dynmodel_tenant.accounts
    with accounts.database.writer.begin() as connection:
        accounts.users.delete(connection, accounts.users.by_id(connection, 1), None)
    one = f"{table}rows/{row['id']}/"
    assert client.get(one)["owner"] == "user:1"
    # The row keeps him, and no other row gets him.
    client.send("PUT", one, {"owner": "user:1", "n": 7}, status=200)
    client.send("PATCH", one, {"owner": "user:1", "n": 8}, status=200)
    client.send("POST", f"{table}rows/", {"owner": "user:1"}, status=422)
    client.send("PATCH", one, {"owner": "user:2"}, status=200)
    client.send("PATCH", one, {"owner": "user:1"}, status=422)
