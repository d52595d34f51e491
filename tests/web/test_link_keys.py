"""Links that are given by a unique key of the far table."""

import json

import pytest


@pytest.fixture(scope="module")
def world(client):
    client.table(
        {
            "code": {"type": "string", "unique": True},
            "mail": {"type": "email", "unique_ignore_case": True},
            "number": {"type": "integer", "unique": True},
            "secret": {"type": "string", "unique": True, "write_only": True},
            "parent": {"type": "link", "table": "Carrier"},
            "area": "string",
            "local": "integer",
        },
        "Carrier",
    )
    definition = client.get("/table/Carrier/")
    definition["unique"] = [{"fields": ["area", "local"]}]
    client.send("PUT", "/table/Carrier/", definition, status=200)
    client.table(
        {
            "carrier": {"type": "link", "table": "Carrier"},
            "others": {"type": "links", "table": "Carrier"},
            "n": {"type": "integer", "unique": True},
        },
        "Flight",
    )
    carriers = [
        {"code": "UA", "mail": "United@example.com", "number": 1, "area": "a", "local": 1, "secret": "s"},
        {"code": "AA", "mail": "aa@example.com", "number": 2, "area": "a", "local": 2},
        {"code": 'x"\\', "area": "b", "local": 1},
    ]
    client.send("POST", "/table/Carrier/rows/", carriers, status=201)
    return client


ROWS = "/table/Flight/rows/"


@pytest.mark.parametrize(
    ("key", "row_id"),
    [
        ({"code": "UA"}, 1),
        ({"code": 'x"\\'}, 3),
        ({"number": 2}, 2),
        ({"mail": "UNITED@Example.com"}, 1),
        ({"local": 1, "area": "b"}, 3),
        ({"id": 2}, 2),
    ],
)
def test_keys(world, key, row_id):
    row = world.send("POST", ROWS, {"carrier": key, "others": [key, 1 if row_id > 1 else 2]}, status=201).json
    assert (row["carrier"], row["others"][0]) == (row_id, row_id)
    row = world.send("PATCH", f"{ROWS}{row['id']}/", {"carrier": key}, status=200).json
    assert row["carrier"] == row_id
    row = world.send("PUT", f"{ROWS}{row['id']}/", {"carrier": key}, status=200).json
    assert (row["carrier"], row["others"]) == (row_id, [])
    row = world.app.post_json("/rest/Flight", {"carrier": key}, headers={"Prefer": "return=representation"}).json[0]
    assert row["carrier"] == row_id


def test_many(world):
    many = [{"carrier": {"code": ["UA", "AA"][n % 2]}, "n": n + 100} for n in range(5)]
    assert [row["carrier"] for row in world.send("POST", ROWS, many, status=201).json] == [1, 2, 1, 2, 1]
    merged = [{"carrier": {"number": 2}, "n": 100}, {"carrier": {"code": "UA"}, "n": 200}]
    prefer = "resolution=merge-duplicates"
    answer = world.send("POST", f"{ROWS}?on_conflict=n", merged, status=201, prefer=prefer)
    assert [(row["carrier"], row["n"]) for row in answer.json] == [(2, 100), (1, 200)]
    answer = world.send("PATCH", f"{ROWS}?n=in.(100,200)", {"carrier": {"mail": "AA@example.com"}}, status=200)
    assert [row["carrier"] for row in answer.json] == [2, 2]


