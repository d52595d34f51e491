"""Indexes serve the order of a query and where its cursor stands; pages by cursors are right among ties and nulls."""

from contextlib import closing

import pytest

from tests.bench.queries import recorded

VALUES = [3, None, 1, 2, 2, None, 1, 2, 3, None, 2, 0]
ROWS = "/table/1/rows/"


@pytest.fixture(scope="module")
def counted(client):
    """Rows with ties and nulls, an index on the values."""
    client.table({"n": {"type": "integer", "index": True}, "m": "integer"}, "Counted")
    rows = [{"n": n, "m": None if number % 5 == 0 else number % 3} for number, n in enumerate(VALUES)]
    client.send("POST", ROWS, rows, status=201)
    return client


def page(client, query):
    """The ids, and the addresses of the pages around."""
    # What is asked again is answered by other statements than what is asked once.
    answer, *again = [client.send("GET", f"{ROWS}?{query}") for _ in range(3)]
    assert all(each.body == answer.body for each in again)
    links = dict(reversed(each.split("; ", 1)) for each in answer.headers.get("Link", "").split(", ") if each)
    return [row["id"] for row in answer.json], {name[5:-1]: link[1:-1] for name, link in links.items()}


@pytest.mark.parametrize("first", ["n", "n.nullsfirst", "n.desc", "n.desc.nullslast"])
@pytest.mark.parametrize("further", ["", ",id.desc", ",m.desc.nullslast", ",m.nullsfirst,_version.desc"])
@pytest.mark.parametrize("limit", [1, 4, 5])
def test_cursors_among_ties_and_nulls(counted, first, further, limit):
    order = f"order={first}{further}"
    whole, _ = page(counted, order)
    for start in range(0, len(whole), 2):
        here, links = page(counted, f"{order}&limit={limit}&offset={start}")
        for name, wanted in (
            ("next", whole[start + limit : start + 2 * limit]),
            ("prev", whole[max(0, start - limit) : start]),
        ):
            assert (name in links) == bool(wanted)
            if wanted:
                assert page(counted, links[name].partition("?")[2])[0] == wanted, (name, start)


def test_cursors_with_an_offset(counted):
    whole, _ = page(counted, "order=n")
    _, links = page(counted, "order=n&limit=2")
    for offset in range(12):
        query = f"{links['next'].partition('?')[2]}&offset={offset}"
        assert page(counted, query)[0] == whole[2 + offset : 4 + offset]


def explained(client, query):
    """How the database runs the queries of rows that an answer takes."""
    engine = client.catalogue.database.engine
    with recorded(engine) as statements:
        client.send("GET", f"{ROWS}?{query}")
    assert len(statements) == 1
    sqlite = engine.dialect.name == "sqlite"
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        if not sqlite:
            # Of so few rows an index is not worth its while.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"{'EXPLAIN QUERY PLAN' if sqlite else 'EXPLAIN'} {statements[0][0]}", *statements[0][1:])
        # SQLite finds ids first, for which an index may have all that is needed.
        return "\n".join(row[-1] for row in cursor.fetchall()).replace("COVERING ", "")


@pytest.mark.parametrize("order", ["n", "n.desc,id.desc"])
def test_an_index_has_the_order(counted, order):
    plan = explained(counted, f"order={order}&limit=3")
    assert "_ix_1_1" in plan
    assert "TEMP B-TREE" not in plan, "SQLite sorts what the index has in order"


@pytest.mark.parametrize("order", ["n", "n.desc", "n.nullsfirst", "n.desc.nullslast"])
def test_an_index_leads_to_where_the_cursor_stands(counted, order):
    start = 4 if order in ("n.desc", "n.nullsfirst") else 1
    _, links = page(counted, f"order={order}&limit=2&offset={start}")
    plan = explained(counted, links["next"].partition("?")[2])
    wanted = "SEARCH Counted USING INDEX _ix_1_1 (n" if "Counted USING" in plan else "Index Cond: (n "
    assert wanted in plan
