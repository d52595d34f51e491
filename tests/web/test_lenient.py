"""``Prefer: handling=lenient``: the good rows are written, and the bad ones told."""

import itertools
import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import fixed_dictionaries, integers, lists, none, one_of, sampled_from

from tests.web.client import Client

NDJSON, CSV = "application/x-ndjson", "text/csv"
FIELDS = {
    "sku": {"type": "string", "unique": True},
    "n": {"type": "integer", "min": 0},
}
NUMBERS = itertools.count()
LENIENT = "handling=lenient"


@pytest.fixture
def rows(client) -> str:
    path = client.table(FIELDS)
    client.row(path, {"sku": "a", "n": 1})
    return f"{path}rows/"


def staff(client) -> str:
    """A table whose rows link to one another."""
    name = f"Staff{next(NUMBERS)}"
    return client.table({**FIELDS, "boss": {"type": "link", "table": name}}, name) + "rows/"


def post(client, rows, body, kind="application/json", status=201, prefer=LENIENT, **headers):
    body = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    answer = client.send("POST", rows, body=body, content_type=kind, status=status, prefer=prefer, **headers)
    if status < 300:
        assert LENIENT in answer.headers["Preference-Applied"]
    return answer


def places(refused) -> list[str]:
    return [f"{error['pointer']} {error['code']}" for row in refused for error in row["errors"]]


def test_array(client, rows):
    documents = [{"sku": "b"}, {"sku": "a"}, {"n": -1, "sku": 5}, 7, {"sku": "b", "n": 3}, {"sku": "c"}, {"id": 1}]
    answer = post(client, rows, documents).json
    assert (answer["count"], answer["inserted"], answer["refused_count"]) == (2, 2, 5)
    assert [row["sku"] for row in answer["rows"]] == ["b", "c"]
    assert places(answer["refused"]) == [
        "/1/sku unique_violation",
        "/2/sku wrong_type",
        "/2/n too_small",
        "/3 wrong_type",
        "/4/sku unique_violation",
        "/6/id unique_violation",
    ]
    assert [row["number"] for row in answer["refused"]] == [1, 2, 3, 4, 6]
    assert [(row["line"], row["raw"]) for row in answer["refused"]][:3] == [
        (None, '{"sku": "a"}'),
        (None, '{"n": -1, "sku": 5}'),
        (None, "7"),
    ]
    told = answer["refused"][3]["errors"][0]["detail"]
    assert told == "the row /0 of this request has the same value in sku: 'b'"
    assert [row["sku"] for row in client.get(rows)] == ["a", "b", "c"]


def test_forms_of_the_answer(client, rows):
    some = [{"sku": "b"}, {"sku": "a"}]
    answer = post(client, rows, some, prefer=f"{LENIENT}, return=minimal, count=exact, tx=rollback")
    assert {name: answer.json[name] for name in ("count", "inserted", "refused_count")} == {
        "count": 1,
        "inserted": 1,
        "refused_count": 1,
    }
    assert "rows" not in answer.json
    assert answer.headers["Content-Range"] == "0-0/1"
    answer = post(client, rows, some, accept=NDJSON)
    assert answer.headers["Content-Type"] == NDJSON
    counts, refused = map(json.loads, answer.text.splitlines())
    assert counts == {"count": 1, "inserted": 1, "refused_count": 1}
    assert refused["raw"] == '{"sku": "a"}'
    assert post(client, rows, [{"n": 1}]).json["refused"] == []
    assert post(client, rows, []).json == {"rows": [], "refused": [], "count": 0, "inserted": 0, "refused_count": 0}
    # A single object is as ever.
    assert post(client, rows, {"n": 2}).json["n"] == 2
    client.refused("POST", rows, {"sku": "a"}, status=409, code="unique_violation", prefer=LENIENT)
    client.refused("POST", rows, {"sku": "z"}, status=406, code="not_acceptable", prefer=LENIENT, accept="text/csv")
    client.refused("POST", rows, some, status=409, code="unique_violation", prefer="handling=strict")


def test_none_is_good(client, rows):
    answer = client.refused(
        "POST", rows, [{"sku": "a"}, {"n": "x"}], status=422, code="/1/n wrong_type", prefer=LENIENT
    )
    assert (answer.json["error_count"], answer.json["refused_count"]) == (2, 2)
    assert [row["raw"] for row in answer.json["refused"]] == ['{"sku": "a"}', '{"n": "x"}']
    client.refused("POST", rows, [{"sku": "a"}], status=409, code="unique_violation", prefer=LENIENT)


