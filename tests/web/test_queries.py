"""Queries at ``GET /table/{id}/rows/``: select, filters, order, ranges, counts."""

import pytest

from dynmodel_pyramid.database.postgresql import PostgreSQL
from dynmodel_pyramid.rows import querying
from tests.web.shop import open_shop


@pytest.fixture(scope="module")
def shop(client):
    open_shop(client)
    return client


def rows(shop, query, table="Order", **headers):
    return shop.get(f"/table/{table}/rows/?{query}", **headers)


def ids(shop, query, table="Order"):
    return [row["id"] for row in rows(shop, query, table)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("n=gte.2", [2, 3, 4]),
        ("n=gte.2&n=lt.3", [2]),
        ("amount=eq.10.5", [1]),
        ("amount=is.null", [3]),
        ("or=(n.eq.1,amount.lt.0)", [1, 4]),
        ("not.or=(n.eq.1,amount.lt.0)", [2]),
        ("and=(n.gt.0,or(n.eq.1,not.and(n.eq.3,amount.is.null)))", [1, 2, 4]),
        ("customer=in.(1,2)", [1, 2, 3]),
        ("seen_by=cs.[3]", [1, 3]),
        ("parts=cs.[2]", [1]),
        ("_version=eq.1&id=gt.2", [3, 4]),
        ("_created=gt.2020-01-01", [1, 2, 3, 4]),
        ("at=gt.2026-01-01T00:00:00Z", [2]),
        ("order=n.desc,amount.nullsfirst", [3, 4, 2, 1]),
        ("order=amount", [4, 2, 1, 3]),
        ("order=amount.desc", [3, 1, 2, 4]),
        ("order=customer(name).desc&select=id,customer(name)", [4, 3, 1, 2]),
        ("limit=2&offset=1&order=id.desc", [3, 2]),
    ],
)
def test_rows_that_are_found(shop, query, found):
    assert ids(shop, query) == found


def test_json(shop):
    assert ids(shop, "home->>town=eq.Rom", "Customer") == [1]
    assert ids(shop, "home->n=gt.9", "Customer") == [1]
    assert ids(shop, "order=home->n.desc", "Customer") == [3, 4, 1, 2]
    assert ids(shop, "order=home->n", "Customer") == [2, 1, 3, 4]
    assert ids(shop, "order=home->>town.desc.nullslast", "Customer") == [2, 1, 3, 4]
    found = rows(shop, "select=home->>town,home->n,t:home->town,home->1&id=in.(1,4)", "Customer")
    assert found == [
        {"town": "Rom", "n": 10, "t": "Rom", "home": None},
        {"town": None, "n": None, "t": None, "home": "x"},
    ]


def test_select(shop):
    assert rows(shop, "select=id,much:amount,n::text,_version&id=eq.1") == [
        {"id": 1, "much": "10.50", "n": "1", "_version": 1}
    ]
    assert list(rows(shop, "select=*,n::text&id=eq.1")[0])[-1] == "n"
    created = rows(shop, "select=_created&id=eq.1")[0]["_created"]
    assert created.endswith("Z")
    assert rows(shop, "select=_created::date&id=eq.1")[0]["_created"] == created[:10]
    assert rows(shop, "select=n,*&id=eq.1")[0] == {**rows(shop, "id=eq.1")[0]}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("select=nothing", "unknown_field"),
        ("select=pin", "unknown_field"),
        ("pin=eq.1", "unknown_field"),
        ("order=pin", "not_sortable"),
        ("or=(pin.eq.1,n.eq.1)", "unknown_field"),
        ("select=ctid", "unknown_field"),
        ("select=id,id:n", "invalid_query"),
        ("select=id,n:id,n", "invalid_query"),
        ("select=", "invalid_parameter"),
        ("select=n->a", "invalid_parameter"),
        ("select=n::money", "unknown_cast"),
        ("n=fts.a", "unknown_operator"),
        ("n=eq.x", "invalid_operand"),
        ("columns=n", "invalid_parameter"),
        ("on_conflict=n", "invalid_parameter"),
        ("order=home", "unknown_field"),
        ("order=seen_by", "not_sortable"),
        ("select=seen_by.max()", "invalid_parameter"),
        ("select=at.sum()", "invalid_parameter"),
        ("select=n.sum(),customer&order=id", "not_sortable"),
        ("select=n,amount.sum(),sum:id", "invalid_query"),
        ("limit=0&_after=x", "invalid_cursor"),
        ("_after=x", "invalid_parameter"),
        ("limit=5&_before=WzJd", "invalid_cursor"),
        ("limit=5&_after=%C3%A4", "invalid_cursor"),
        ("select=n.sum()&limit=5&_after=x", "invalid_cursor"),
    ],
)
def test_refused(shop, query, code):
    shop.refused("GET", f"/table/Order/rows/?{query}", status=400, code=code)


