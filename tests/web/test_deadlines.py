"""The time that statements may take, where they call functions in Python and where definitions change."""

import json

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.database.sqlite import DEADLINE
from dynmodel_pyramid.database.texts import functions
from dynmodel_pyramid.testing.databases import database_settings
from tests.web.client import Client

#: A call of each function that SQLite gets of us.
CALLS = [
    "dynmodel_match('a', 'b')",
    "dynmodel_float_text(1.5)",
    "dynmodel_json_float(1.5)",
    "dynmodel_float('1.5', '.*')",
    "dynmodel_complement('12')",
    f"{functions.FOLD}('A')",
    f"{functions.FOLD_ACCENTS}('Á')",
    f"{functions.SEARCH}('a', 'a', 0)",
    "dynmodel_rounded('1.5')",
    "dynmodel_sortable('1.5', 10, 2)",
    "dynmodel_json('[1]')",
    "dynmodel_json_of('[1]')",
    "dynmodel_json_texts('[\"a\"]')",
    "dynmodel_array_order('[1]', '[2]')",
    "dynmodel_json_contains('[1]', '[1]')",
    "dynmodel_json_path('[1]', '[0]', 0)",
    "dynmodel_json_number('1', '1')",
    "dynmodel_json_size('1')",
    "dynmodel_sum(value, 'integer')",
    "dynmodel_avg(value, 'integer')",
]


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory):
    """A database of the package, without an application."""
    from dynmodel_pyramid.database import Database
    from dynmodel_pyramid.settings import Settings

    with database_settings("sqlite", tmp_path_factory.mktemp("deadlines")) as settings:
        database = Database(Settings(settings))
        yield database
        database.close()


@pytest.mark.parametrize("call", CALLS)
def test_every_function_looks_at_the_clock(sqlite, call):
    with sqlite.reading() as connection:
        query = sa.text(f"SELECT {call.replace(':', chr(92) + ':')} FROM (SELECT 1 AS value)")
        sqlite.dialect.bound_statements(connection, 60)
        expected = connection.scalar(query)
        assert expected is not None
        deadline = connection.connection.info[DEADLINE]
        deadline.set(-1)
        with pytest.raises(sa.exc.DBAPIError) as caught:
            connection.scalar(query)
        assert sqlite.failure(caught.value).kind == "timeout"
        sqlite.dialect.unbound_statements(connection)
        assert connection.scalar(query) == expected
        sqlite.dialect.bound_statements(connection, 60)
        deadline.set(-1)
    with sqlite.reading() as connection:
        assert connection.scalar(query) == expected, "what bounded a connection is gone when it is given back"


def test_all_functions_are_tried(sqlite):
    with sqlite.reading() as connection:
        names = connection.scalars(
            sa.text("SELECT DISTINCT name FROM pragma_function_list WHERE name LIKE 'dynmodel%'")
        )
        # One takes rows as they come, without work of its own.
        assert set(names) == {call.partition("(")[0] for call in CALLS} | {"dynmodel_rows"}


def test_a_function_that_fails_otherwise_is_no_timeout(sqlite):
    with sqlite.reading() as connection:
        sqlite.dialect.bound_statements(connection, 60)
        with pytest.raises(sa.exc.DBAPIError) as caught:
            connection.scalar(sa.text("SELECT dynmodel_json('[')"))
        assert sqlite.failure(caught.value).kind == "other"


def test_a_search_that_may_take_longer_than_is_left_is_not_begun(sqlite):
    """RE2 can't be interrupted: text and pattern bound its time."""
    with sqlite.reading() as connection:
        query = sa.text("SELECT dynmodel_match(:pattern, :text)")
        sqlite.dialect.bound_statements(connection, 5)
        assert connection.scalar(query, {"pattern": "c", "text": "ab" * 500_000}) == 0
        with pytest.raises(sa.exc.DBAPIError) as caught:
            connection.scalar(query, {"pattern": "a[ab]{900}[cd]", "text": "ab" * 500_000})
        assert sqlite.failure(caught.value).kind == "timeout"


@pytest.fixture
def nested(make_app):
    """Rows whose values take long to compare, and the condition that does it."""

    def make(**further) -> tuple[Client, dict]:
        client = Client(make_app(**{f"dynmodel.{name}": str(value) for name, value in further.items()}))
        client.table({"data": "json", "n": "integer"}, "Deep")
        # PostgreSQL looks at its clock between rows only.
        client.row("/table/Deep/", [{"data": [[[n]] for n in range(200)], "n": 1}] * 400)
        return client, {"data": {"cs": json.dumps([[[n]] for n in range(199, -2, -1)])}}

    return make


def test_a_slow_condition_is_504_wherever_it_stands(nested):
    client, where = nested(statement_timeout=0.1)
    client.app.get("/table/Deep/rows/?n=eq.1&limit=1", status=200)
    text = where["data"]["cs"].replace(" ", "")
    for method, path, document in (
        ("POST", "/table/Deep/query/", {"where": where}),
        ("GET", f"/table/Deep/rows/?data=cs.{text}&select=id", None),
        ("GET", f"/table/Deep/rows/?data=cs.{text}&limit=1", None),
        ("PATCH", f"/table/Deep/rows/?data=cs.{text}", {"n": 2}),
        ("DELETE", f"/table/Deep/rows/?data=cs.{text}", None),
    ):
        body = b"" if document is None else json.dumps(document).encode()
        headers = {"Content-Type": "application/json"} if body else {}
        answer = client.app.request(path, method=method, body=body, headers=headers, expect_errors=True)
        assert (answer.status_int, answer.json["code"]) == (504, "statement_timeout"), (method, path[:30])
        rest = path.replace("/table/Deep/rows/", "/rest/Deep")
        if rest != path:
            answer = client.app.request(rest, method=method, body=body, headers=headers, expect_errors=True)
            assert answer.json["code"] == "57014", (method, rest[:30])
    assert client.get("/table/Deep/rows/?select=n,count()") == [{"n": 1, "count": 400}]


def test_a_change_that_takes_too_long_is_504_and_changes_nothing(make_app, monkeypatch):
    client = Client(make_app())
    path = client.table({"a": "string"}, "Wide")
    rows = "a\n" + "\n".join(f"{n}.5" for n in range(30_000))
    client.send(
        "POST", f"{path}rows/", body=rows.encode(), content_type="text/csv", prefer="return=minimal", status=201
    )
    before = client.get(path)
    short = Client(make_app())
    # Not by its setting: to look at the system tables at the start takes as long on a busy machine.
    monkeypatch.setattr(short.app.app.registry.dynmodel_settings, "change_timeout", 0.005)
    for method, target in (("PATCH", path), ("POST", f"{path}plan/")):
        document = {"fields": {"a": {"type": "number"}}}
        if method == "POST":
            document = {**before, "fields": document["fields"]}
        answer = short.app.request(
            target,
            method=method,
            body=json.dumps(document).encode(),
            headers={"Content-Type": "application/json"},
            expect_errors=True,
        )
        assert (answer.status_int, answer.json["code"]) == (504, "statement_timeout"), (method, answer.text)
    assert client.get(path) == before
    assert client.send("PATCH", path, {"fields": {"a": {"type": "number"}}}).status_int == 200
