"""A value is the same text in CSV wherever it comes from: a row, a group, an aggregate, a path, a relation."""

import csv
import io

import pytest

from tests.web.face import Face

FIELDS = {
    "c": "string",
    "d": "date",
    "t": "datetime",
    "x": {"type": "decimal", "scale": 2},
    "n": "number",
    "i": "integer",
    "b": "boolean",
    "u": "uuid",
    "tags": "tags",
    "j": "json",
}
ROW = {
    "c": '9"E',
    "d": "2026-01-31",
    "t": "2026-01-31T12:00:00Z",
    "x": "1.50",
    "n": 2.0,
    "i": 7,
    "b": True,
    "u": "12345678-1234-5678-1234-567812345678",
    "tags": ["a", "b"],
    "j": "text",
}
CELLS = {name: str(value) for name, value in ROW.items()} | {"b": "true", "tags": '["a","b"]', "j": '"text"'}
NAMES = ",".join(FIELDS)


@pytest.fixture(scope="module")
def both(client):
    """What the two faces answer to a query as CSV."""
    table = client.table({**FIELDS, "up": {"type": "link", "table": "Cells"}}, "Cells")
    client.send("POST", f"{table}rows/", [ROW, {"up": 1, "j": {"p": "q"}}], status=201)

    def ask(query):
        own = client.send("GET", f"{table}rows/?{query}", accept="text/csv", status=200).text
        other = Face(client.app).send("GET", f"Cells?{query}", Accept="text/csv").text
        return [list(csv.DictReader(io.StringIO(text))) for text in (own, other)]

    return ask


def test_fields_and_groups(both):
    for query in (f"select={NAMES}&id=eq.1", f"select={NAMES},count()&up=is.null"):
        own, other = both(query)
        assert {name: own[0][name] for name in FIELDS} == CELLS
        # PostgREST's face has texts of JSON as they are.
        assert {name: other[0][name] for name in FIELDS} == CELLS | {"j": "text"}


@pytest.mark.parametrize(
    ("item", "wanted"),
    [
        ("a:c.max()", '9"E'),
        ("a:d.min()", "2026-01-31"),
        ("a:t.max()", "2026-01-31T12:00:00Z"),
        ("a:x.max()", "1.50"),
        ("a:x.sum()", "1.50"),
        ("a:n.max()", "2.0"),
        ("a:i.sum()", "7"),
        ("a:i.max()::text", "7"),
        ("a:count()", "1"),
        ("a:x::text", "1.50"),
        ("a:d::text", "2026-01-31"),
    ],
)
def test_aggregates_and_casts(both, item, wanted):
    own, other = both(f"select={item}&id=eq.1")
    assert own == other == [{"a": wanted}]


def test_relations_and_paths(both):
    own, other = both("select=...up(c,d,x,count())&id=eq.2")
    assert own == other == [{"c": '9"E', "d": "2026-01-31", "x": "1.50", "count": "1"}]
    own, other = both("select=a:j->p,b:j->>p&id=eq.2")
    assert (own, other) == ([{"a": '"q"', "b": "q"}], [{"a": "q", "b": "q"}])
    assert both("select=j->p,count()&id=eq.2")[0] == [{"p": '"q"', "count": "1"}]
