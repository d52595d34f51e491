"""A value that an expression needs several times, computed once."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Once(FunctionElement[Any]):
    """An expression of a value that is computed first."""

    inherit_cache = True
    name = "once"

    def __init__(self, value: sa.ColumnElement[Any], result: sa.ColumnElement[Any]) -> None:
        super().__init__(value, result)
        self.type = result.type


@compiles(_Once)
def _compile_once(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    # The expression stands first: parameters go by their place.
    value, result = element.clauses
    result, value = (compiler.process(part, **options) for part in (result, value))
    return f"(SELECT {result} FROM (SELECT {value} AS text) AS once)"


def once(
    value: sa.ColumnElement[Any], make: Callable[[sa.ColumnElement[Any]], sa.ColumnElement[Any]]
) -> sa.ColumnElement[Any]:
    """``make(value)``; the value is written once, however often the result uses it."""
    return _Once(value, make(sa.literal_column("once.text", value.type)))


def text_once(
    text: sa.ColumnElement[Any], make: Callable[[sa.ColumnElement[Any]], sa.ColumnElement[Any]]
) -> sa.ColumnElement[Any]:
    """The same for a text; a plain column needs no computing."""
    if isinstance(text, sa.ColumnClause):
        return make(text)
    return _Once(text, make(sa.literal_column("once.text", sa.Text())))
