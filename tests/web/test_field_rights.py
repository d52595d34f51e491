"""``read_only``, ``write_only`` and ``message``."""

import json

import pytest

from tests.web.client import EVERY_TYPE, EVERY_VALUE

OTHER = {
    "name": "x",
    "body": "x",
    "price": 20,
    "amount": 1,
    "available": False,
    "day": "2026-01-30",
    "moment": "2026-01-31T12:00:00.123457Z",
    "extra": {"a": [1, "x", None, 1, {"b": 0.5}]},
}


@pytest.fixture(scope="module")
def constant(client) -> str:
    """A table whose fields never change, but for one."""
    fields = {name: {"type": kind, "read_only": True, "required": True} for name, kind in EVERY_TYPE.items()}
    return client.table({**fields, "n": {"type": "integer", "default": 5}})


def test_read_only(client, constant):
    row = client.row(constant, {**EVERY_VALUE, "n": 1})
    path = f"{constant}rows/{row['id']}/"
    for method in ("PUT", "PATCH"):
        for name, value in OTHER.items():
            client.refused(method, path, {name: value}, status=422, code=f"/{name} read_only")
            client.refused(method, path, {name: None}, status=422, code=f"/{name} required")
    client.refused("PATCH", path, {**row, **OTHER}, status=422, code="/extra read_only")
    assert client.send("PUT", path, row, status=200).json == row
    assert client.send("PATCH", path, {**row, "n": 2}, status=200).json == {**row, "n": 2}
    assert client.send("PUT", path, {"n": 3}, status=200).json == {**row, "n": 3}
    assert client.send("PUT", path, {}, status=200).json == {**row, "n": 5}
    same = {"moment": "2026-01-31T13:00:00.123456+01:00", "extra": {"a": [1.0, "x", None, True, {"b": 0.5}]}}
    assert client.send("PATCH", path, {**same, "n": 4}, status=200).json == {**row, "n": 4}


def test_repeating_alone_makes_no_version(client, constant):
    row = client.row(constant, EVERY_VALUE)
    answer = client.send("PATCH", f"{constant}rows/{row['id']}/", {"amount": row["amount"]}, status=200)
    assert answer.headers["ETag"].endswith('-1"')


def test_read_only_null(client):
    path = client.table({"a": {"type": "integer", "read_only": True}, "b": {"type": "integer", "default": 1}})
    client.row(path, {})
    client.refused("PATCH", f"{path}rows/1/", {"a": 1}, status=422, code="/a read_only")
    assert client.send("PUT", f"{path}rows/1/", {"a": None, "b": 2}, status=200).json == {"id": 1, "a": None, "b": 2}


def test_preconditions_come_first(client, constant):
    row = client.row(constant, EVERY_VALUE)
    path = f"{constant}rows/{row['id']}/"
    answer = client.refused("PATCH", path, {"amount": 7}, status=412, code="precondition_failed", if_match='"1-9"')
    assert answer.json["current"] == row
    client.refused("PATCH", f"{constant}rows/999/", {"amount": 7}, status=404, code="not_found")
    client.refused("PUT", f"{constant}rows/999/", {"amount": 7}, status=404, code="not_found")


def test_a_default_expression_that_stays(client):
    path = client.table({"key": {"type": "uuid", "default_expression": "uuid", "read_only": True}, "n": "integer"})
    row = client.row(path, {})
    assert row["key"]
    assert client.send("PUT", f"{path}rows/1/", {"n": 2}, status=200).json == {**row, "n": 2}


# write_only


def test_write_only(client):
    secret = {"type": "string", "write_only": True, "required": True, "default": "nobody"}
    path = client.table({"pin": secret, "n": "integer"})
    assert client.get(path)["fields"]["pin"]["default"] == "nobody"
    answer = client.send("POST", f"{path}rows/", {"pin": "s3cret", "n": 1}, status=201)
    assert answer.json == {"id": 1, "n": 1}
    assert client.get(f"{path}rows/") == client.get(f"{path}rows/?limit=5") == [answer.json]
    client.send("PUT", f"{path}rows/1/", {"n": 2}, status=200)
    assert stored(client, path, "pin") == ["s3cret"]
    assert client.send("PATCH", f"{path}rows/1/", {"pin": "other"}, status=200).json == {"id": 1, "n": 2}
    assert client.send("PUT", f"{path}rows/1/", {"pin": "third", "n": 2}, status=200).json == {"id": 1, "n": 2}
    assert stored(client, path, "pin") == ["third"]
    refused = client.refused(
        "PATCH", f"{path}rows/1/", {"n": 3}, status=412, code="precondition_failed", if_match='"1-9"'
    )
    assert refused.json["current"] == {"id": 1, "n": 2}
    for order in ("pin", "pin.desc", "n,pin"):
        told = client.refused("GET", f"{path}rows/?order={order}", status=400, code="not_sortable")
        assert "write_only" in told.json["detail"]


