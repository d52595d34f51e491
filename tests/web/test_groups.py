"""Groups of rows: their order, conditions (``having``), parts and cursors."""

import pytest

from tests.web.shop import open_shop


@pytest.fixture(scope="module")
def shop(client):
    open_shop(client)
    return client


def rows(shop, query, table="Order"):
    return shop.get(f"/table/{table}/rows/?{query}")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("select=n,count()&order=count.desc&limit=1", [3]),
        ("select=n,rows:count()&order=rows.desc,n.desc", [3, 2, 1]),
        ("select=n,count()&order=count().desc,amount.sum()", [3, 2, 1]),
        ("select=n,count()&order=amount.sum().desc", [1, 2, 3]),
        ("select=n,s:amount.sum()&order=s", [3, 2, 1]),
        ("select=n,amount.avg()&order=avg.desc&offset=1", [2, 3]),
        ("select=n,at.max()&order=max.desc.nullslast", [2, 1, 3]),
        ("select=n,s:amount.sum()::float8&order=s", [3, 2, 1]),
        ("select=n,count()&having=(count.gt.1)", [3]),
        ("select=n,count()&having=(count().eq.1,n.gt.1)", [2]),
        ("select=n,count()&having=(not.or(count.eq.1,n.eq.9))", [3]),
        ("select=n,s:amount.sum()&having=(s.gte.0.25)&order=s", [2, 1]),
        ("select=n,s:n.sum()&having=(s.gt.2.5)", [3]),
        ("select=n,n.avg()&having=(avg.lt.2.5)&order=avg.desc", [2, 1]),
        ("select=n,count()&having=(at.max().gte.2026-01-02T00:00:00Z)", [2]),
        ("select=n,count()&having=(at.max().is.null)", [3]),
        ("select=n,count()&having=(count.in.(2,7))", [3]),
    ],
)
def test_groups_that_are_found(shop, query, found):
    assert [group["n"] for group in rows(shop, query)] == found


def test_groups_by_other_values(shop):
    assert rows(shop, "select=day:at::date,count()&order=day.desc.nullslast&limit=1") == [
        {"day": "2026-01-02", "count": 1}
    ]
    assert rows(shop, "select=home->>town,count()&order=town.desc.nullslast&having=(town.like.*m)", "Customer") == [
        {"town": "Ulm", "count": 1},
        {"town": "Rom", "count": 1},
    ]
    assert rows(shop, "select=home->>town,count()&order=home->>town&limit=1", "Customer")[0]["town"] == "Rom"
    assert rows(shop, "select=...customer(name),count()&order=name.nullsfirst&having=(count.eq.1)") == [
        {"name": None, "count": 1},
        {"name": "bob", "count": 1},
    ]
    assert rows(shop, "select=count()&having=(count.gt.4)") == []


def test_groups_in_embedded_rows(shop):
    query = "select=name,orders(n,count())&orders.order=count.desc,n.desc&orders.having=(n.lt.3)&orders.limit=1&id=lt.3"
    assert rows(shop, query, "Customer") == [
        {"name": "ann", "orders": [{"n": 2, "count": 1}]},
        {"name": "bob", "orders": []},
    ]


def test_documents_count_and_formats(shop):
    document = {"select": "n,count()", "having": {"count": {"gte": 1}}, "order": ["count.desc", "n"], "limit": 2}
    answer = shop.send("POST", "/table/Order/query/", document, status=206, prefer="count=exact")
    assert answer.json == [{"n": 3, "count": 2}, {"n": 1, "count": 1}]
    assert answer.headers["Content-Range"] == "0-1/3"
    query = "/table/Order/rows/?select=n,count()&order=count.desc,n&having=(amount.sum().gt.0)"
    answer = shop.send("GET", query, status=200, accept="text/csv")
    assert answer.text.splitlines() == ["n,count", "1,1", "2,1"]
    answer = shop.send("GET", query, status=200, accept="application/x-ndjson")
    assert answer.text.splitlines() == ['{"n":1,"count":1}', '{"n":2,"count":1}']
    answer = shop.app.get("/rest/Order?select=n,count()&order=count.desc&having=(count.gt.1)")
    assert answer.json == [{"n": 3, "count": 2}]


