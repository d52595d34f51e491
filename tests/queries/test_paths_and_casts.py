"""Parts of JSON, casts and text search: the same on both databases."""

import datetime
import itertools
from decimal import ROUND_HALF_UP, Decimal

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.errors import Conflict, Malformed
from dynmodel_pyramid.queries.sql.casts import CASTS, cast
from dynmodel_pyramid.queries.sql.comparisons import condition
from dynmodel_pyramid.queries.sql.json_paths import part_of
from tests.queries.test_comparisons import FIELDS

PATHS = [["a"], ["b"], ["b", "c"], ["b", "c", 2], ["b", "c", -1], [0], [1], [-1], [5], ["0"], ['q"uote\\'], ["é"],
         ["long"], ["a", "b"], ["a", 1, "b"], ["d"], ["b", "d"], [0, 0], [""], ["bb"], [1, 0], [2**31 - 1],
         ["a'b"], []]  # fmt: skip


def both(table, make):
    """What both databases give for an expression that is made of a database's name."""
    one, other = (table.values(database, make(database)) for database in ("sqlite", "postgresql"))
    assert one == other, [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1]]
    return one


@pytest.mark.parametrize("steps", PATHS, ids=str)
def test_parts_of_json(table, steps):
    def part(database, as_text):
        return part_of(table.subject(database, "json_"), steps, as_text)

    both(table, lambda database: part(database, False).expression)
    texts = both(table, lambda database: part(database, True).expression) if steps else []
    wanted = [text for text in dict.fromkeys(texts) if text is not None][:5]
    for as_text, operator, text in [
        *itertools.product([True], ["eq", "neq", "gt", "like", "match", "isdistinct"], wanted),
        *itertools.product([False], ["gt", "gte", "lt", "lte", "eq"], ["1", "9.5", "10", "1e23", "-1"]),
        *itertools.product([False], ["eq", "cs", "cd"], ['"x"', "null", "[1,2]", '{"b":2}', "true"]),
        *itertools.product([False, True], ["is"], ["null", "not_null"]),
    ]:
        if as_text and not steps:
            continue
        try:
            found = [
                table.ids(database, condition(part(database, as_text), operator, text))
                for database in ("sqlite", "postgresql")
            ]
        except Malformed:
            assert operator == "match"
            continue
        assert found[0] == found[1], (steps, as_text, operator, text)


def test_numbers_in_json_have_an_order(table):
    subject = part_of(table.subject("sqlite", "json_"), ["a"], False)
    ids = table.ids("sqlite", condition(subject, "gt", "9"))
    assert sorted(table.rows[number - 1]["json_"]["a"] for number in ids)[0] == 9.5
    assert {10, 1e23} <= {table.rows[number - 1]["json_"]["a"] for number in ids}
    with pytest.raises(Malformed, match="want a number"):
        condition(subject, "gt", '"9"')


def test_only_json_has_parts(table):
    with pytest.raises(Malformed, match="text_ is no JSON"):
        part_of(table.subject("sqlite", "text_"), ["a"], True)
    with pytest.raises(Malformed, match="places of 32 bits"):
        part_of(table.subject("sqlite", "json_"), [2**31], True)


@pytest.mark.parametrize("name", FIELDS)
def test_casts(table, name):
    try:
        cast(table.subject("sqlite", name), "text")
    except Malformed as error:
        assert error.code == "unknown_cast"
        assert name[:-1] in ("point", "tags", "multi_choice", "links", "ip_address") or name in (
            "linked",
            "listed",
        )
        return
    for kind in ("text", "int8", "float8", "boolean", "date", "timestamptz", "numeric", "jsonb"):
        values = both(table, lambda database, kind=kind: cast(table.subject(database, name), kind).expression)
        if kind == "text" and name != "number_":
            assert [value is None for value in values] == [table.rows[number].get(name, number) is None
                                                           for number in range(len(values))]  # fmt: skip


def test_casts_give_what_is_meant(table):
    def values(name, kind):
        return both(table, lambda database: cast(table.subject(database, name), kind).expression)

    stored = [row["datetime_"] for row in table.rows]
    days = [None if text is None else datetime.date.fromisoformat(text[:10]) for text in stored]
    assert values("datetime_", "date") == days
    # Others need more digits than a cast takes, or have no text that both databases write alike.
    plain = [number for number in values("number_", "double precision") if number is not None]
    assert plain == [number for number in (row["number_"] for row in table.rows) if _is_plain(number)]
    assert values("decimal_", "text") == [row["decimal_"] for row in table.rows]
    assert values("long_", "text") == [row["long_"] for row in table.rows]
    assert values("id", "text") == [str(row["id"]) for row in table.rows]
    for database in ("sqlite", "postgresql"):
        ids = table.ids(database, condition(cast(table.subject(database, "id"), "text"), "like", "1*"))
        assert ids == [number for number in range(1, len(table.rows) + 1) if str(number).startswith("1")]
        part = cast(part_of(table.subject(database, "json_"), ["a"], True), "integer")
        ids = table.ids(database, condition(part, "gte", "10"))
        assert {table.rows[number - 1]["json_"]["a"] for number in ids} == {10}


