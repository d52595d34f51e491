"""Queries: PostgREST's grammar, as text and JSON -> values and back, and the translation to SQL.

``grammar``  the syntax, without SQL or tables
``sql``      a parsed query -> SQL
``errors``   the errors of the grammar

docs/queries.md is the page for clients.
"""

from dynmodel_pyramid.queries.errors import QueryError, QueryTooComplex
from dynmodel_pyramid.queries.grammar.documents import read_document
from dynmodel_pyramid.queries.grammar.parameters import Pairs, split
from dynmodel_pyramid.queries.grammar.parsing import parse
from dynmodel_pyramid.queries.grammar.printing import print_query
from dynmodel_pyramid.queries.grammar.rules import Rules
from dynmodel_pyramid.queries.grammar.syntax import Query

__all__ = ["Pairs", "Query", "QueryError", "QueryTooComplex", "Rules", "parse", "print_query", "read_document", "split"]