@pytest.mark.parametrize("order", ["count.desc", "amount.sum().desc", "s,n.desc", "m.desc.nullslast", ""])
def test_cursors_lead_through_all_groups(shop, order):
    query = "select=n,count(),s:amount.sum(),m:at.max()" + (f"&order={order}" if order else "")
    whole = rows(shop, query)
    seen, path = [], f"/table/Order/rows/?{query}&limit=1"
    while path:
        answer = shop.send("GET", path, status=200)
        seen += answer.json
        links = answer.headers.get("Link", "").split(", ")
        path = next((link[1:].partition(">")[0] for link in links if link.endswith('"next"')), None)
    assert seen == whole
    before = next(link for link in links if 'rel="prev"' in link)[1:].partition(">")[0]
    assert shop.send("GET", before, status=200).json == whole[-2:-1]


@pytest.mark.parametrize(
    ("query", "code", "word"),
    [
        ("select=n&having=(count().gt.1)", "invalid_parameter", "an aggregate in select"),
        ("select=n,count()&having=count.gt.1", "invalid_query", "having=(count().gt.1)"),
        ("select=n,count()&having=(m.gt.1)", "unknown_field", "called m"),
        ("select=n,count()&having=(pin.max().gt.1)", "unknown_field", "pin"),
        ("select=n,count()&having=(seen_by.max().gt.1)", "invalid_parameter", "max()"),
        ("select=n,count()&having=()", "invalid_query", "aggregate"),
        ("select=n,count()&having=(count.gt.x)", "invalid_operand", "count"),
        ("select=n,count()&having=(count.like.x)", "unknown_operator", "like"),
        ("select=n,count()&having=(count.gt.1)&having=(count.gt.2)", "invalid_query", "twice"),
        ("select=n,count()&order=m", "not_sortable", "called m"),
        ("select=n,count()&order=customer(name)", "unknown_relation", "customer"),
        ("order=count()", "not_sortable", "an aggregate in select"),
        ("having=eq.1", "unknown_field", "having"),
    ],
)
def test_refused(shop, query, code, word):
    assert word in shop.refused("GET", f"/table/Order/rows/?{query}", status=400, code=code).text


def test_a_field_that_is_called_having(client):
    """Its conditions are written as before; only a value in parentheses is about groups."""
    path = client.table({"having": "integer"})
    client.send("POST", f"{path}rows/", [{"having": 1}, {"having": 1}, {"having": 2}], status=201)
    assert client.get(f"{path}rows/?having=eq.2") == [{"id": 3, "having": 2}]
    assert client.get(f"{path}rows/?having=gt.0&select=having,count()&having=(having.eq.1)") == [
        {"having": 1, "count": 2}
    ]


def test_writes_take_no_conditions_of_groups(shop):
    path = "/table/Order/rows/?id=gt.0&having=(count().gt.1)"
    shop.refused("PATCH", path, {"n": 1}, status=400, code="invalid_parameter")
    shop.refused("DELETE", path, status=400, code="invalid_parameter")
    shop.refused("POST", "/table/Order/rows/?having=(count().gt.1)", {"n": 1}, status=400, code="invalid_parameter")


def test_sums_and_averages_near_the_least_and_the_greatest_float(client):
    """They are rounded to the nearest float, which may be zero; what is too great is null."""
    least, greatest = 5e-324, 1.7976931348623157e308
    groups = {
        "half": ([least, 0], least, 0),
        "minus": ([-least, 0], -least, 0),
        "more": ([least, least, 0], 1e-323, least),
        "alone": ([least], least, least),
        "lost": ([4.4e-323, -4e-323, -5e-324], 0, 0),  # the sum of the decimals is -1e-324
        "zeros": ([-0.0, -0.0], 0, 0),
        "great": ([greatest, greatest], None, None),
        "back": ([greatest, greatest, -greatest], greatest, greatest / 3),
    }
    path = client.table({"group": "string", "n": "number"})
    values = [{"group": group, "n": n} for group, (numbers, *_) in groups.items() for n in numbers]
    client.send("POST", f"{path}rows/", values, status=201)
    select = "select=group,s:n.sum(),a:n.avg(),low:n.min(),high:n.max(),t:n.avg()::text,d:n.avg()::numeric"
    found = {row["group"]: row for row in client.get(f"{path}rows/?{select}&order=a.desc,group")}
    assert {group: (row["s"], row["a"]) for group, row in found.items()} == {
        group: (total, average) for group, (_, total, average) in groups.items()
    }
    assert "-0.0" not in str([(row["s"], row["a"]) for row in found.values()])
    assert (found["half"]["low"], found["half"]["high"], found["minus"]["d"]) == (0, least, 0)
    assert found["minus"]["t"] == "0" and found["great"]["t"] is None
    assert {row["group"] for row in client.get(f"{path}rows/?{select}&having=(a.gt.0)")} == {"more", "alone", "back"}