@pytest.mark.parametrize("name", ["number_", "decimal_", "long_", "percent_"])
def test_numbers_are_rounded_to_whole_ones(table, name):
    texts = both(table, lambda database: cast(table.subject(database, name), "text").expression)
    assert name != "number_" or ("0" in texts and not any(text and text.endswith(".0") for text in texts))
    numbers = [None if text is None else Decimal(text).to_integral_value(ROUND_HALF_UP) for text in texts]
    whole = both(table, lambda database: cast(table.subject(database, name), "int").expression)
    assert whole == [None if number is None or abs(number) > 2**62 else int(number) for number in numbers]


def test_casts_of_json(table):
    def values(steps, kind, as_text=False):
        return both(
            table,
            lambda database: cast(part_of(table.subject(database, "json_"), steps, as_text), kind).expression,
        )

    parts = both(table, lambda database: part_of(table.subject(database, "json_"), ["a"], False).expression)
    assert values(["a"], "json") == parts
    assert values(["b"], "jsonb", as_text=True) == [
        value if isinstance(value, dict | int) else None
        for value in both(table, lambda database: part_of(table.subject(database, "json_"), ["b"], False).expression)
    ]
    assert {value for value in values(["a"], "numeric") if value is not None} == {1, 2, 9.5, 10}
    assert {'{"c": [1, 2, "x"], "d": null}', '"x"'} <= {*values(["b"], "text"), *values(["a", "b"], "text")}


def test_texts_that_are_json(table):
    """What is read is what jsonb reads: not NUL, lone surrogates, NaN, or numbers beyond numeric."""
    texts = [
        '{"a" : [1,2.50,{}]}', r'"\\u0000"', r'"\u0000"', r'"\ud800"', "NaN", "1e400", "1e200000", "nul", "", "[1", "x",
        '{"a":1,"a":2,"aa":3}', r'"é\u00e9\n"', "-0", " true ", "0.10",
    ]  # fmt: skip
    read = {}
    for text in texts:

        def read_from(database, text=text):
            # Not a constant, which PostgreSQL would read while it plans.
            nothing = sa.func.substr(sa.cast(table.models[database].table.c.id, sa.Text()), 1, 0)
            return sa.cast(expressions_of(database).json_of(sa.literal(text, sa.Text()) + nothing), sa.Text())

        read[text] = both(table, read_from)[0]
    assert read['{"a" : [1,2.50,{}]}'] == '{"a": [1, 2.50, {}]}'
    assert [text for text, found in read.items() if found is None] == [
        r'"\u0000"', r'"\ud800"', "NaN", "1e200000", "nul", "", "[1", "x",
    ]  # fmt: skip


def _is_plain(number: float | None) -> bool:
    return number is not None and (number == 0 or 1e-99 < abs(number) < 1e15)


def test_an_unknown_cast_is_refused(table):
    with pytest.raises(Malformed, match="no cast to regclass") as caught:
        cast(table.subject("sqlite", "text_"), "regclass")
    assert caught.value.code == "unknown_cast"
    assert all(name in caught.value.hint for name in CASTS)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_names_of_a_kind_are_one_cast(table, database):
    """So the conformance suite asks for one of them."""
    first: dict = {}
    for name, kind in CASTS.items():
        made = cast(table.subject(database, "text_"), name)
        text = str(made.expression.compile())
        assert first.setdefault(kind, text) == text, name


SEARCHES = [
    ("fts", "a", None), ("fts", "a & !b", "english"), ("fts", "'a b' <-> c:*", "simple"),
    ("plfts", "it's <&| ()", None),
    ("phfts", "a b", "german"), ("wfts", '"a b" -c or', "english"), ("fts", "(a | b) & !(c <2> d)", None),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "text", "language"), SEARCHES)
def test_text_search(table, operator, text, language):
    subject = table.subject("postgresql", "text_")
    one = table.ids("postgresql", condition(subject, operator, text, language=language))
    other = table.ids("postgresql", condition(subject, operator, text, language=language, negated=True))
    assert len(one) + len(other) == sum(row["text_"] is not None for row in table.rows)
    subject = table.subject("sqlite", "text_")
    if language in (None, "simple"):
        assert table.ids("sqlite", condition(subject, operator, text, language=language)) == one
        assert table.ids("sqlite", condition(subject, operator, text, language=language, negated=True)) == other
        return
    with pytest.raises(Conflict, match=f"no stems of words in the language {language}") as caught:
        condition(subject, operator, text, language=language)
    assert caught.value.code == "unsupported_by_database"
    assert "simple" in caught.value.hint


def test_text_search_finds_words(table):
    subject = table.subject("postgresql", "text_")
    ids = table.ids("postgresql", condition(subject, "fts", "ab", language="simple"))
    assert {table.rows[number - 1]["text_"] for number in ids} >= {"ab", "aB"}


@pytest.mark.parametrize(
    "text", ["", "a b", "a &", "& a", "(a", "a)", "!", "a <-> ", "a:z", "'a", "()", "<5>", "(" * 20 + "a"]
)
def test_bad_searches_are_refused(table, text):
    with pytest.raises(Malformed, match="want words with"):
        condition(table.subject("postgresql", "text_"), "fts", text)