def test_staged_rows(world):
    """More rows than one part has."""
    lines = [
        {"carrier": {"code": "UA"}, "others": [{"number": 2}, 1]} if n % 3 else {"carrier": 2, "others": [2]}
        for n in range(1500)
    ]
    body = "\n".join(map(json.dumps, lines)).encode()
    answer = world.app.post(ROWS, body, content_type="application/x-ndjson",
                            headers={"Prefer": "return=minimal"})  # fmt: skip
    assert answer.status_int == 201
    assert world.get(f"{ROWS}?select=carrier,count()&others=eq.[2,1]&order=carrier") == [{"carrier": 1, "count": 1000}]
    lines[1200]["carrier"] = {"code": "ZZ"}
    lines[1300]["others"] = [{"code": "UA"}, {"number": 1}]
    refused = world.app.post(ROWS, "\n".join(map(json.dumps, lines)).encode(), content_type="application/x-ndjson",
                             status=422)  # fmt: skip
    assert [error["pointer"] for error in refused.json["errors"]] == ["/1200/carrier"]
    assert "code 'ZZ'" in refused.json["errors"][0]["detail"]
    lines[1200]["carrier"] = 1
    refused = world.app.post(ROWS, "\n".join(map(json.dumps, lines)).encode(), content_type="application/x-ndjson",
                             status=422)  # fmt: skip
    assert refused.json["errors"][0]["pointer"] == "/1300/others"


@pytest.mark.parametrize("count", [3, 1100])
def test_rows_of_one_request_link_to_one_another(world, count):
    name = f"Tree{count}"
    path = world.table({"code": {"type": "string", "unique": True}, "parent": {"type": "link", "table": name}}, name)
    rows = [{"code": f"c{n}", "parent": {"code": f"c{n + 1}"} if n + 1 < count else None} for n in range(count)]
    world.send("POST", f"{path}rows/", rows, status=201)
    parents = [row["parent"] for row in world.get(f"{path}rows/?id=in.(1,2,{count})")]
    assert parents == [2, 3, None]


@pytest.mark.parametrize(
    ("value", "code", "word"),
    [
        ({"code": "ZZ"}, "/carrier unknown_row", "code 'ZZ'"),
        ({"area": "a", "local": 9}, "/carrier unknown_row", "area 'a' and local 9"),
        ({"id": 99}, "/carrier unknown_row", "99"),
        ({"code": None}, "/carrier/code invalid", "null"),
        ({"code": 5}, "/carrier/code wrong_type", "want a string"),
        ({"area": "a"}, "/carrier not_a_key", "code, or number, or mail, or area and local"),
        ({"secret": "s"}, "/carrier not_a_key", "code"),
        ({"nothing": 1}, "/carrier not_a_key", "code"),
        ({}, "/carrier not_a_key", "code"),
    ],
)
def test_refused(world, value, code, word):
    answer = world.refused("POST", ROWS, {"carrier": value}, status=422, code=code)
    assert word in answer.text
    assert len(answer.json["errors"]) == 1
    world.refused("PATCH", f"{ROWS}?id=gt.0", {"carrier": value}, status=422, code=code)
    world.refused("POST", ROWS, [{"others": [1, value]}], status=422, code=f"/0{code.replace('carrier', 'others/1')}")


def test_csv(world):
    body = "n,carrier.code\n900,UA\n901,AA\n902,\n"
    headers = {"Content-Type": "text/csv"}
    rows = world.app.post(ROWS, body, headers=headers).json
    assert [row["carrier"] for row in rows] == [1, 2, None]
    body = 'carrier.area,"carrier.""local""",n\na,2,903\n'
    assert world.app.post(ROWS, body, headers=headers).json[0]["carrier"] == 2
    body = 'n,others\n904,"[{""code"": ""AA""}]"\n'
    assert world.app.post(ROWS, body, headers=headers).json[0]["others"] == [2]
    long = "carrier.code\n" + "UA\nAA\n" * 600
    assert world.app.post(ROWS, long, headers={**headers, "Prefer": "return=minimal"}).status_int == 201
    assert world.get(f"{ROWS}?select=carrier&order=id.desc&limit=2") == [{"carrier": 2}, {"carrier": 1}]
    body = "n,carrier.code\n900,UA\n905,ZZ\n"
    prefer = {"Prefer": "resolution=merge-duplicates"}
    refused = world.app.post(f"{ROWS}?on_conflict=n", body, headers=headers | prefer, status=422)
    assert [error["pointer"] for error in refused.json["errors"]] == ["/1/carrier"]
    refused = world.app.post(ROWS, "carrier.number\nx\n", headers=headers, status=422)
    assert refused.json["errors"][0]["pointer"] == "/0/carrier.number"
    for header, code in (("carrier.code,carrier", "malformed_csv"), ("carrier.nothing", "validation"),
                         ("carrier.secret", "validation"), ("n.code", "validation")):  # fmt: skip
        refused = world.app.post(ROWS, f"{header}\n1,1\n", headers=headers, expect_errors=True)
        assert refused.json["code"] == code


