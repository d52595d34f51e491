"""Embedded relations, groups, and that a page is one statement."""

from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.database.cursors import fetched, raw_cursor
from dynmodel_pyramid.rows import prepared
from tests.web.shop import open_shop


@pytest.fixture(scope="module")
def shop(client):
    open_shop(client)
    return client


def rows(shop, query, table="Order"):
    return shop.get(f"/table/{table}/rows/?{query}")


def test_links_and_reverse_sides(shop):
    assert rows(shop, "select=id,customer(name),seen_by(id)&id=in.(1,4)") == [
        {"id": 1, "customer": {"name": "ann"}, "seen_by": [{"id": 3}, {"id": 1}]},
        {"id": 4, "customer": None, "seen_by": []},
    ]
    assert rows(shop, "select=orders(id),seen(id),passport(number)&id=in.(1,2)", "Customer") == [
        {"orders": [{"id": 1}, {"id": 2}], "seen": [{"id": 1}], "passport": None},
        {"orders": [{"id": 3}], "seen": [], "passport": {"number": "P1"}},
    ]
    assert rows(shop, "select=passport(*),Passport(holder)&id=eq.2", "Customer") == [
        {"passport": {"id": 1, "number": "P1", "holder": 2}, "Passport": {"holder": 2}}
    ]


def test_names_and_hints(shop):
    assert rows(shop, "select=who:Customer!payer(name),customer!customer(name)&id=eq.1") == [
        {"who": {"name": "bob"}, "customer": {"name": "ann"}}
    ]
    paid = rows(shop, "select=paid:Order!payer(id)&id=eq.1", "Customer")
    assert paid == [{"paid": [{"id": 2}]}]
    answer = shop.refused("GET", "/table/Order/rows/?select=Customer(name)", status=400, code="ambiguous_relation")
    assert all(name in answer.json["detail"] for name in ("customer", "payer", "seen_by"))
    for query in ("select=nothing(id)", "select=n(id)", "select=customer!nothing(id)", "x.n=eq.1", "order=x(n)"):
        shop.refused("GET", f"/table/Order/rows/?{query}", status=400, code="unknown_relation")
    for query in ("select=customer(id),customer(name)", "select=id,id:n"):
        shop.refused("GET", f"/table/Order/rows/?{query}", status=400, code="invalid_query")
    shop.refused("GET", "/table/Order/rows/?select=id,parts(n)&order=parts(n)", status=400, code="not_sortable")


def test_filters_order_and_limits_of_embedded_rows(shop):
    query = "select=id,orders(id,n)&orders.order=n.desc&orders.limit=1&orders.n=lt.3&id=lt.3"
    assert rows(shop, query, "Customer") == [{"id": 1, "orders": [{"id": 2, "n": 2}]}, {"id": 2, "orders": []}]
    assert rows(shop, "select=id,customer(name)&customer.name=eq.ann&n=gt.1") == [
        {"id": 2, "customer": {"name": "ann"}},
        {"id": 3, "customer": None},
        {"id": 4, "customer": None},
    ]
    deep = "select=name,orders(id,parts(id,customer(name)))&orders.parts.order=id.desc&orders.id=eq.1&id=eq.1"
    assert rows(shop, deep, "Customer") == [
        {
            "name": "ann",
            "orders": [
                {"id": 1, "parts": [{"id": 3, "customer": {"name": "bob"}}, {"id": 2, "customer": {"name": "ann"}}]}
            ],
        }
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("select=id,orders!inner(id)", [1, 2]),
        ("select=id,orders!inner(id)&orders.n=eq.3", [2]),
        ("select=id,orders!inner(id,parts!inner())", [1]),
        ("select=id,orders()&orders=is.null", [3, 4]),
        ("select=id,orders()&orders.n=eq.1&orders=not.is.null", [1]),
        ("select=id,orders(),seen()&or=(orders.not.is.null,seen.not.is.null)", [1, 2, 3]),
        ("select=id,passport!inner(id)", [2]),
        ("select=id,passport()&passport=is.null", [1, 3, 4]),
        ("select=id,passport(number)&order=passport(number).desc.nullslast", [2, 1, 3, 4]),
        ("select=id,orders(parts())&orders.parts=not.is.null&orders=not.is.null", [1]),
    ],
)
def test_rows_by_what_they_embed(shop, query, found):
    assert [row["id"] for row in rows(shop, query, "Customer")] == found


def test_spread(shop):
    assert rows(shop, "select=id,...customer(name,who:score)&id=in.(1,4)") == [
        {"id": 1, "name": "ann", "who": 0.5},
        {"id": 4, "name": None, "who": None},
    ]
    assert rows(
        shop, "select=id,...orders(n,number:id,customer(name))&orders.order=id.desc&id=in.(1,3)", "Customer"
    ) == [
        {"id": 1, "n": [2, 1], "number": [2, 1], "customer": [{"name": "ann"}, {"name": "ann"}]},
        {"id": 3, "n": [], "number": [], "customer": []},
    ]
    assert rows(shop, "select=...parent(...customer(name)),n&id=eq.3") == [{"name": "ann", "n": 3}]