def test_unknown_names_say_where(shop):
    answer = shop.refused("GET", "/table/Order/rows/?colour=eq.red", status=400, code="unknown_field")
    assert answer.json["parameter"] == "colour"
    answer = shop.refused("GET", "/table/Order/rows/?colour=red", status=400, code="unknown_parameter")
    assert "colour" in answer.json["detail"]


# Parts of lists


def part(shop, query, **headers):
    answer = shop.send("GET", f"/table/Order/rows/?{query}", **headers)
    return answer.status_int, answer.headers.get("Content-Range"), answer.headers.get("Preference-Applied")


@pytest.mark.parametrize("how", ["exact", "planned", "estimated"])
def test_counts(shop, how):
    prefer = {"prefer": f"count={how}"}
    status, told, applied = part(shop, "limit=2", **prefer)
    assert applied == f"count={how}"
    first, _, total = told.partition("/")
    assert first == "0-1"
    assert total.isdigit()
    if how == "exact":
        assert (status, total) == (206, "4")
        assert part(shop, "", **prefer) == (200, "0-3/4", "count=exact")
        assert part(shop, "n=gt.100", **prefer) == (200, "*/0", "count=exact")
        assert part(shop, "n=gte.2&limit=3", **prefer)[:2] == (200, "0-2/3")
        assert part(shop, "offset=4", **prefer)[:2] == (206, "*/4")
        assert part(shop, "offset=5", **prefer)[:2] == (416, "*/4")
        assert part(shop, "select=n,count()&limit=2", **prefer)[:2] == (206, "0-1/3")


def test_without_a_count(shop):
    assert part(shop, "limit=2") == (200, "0-1/*", None)
    assert part(shop, "limit=2&offset=9") == (200, "*/*", None)
    assert part(shop, "limit=2", prefer="count=many") == (200, "0-1/*", None)


def test_range(shop):
    assert part(shop, "", range="1-2")[:2] == (200, "1-2/*")
    assert part(shop, "", range="items=1-2", range_unit="items")[:2] == (200, "1-2/*")
    assert part(shop, "", range="3-") == (200, "3-3/*", None)
    assert part(shop, "", range="3-", prefer="count=exact")[:2] == (206, "3-3/4")
    assert part(shop, "limit=3&offset=1", range="2-9")[:2] == (200, "2-3/*")
    assert part(shop, "", range="2-1")[0] == 416
    assert part(shop, "", range="bytes=0-1")[:2] == (200, None)
    assert part(shop, "", range="1-2", prefer="count=exact")[:2] == (206, "1-2/4")
    assert [row["id"] for row in shop.get("/table/Order/rows/", range="1-2")] == [2, 3]


def test_head(shop):
    answer = shop.send("HEAD", "/table/Order/rows/?n=gte.2&limit=2", status=206, prefer="count=exact")
    assert answer.headers["Content-Range"] == "0-1/3"


# Cursors


def follow(shop, query, relation="next"):
    """All pages, by their links."""
    pages, path = [], f"/table/Order/rows/?{query}"
    while path:
        answer = shop.send("GET", path, status=200)
        pages.append([row["id"] for row in answer.json])
        links = dict(reversed(each.split("; ", 1)) for each in answer.headers.get("Link", "").split(", ") if each)
        path = links.get(f'rel="{relation}"', "")[1:-1]
        assert len(pages) < 10
    return pages


@pytest.mark.parametrize(
    "order",
    ["id", "id.desc", "amount", "amount.desc.nullslast", "n,amount.nullsfirst", "at.desc", "_created,customer.desc"],
)
def test_cursors_lead_through_all_rows(shop, order):
    whole = ids(shop, f"order={order}")
    for limit in (1, 2, 3):
        pages = follow(shop, f"select=id&order={order}&limit={limit}")
        assert sum(pages, []) == whole
        last = shop.send("GET", f"/table/Order/rows/?order={order}&offset={4 - limit}&limit={limit}", status=200)
        back = [link for link in last.headers["Link"].split(", ") if 'rel="prev"' in link] if limit < 4 else []
        path = back[0].split(">")[0].partition("?")[2]
        pages = [[row["id"] for row in last.json], *follow(shop, path, "prev")]
        assert sum(reversed(pages), []) == whole
        pages = follow(shop, f"select=id&order={order}&limit={limit}&_before=end", "prev")
        assert sum(reversed(pages), []) == whole
        assert follow(shop, f"select=id&order={order}&limit={limit}&_before=end") == pages[:1]
        assert ids(shop, f"order={order}&limit=1&_before=end&offset=1") == whole[-2:-1]


