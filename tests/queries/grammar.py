"""The grammar with the operators of the built-in types, for tests that have no application."""

from functools import partial

from dynmodel_pyramid import queries
from tests.document_types import built_in

OPERATORS = built_in().operators
Rules = partial(queries.Rules, operators=OPERATORS)


def parse(parameters, rules: queries.Rules = Rules()) -> queries.Query:
    return queries.parse(parameters, rules)


def read_document(document, rules: queries.Rules = Rules()) -> queries.Query:
    return queries.read_document(document, rules)
