"""Guards of queries: each is a setting, and refuses rather than cuts."""

import pytest
import sqlalchemy as sa

from tests.web.client import Client
from tests.web.shop import open_shop


@pytest.fixture
def shop(make_app):
    def make(**further) -> Client:
        client = Client(make_app(**{f"dynmodel.{name}": str(value) for name, value in further.items()}))
        open_shop(client)
        return client

    return make


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
