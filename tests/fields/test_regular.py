"""Regular expressions mean the same to PostgreSQL, to RE2 and to Python, and none of them takes time without end."""

import re

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dynmodel_pyramid.database import sqlite_functions
from dynmodel_pyramid.database.sqlite_deadline import UNBOUND
from dynmodel_pyramid.database.texts import functions
from dynmodel_pyramid.fields.sql import patterns, regular
from dynmodel_pyramid.fields.sql.regular import translated
from dynmodel_pyramid.testing.databases import postgresql_url

_ATOMS = st.sampled_from(
    [
        "a",
        "b",
        "B",
        "ä",
        ".",
        r"\.",
        r"\d",
        r"\W",
        r"\s",
        "[ab]",
        "[^a]",
        "[A-c]",
        "[[:alpha:]_]",
        "^",
        "$",
        " ",
        r"\n",
        "-",
        "k",
    ]
)
_QUANTIFIERS = st.sampled_from(["", "*", "+", "?", "{2}", "{0,2}", "{1,}", "*?", "{0}"])


def _joined(inner):
    group = inner.map("({})".format) | inner.map("(?:{})".format)
    piece = st.tuples(group | _ATOMS.filter(lambda atom: atom not in "^$"), _QUANTIFIERS).map("".join)
    return st.lists(piece | st.sampled_from("^$"), max_size=4).map("".join) | st.tuples(inner, inner).map("|".join)


EXPRESSIONS = st.recursive(_ATOMS, _joined, max_leaves=8)
TEXTS = st.text(st.sampled_from("abcABkK\u212aäÄ.-_1\n ſ"), max_size=8)


@pytest.fixture(scope="module")
def connection():
    engine = sa.create_engine(postgresql_url())
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in functions.statements("pg_temp"):
            connection.exec_driver_sql(statement)
        yield connection
    engine.dispose()


def in_postgresql(connection, expression, values, texts):
    """Whether an operator of patterns finds each text."""
    array = sa.cast(sa.literal(texts, sa.ARRAY(sa.Text())), sa.ARRAY(sa.Text()))
    rows = sa.func.unnest(array).table_valued("text", with_ordinality="place", name="rows").render_derived()
    text = sa.type_coerce(rows.c.text, sa.Text()).collate("C")
    query = sa.select(expression(text, values, "postgresql")).select_from(rows).order_by(rows.c.place)
    return connection.scalars(query).all()


@example("a|k", ["\u212a", "k"], True)
@example("[Ss]|b", ["\u017f", "S"], False)
@given(EXPRESSIONS, st.lists(TEXTS, min_size=1, max_size=8), st.booleans())
@settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
def test_all_engines_agree(connection, expression, texts, ignore_case):
    made = translated(expression, ignore_case=ignore_case)
    python = re.compile(made.replace("$", r"\Z").replace(r"\\Z", r"\$"), re.DOTALL)
    expected = [python.search(text) is not None for text in texts] if r"\$" not in made else None
    found = in_postgresql(connection, patterns.match, made, texts)
    assert found == [bool(sqlite_functions.match(made, text)) for text in texts], (expression, made)
    assert expected in (None, found), (expression, made)


REFUSED = {
    "(": "a \\) for each \\(",
    ")": "a \\( for this \\)",
    "[a": "a \\] for each \\[",
    "*a": "something to repeat before \\*",
    "a**": "one quantifier only",
    "a{2}{3}": "one quantifier only",
    "a{": "a quantifier such as",
    "a{256}": "at most 255",
    "a{3,2}": "a quantifier such as",
    "(?=a)": "a plain group",
    "(?i)a": "a plain group",
    "(?P<n>a)": "a plain group",
    "***=a": "something to repeat",
    "\\1": "one of d D s S w W",
    "\\b": "one of d D s S w W",
    "\\": "one of d D s S w W",
    "[b-a]": "from a lower character",
    "[\\d-z]": "from a lower character",
    "[[:nope:]]": "one of \\[:alpha:\\]",
    "[[.a.]]": "one of \\[:alpha:\\]",
    "[\\W]": "no \\\\D, \\\\S or \\\\W in brackets",
    "(" * 21 + ")" * 21: "at most 20 groups",
    "((a{100}){100}){100}": "repetitions of at most 1000",
    "((a?b?){16}){30}c": "a simpler regular expression",
    "a{200}" * 6: "repetitions of at most 1000",
    "(*a)": "a plain group",
    "a" * 1001: "at most 1000 characters",
    "^*": "something to repeat",
    "[a-[:digit:]]": "a character after -",
    "[]": "a \\]",
}


@pytest.mark.parametrize("expression", REFUSED, ids=lambda text: text[:10])
def test_what_engines_read_otherwise_is_refused(expression):
    with pytest.raises(ValueError, match=REFUSED[expression]):
        translated(expression)


@given(st.text(st.sampled_from("()[]{}*+?|\\^$.:-,ab10dDwW=!<Pi"), max_size=30))
@settings(deadline=None)
def test_any_text_is_taken_or_refused(text):
    try:
        made = translated(text)
    except ValueError:
        return
    sqlite_functions.match(made, "ab10")
    assert len(made) <= 40 * regular.LONGEST


@pytest.mark.parametrize(
    "expression", ["(a+)+$", "(a|a)*$", "(a*)*b", "(?:a?){200}a{200}", "(.*)(.*)(.*)[^a]", "(x{30}){30}"]
)
def test_patterns_that_stop_other_engines(connection, expression):
    """They end: what would take 2 ** 3000 steps elsewhere."""
    made, text = translated(expression), "a" * 3000 + "b"
    assert in_postgresql(connection, patterns.match, made, [text]) == [bool(sqlite_functions.match(made, text))]


LIKES = st.text(st.sampled_from("ab%_*?[]\\Aä"), max_size=6).filter(
    lambda text: (len(text) - len(text.rstrip("\\"))) % 2 == 0
)


@given(LIKES, st.lists(st.text(st.sampled_from("ab%_*?[]\\Aä"), max_size=5), min_size=1, max_size=10))
@settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
def test_like_is_the_same_on_both_databases(connection, text, values):
    pattern = patterns.checked(text)
    engine = sa.create_engine("sqlite://")

    def ilike(left, pattern, dialect):
        return patterns.ilike(left, pattern, dialect, patterns.Manner({"postgresql": "pg_temp"}.get(dialect)))

    with engine.connect() as memory:
        sqlite_functions.register(memory.connection.driver_connection, UNBOUND)
        for operator in (patterns.like, ilike):
            conditions = [operator(sa.literal(value, sa.Text()), pattern, "sqlite") for value in values]
            found = in_postgresql(connection, operator, pattern, values)
            assert found == [bool(memory.scalar(sa.select(each))) for each in conditions]
    engine.dispose()
