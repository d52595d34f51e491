"""Conversions between codes and links, by a unique key of the far table (the option ``key``)."""

import itertools

import pytest

_numbers = itertools.count(1)


class World:
    """Two tables of their own in the module's application: carriers, and flights with codes of carriers."""

    def __init__(self, client):
        self.client, number = client, next(_numbers)
        self.carrier, self.flight = f"Carrier{number}", f"Flight{number}"
        fields = {
            "code": {"type": "string", "unique": True},
            "number": {"type": "integer", "unique": True},
            "mail": {"type": "email", "unique_ignore_case": True},
            "pin": {"type": "string", "unique": True, "write_only": True},
            "plain": "string",
        }
        client.table(fields, self.carrier)
        carriers = [
            {"code": "UA", "number": 10, "mail": "U@example.com", "plain": "x"},
            {"code": "AA", "number": 1, "mail": "a@example.com"},
        ]
        client.send("POST", f"/table/{self.carrier}/rows/", carriers, status=201)
        client.table({"by": "string", "n": "integer", "mail": "text"}, self.flight)
        flights = [
            {"by": "UA", "n": 1, "mail": "u@EXAMPLE.com"},
            {"by": "AA", "n": 10, "mail": "nobody"},
            {"by": None, "n": None},
            {"by": "UA"},
        ]
        client.send("POST", f"/table/{self.flight}/rows/", flights, status=201)

    def _path(self, path):
        return path.replace("Carrier/", f"{self.carrier}/").replace("Flight/", f"{self.flight}/")

    def get(self, path):
        return self.client.get(self._path(path))

    def send(self, method, path, *document, **how):
        return self.client.send(method, self._path(path), *document, **how)

    def refused(self, method, path, *document, **how):
        return self.client.refused(method, self._path(path), *document, **how)

    def link(self, key, **options):
        return {"type": "link", "table": self.carrier, "key": key, **options}

    def values(self, name):
        return [row[name] for row in self.get("/table/Flight/rows/")]


@pytest.fixture
def world(client):
    return World(client)


def test_codes_become_links_and_come_back(world):
    change = {"fields": {"by": world.link("code", reverse="flights")}}
    document = world.get("/table/Flight/")
    document["fields"]["by"] = world.link("code", reverse="flights")
    plan = world.send("POST", "/table/Flight/plan/", document, status=200).json
    assert plan["allowed"] is True
    world.send("PATCH", "/table/Flight/", change, status=200)
    assert world.values("by") == [1, 2, None, 1]
    assert world.get("/table/Flight/")["fields"]["by"]["key"] == "code"
    assert world.get("/table/Carrier/rows/1/")["flights"] == [1, 4]
    world.send("PATCH", "/table/Flight/rows/1/", {"by": {"code": "AA"}}, status=200)
    world.send("POST", "/table/Flight/history/1/revert/", status=200)
    assert world.values("by") == ["AA", "AA", None, "UA"]


def test_links_become_codes(world):
    world.send("PATCH", "/table/Flight/", {"fields": {"n": world.link("number"), "by": world.link("code")}}, status=200)
    assert world.values("n") == [2, 1, None, None]
    world.send("PATCH", "/table/Flight/", {"fields": {"by": {"type": "text"}, "n": {"type": "integer"}}}, status=200)
    assert world.values("by") == ["UA", "AA", None, "UA"]
    assert world.values("n") == [1, 10, None, None]


def test_codes_without_a_row(world):
    world.send("POST", "/table/Flight/rows/", [{"by": "ZZ"}, {"by": "YY"}, {"by": "1"}], status=201)
    change = {"fields": {"by": world.link("code")}}
    answer = world.refused("PATCH", "/table/Flight/", change, status=409, code="lossy_change")
    assert answer.json["count"] == 3
    assert answer.json["samples"][0] == {"id": 5, "value": "ZZ", "reason": "there is no row with code 'ZZ'"}
    world.send("PATCH", "/table/Flight/?on_error=quarantine", change, status=200)
    assert world.values("by") == [1, 2, None, 1, None, None, None]
    kept = world.get("/table/Flight/quarantine/")
    assert [line["value"] for line in kept] == ["ZZ", "YY", "1"]
    corrections = [{"id": kept[0]["id"], "value": {"code": "UA"}}, {"id": kept[1]["id"], "value": 2}]
    world.send("POST", "/table/Flight/quarantine/", corrections, status=200)
    assert world.values("by") == [1, 2, None, 1, 1, 2, None]
    world.send("POST", "/table/Flight/history/1/revert/", status=200)
    assert world.values("by") == ["UA", "AA", None, "UA", "UA", "AA", "1"]


def test_case_is_ignored_where_the_rule_ignores_it(world):
    world.send("PATCH", "/table/Flight/?on_error=null", {"fields": {"mail": world.link("mail")}}, status=200)
    assert world.values("mail") == [1, None, None, None]


@pytest.mark.parametrize("key", ["plain", "pin", "nothing", ""])
def test_keys_that_are_refused(world, key):
    change = {"fields": {"by": world.link(key)}}
    world.refused("PATCH", "/table/Flight/", change, status=422, code="/fields/by/key invalid_option")
    fields = {"by": world.link(key)}
    world.refused("POST", "/table/", {"model_name": "New", "fields": fields}, status=422,
                  code="/fields/by/key invalid_option")  # fmt: skip


def test_a_key_may_be_given_later(world):
    world.send("PATCH", "/table/Flight/", {"fields": {"by": world.link("code")}}, status=200)
    before = world.get("/table/Flight/")
    assert world.send("PUT", "/table/Flight/", before, status=200).json["version"] == before["version"]
    world.refused("PATCH", "/table/Flight/", {"fields": {"by": {"key": "plain"}}}, status=422,
                  code="/fields/by/key invalid_option")  # fmt: skip
    world.send("PATCH", "/table/Flight/", {"fields": {"by": {"key": "number"}}}, status=200)
    world.send("PATCH", "/table/Carrier/", {"fields": {"code": {"unique": False}}}, status=200)
    world.send("PATCH", "/table/Carrier/", {"fields": {"nr": {"renamed_from": "number"}}}, status=200)
    refused = world.refused("PATCH", "/table/Flight/", {"fields": {"by": "text"}}, status=409, code="conflict")
    assert "number" in refused.json["detail"]
    world.send("PATCH", "/table/Flight/", {"fields": {"by": {"key": "nr"}}}, status=200)
    world.send("PATCH", "/table/Flight/", {"fields": {"by": {"type": "text"}}}, status=200)
    assert world.values("by") == ["10", "1", None, "10"]


def test_links_of_a_table_to_itself(client):
    client.table({"code": {"type": "string", "unique": True}, "above": "string"}, "Part")
    client.send("POST", "/table/Part/rows/", [{"code": "a"}, {"code": "b", "above": "a"}], status=201)
    change = {"fields": {"above": {"type": "link", "table": "Part", "key": "code"}}}
    client.send("PATCH", "/table/Part/", change, status=200)
    assert client.get("/table/Part/rows/?select=above&order=id") == [{"above": None}, {"above": 1}]
