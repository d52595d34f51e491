"""Guards of queries: each is a setting, and refuses rather than cuts."""

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.catalogue.attempt import Attempt
from dynmodel_pyramid.rows import kept_plans


def refused(client, query, code, status=400):
    return client.refused("GET", f"/table/Order/rows/?{query}", status=status, code=code)


def test_expressions_nesting_and_embedding(shop):
    client = shop(max_expressions=5, max_nesting=2, max_embedding=1)
    client.get("/table/Order/rows/?n=eq.1&or=(n.eq.1)&select=customer(id)")
    refused(client, "&".join(["n=eq.1"] * 6), "query_too_complex")
    refused(client, "or=(n.eq.1,or(n.eq.2,or(n.eq.3)))", "query_too_complex")
    refused(client, "select=customer(orders(id))", "query_too_complex")
    client.refused(
        "POST", "/table/Order/query/", {"select": "customer(orders(id))"}, status=400, code="query_too_complex"
    )


def test_a_query_of_the_greatest_size(shop):
    """What the defaults admit, both databases take, or it is refused."""
    client = shop()
    conditions = ",".join(f"n.eq.{number}" for number in range(990))
    assert [row["id"] for row in client.get(f"/table/Order/rows/?or=({conditions})&select=id")] == [1, 2, 3, 4]
    conditions = "&".join("n=gt.0" for _ in range(990))
    assert len(client.get(f"/table/Order/rows/?{conditions}")) == 4
    many = ",".join(map(str, range(9000)))
    document = {"where": {"id": f"in.({many})", "n": f"in.({many})", "customer": f"in.({many})"}}
    assert len(client.send("POST", "/table/Order/query/", document, status=200).json) == 3
    document["where"]["payer"] = f"in.({many})"
    client.refused("POST", "/table/Order/query/", document, status=400, code="query_too_complex")


def test_values_of_all_lists_together(shop):
    client = shop(max_values=10)
    many = "in.(1,2,3,4,5)"
    assert len(client.get(f"/table/Order/rows/?id={many}&n={many}")) == 4
    refused(client, f"id={many}&n={many}&customer=in.(1)", "query_too_complex")
    client.refused(
        "PATCH", f"/table/Order/rows/?id={many}&n={many}&customer=in.(1)", {}, status=400, code="query_too_complex"
    )
    document = {"where": {"id": {"in": [1] * 5}, "n": {"eq(any)": [1] * 6}}}
    client.refused("POST", "/table/Order/query/", document, status=400, code="query_too_complex")


def test_one_field_under_many_names(shop):
    client = shop()
    names = [f"a{number}:n" for number in range(21)]
    assert len(client.get(f"/table/Order/rows/?select={','.join(names[:20])}")[0]) == 20
    for select in (",".join(names), f"customer({','.join(name.replace(':n', ':id') for name in names)})"):
        refused(client, f"select={select}", "query_too_complex")
    # Such are values of their own.
    client.get(
        "/table/Order/rows/?select="
        + ",".join(f"a{number}:n.{what}()" for number, what in enumerate(("max", "min", "sum")))
    )


def test_bytes_of_a_query(shop):
    client = shop(max_query_size=60)
    refused(client, "n=eq.1&select=id," + ",".join(f"a{n}:n" for n in range(20)), "query_too_complex")
    long = {"where": {"n": {"in": list(range(50))}}}
    client.refused("POST", "/table/Order/query/", long, status=413, code="payload_too_large")


def test_many_values_are_one_parameter(shop):
    """Lists that are written out when the statement runs, and such as are not, find the same rows."""
    client = shop()
    for count in (100, 101, 5000):
        numbers = ",".join(map(str, range(3, 3 + count)))
        for query in (f"id=in.({numbers})", f"id=not.in.({numbers})", f"n=in.({numbers})&id=gt.0&limit=9"):
            rows = client.get(f"/table/Order/rows/?select=id&{query}")
            if query.startswith("id"):
                expected = [1, 2] if "not" in query else [3, 4]
                assert [row["id"] for row in rows] == expected
            client.send("GET", f"/table/Order/rows/?select=id&{query}", prefer="count=exact")


@pytest.mark.parametrize(
    "query",
    [
        "select=" + ",".join(f"x{n}:n::timestamptz" for n in range(300)),
        "select=" + ",".join(f"x{n}:n::timestamptz.max()::text" for n in range(300)),
        "select=" + ",".join(f"x{n}:parts(*,customer(*),seen_by(*))" for n in range(160)),
    ],
)
def test_what_a_query_becomes_is_bounded(shop, query):
    """It is refused while it is made: no more elements of SQL are made than are sent."""
    answer = refused(shop(), query, "query_too_complex")
    assert "more SQL" in answer.json["detail"]


