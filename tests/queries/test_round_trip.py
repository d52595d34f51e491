"""What is printed parses to what was printed."""

from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st

from dynmodel_pyramid.queries import Query, Rules, parse, print_query, split
from tests.queries.grammar import OPERATORS
from tests.queries.strategies import SYNTAXES, operators, queries

GUARDS = {"expressions": 10_000, "nesting": 100, "embedding": 100}


def assert_parses(query: Query, known) -> None:
    printed = print_query(query)
    assert parse(printed, Rules(operators=known, **GUARDS)) == query
    assert parse(printed, Rules(operators=known, lenient=True, **GUARDS)) == query


@given(queries(OPERATORS))
def test_print_and_parse(query: Query):
    assert_parses(query, OPERATORS)


@given(st.data())
def test_print_and_parse_with_any_operators(data):
    """The grammar knows no operators but those that it is given, whatever their syntax."""
    known = data.draw(operators())
    assert_parses(data.draw(queries(known)), known)


def test_each_syntax_is_generated():
    assert set(OPERATORS.values()) < set(SYNTAXES)


@given(queries(OPERATORS))
def test_through_a_query_string(query: Query):
    printed = [(name, value) for name, value in print_query(query)]
    assert split(urlencode(printed)) == printed