def test_lines(client, rows):
    body = 'sku,n\r\nb,1\r\n"x\r\ny",q\r\na,2\r\nc\r\n\r\nd,3\r\n\r\n'
    answer = post(client, rows, body, CSV).json
    assert [row["sku"] for row in answer["rows"]] == ["b", "d"]
    assert [(row["number"], row["line"], row["raw"]) for row in answer["refused"]] == [
        (1, 3, '"x\r\ny",q'),
        (2, 5, "a,2"),
        (3, 6, "c"),
        (4, 7, ""),
    ]
    body = '{"sku":"e"}\n\n{"sku"\n{"nope":1}\n{"sku":"' + "f" * 2000 + '","n":-1}'
    answer = post(client, rows, body, NDJSON).json
    assert [(row["number"], row["line"]) for row in answer["refused"]] == [(1, 3), (2, 4), (3, 5)]
    assert len(answer["refused"][2]["raw"]) == 1001
    for broken in ('sku\n"open\n', "sku,nope\na,b\n"):
        answer = client.send("POST", rows, body=broken.encode(), content_type=CSV, prefer=LENIENT)
        assert answer.status_int in (400, 422)
    client.send("POST", rows, body=b'[{"sku":"g"},{"sku"]', status=400, prefer=LENIENT)
    assert len(client.get(rows)) == 4


def test_many(client, rows):
    """More than one part: each is written without its bad rows."""
    documents = [{"sku": f"s{number}", "n": number % 700 - 1} for number in range(2500)]
    documents[1500]["sku"], documents[2400]["sku"] = "a", "s2"
    body = "\n".join(map(json.dumps, documents))
    answer = post(client, rows, body, NDJSON, prefer=f"{LENIENT}, return=minimal").json
    assert (answer["count"], answer["refused_count"]) == (2494, 6)
    assert [row["line"] for row in answer["refused"]] == [1, 701, 1401, 1501, 2101, 2401]
    assert len(client.get(f"{rows}?select=id")) == 2495


@pytest.mark.parametrize("count", [0, 1200])
def test_upserts(client, rows, count):
    more = [{"sku": f"s{number}"} for number in range(count)]
    documents = [{"sku": "a", "n": 7}, {"sku": "b", "n": -1}, {"sku": "a", "n": 8}, {"sku": "c"}, *more, {"sku": "s3"}]
    path = f"{rows}?on_conflict=sku"
    answer = post(client, path, documents, prefer=f"{LENIENT}, resolution=merge-duplicates").json
    refused = ["/1/n too_small", "/2 duplicate_item"] + [f"/{count + 4} duplicate_item"] * (count > 0)
    assert places(answer["refused"]) == refused
    assert (answer["count"], answer["inserted"]) == (count + 2 + (count == 0), count + 1 + (count == 0))
    assert answer["rows"][0] == {"id": 1, "sku": "a", "n": 7}
    answer = post(
        client, path, [{"sku": "a"}, {"sku": 5}], status=200, prefer=f"{LENIENT}, resolution=ignore-duplicates"
    )
    assert (answer.json["count"], answer.json["refused_count"]) == (0, 1)


@pytest.mark.parametrize("count", [0, 1200])
def test_links_to_rows_that_are_refused(client, count):
    rows = staff(client)
    documents = [
        {"id": 1, "boss": 2},
        {"id": 2, "boss": 3},
        {"id": 3, "n": -1},
        {"id": 4, "boss": 5},
        {"id": 5, "sku": "x"},
        {"id": 6, "boss": {"sku": "x"}},
        *[{"id": 100 + number} for number in range(count)],
    ]
    answer = post(client, rows, documents, prefer=f"{LENIENT}, return=minimal").json
    assert places(answer["refused"]) == ["/0/boss unknown_row", "/1/boss unknown_row", "/2/n too_small"]
    assert client.get(f"{rows}?select=id,boss&id=lt.100") == [
        {"id": 4, "boss": 5},
        {"id": 5, "boss": None},
        {"id": 6, "boss": 5},
    ]


row_documents = fixed_dictionaries(
    {},
    optional={
        "id": integers(1, 4),
        "sku": one_of(none(), sampled_from("abcd")),
        "n": sampled_from([1, 2, -1, "x"]),
        "boss": integers(1, 4),
    },
)


@given(documents=lists(row_documents, min_size=1, max_size=8))
@settings(max_examples=12, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
def test_as_if_only_the_good_rows_had_been_sent(app, documents):
    client = Client(app)
    tables = [staff(client), staff(client)]
    answer = client.send("POST", tables[0], documents, prefer=LENIENT)
    assert answer.status_int in (201, 409, 422)
    bad = {row["number"] for row in answer.json["refused"]}
    good = [document for number, document in enumerate(documents) if number not in bad]
    if answer.status_int == 201:
        assert answer.json["rows"] == client.get(tables[0]) or len(good) > 1
    client.send("POST", tables[1], good, status=201)
    wanted = ["sku", "n", "boss"]
    stored = [[{name: row[name] for name in wanted} for row in client.get(path)] for path in tables]
    assert stored[0] == stored[1]