def test_rest(world):
    headers = {"Prefer": "return=representation"}
    rows = world.app.post_json("/rest/Flight", [{"carrier": {"number": "2"}}, {"carrier": {"id": 1}}], headers=headers)
    assert [row["carrier"] for row in rows.json] == [2, 1]
    headers["Content-Type"] = "text/csv"
    rows = world.app.post("/rest/Flight", "n,carrier.number\n950,1\n951,NULL\n", headers=headers).json
    assert [row["carrier"] for row in rows] == [1, None]
    refused = world.app.post_json("/rest/Flight", {"carrier": {"code": "ZZ"}}, status=409)
    assert refused.json["code"] == "23503"
    assert world.app.post_json("/rest/Flight", {"carrier": {"x": 1}}, status=400).json["code"] == "22P02"


def test_links_in_keys(world):
    """A unique rule may have a link among its fields; the member is its id."""
    world.table({"code": {"type": "string", "unique": True}}, "Country")
    world.send("POST", "/table/", {"model_name": "Town", "unique": [{"fields": ["country", "name"]}],
               "fields": {"country": {"type": "link", "table": "Country"}, "name": "string"}}, status=201)  # fmt: skip
    world.table({"town": {"type": "link", "table": "Town"}}, "House")
    world.send("POST", "/table/Country/rows/", {"code": "DE"}, status=201)
    world.send("POST", "/table/Town/rows/", {"country": {"code": "DE"}, "name": "Ulm"}, status=201)
    row = world.send("POST", "/table/House/rows/", {"town": {"country": 1, "name": "Ulm"}}, status=201).json
    assert row["town"] == 1


def test_keys_in_the_fields_of_an_upsert(world):
    """The link itself may be a part of the rule by which existing rows are found; it may have a former name."""
    carrier = {"type": "link", "table": "Carrier", "required": True, "aliases": ["airline"]}
    world.send("POST", "/table/", {"model_name": "Leg", "unique": [{"fields": ["carrier", "number"]}],
               "fields": {"carrier": carrier, "number": "integer", "note": "string"}}, status=201)  # fmt: skip
    world.send("POST", "/table/Leg/rows/", {"airline": {"code": "UA"}, "number": 1}, status=201)
    merge = {"Prefer": "resolution=merge-duplicates,return=representation"}
    legs = [{"carrier": {"number": n}, "number": 1, "note": "new"} for n in (1, 2)]
    for path in ("/table/Leg/rows/", "/rest/Leg"):
        answer = world.app.post_json(f"{path}?on_conflict=carrier,number", legs, headers=merge)
        assert [(row["id"], row["carrier"]) for row in answer.json] == [(1, 1), (2, 2)]
        body = "carrier.code,number,note\nUA,1,x\nAA,1,y\n"
        headers = {**merge, "Content-Type": "text/csv"}
        answer = world.app.post(f"{path}?on_conflict=carrier,number&columns=carrier,number", body, headers=headers)
        assert [(row["carrier"], row["note"]) for row in answer.json] == [(1, "new"), (2, "new")]
    world.refused("POST", "/table/Leg/rows/", {"number": 2}, status=422, code="/carrier required")
    world.refused("POST", "/table/Leg/rows/", {"airline": {"code": "ZZ"}}, status=422, code="unknown_row")
    row = world.app.put_json("/rest/Leg?id=eq.1", {"id": 1, "carrier": {"code": "AA"}, "number": 7}, headers=merge)
    assert row.json[0]["carrier"] == 2
