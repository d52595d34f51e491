"""A value that an expression needs several times, computed once."""

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _Once(FunctionElement):
    """An expression of a value that is computed first."""

    inherit_cache = True
    name = "once"

    def __init__(self, value: sa.ColumnElement, made: sa.ColumnElement):
        super().__init__(value, made)
        self.type = made.type


@compiles(_Once)
def _compile_once(element, compiler, **options) -> str:
    # The expression stands first: parameters go by their place.
    value, made = element.clauses
    made, value = (compiler.process(part, **options) for part in (made, value))
    return f"(SELECT {made} FROM (SELECT {value} AS text) AS once)"


def once(value: sa.ColumnElement, make: Callable[[sa.ColumnElement], sa.ColumnElement]) -> sa.ColumnElement:
    """``make(value)``, the value written once, however often it stands in what is made of it."""
    return _Once(value, make(sa.literal_column("once.text", value.type)))


def text_once(text: sa.ColumnElement, make: Callable[[sa.ColumnElement], sa.ColumnElement]) -> sa.ColumnElement:
    """The same of a text that may be a plain column, which needs no computing."""
    if isinstance(text, sa.ColumnClause):
        return make(text)
    return _Once(text, make(sa.literal_column("once.text", sa.Text())))
