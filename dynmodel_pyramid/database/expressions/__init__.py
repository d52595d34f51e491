"""What SQL says otherwise on each database: one class a database, by the name of SQLAlchemy's dialect.

Field types and queries ask :func:`expressions_of` for a capability or for an expression of one meaning; nobody compares
names. A further database is a class of expressions here, a :class:`~dynmodel_pyramid.database.dialect.Dialect` for its
connections, and a schema editor in ``changes/ddl/``.

``base``                what all are asked for, and what a database has that says nothing
``sqlite``              SQLite's expressions
``postgresql``          PostgreSQL's; ``postgresql_floats`` and ``postgresql_totals`` are parts of it
``once``                a value that is computed once
"""

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from dynmodel_pyramid.database.expressions.base import Expressions
from dynmodel_pyramid.database.expressions.postgresql import PostgreSQLExpressions
from dynmodel_pyramid.database.expressions.sqlite import SQLiteExpressions

__all__ = ["EXPRESSIONS", "Expressions", "ROW_ID", "OfDialect", "expressions_of", "variants"]

#: By the names of dialects.
EXPRESSIONS: dict[str, Expressions] = {each.name: each for each in (SQLiteExpressions(), PostgreSQLExpressions())}


def expressions_of(dialect: str) -> Expressions:
    """
    :param dialect: the name of the database's dialect
    :raises KeyError: there is no such database
    """
    try:
        return EXPRESSIONS[dialect]
    except KeyError:
        return EXPRESSIONS[_known(dialect)]


def _known(dialect: str) -> str:
    """SQLAlchemy's own dialect prints statements, as ``str(statement)`` does."""
    return SQLiteExpressions.name if dialect == "default" else dialect


def variants(base: sa.types.TypeEngine, choose: Callable[[Expressions], sa.types.TypeEngine]) -> sa.types.TypeEngine:
    """A type that is declared as each database wants it; ``base`` where it is only printed."""
    for name, expressions in EXPRESSIONS.items():
        base = base.with_variant(choose(expressions), name)
    return base


#: The type of a column whose ids the database draws.
ROW_ID = variants(sa.BigInteger(), lambda expressions: expressions.row_id())


class OfDialect(FunctionElement):
    """One expression a database; which it is, is known when the statement is compiled.

    :param make: the name of a dialect -> the expression
    :param read_as: the type by which all of them are read
    """

    inherit_cache = True

    def __init__(self, make: Callable[[str], sa.ColumnElement], read_as: sa.types.TypeEngine):
        super().__init__(*(make(name) for name in EXPRESSIONS))
        self.type = read_as


@compiles(OfDialect)
def _compile(element, compiler, **options) -> str:
    made = dict(zip(EXPRESSIONS, element.clauses, strict=True))
    return compiler.process(made[_known(compiler.dialect.name)], **options)
