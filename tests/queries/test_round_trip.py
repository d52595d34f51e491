"""What is printed parses to what was printed."""

from urllib.parse import urlencode

from hypothesis import given

from dynmodel_pyramid.queries import Query, Rules, parse, print_query, split
from tests.queries.strategies import queries

RULES = Rules(expressions=10_000, nesting=100, embedding=100)
LENIENT = Rules(expressions=10_000, nesting=100, embedding=100, lenient=True)


@given(queries())
def test_print_and_parse(query: Query):
    printed = print_query(query)
    assert parse(printed, RULES) == query
    assert parse(printed, LENIENT) == query


@given(queries())
def test_through_a_query_string(query: Query):
    printed = [(name, value) for name, value in print_query(query)]
    assert split(urlencode(printed)) == printed
