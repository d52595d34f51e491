"""``_search``: rows by what a person types, the best first."""

import pytest

NAMES = [
    "Müller & Co",
    "The Muller's",
    "MULLER",
    "Mullerton",
    "Ann Mulle",
    "100% wool*",
    "100 wool",
    "",
    "a\\b_c",
    None,
]


@pytest.fixture(scope="module", params=[False, "search"], ids=["plain", "indexed"])
def people(request, client):
    field = {"type": "string", "ignore_accents": True, "index": request.param}
    path = client.table({"name": field, "age": "integer"})
    client.row(path, [{"name": name, "age": number % 3} for number, name in enumerate(NAMES)])
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("muller", [3, 1, 4, 2]),
        (" MULLE ", [3, 1, 4, 2, 5]),
        ("co müll", [1]),
        ("ulle", []),
        ("100%", [6, 7]),
        ("100% wool*", [6, 7]),
        ("a\\b_", [9]),
        ("%", []),
        ("*", []),
        ("_", []),
    ],
)
def test_the_best_come_first(client, people, text, expected):
    def found(**further):
        return [
            row["id"] for row in client.app.get(f"{people}rows/", {"_search": text, "select": "id", **further}).json
        ]

    assert found() == found(limit="20") == expected
    assert found(limit="2") == expected[:2]
    assert found(limit="2", offset="1") == expected[1:3]
    assert found(limit="20", id="gt.2") == [number for number in expected if number > 2]
    counted = client.app.get(f"{people}rows/", {"_search": text, "select": "count()"}).json
    assert counted == [{"count": len(expected)}]
    document = {"search": text, "select": ["id"], "limit": 1}
    answer = client.send("POST", f"{people}query/", document, prefer="count=exact")
    assert [row["id"] for row in answer.json] == expected[:1]
    assert answer.headers["Content-Range"].endswith(f"/{len(expected)}" if expected else "/0")


def test_order_is_that_of_equal_matches(client, people):
    rows = client.app.get(f"{people}rows/", {"_search": "mull", "order": "age.desc,id.desc", "limit": "9"})
    assert [row["id"] for row in rows.json] == [3, 4, 1, 5, 2]
    assert "Link" not in rows.headers
    rows = client.app.get(f"{people}rows/", {"_search": "mull", "order": "id.desc", "limit": "9"})
    assert [row["id"] for row in rows.json] == [4, 3, 1, 5, 2]


def test_of_other_fields(client):
    path = client.table({"number": "integer", "day": "date"}, display="number")
    client.row(path, [{"number": number} for number in (42, 4, 142, 420)])
    assert [row["number"] for row in client.get(f"{path}rows/?_search=4")] == [4, 42, 420]
    client.send("PATCH", path, {"display": None}, status=200)
    assert [row["id"] for row in client.get(f"{path}rows/?_search=2")] == [2]


def test_what_is_refused(client, people):
    for query, code in (
        ("_search=", "invalid_query"),
        ("_search=%20", "invalid_parameter"),
        ("_search=%00", "invalid_parameter"),
        (f"_search={'x' * 201}", "invalid_parameter"),
        ("_search=a&_search=b", "invalid_query"),
        ("_search=a&limit=1&_before=end", "invalid_cursor"),
    ):
        client.refused("GET", f"{people}rows/?{query}", status=400, code=code)
    client.refused("DELETE", f"{people}rows/?_search=a", status=400, code="invalid_parameter")
    client.refused("PATCH", f"{people}rows/?_search=a&id=eq.1", {"age": 1}, status=400, code="invalid_parameter")