def test_relations_that_are_spread_deeply(shop):
    """Each level is made once, not once for each value of the level above."""
    client = shop()
    query = "x0:id"
    for depth in range(1, 10):
        query = f"x{depth}:id,...parts({query})"
    answer = client.send("GET", f"/table/Order/rows/?select={query}&id=eq.1")
    assert answer.status_int == 200 or answer.json["code"] == "query_too_complex"
    query = "x0:id"
    for depth in range(1, 6):
        query = f"x{depth}:id,...parts({query})"
    [row] = client.get(f"/table/Order/rows/?select={query}&id=eq.1")
    assert list(row) == ["x5", "x4", "x3", "x2", "x1", "x0"]


def test_plans_are_kept_by_their_size(shop):
    client = shop()
    for number in range(200):
        client.get(f"/table/Order/rows/?select=x{number}:n::text,id&n=eq.{number}")
    kept = Attempt(client.catalogue).model("order").once("plans", lambda model: None)
    weights = [weight for weight, _ in kept._kept.values()]
    assert 0 < len(weights) <= kept_plans.PLANS
    assert sum(weights) == kept._weight <= kept_plans.PLANS_WEIGH
    client.get("/table/Order/rows/?select=" + ",".join(f"x{n}:n::date" for n in range(20)))
    assert [weight for weight, _ in kept._kept.values()] == weights, "a large plan takes nobody's place"


def test_deep_embedding(shop):
    """Answered, or refused as more than the database takes; nothing else."""
    client = shop(max_embedding=40)
    for kind in ("parts", "parent", "seen_by", "customer"):
        back = {"parts": "parts", "parent": "parent", "seen_by": "seen", "customer": "orders"}[kind]
        for depth in (3, 5, 7, 10, 40) if kind == "parent" else (3, 5, 7, 10):
            names = [kind if number % 2 == 0 else back for number in range(depth)]
            query = "select=id," + "(id,".join(names) + "(id" + ")" * depth
            answer = client.send("GET", f"/table/Order/rows/?{query}")
            assert answer.status_int == 200 or answer.json["code"] == "query_too_complex", (kind, depth, answer.text)
            assert answer.status_int == 200 or depth > 5, (kind, depth)


def test_many_relations_of_one_row(shop):
    client = shop()
    query = ",".join(f"c{number}:customer(name)" for number in range(50))
    assert client.get(f"/table/Order/rows/?select={query}&id=eq.1") == [
        {f"c{number}": {"name": "ann"} for number in range(50)}
    ]
    query += ",other:customer(name)"
    refused(client, f"select={query}", "query_too_complex")


def test_rows(shop):
    client = shop(max_rows=2)
    for query in ("", "limit=3", "select=id&n=gt.0", "order=n"):
        answer = refused(client, query, "too_many_rows")
        assert "limit=2" in answer.json["hint"]
    assert len(client.get("/table/Order/rows/?limit=2")) == 2
    assert len(client.get("/table/Order/rows/?n=eq.3")) == 2
    assert client.get("/table/Order/rows/?select=count()") == [{"count": 4}]


def test_time(shop):
    client = shop(statement_timeout=0.2)
    database = client.catalogue.database
    with database.reading() as connection:
        database.dialect.bound_statements(connection, 0.05)
        endless = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t"
        with pytest.raises(sa.exc.DBAPIError) as caught:
            connection.exec_driver_sql(endless)
        assert database.failure(caught.value).kind == "timeout"
    with database.reading() as connection:
        # The connection is none the worse for it.
        assert connection.scalar(sa.text("SELECT 1")) == 1


def test_a_slow_query_is_answered_504(shop, monkeypatch):
    client = shop(statement_timeout=0.05)
    from dynmodel_pyramid.rows.querying import Queried

    endless = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t"
    attempts = []

    def page(self, connection, *part, **options):
        attempts.append(part)
        connection.exec_driver_sql(endless)

    monkeypatch.setattr(Queried, "page", page)
    answer = client.app.get("/table/Order/rows/?limit=1", expect_errors=True)
    assert answer.status_int == 504
    assert answer.json["code"] == "statement_timeout"
    assert len(attempts) == 1, "it would take as long again"
    monkeypatch.undo()
    assert len(client.get("/table/Order/rows/?limit=9")) == 4


def test_reads_are_read_only(shop):
    client = shop()
    database = client.catalogue.database
    if database.dialect.schema is None:
        # SQLite has no such transactions: a read is one that lets others write.
        with database.reading() as connection, database.changing() as writer:
            connection.exec_driver_sql("SELECT 1")
            writer.exec_driver_sql('UPDATE "Order" SET _version = _version')
        return
    with database.reading() as connection, pytest.raises(sa.exc.DBAPIError, match="read-only"):
        connection.exec_driver_sql("CREATE TABLE x (a integer)")
    with database.changing() as connection:
        assert connection.scalar(sa.text("SHOW transaction_read_only")) == "off"
