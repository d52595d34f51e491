"""Rows that SQLite gives in one step are those that the driver fetches one by one."""

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from dynmodel_pyramid.database.cursors import TAKE, driver_connection, fetched, fetched_plainly
from dynmodel_pyramid.database.sqlite_rows import TakenRows

VALUES = (
    st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.sampled_from([0.0, -0.0, 1.0, 1e300])
    | st.text()
    | st.sampled_from(["", "a\x00b", "\x00", "\ufeff\u2028\U0010ffff"])
    | st.binary()
)
#: The affinities of columns, which give values other types.
KINDS = ("TEXT", "BIGINT", "FLOAT", "BOOLEAN", "BLOB")


@pytest.fixture(scope="module")
def connection():
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        connection.connection.info[TAKE] = TakenRows(driver_connection(connection))
        yield connection
    engine.dispose()


def both(connection, sql, parameters, width):
    taken = fetched(connection, sql, parameters, width)
    plainly = fetched_plainly(connection, sql, parameters)
    assert [column[1] for column in taken[0]] == [column[1] for column in plainly[0]]
    # 1 and 1.0 are equal, and so are both zeros.
    assert repr(taken[1]) == repr(plainly[1])
    return taken[1]


@given(rows=st.lists(st.tuples(*[VALUES] * len(KINDS)), max_size=5), limit=st.integers(0, 6))
def test_values_and_order(connection, rows, limit):
    raw = driver_connection(connection)
    raw.execute("DROP TABLE IF EXISTS things")
    raw.execute(f"CREATE TABLE things (id INTEGER PRIMARY KEY, {', '.join(f'c{kind} {kind}' for kind in KINDS)})")
    raw.executemany("INSERT INTO things VALUES (NULL, ?, ?, ?, ?, ?)", rows)
    sql = 'SELECT id AS _0, *, cTEXT AS "a""b", id FROM things WHERE id < ? ORDER BY {} LIMIT ?'
    for order in ("id DESC", "cTEXT, id", "cFLOAT DESC NULLS LAST, cBLOB, id"):
        assert len(both(connection, sql.format(order), (5, limit), 9)) == min(limit, len(rows), 4)


def test_more_values_than_a_function_takes(connection):
    most = connection.connection.info[TAKE].most
    for width in (most, most + 1):
        assert both(connection, f"SELECT {', '.join(map(str, range(width)))} LIMIT 2", (), width) == [(*range(width),)]


@pytest.mark.parametrize("error", ["CAST(x'ff' AS TEXT)", "abs(-9223372036854775808)", "missing"])
def test_errors_are_the_drivers(connection, error):
    sql = f"SELECT 1, {error} LIMIT 5"
    messages = []
    for fetch in (lambda: fetched(connection, sql, (), 2), lambda: fetched_plainly(connection, sql, ())):
        with pytest.raises(sa.exc.OperationalError) as caught:
            fetch()
        messages.append(str(caught.value.orig))
    assert messages[0] == messages[1]
    assert both(connection, "SELECT 1 LIMIT 1", (), 1) == [(1,)]
