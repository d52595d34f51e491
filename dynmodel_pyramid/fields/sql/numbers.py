"""Text forms of numbers in SQL, as Python writes and reads them, on both databases."""

from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.fields.sql.signatures import SqlForm

#: PostgreSQL and Python read it alike. It has no bounded repetitions, which would make PostgreSQL ten times as slow.
FLOAT = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9][0-9]?)?$"
#: Numbers of that many characters and an exponent of two digits are within a float's range.
_LONGEST = 100
#: The validator refuses whole numbers of more digits if a float would lose some.
_WHOLE = 15


def float_text(number: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """``repr`` of a float below 1e15; NULL for others.

    From 1e15 on, PostgreSQL writes an exponent, and other digits than Python where the shortest ones lie half-way
    between two floats.
    """
    text = expressions_of(dialect).float_text(number)
    return sa.case((sa.func.abs(number) < sa.literal_column("1e15", sa.Float(53)), text))


def float_of(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """The float that a text stands for; NULL for other texts, and for some floats that need many digits."""
    return expressions_of(dialect).read_float(text, _is_short, FLOAT)


def sure_float_of(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any] | None:
    """:func:`float_of`, of texts that all are such; None if it takes as long."""
    return expressions_of(dialect).sure_float(text)


def _is_short(text: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether the text is so short that it is certainly accepted."""
    length = sa.func.length(text, type_=sa.Integer())
    is_whole = sa.func.ltrim(text, "+-0123456789", type_=sa.Text()) == ""
    return sa.or_(length <= _WHOLE, sa.and_(length <= _LONGEST, sa.not_(is_whole)))


def decimal_text(precision: int, scale: int, *, sortable: bool) -> SqlForm:
    """The SQL text form of an exact decimal (:mod:`~.exact`).

    :param sortable: whether it is kept as text that sorts as the numbers do, if there are no exact numbers
    """

    def text_of(number: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
        return expressions_of(dialect).decimal_text(number, precision, scale, sortable=sortable)

    return text_of
