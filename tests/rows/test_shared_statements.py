"""Queries that differ in values only share a frame and its statements.

That what they share is right, ``tests/conftest.py`` asks in all tests (:mod:`tests.taken_over`).
"""

import gc
import re

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.pysqlite import dialect as pysqlite_dialect

from dynmodel_pyramid.catalogue.attempt import Attempt
from dynmodel_pyramid.queries.sql.plans import Conditions, Frame, Shape
from dynmodel_pyramid.rows.kept_plans import KeptPlans, SharedStatements
from dynmodel_pyramid.rows.prepared import PreparedSelect
from tests.taken_over import SHARED

ROWS = [
    {"name": f"name {number}", "number": None if number % 5 == 0 else number % 7, "at": "2020-01-01T00:00:00Z"}
    for number in range(60)
]
#: Queries of one structure, with the values of each and the numbers of the rows that they find.
ALIKE = {
    "a value": ("?name=eq.{}", {f"name {number}": [number] for number in (3, 4, 5)}),
    "a range": (
        "?number=gt.{}&name=like.*1*&limit=50",
        {n: [k for k in range(60) if "1" in str(k) and k % 5 and k % 7 > n] for n in (2, 3, 4)},
    ),
    "a page in an order": (
        "?number=eq.{}&order=number.desc,name&limit=2",
        {n: sorted((k for k in range(60) if k % 5 and k % 7 == n), key=lambda k: f"name {k}")[:2] for n in (1, 2, 3)},
    ),
    "alternatives": (
        "?or=(number.is.null,name.eq.{})&offset=2&limit=3",
        {f"name {n}": sorted({*range(0, 60, 5), n})[2:5] for n in (1, 2, 8)},
    ),
    "a deep page": ("?number=gte.0&offset={}&limit=2", {n: [k for k in range(60) if k % 5][n : n + 2] for n in (9, 8)}),
    "a time": ("?at=lt.{}&limit=1", {"now-1s": [0], "now-1h": [0], "2020-01-02": [0], "2020-02-01": [0]}),
}


@pytest.fixture
def rows(app):
    fields = {"name": "string", "number": "integer", "at": "datetime"}
    app.post_json("/table/", {"model_name": "Thing", "fields": fields}, status=201)
    app.post_json("/table/1/rows/", ROWS, status=201)
    return "/table/1/rows/"


def shares(ask):
    """Whether this request takes over a statement, and its answer."""
    before = SHARED["statement"]
    answer = ask()
    return SHARED["statement"] > before, answer


def found(answer):
    return [int(row["name"].removeprefix("name ")) for row in answer.json]


@pytest.mark.parametrize("query, values", ALIKE.values(), ids=ALIKE)
def test_other_values_take_over_the_statement(app, rows, query, values):
    # The second one may have the statement that is made for pages that are read often.
    for number, (value, expected) in enumerate([*values.items(), *values.items()]):
        is_shared, answer = shares(lambda value=value: app.get(rows + query.format(value)))
        assert found(answer) == expected, value
        assert is_shared or number < 2 or number >= len(values), value


def test_a_count_takes_over_its_statement(app, rows):
    for number, value in enumerate((1, 2, 3)):
        expected = sum(1 for k in range(60) if k % 5 and k % 7 == value)
        url = f"{rows}?number=eq.{value}&limit=0"
        is_shared, answer = shares(lambda url=url: app.get(url, headers={"Prefer": "count=exact"}))
        assert answer.headers["Content-Range"].endswith(f"/{expected}")
        assert is_shared or not number


@pytest.mark.parametrize("order", ["", "&order=number", "&order=number.desc,name", "&order=number.nullsfirst"])
def test_pages_by_cursor_take_over_their_statements(app, rows, order):
    """Through all rows and back; where rows without a number begin, the condition is another one."""
    for way in ("next", "prev"):
        url = rows + ("?_before=end" if way == "prev" else "?") + f"&limit=7{order}"
        seen, shared, pages = [], 0, 0
        while url is not None:
            is_shared, answer = shares(lambda url=url: app.get(url))
            seen = [*seen, *found(answer)] if way == "next" else [*found(answer), *seen]
            shared, pages = shared + is_shared, pages + 1
            url = dict(map(reversed, re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers["Link"]))).get(way)
        by_id = app.get(f"{rows}?limit=100{order}")
        assert seen == found(by_id) and len(seen) == 60
        assert pages == 9 and shared >= (6 if not order else 2)


