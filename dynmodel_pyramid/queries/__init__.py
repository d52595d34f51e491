"""Queries: PostgREST's grammar, text and JSON -> values and back, and what the values mean in SQL.

``grammar``  the syntax, without SQL or tables
``sql``      what a parsed query means in SQL
``errors``   what is raised for a query that is out of the grammar

docs/queries.md is the page for clients.
"""

from dynmodel_pyramid.queries.errors import QueryError, QueryTooComplex
from dynmodel_pyramid.queries.grammar.documents import read_document
from dynmodel_pyramid.queries.grammar.parameters import split
from dynmodel_pyramid.queries.grammar.parsing import parse
from dynmodel_pyramid.queries.grammar.printing import print_query
from dynmodel_pyramid.queries.grammar.rules import Rules
from dynmodel_pyramid.queries.grammar.syntax import Query

__all__ = ["Query", "QueryError", "QueryTooComplex", "Rules", "parse", "print_query", "read_document", "split"]
