"""SQL that differs between the databases: one class per database, by the name of SQLAlchemy's dialect.

Field types and queries ask :func:`expressions_of` for a capability, or for an expression with one meaning on all
databases; no code compares names. A new database needs a class of expressions here, a
:class:`~dynmodel_pyramid.database.dialect.Dialect` for its connections, and a schema editor in ``changes/ddl/``.

``base``                the interface of all, with standard SQL as the default
``sqlite``              SQLite's expressions
``postgresql``          PostgreSQL's; ``postgresql_floats`` and ``postgresql_totals`` are parts of it
``once``                values that are computed once
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.visitors import InternalTraversal

from dynmodel_pyramid.database.expressions.base import Expressions
from dynmodel_pyramid.database.expressions.postgresql import PostgreSQLExpressions
from dynmodel_pyramid.database.expressions.sqlite import SQLiteExpressions

__all__ = ["EXPRESSIONS", "Expressions", "Form", "ROW_ID", "OfDialect", "expressions_of", "variants"]

Form = Callable[[sa.ColumnElement[Any], str], sa.ColumnElement[Any]]

#: Expressions by the names of dialects.
EXPRESSIONS: dict[str, Expressions] = {
    expressions.name: expressions for expressions in (SQLiteExpressions(), PostgreSQLExpressions())
}


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
    """The name under which a dialect has its expressions. SQLAlchemy's default one prints statements, as ``str()``
    does.
    """
    return SQLiteExpressions.name if dialect == "default" else dialect


def variants(
    base: sa.types.TypeEngine[Any], choose: Callable[[Expressions], sa.types.TypeEngine[Any]]
) -> sa.types.TypeEngine[Any]:
    """A type with each database's own declaration; ``base`` is used for printing only."""
    for name, expressions in EXPRESSIONS.items():
        base = base.with_variant(choose(expressions), name)
    return base


#: The type of a column whose ids the database draws.
ROW_ID = variants(sa.BigInteger(), lambda expressions: expressions.row_id())


class OfDialect(FunctionElement[Any]):
    """An expression over another one, with a form for each database; it is made when the statement is compiled.

    :param form: (source, name of a dialect) -> the expression; equal forms are taken for the same
    :param read_as: the type by which all of them are read
    """

    inherit_cache = True
    _traverse_internals = [*FunctionElement._traverse_internals, ("form", InternalTraversal.dp_plain_obj)]

    def __init__(self, form: Form, source: sa.ColumnElement[Any], read_as: sa.types.TypeEngine[Any]) -> None:
        super().__init__(source)
        self.form = form
        self.type = read_as


@compiles(OfDialect)
def _compile(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    (source,) = element.clauses
    return compiler.process(element.form(source, _known(compiler.dialect.name)), **options)
