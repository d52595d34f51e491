"""Queries: PostgREST's grammar, text and JSON -> values and back, and what the values mean in SQL.

The syntax, without SQL or tables:

``syntax``     the values of a parsed query
``parameters`` the query string -> pairs of names and values
``parsing``    pairs -> :class:`Query`
``documents``  the same grammar as JSON -> :class:`Query`
``printing``   :class:`Query` -> pairs
``rules``      the operators that there are, guards and leniencies
``cursor``     a text and a place in it: names, JSON paths, errors that point
``selects``, ``conditions``, ``orders``  the grammar of the parts
``levels``     collects what a query says of each relation
``errors``     what is raised for a query that is out of the grammar

In SQL:

``plans``        a query over a table: the statement of a page, what is counted, cursors
``statements``   the statement of one level: rows, or groups of them
``select_list``  the values of one level's rows, embedded relations included
``selection``    one level: from where its rows come, and which they are
``relations``    what links, lists and reverse sides lead to
``outputs``, ``aggregates``  the values of an answer
``ordering``, ``keysets``    order, and cursors
``filters``      conditions and groups
``names``        what names mean in a table
``subjects``     what conditions are about
``comparisons``  one condition
``json_paths``, ``casts``  parts and casts of values
``json_text``, ``float_text``  values as JSON that the databases write

docs/queries.md is the page for clients.
"""

from dynmodel_pyramid.queries.documents import read_document
from dynmodel_pyramid.queries.errors import QueryError, QueryTooComplex
from dynmodel_pyramid.queries.parameters import split
from dynmodel_pyramid.queries.parsing import parse
from dynmodel_pyramid.queries.printing import print_query
from dynmodel_pyramid.queries.rules import Rules
from dynmodel_pyramid.queries.syntax import Query

__all__ = ["Query", "QueryError", "QueryTooComplex", "Rules", "parse", "print_query", "read_document", "split"]
