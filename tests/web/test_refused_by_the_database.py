"""What the database refuses is told by row and field."""

import json

import pytest
import sqlalchemy as sa

from tests.web.client import NOTHING

NDJSON, CSV = "application/x-ndjson", "text/csv"
FIELDS = {
    "sku": {"type": "string", "unique": True},
    "n": "integer",
    "k": "integer",
    "code": {"type": "string", "unique_ignore_case": True},
}
PAIR = {"n": 1, "k": 2}


@pytest.fixture
def rows(client) -> str:
    path = client.table(FIELDS, unique=[{"fields": ["n", "k"]}])
    client.row(path, {"sku": "a", "n": 1, "code": "x"})
    return f"{path}rows/"


def told(client, method, path, document=NOTHING, status=409, **sent) -> list[tuple]:
    answer = client.refused(method, path, document, status=status, code="unique_violation", **sent)
    assert answer.json["error_count"] == len(answer.json["errors"])
    return [(error["pointer"], error["code"], error["detail"]) for error in answer.json["errors"]]


def clash(place, value, name="sku", other="another row"):
    return f"{place}/{name}", "unique_violation", f"{other} has the same value in {name}: {value!r}"


def test_one_row(client, rows):
    assert told(client, "POST", rows, {"sku": "a"}) == [clash("", "a")]
    assert told(client, "POST", rows, {"id": 1}) == [clash("", 1, "id")]
    assert told(client, "POST", rows, {"code": "X"}) == [clash("", "X", "code")]
    client.send("POST", rows, {"id": 20, "sku": "b", "code": "y"}, status=201)
    for method, path in (("PUT", "20/"), ("PATCH", "20/"), ("PATCH", "?id=eq.20")):
        assert told(client, method, rows + path, {"sku": "a"}) == [clash("", "a")], method
    assert told(client, "PATCH", f"{rows}?id=gt.0", {"code": "same"}) == [clash("", "same", "code")]
    prefer = "resolution=merge-duplicates"
    assert told(client, "POST", f"{rows}?on_conflict=code", {"code": "Y", "sku": "a"}, prefer=prefer) == [
        clash("", "a")
    ]


def test_every_row_of_an_array(client, rows):
    documents = [{"sku": "b"}, {"sku": "a"}, {"sku": "b", "n": 5}, {"id": 1}, PAIR, PAIR, {"n": 1}, {"code": "X"}]
    assert told(client, "POST", rows, documents) == [
        clash("/1", "a"),
        clash("/2", "b", other="the row /0 of this request"),
        clash("/3", 1, "id"),
        ("/5", "unique_violation", "the row /4 of this request has the same value in n, k: 1, 2"),
        clash("/7", "X", "code"),
    ]
    # Without an id of the client's, SQLite needs no savepoint.
    drawn = [document for document in documents if "id" not in document]
    assert told(client, "POST", rows, drawn) == [
        clash("/1", "a"),
        clash("/2", "b", other="the row /0 of this request"),
        ("/4", "unique_violation", "the row /3 of this request has the same value in n, k: 1, 2"),
        clash("/6", "X", "code"),
    ]
    assert len(client.get(rows)) == 1
    prefer = "resolution=merge-duplicates"
    assert (
        told(client, "POST", f"{rows}?on_conflict=code", [{"code": "z"}, *documents], prefer=prefer)[0][0] == "/2/sku"
    )


@pytest.mark.parametrize("merges", [False, True])
def test_many_rows(client, rows, merges):
    documents = [{"sku": f"s{number}", "code": f"c{number}"} for number in range(2500)]
    documents[1200]["sku"], documents[2300]["sku"], documents[2400]["code"] = "a", "s7", "X"
    body = "\n".join(map(json.dumps, documents)).encode()
    sent = {"body": body, "content_type": NDJSON}
    if merges:
        found = told(client, "POST", f"{rows}?on_conflict=code", prefer="resolution=merge-duplicates", **sent)
        assert [pointer for pointer, *_ in found] == ["/1200/sku", "/2300/sku"]
        return
    other = "the row /7 of this request"
    assert told(client, "POST", rows, **sent) == [
        clash("/1200", "a"),
        clash("/2300", "s7", other=other),
        clash("/2400", "X", "code"),
    ]
    same = b"sku,n\n" + b"q,1\n" * 2500
    answer = client.refused("POST", rows, body=same, content_type=CSV, status=409, code="unique_violation")
    assert (answer.json["error_count"], len(answer.json["errors"])) == (2499, 100)
    assert len(client.get(rows)) == 1


@pytest.mark.parametrize("count", [0, 1500])
def test_rules_that_only_the_database_knows(client, rows, count):
    """Somebody has added an index by SQL: the row is found by trying."""
    table = client.catalogue.snapshot.by_id(int(rows.split("/")[2])).table
    with client.catalogue.database.writer.begin() as connection:
        sa.Index(f"by_hand_{count}", table.c.n % 1_000_000, unique=True).create(connection)
    documents = [{"n": 2_000_010 + number} for number in range(5 + count)]
    documents += [{"n": 7_000_014}, {"n": 9_000_001}]
    found = told(client, "POST", rows, documents)
    detail = "another row has the same value in a rule of the table"
    wanted = [(f"/{count + number}", "unique_violation", detail) for number in (5, 6)]
    # Of several parts one is told.
    assert found == wanted[: 2 if not count else 1]
    answer = client.send("POST", rows, documents, status=201, prefer="handling=lenient, return=minimal")
    assert [row["number"] for row in answer.json["refused"]] == [count + 5, count + 6]
