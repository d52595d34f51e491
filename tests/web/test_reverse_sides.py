"""Reverse sides of links to which many rows refer."""

import json

import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.web.client import Client


@pytest.fixture(scope="module", params=[(database, kind) for database in DATABASES for kind in ("link", "links")])
def world(request, tmp_path_factory):
    database, kind = request.param
    with database_settings(database, tmp_path_factory.mktemp("reverse")) as settings:
        wsgi = dynmodel_pyramid.main({}, **{**settings, "dynmodel.max_reverse": "3"})
        yield filled(Client(webtest.TestApp(wsgi)), kind)
        wsgi.registry.dynmodel_catalogue.database.close()


def filled(client, kind):
    client.table({"code": "string"}, "Airport")
    client.table({"at": {"type": kind, "table": "Airport", "reverse": "flights"}}, "Flight")
    client.send("POST", "/table/Airport/rows/", [{"code": code} for code in "abc"], status=201)
    flights = [{"at": at if kind == "link" else [at]} for at in [2] * 3 + [1] * 5]
    client.send("POST", "/table/Flight/rows/", flights, status=201)
    return client


CUT = {"first": [4, 5, 6], "more": True}


def test_rows_show_the_first_ids(world):
    shown = [CUT, [1, 2, 3], []]
    assert [row["flights"] for row in world.get("/table/Airport/rows/")] == shown
    assert [row["flights"] for row in world.get("/table/Airport/rows/?select=*&id=gt.0")] == shown
    assert [row["flights"] for row in world.app.get("/rest/Airport").json] == shown
    assert world.get("/table/Airport/rows/1/")["flights"] == CUT
    lines = world.send("GET", "/table/Airport/rows/", accept="text/csv").text.splitlines()
    assert json.loads(lines[1].partition(",a,")[2][1:-1].replace('""', '"')) == CUT
    embedded = world.get("/table/Flight/rows/?id=in.(1,4)&select=...at(code,flights)")
    assert "flights" in embedded[0]


def test_all_ids_on_demand(world):
    assert world.get("/table/Airport/rows/?select=flights&order=id&limit=2") == [
        {"flights": [4, 5, 6, 7, 8]},
        {"flights": [1, 2, 3]},
    ]
    assert world.get("/table/Airport/rows/?select=id,flights(count())&id=eq.1") == [
        {"id": 1, "flights": [{"count": 5}]}
    ]
    assert world.get("/table/Airport/rows/?select=id,flights(id)&flights.limit=1&flights.offset=4&id=eq.1") == [
        {"id": 1, "flights": [{"id": 8}]}
    ]


def test_a_row_can_be_sent_back(world):
    row = world.get("/table/Airport/rows/1/")
    assert world.send("PUT", "/table/Airport/rows/1/", row, status=200).json == row
    changed = {**row, "flights": {"first": [4, 5, 7], "more": True}}
    world.refused("PUT", "/table/Airport/rows/1/", changed, status=422, code="/flights read_only")


def test_the_bound_of_a_link(world):
    fields = world.get("/table/Flight/")["fields"]
    assert fields["at"]["reverse_limit"] is None
    version = world.get("/table/Airport/")["version"]
    for limit, shown in ((1, {"first": [4], "more": True}), (9, [4, 5, 6, 7, 8]), (0, None)):
        world.send("PATCH", "/table/Flight/", {"fields": {"at": {"reverse_limit": limit}}}, status=200)
        for path in ("/table/Airport/rows/?id=eq.1", "/table/Airport/rows/?select=*&id=eq.1"):
            assert world.get(path)[0].get("flights") == shown
        assert world.get("/table/Airport/rows/?select=flights&id=eq.1") == [{"flights": [4, 5, 6, 7, 8]}]
    assert world.get("/table/Airport/")["version"] == version + 3
    row = {"id": 1, "code": "x"}
    assert world.send("PUT", "/table/Airport/rows/1/", row, status=200).json == row
    for limit in (-1, 10**7):
        world.refused("PATCH", "/table/Flight/", {"fields": {"at": {"reverse_limit": limit}}}, status=422,
                      code="/fields/at/reverse_limit invalid_option")  # fmt: skip