def test_groups(shop):
    assert rows(shop, "select=count()") == [{"count": 4}]
    assert rows(shop, "select=rows:count(),n.sum(),amount.avg(),at.max(),amount.count()&n=gt.100") == [
        {"rows": 0, "sum": None, "avg": None, "max": None, "count": 0}
    ]
    assert rows(shop, "select=n,c:count(),s:amount.sum(),a:amount.avg(),least:amount.min()&order=n.desc") == [
        {"n": 3, "c": 2, "s": "-3.00", "a": "-3.00000000", "least": "-3.00"},
        {"n": 2, "c": 1, "s": "0.25", "a": "0.25000000", "least": "0.25"},
        {"n": 1, "c": 1, "s": "10.50", "a": "10.50000000", "least": "10.50"},
    ]
    assert rows(shop, "select=s:n.sum(),a:n.avg(),t:n.sum()::text,i:amount.sum()::float8") == [
        {"s": 9, "a": 2.25, "t": "9", "i": 7.75}
    ]
    assert rows(shop, "select=customer(name),n.sum()&customer=not.is.null&limit=1") == [
        {"customer": {"name": "ann"}, "sum": 3}
    ]
    assert rows(shop, "select=...customer(name),n.sum()&customer=eq.1") == [{"name": "ann", "sum": 3}]
    assert rows(shop, "select=id,orders(n.sum(),c:count())&id=in.(1,3)", "Customer") == [
        {"id": 1, "orders": [{"sum": 3, "c": 2}]},
        {"id": 3, "orders": [{"sum": None, "c": 0}]},
    ]
    assert rows(shop, "select=score.sum(),a:score.avg()", "Customer") == [{"sum": 1e16 + 0.6, "a": (1e16 + 0.6) / 3}]


def test_sums_are_exact(fresh):
    fields = {
        "d": {"type": "decimal", "precision": 40, "scale": 10},
        "f": "number",
        "i": "integer",
    }
    path = fresh.table(fields)
    many = [{"d": "1234567890123456789012345678.0123456789", "f": 0.1, "i": 2**63 - 1} for _ in range(10)]
    fresh.send(
        "POST", f"{path}rows/", [*many, {"d": "-0.0000000001", "f": 1e300, "i": None}, {"f": -1e300}], status=201
    )
    assert fresh.get(f"{path}rows/?select=i.sum(),d:d.sum(),f:f.sum(),a:i.avg()") == [
        {"sum": 10 * (2**63 - 1), "d": "12345678901234567890123456780.1234567889", "f": 1.0, "a": float(2**63 - 1)}
    ]
    assert fresh.get(f"{path}rows/?select=d.avg()&d=gt.0") == [{"avg": "1234567890123456789012345678.0123456789000000"}]
    assert fresh.get(f"{path}rows/?select=f.sum(),a:f.avg()&id=lt.4") == [{"sum": 0.3, "a": 0.3 / 3}]


class Noted:
    """A cursor that notes what it runs."""

    def __init__(self, cursor, seen):
        self._cursor, self._seen = cursor, seen

    def execute(self, sql, *parameters):
        self._seen.append(sql)
        return self._cursor.execute(sql, *parameters)

    def __getattr__(self, name):
        return getattr(self._cursor, name)


@contextmanager
def statements(client, monkeypatch):
    """What is asked of the database, but for the state of the definitions."""
    seen: list[str] = []

    def note(connection, cursor, statement, parameters, context, many):
        seen.append(statement)

    def noted(connection, sql, parameters, *width):
        seen.append(sql)
        return fetched(connection, sql, parameters, *width)

    enter = raw_cursor.__enter__
    engine = client.catalogue.database.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    with monkeypatch.context() as patch:
        patch.setattr(raw_cursor, "__enter__", lambda self: Noted(enter(self), seen))
        if engine.dialect.name == "postgresql":  # whose reads have no cursor
            patch.setattr(prepared, "fetched", noted)
        yield seen
    sa.event.remove(engine, "before_cursor_execute", note)
    seen[:] = [each for each in seen if "_dynmodel_state" not in each and each.startswith(("SELECT", "WITH"))]


@pytest.mark.parametrize(
    "query",
    [
        "select=*,customer(*,orders(*,parts(*,seen_by(*)))),seen_by(*),parts(*,customer!inner(*))&limit=10",
        "select=*,customer(*,orders(*,parts(*,seen_by(*)))),seen_by(*),parts(*,customer(*))",
    ],
)
def test_a_page_is_one_statement(shop, query, monkeypatch):
    rows(shop, query)
    with statements(shop, monkeypatch) as seen:
        rows(shop, query)
    assert len(seen) == 1, seen


def test_embedding_answers_bear_the_revision(shop):
    answer = shop.send("GET", "/table/Order/rows/?select=id,customer(name)", status=200)
    assert answer.headers["Definitions-Revision"].isdigit()
    assert "Definitions-Revision" not in shop.send("GET", "/table/Order/rows/?select=id", status=200).headers


def test_kept_plans_follow_definitions_of_far_tables(fresh):
    open_shop(fresh)
    query = "select=id,customer(*)&id=eq.1"
    before = rows(fresh, query)[0]["customer"]
    change = {"fields": {"title": {"renamed_from": "name"}}}
    fresh.send("PATCH", "/table/1/", change, status=200)
    after = rows(fresh, query)[0]["customer"]
    assert after == {("title" if name == "name" else name): value for name, value in before.items()}
    assert rows(fresh, query)[0]["customer"] == after