@pytest.mark.parametrize(
    "one, other",
    [
        ("?name=eq.a", "?name=neq.a"),
        ("?name=eq.a", "?number=eq.1"),
        ("?name=eq.a", "?name=eq.a&number=eq.1"),
        ("?number=is.null", "?number=is.not_null"),
        ("?and=(number.gt.1,name.eq.a)", "?or=(number.gt.1,name.eq.a)"),
        ("?name=eq.a&order=number", "?name=eq.b&order=number.desc"),
        ("?name=eq.a&select=name", "?name=eq.b&select=name,number"),
    ],
)
def test_another_structure_has_a_statement_of_its_own(app, rows, one, other):
    app.get(rows + one)
    is_shared, _ = shares(lambda: app.get(rows + other))
    assert not is_shared


def test_a_new_version_has_statements_of_its_own(app, rows):
    app.get(f"{rows}?name=eq.a")
    app.patch_json("/table/1/", {"fields": {"more": "string"}})
    is_shared, answer = shares(lambda: app.get(f"{rows}?name=eq.name 1"))
    assert not is_shared and answer.json[0]["more"] is None


class Unknown(sa.types.TypeDecorator):
    """Of a package that does not say whether SQLAlchemy may know it again."""

    impl = sa.Text
    cache_ok = None


TABLE = sa.Table("t", sa.MetaData(), sa.Column("id", sa.Integer), sa.Column("value", sa.Text))
STRANGE = sa.Table("t", sa.MetaData(), sa.Column("id", sa.Integer), sa.Column("value", Unknown))
PAGE = Shape(False, False)


def shared_of(table):
    """The cache of a table's plans, and what makes a statement of the rows that clauses allow."""
    kept, rows = KeptPlans(), sa.select(table.c.id)
    shared = SharedStatements(kept, Frame(("id",), lambda: (table, rows), [], 1, is_shared=True), keeps=True)

    def statement(*clauses):
        conditions = Conditions(clauses)
        found = shared.find(PAGE, conditions)
        if found is None:
            found = PreparedSelect(rows.where(*clauses), pysqlite_dialect(), replaceable=shared.values_of(conditions))
            shared.keep(PAGE, conditions, found, 1)
        return found

    return kept, statement


def test_statements_over_types_that_nobody_knows_again_are_not_shared():
    kept, statement = shared_of(STRANGE)
    for value in ("a", "b"):
        assert statement(STRANGE.c.value == value)._given({}) == [value]
    assert not kept._kept


def test_a_value_that_is_meant_twice_is_replaced_twice():
    _, statement = shared_of(TABLE)
    for value in ("a", "b"):
        same = sa.literal(value)
        made = statement(sa.or_(TABLE.c.value == same, TABLE.c.value == same + "c"), TABLE.c.id > len(value))
        assert made._given({}) == [value, value, "c", 1]


def test_a_kept_statement_has_nobodys_values():
    kept, statement = shared_of(TABLE)
    statement(TABLE.c.value == "secret", TABLE.c.id > 7)
    [(_, made)] = kept._kept.values()
    assert made._constants == {}


def plans_of(app):
    return Attempt(app.app.registry.dynmodel_catalogue).model(1).once("plans", lambda model: KeptPlans())._kept


def test_nothing_of_a_long_query_is_kept(app, rows):
    app.get(f"{rows}?name=eq.a")
    before = set(plans_of(app))
    for query in (f"name=eq.a&name=eq.{'b' * 3000}", f"select={'c' * 3000}:name", f"number=eq.1&name=neq.{'d' * 3000}"):
        app.get(f"{rows}?{query}")
    assert set(plans_of(app)) == before
    # What is there is used.
    is_shared, answer = shares(lambda: app.get(f"{rows}?name=eq.{'b' * 3000}"))
    assert is_shared and answer.json == []


def test_a_plan_that_nobody_shares_keeps_its_statements_itself(app, rows):
    kept = set(plans_of(app))
    for _ in range(3):
        for query in ("select=number,count()&limit=2", "_search=name", "select=name&name=eq.a&order=name&_search=b"):
            app.get(f"{rows}?{query}", headers={"Prefer": "count=exact"})
    assert len(set(plans_of(app)) - kept) == 1  # the plan of the groups, by its text


def test_what_is_kept_does_not_keep_the_request(app, rows):
    for number in range(5):
        app.get(f"{rows}?select=x{number}:name&number=eq.{number}")
        app.get(f"{rows}?select=number,x{number}:count()")
    gc.collect()
    assert not [each for each in gc.get_objects() if isinstance(each, Attempt)]