def stored(client, path: str, name: str) -> list:
    cls = client.catalogue.models[client.get(path)["model_name"]]
    with client.catalogue.session(writes=False) as session:
        return [getattr(row, name) for row in session.query(cls).order_by(cls.id)]


def test_a_long_stream_has_none(client):
    path = client.table({"pin": {"type": "string", "write_only": True}, "n": "integer"})
    client.send("POST", f"{path}rows/", [{"pin": "s3cret"}] * 2200, status=201)
    answer = client.send("GET", f"{path}rows/", status=200)
    assert "s3cret" not in answer.text
    assert len(answer.json) == 2200


@pytest.mark.parametrize("hidden", ["before", "after"])
def test_a_refused_conversion_tells_no_value(client, hidden):
    path = client.table({"pin": {"type": "string", "write_only": hidden == "before"}})
    client.row(path, {"pin": "s3cret"})
    change = {"fields": {"pin": {"type": "integer", "write_only": hidden == "after"}}}
    answer = client.refused("PATCH", path, change, status=409, code="lossy_change")
    assert answer.json["samples"] == [{"id": 1}]
    assert "s3cret" not in answer.text


def test_read_only_and_write_only(client):
    """A secret that is given once: not even whether a guess is right is told."""
    path = client.table({"pin": {"type": "string", "read_only": True, "write_only": True}, "n": "integer"})
    client.row(path, {"pin": "s3cret"})
    for guess in ("s3cret", "other"):
        client.refused("PATCH", f"{path}rows/1/", {"pin": guess}, status=422, code="/pin read_only")
    client.send("PUT", f"{path}rows/1/", {"n": 1}, status=200)
    assert stored(client, path, "pin") == ["s3cret"]


# message


def test_message(client):
    words = "Bitte 13 Ziffern"
    isbn = {"type": "string", "pattern": "[0-9]{13}", "required": True, "read_only": True, "message": words}
    path = client.table({"isbn": isbn, "many": {"type": "tags", "message": "tags!"}, "n": "integer"})

    def told(method: str, where: str, document) -> list:
        answer = client.send(method, f"{path}rows/{where}", document, status=422)
        return [(error["pointer"], error["code"], error["detail"]) for error in answer.json["errors"]]

    assert told("POST", "", {"isbn": "1"}) == [("/isbn", "pattern_mismatch", words)]
    assert told("POST", "", [{"isbn": 1}, {}]) == [("/0/isbn", "wrong_type", words), ("/1/isbn", "required", words)]
    assert told("POST", "", {"isbn": None}) == [("/isbn", "required", words)]
    assert {detail for _, _, detail in told("POST", "", {"isbn": "1" * 13, "many": [1, "", 2]})} == {"tags!"}
    assert told("POST", "", {"isbn": "1" * 13, "n": "x"})[0][2] == "want a whole number, not a string"
    client.row(path, {"isbn": "1" * 13})
    assert told("PATCH", "1/", {"isbn": "2" * 13}) == [("/isbn", "read_only", words)]
    assert words in json.dumps(client.get(path))


def test_message_of_a_clash(client):
    """A rule of the database may refuse a value, too; one over several fields speaks for itself."""
    fields = {name: {"type": "string", "message": f"{name}!"} for name in ("a", "b")}
    fields["a"]["unique_ignore_case"] = True
    path = client.table({**fields, "n": "integer"}, unique=[{"fields": ["b", "n"]}])
    client.row(path, {"a": "x", "b": "y", "n": 1})
    told = client.refused("POST", f"{path}rows/", {"a": "X"}, status=409, code="unique_violation")
    assert told.json["detail"] == "a!"
    told = client.refused("POST", f"{path}rows/", {"b": "y", "n": 1}, status=409, code="unique_violation")
    assert "b, n" in told.json["detail"]