@pytest.mark.parametrize("order", ["amount", "amount.desc.nullslast", "n,amount.nullsfirst", "at.desc", "id"])
def test_deep_pages_are_those_of_the_whole_list(shop, order, monkeypatch):
    """SQLite sorts all ids for them, where no index has their order; PostgreSQL finds their ids first."""
    monkeypatch.setattr(querying, "DEEP", 1)
    monkeypatch.setattr(PostgreSQL, "ids_first_from", 1)
    every = rows(shop, f"select=*,customer(name)&order={order}")
    whole = [row["id"] for row in every]
    assert rows(shop, f"select=*,customer(name)&order={order}&limit=2&offset=1") == every[1:3]
    assert [ids(shop, f"order={order}&limit=2&offset={offset}") for offset in (1, 3, 9)] == [whole[1:3], whole[3:5], []]
    path = f"select=id,customer(name)&order={order}&limit=1&offset=2&amount=not.is.null"
    kept = ids(shop, f"order={order}&amount=not.is.null")
    assert [row["id"] for row in shop.send("GET", f"/table/Order/rows/?{path}").json] == kept[2:3]
    assert ids(shop, f"order={order}&limit=2&_before=end&offset=1") == whole[-3:-1]


def test_values_that_are_too_long_for_a_cursor(fresh):
    """The pages go on nevertheless: by an offset from the last cursor there was."""
    path = fresh.table({"text": "text"})
    for letter in "abcdefg":
        fresh.row(path, {"text": letter * (9000 if letter in "bdef" else 1)})
    for order, expected in (("text", [1, 2, 3, 4, 5, 6, 7]), ("text.desc", [7, 6, 5, 4, 3, 2, 1])):
        for limit in (1, 2, 3):
            seen, address = [], f"{path}rows/?select=id&order={order}&limit={limit}"
            while address:
                answer = fresh.app.get(address)
                seen += [row["id"] for row in answer.json]
                links = answer.headers.get("Link", "").split(", ")
                address = next((link[1:].partition(">")[0] for link in links if link.endswith('"next"')), None)
            assert seen == expected


def test_cursors_of_other_orders_are_refused(shop):
    link = shop.send("GET", "/table/Order/rows/?order=n&limit=1", status=200).headers["Link"]
    cursor = link.partition("_after=")[2].partition(">")[0]
    assert ids(shop, f"order=n&limit=9&_after={cursor}") == [2, 3, 4]
    for query in (
        f"order=n.desc&limit=1&_after={cursor}",
        f"limit=1&_after={cursor}",
        f"order=n&limit=1&_after={cursor}A",
    ):
        shop.refused("GET", f"/table/Order/rows/?{query}", status=400, code="invalid_cursor")
    shop.refused("GET", f"/table/Customer/rows/?limit=1&_after={cursor}", status=400, code="invalid_cursor")


# As a document


def test_documents(shop):
    answer = shop.send("POST", "/table/Order/query/", {"select": "id", "where": {"n": {"gte": 2}}, "limit": 2})
    assert answer.json == [{"id": 2}, {"id": 3}]
    assert answer.headers["Content-Range"] == "0-1/*"
    document = {
        "select": ["id", {"embed": "customer", "select": "name"}],
        "where": {"id": {"in": list(range(1, 9000))}, "customer": "not.is.null"},
        "order": "id.desc",
    }
    answer = shop.send("POST", "/table/Order/query/", document, status=200)
    assert answer.json[0] == {"id": 3, "customer": {"name": "bob"}}
    shop.refused("POST", "/table/Order/query/", {"wher": {}}, status=400, code="invalid_query")
    shop.refused("POST", "/table/Order/query/?limit=1", {}, status=400, code="unknown_parameter")
    shop.refused("GET", "/table/Order/query/", status=405, code="method_not_allowed")
    shop.refused("POST", "/table/Order/query/1/", {}, status=404, code="not_found")
